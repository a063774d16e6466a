"""Whether an expression that returns map literals is assignable to a field that takes an object (kro §3.5).

The type of a map literal has one type for all values, which would have to be assignable to every field of the
object. But its keys are known, so it is enough that each one is a field whose type takes its value.
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.cel.expression import Expression
from contracts.cel.syntax.nodes import Bind, Conditional, ListLiteral, Literal, Macro, MapLiteral, Node
from contracts.cel.typecheck.checker import Checker
from contracts.cel.types.assignability import assignable
from contracts.cel.types.cel_types import ListType, MapType, StructType, Type

ITERATIONS = ("map", "transformList")  # their last part returns an item of the list


def literals_fit(expression: Expression, variables: Mapping[str, Type], expected: Type) -> bool:
    """Whether every value that the expression may return fits, judging map literals by their keys."""
    checker = Checker(variables, expression.environment)
    kind = checker.unifier.resolved(checker.infer(expression.node, {}), final=True)
    return _Literals(checker).fit(expression.node, kind, expected)


class _Literals:
    """``checker`` has inferred the types of the parts of literals."""

    def __init__(self, checker: Checker) -> None:
        self.checker = checker

    def fit(self, node: Node, kind: Type, expected: Type) -> bool:
        kind = self.checker.unifier.resolved(kind, final=True)
        if assignable(kind, expected) is None:
            return True
        if isinstance(node, Bind):
            return self.fit(node.body, kind, expected)
        if isinstance(node, Conditional):
            results = [*(result for _, result in node.branches), node.otherwise]
            return all(self.fit(result, kind, expected) for result in results)
        if isinstance(node, MapLiteral):
            return self.map_fits(node, expected)
        return isinstance(expected, ListType) and self.list_fits(node, kind, expected.element)

    def list_fits(self, node: Node, kind: Type, expected: Type) -> bool:
        if isinstance(node, ListLiteral):
            kinds = self.checker.item_types[id(node)]
            return all(
                self.fit(item, one, expected) for (_, item), one in zip(node.items, kinds, strict=True)
            )
        if isinstance(node, Macro) and node.name in ITERATIONS and isinstance(kind, ListType):
            return self.fit(node.body[-1], kind.element, expected)
        return False

    def map_fits(self, node: MapLiteral, expected: Type) -> bool:
        kinds = self.checker.entry_types[id(node)]
        for (_, key, value), kind in zip(node.entries, kinds, strict=True):
            name = key.value if isinstance(key, Literal) else None
            if not isinstance(name, str):
                return False
            if isinstance(expected, MapType):
                field: Type | None = expected.value
            elif isinstance(expected, StructType):
                field = expected.fields.get(name)
                if field is None and expected.preserve_unknown:
                    continue
            else:
                return False
            if field is None or not self.fit(value, kind, field):
                return False
        return True
