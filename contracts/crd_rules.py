"""Evaluates the CEL rules of CustomResourceDefinitions with the contracts' own CEL.

The simulated cluster imports nothing of the product. The code that starts it passes this class in, so that a
rule means the same to the portal and to the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from contracts import cel

Schema = Mapping[str, Any]


class CelRuleEvaluator:
    """Implements ``devcluster.kinds.validation_rules.RuleEvaluator``."""

    def holds(self, rule: str, value: Any, old: Any, schema: Schema, *, optional_old: bool = False) -> bool:
        """Whether the rule evaluates to true.

        A rule that this CEL cannot parse holds: a gap here must not reject what a real API server accepts.
        A rule whose evaluation fails, for example because it reads a missing field, does not hold.
        """
        expression = _parsed(rule)
        if expression is None:
            return True
        try:
            return expression.evaluate(_bindings(value, old, schema, optional_old)) is True
        except cel.CelError:
            return False

    def message(
        self, expression: str, value: Any, old: Any, schema: Schema, *, optional_old: bool = False
    ) -> str:
        """The value of a messageExpression. Empty unless it is a string of one line."""
        parsed = _parsed(expression)
        if parsed is None:
            return ""
        try:
            result = parsed.evaluate(_bindings(value, old, schema, optional_old))
        except cel.CelError:
            return ""
        return result.strip() if isinstance(result, str) and "\n" not in result else ""


@lru_cache(maxsize=1000)
def _parsed(source: str) -> cel.Expression | None:
    """None for a source that cannot be parsed, or that calls a function that this CEL does not have."""
    try:
        expression = cel.parse(source, cel.Environment(extras=True))
    except cel.CelSyntaxError:
        return None
    _, problems = cel.check(expression, {"self": cel.DYN, "oldSelf": cel.DYN})
    return None if any(problem.code == "unknown-function" for problem in problems) else expression


def _bindings(value: Any, old: Any, schema: Schema, optional_old: bool) -> dict[str, object]:
    """``oldSelf`` is absent on creation, or an optional value if the rule sets ``optionalOldSelf``."""
    kind = cel.from_openapi(schema, name="self")
    bindings: dict[str, object] = {"self": cel.wrap(value, kind)}
    before = None if old is None else cel.wrap(old, kind)
    if optional_old:
        bindings["oldSelf"] = cel.OptionalValue(old is not None, before)
    elif old is not None:
        bindings["oldSelf"] = before
    return bindings
