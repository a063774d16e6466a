"""Rules in CEL that a CRD carries (`x-kubernetes-validations`): who evaluates them is the caller's choice.

Without an engine they are not evaluated; `devcluster` says so once, when it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Engine(Protocol):
    """Evaluates one rule. An adapter over any CEL implementation will do."""

    def holds(self, rule: str, value: Any, old: Any, schema: Mapping[str, Any]) -> bool:
        """Whether the rule is true of `self` = value and `oldSelf` = old (None when created). `schema` is
        value's own.
        """

    def text(self, expression: str, value: Any, old: Any, schema: Mapping[str, Any]) -> str:
        """The value of a messageExpression."""
