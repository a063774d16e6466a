"""Rules in CEL that a CRD carries (`x-kubernetes-validations`): who evaluates them is the caller's choice.

A server brings `cel_rules.CelRules` unless it is told otherwise; without an engine they are not evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Engine(Protocol):
    """Evaluates one rule. An adapter over any CEL implementation will do.

    `self` is value, `oldSelf` is old (None when there is none); with `optional_old` (`optionalOldSelf`) it is
    an optional value. `schema` is value's own.
    """

    def holds(
        self, rule: str, value: Any, old: Any, schema: Mapping[str, Any], *, optional_old: bool = False
    ) -> bool:
        """Whether the rule is true."""

    def text(
        self, expression: str, value: Any, old: Any, schema: Mapping[str, Any], *, optional_old: bool = False
    ) -> str:
        """The value of a messageExpression."""
