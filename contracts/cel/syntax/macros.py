"""Macros: calls whose arguments are not evaluated before the call.

The name, the presence of a receiver and the number of arguments decide whether a call is a macro. With
another number of arguments it remains a call, as in CEL's specification.
"""

from __future__ import annotations

from contracts.cel.syntax.nodes import Bind, Call, Has, Ident, Macro, MapLiteral, NewCondition, Node, Select

ONE_VARIABLE = {
    "all": (2,),
    "exists": (2,),
    "exists_one": (2,),
    "existsOne": (2,),
    "map": (2, 3),
    "filter": (2,),
    "sortBy": (2,),
    "optMap": (2,),
    "optFlatMap": (2,),
}
TWO_VARIABLES = {
    "all": (3,),
    "exists": (3,),
    "exists_one": (3,),
    "existsOne": (3,),
    "transformList": (3, 4),
    "transformMap": (3, 4),
    "transformMapEntry": (3, 4),
}
CONDITION_FIELDS = ("type", "status", "reason", "message")


class Misuse(Exception):
    """The arguments of a macro do not have the required form."""

    def __init__(self, message: str, node: Node, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.node, self.hint = message, node, hint


def expand(call: Call) -> Node:
    """The macro that a call denotes, or the call itself. Raises Misuse."""
    target, name, count = call.target, call.function, len(call.args)
    if target is None:
        return _has(call) if name == "has" and count == 1 else call
    if isinstance(target, Ident) and not target.rooted:
        if (target.name, name, count) == ("cel", "bind", 3):
            return _bind(call)
        if (target.name, name) == ("runtime", "newCondition"):
            return _new_condition(call)
    if count in TWO_VARIABLES.get(name, ()):
        return _comprehension(call, target, 2)
    if count in ONE_VARIABLE.get(name, ()):
        return _comprehension(call, target, 1)
    return call


def _has(call: Call) -> Node:
    argument = call.args[0]
    if not isinstance(argument, Select):
        raise Misuse("The argument of has() must be a field selection.", argument, "Write has(a.b).")
    return Has(
        call.start, call.end, argument.operand, argument.field, argument.optional, argument.field_start
    )


def _name(node: Node, macro: str) -> str:
    if not isinstance(node, Ident) or node.rooted:
        raise Misuse(f"The variable of {macro}() must be an identifier.", node, f"Write x.{macro}(i, …).")
    return node.name


def _bind(call: Call) -> Node:
    name, value, body = call.args
    return Bind(call.start, call.end, _name(name, "bind"), name.start, value, body)


def _comprehension(call: Call, target: Node, variables: int) -> Node:
    heads, body = call.args[:variables], call.args[variables:]
    names = tuple(_name(head, call.function) for head in heads)
    if len(set(names)) != len(names):
        raise Misuse(f"The variables of {call.function}() must have different names.", heads[1])
    starts = tuple(head.start for head in heads)
    return Macro(call.start, call.end, call.function, target, names, starts, body)


def _new_condition(call: Call) -> Node:
    """One map literal whose keys are bare condition fields; type and status are required (kro §5.6)."""
    if len(call.args) != 1 or not isinstance(call.args[0], MapLiteral):
        raise Misuse(
            "The argument of runtime.newCondition() must be one map literal.",
            call,
            "Write {type: …, status: …}.",
        )
    fields: dict[str, Node] = {}
    for optional, key, value in call.args[0].entries:
        if optional or not isinstance(key, Ident) or key.name not in CONDITION_FIELDS:
            raise Misuse("The fields of a condition are type, status, reason and message.", key)
        if key.name in fields:
            raise Misuse(f"Duplicate field {key.name}.", key)
        fields[key.name] = value
    for required in ("type", "status"):
        if required not in fields:
            raise Misuse(f"The field {required} of a condition is required.", call.args[0])
    return NewCondition(call.start, call.end, tuple(fields.items()))
