"""kro's ``runtime`` functions for ``status.conditions`` (kro §5.6)."""

from __future__ import annotations

from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import function
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import no_overload

STATUSES = ("True", "False", "Unknown")
FIELDS = ("type", "status", "reason", "message")


def new_condition(fields: dict[str, Any]) -> dict[str, Any]:
    """Validates the fields of a condition. Fields that are not set are left out of the status."""
    for value in fields.values():
        if not isinstance(value, str):
            raise no_overload("runtime.newCondition", value)
    if not fields["type"]:
        raise CelError("the type of a condition must not be empty")
    if fields["status"] not in STATUSES:
        raise CelError("the status of a condition must be True, False or Unknown")
    return fields


@function("runtime.condition(dyn, string): kro.runtime.Condition", feature="conditions")
def condition(budget: Budget, holder: Any, wanted: str) -> dict[str, str]:
    """The condition of this type in ``status.conditions``; all four fields are empty if it does not exist."""
    if not isinstance(holder, dict):
        raise no_overload("runtime.condition", holder, wanted)
    status = holder.get("status")
    conditions = status.get("conditions") if isinstance(status, dict) else None
    if not isinstance(conditions, list):
        return dict.fromkeys(FIELDS, "")
    budget.spend(3 * len(conditions))
    for found in conditions:
        if isinstance(found, dict) and found.get("type") == wanted:
            return {name: _text(found.get(name)) for name in FIELDS}
    return dict.fromkeys(FIELDS, "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
