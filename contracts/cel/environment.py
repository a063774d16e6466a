"""What an environment offers, and how qualified function names are resolved in it."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.cel import library as library  # registers every function
from contracts.cel.functions import FUNCTIONS, METHODS, Function
from contracts.cel.syntax.nodes import Call, Ident, Node, Select

TYPE_NAMES = frozenset(
    [
        "bool",
        "bytes",
        "double",
        "int",
        "list",
        "map",
        "net.CIDR",
        "net.IP",
        "null_type",
        "string",
        "type",
        "uint",
        "optional_type",
        "google.protobuf.Timestamp",
        "google.protobuf.Duration",
    ]
)


@dataclass(frozen=True, slots=True)
class Environment:
    """What an expression may use beyond kro's everyday language.

    ``omit``: ``omit()``, in templates and behind kro's CELOmitFunction gate (kro §3.8). ``conditions``: the
    ``runtime`` functions of ``status.conditions`` (kro §5.6). ``extras``: what standard CEL has and kro has
    not: the math and sets libraries, type names as values, variables with dots in their names, an order
    between numbers of different types.
    """

    omit: bool = False
    conditions: bool = False
    extras: bool = False

    def offers(self, function: Function) -> bool:
        return not function.feature or bool(getattr(self, function.feature))


KRO = Environment()


def dotted(node: Node) -> str:
    """``a.b.c`` for plain selections from a name, else an empty text."""
    names: list[str] = []
    while isinstance(node, Select) and not node.optional:
        names.append(node.field)
        node = node.operand
    if not isinstance(node, Ident):
        return ""
    return ".".join([node.name, *reversed(names)])


NAMESPACES = frozenset(name.rpartition(".")[0] for name in FUNCTIONS if "." in name) | {"cel"}


def qualified(call: Call, local: frozenset[str] | dict[str, int]) -> str:
    """The function that a call with a namespace means (``lists.range``), or an empty text for a method.

    A word such as ``json`` may also be the id of a resource: then ``json.size()`` is a method call. A name
    that is neither is taken as a function of the namespace, so that the author hears about the function.
    """
    if call.target is None:
        return call.function
    prefix = dotted(call.target)
    if not prefix or prefix.partition(".")[0] in local:
        return ""
    name = f"{prefix}.{call.function}"
    if name in FUNCTIONS or (prefix in NAMESPACES and call.function not in METHODS):
        return name
    return ""
