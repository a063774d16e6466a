"""The CEL rules of a CustomResourceDefinition (`x-kubernetes-validations`).

This package has no CEL of its own. The code that starts the server may pass in a `RuleEvaluator`. Without
one, rules are not evaluated, and a write of a CRD that has rules is answered with a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from devcluster.machinery.errors import Cause
from devcluster.machinery.metadata import quoted
from devcluster.machinery.schema import Shape

Manifest = dict[str, Any]
RULES = "x-kubernetes-validations"
NOT_EVALUATED = (
    "spec.versions: x-kubernetes-validations are not evaluated: "
    "this simulated cluster was started without CEL"
)
REASONS = {
    "FieldValueRequired": "Required value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueDuplicate": "Duplicate value",
}


class RuleEvaluator(Protocol):
    """Evaluates one CEL expression of a rule.

    `self` is `value`, `oldSelf` is `old` (None if there is none); with `optional_old` (`optionalOldSelf`) it
    is an optional value. `schema` is the schema of `value`.
    """

    def holds(
        self, rule: str, value: Any, old: Any, schema: Mapping[str, Any], *, optional_old: bool = False
    ) -> bool:
        """Whether the rule evaluates to true."""

    def message(
        self, expression: str, value: Any, old: Any, schema: Mapping[str, Any], *, optional_old: bool = False
    ) -> str:
        """The value of a `messageExpression`, or an empty string."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A value of the object with its schema, its path and the stored value that it replaces."""

    shape: Shape
    value: Any
    old: Any
    path: str

    def children(self) -> Iterator[_Node]:
        if isinstance(self.value, dict):
            before = self.old if isinstance(self.old, dict) else {}
            for key, child in self.value.items():
                inner = self.shape.fields.get(key) or self.shape.values
                path = f"{self.path}.{key}" if self.path else key
                yield from _node(inner, child, before.get(key), path)
        elif isinstance(self.value, list):
            for index, item in enumerate(self.value):
                yield from _node(self.shape.items, item, self._counterpart(item), f"{self.path}[{index}]")

    def _counterpart(self, item: Any) -> Any:
        """The stored list item with the same keys; items of other lists have none."""
        shape = self.shape
        if not isinstance(self.old, list) or shape.list_type != "map" or not isinstance(item, dict):
            return None
        keys = [item.get(key) for key in shape.keys]
        for stored in self.old:
            if isinstance(stored, dict) and [stored.get(key) for key in shape.keys] == keys:
                return stored
        return None


def _node(shape: Shape | None, value: Any, old: Any, path: str) -> Iterator[_Node]:
    if shape is not None and value is not None:
        yield _Node(shape, value, old, path)


def rule_problems(evaluator: RuleEvaluator, shape: Shape, new: Any, live: Any, path: str = "") -> list[Cause]:
    """The rules that do not hold for the new object, or for the value at `path`.

    Rules that use `oldSelf` are evaluated only where a stored value exists.
    """
    return [cause for node in _node(shape, new, live, path) for cause in _walk(evaluator, node)]


def _walk(evaluator: RuleEvaluator, node: _Node) -> Iterator[Cause]:
    yield from _problems_of(evaluator, node)
    for child in node.children():
        yield from _walk(evaluator, child)


def _problems_of(evaluator: RuleEvaluator, node: _Node) -> Iterator[Cause]:
    for rule in node.shape.raw.get(RULES) or ():
        optional, compares = bool(rule.get("optionalOldSelf")), "oldSelf" in rule["rule"]
        if compares and node.old is None and not optional:
            continue
        if not compares and node.old is not None and node.value == node.old:
            continue  # a value that was stored before the rule existed may stay (KEP-4008)
        if not evaluator.holds(rule["rule"], node.value, node.old, node.shape.raw, optional_old=optional):
            yield _cause(evaluator, rule, node)


def _cause(evaluator: RuleEvaluator, rule: Manifest, node: _Node) -> Cause:
    message = rule.get("message") or f"failed rule: {rule['rule']}"
    if rule.get("messageExpression"):
        optional = bool(rule.get("optionalOldSelf"))
        evaluated = evaluator.message(
            rule["messageExpression"], node.value, node.old, node.shape.raw, optional_old=optional
        )
        message = evaluated or message
    path = node.path + (rule.get("fieldPath") or "")
    reason = rule.get("reason") or "FieldValueInvalid"
    if reason in REASONS:
        return Cause(reason, f"{REASONS[reason]}: {message}", path)
    if isinstance(node.value, dict | list):
        return Cause("FieldValueInvalid", f"Invalid value: {message}", path or "<nil>")
    return Cause("FieldValueInvalid", f"Invalid value: {quoted(node.value)}: {message}", path or "<nil>")


def has_rules(definition: Manifest) -> bool:
    """Whether a schema of the CRD contains a rule."""
    return any(_contains_rules(version.get("schema")) for version in definition["spec"]["versions"])


def _contains_rules(node: Any) -> bool:
    if isinstance(node, dict):
        return bool(node.get(RULES)) or any(map(_contains_rules, node.values()))
    return isinstance(node, list) and any(map(_contains_rules, node))
