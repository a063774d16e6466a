"""The features that an environment provides, and how qualified function names are resolved."""

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
    """The features that an expression may use in addition to kro's default environment.

    ``omit``: ``omit()``, in templates and behind kro's CELOmitFunction gate (kro §3.8). ``conditions``: the
    ``runtime`` functions of ``status.conditions`` (kro §5.6). ``extras``: what standard CEL has and kro does
    not have: the math and sets libraries, type names as values, variables with dots in their names, and
    comparison of numbers of different types.
    """

    omit: bool = False
    conditions: bool = False
    extras: bool = False

    def provides(self, function: Function) -> bool:
        return not function.feature or bool(getattr(self, function.feature))


KRO = Environment()


def dotted_name(node: Node) -> str:
    """``a.b.c`` for plain selections from a name, otherwise an empty string."""
    names: list[str] = []
    while isinstance(node, Select) and not node.optional:
        names.append(node.field)
        node = node.operand
    if not isinstance(node, Ident):
        return ""
    return ".".join([node.name, *reversed(names)])


NAMESPACES = frozenset(name.rpartition(".")[0] for name in FUNCTIONS if "." in name) | {"cel"}


def qualified_name(call: Call, local: frozenset[str] | dict[str, int]) -> str:
    """The qualified name of a called function (``lists.range``), or an empty string for a method call.

    A namespace such as ``json`` may also be the id of a resource: then ``json.size()`` is a method call. An
    unknown name is treated as a function of the namespace, so that the problem names the function.
    """
    if call.target is None:
        return call.function
    prefix = dotted_name(call.target)
    if not prefix or prefix.partition(".")[0] in local:
        return ""
    name = f"{prefix}.{call.function}"
    if name in FUNCTIONS or (prefix in NAMESPACES and call.function not in METHODS):
        return name
    return ""
