"""Walks a custom resource and asks the rules engine about every `x-kubernetes-validations` on the way."""

from __future__ import annotations

from typing import Any

from devcluster.kinds.rules import Engine
from devcluster.machinery.errors import Cause
from devcluster.machinery.metadata import shown
from devcluster.machinery.schema import Shape

Manifest = dict[str, Any]
REASONS = {
    "FieldValueRequired": "Required value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueDuplicate": "Duplicate value",
}


def rule_problems(engine: Engine, shape: Shape, new: Any, live: Any, path: str = "") -> list[Cause]:
    """Rules that are not true of the new object, or of the value at ``path``. Rules about oldSelf are asked
    only where there is an old value.
    """
    found: list[Cause] = []
    _walk(engine, shape, new, live, path, found)
    return found


def _walk(engine: Engine, shape: Shape | None, value: Any, old: Any, path: str, found: list[Cause]) -> None:
    if shape is None or value is None:
        return
    for rule in shape.raw.get("x-kubernetes-validations") or ():
        optional, compares = bool(rule.get("optionalOldSelf")), "oldSelf" in rule["rule"]
        if compares and old is None and not optional:
            continue
        if not compares and old is not None and value == old:
            continue  # what was stored before the rule came may stay (KEP-4008)
        if not engine.holds(rule["rule"], value, old, shape.raw, optional_old=optional):
            found.append(_cause(engine, rule, shape, value, old, path))
    if isinstance(value, dict):
        before = old if isinstance(old, dict) else {}
        for key, child in value.items():
            inner = shape.fields.get(key) or shape.values
            _walk(engine, inner, child, before.get(key), f"{path}.{key}" if path else key, found)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _walk(engine, shape.items, item, _counterpart(item, old, shape), f"{path}[{index}]", found)


def _counterpart(item: Any, old: Any, shape: Shape) -> Any:
    """The old list item with the same keys; items of other lists have none."""
    if not isinstance(old, list) or shape.list_type != "map" or not isinstance(item, dict):
        return None
    keys = [item.get(key) for key in shape.keys]
    return next(
        (
            there
            for there in old
            if isinstance(there, dict) and [there.get(key) for key in shape.keys] == keys
        ),
        None,
    )


def _cause(engine: Engine, rule: Manifest, shape: Shape, value: Any, old: Any, path: str) -> Cause:
    message = rule.get("message") or f"failed rule: {rule['rule']}"
    if rule.get("messageExpression"):
        optional = bool(rule.get("optionalOldSelf"))
        said = engine.text(rule["messageExpression"], value, old, shape.raw, optional_old=optional)
        message = said or message
    if rule.get("fieldPath"):
        path += rule["fieldPath"]
    reason = rule.get("reason") or "FieldValueInvalid"
    if reason in REASONS:
        return Cause(reason, f"{REASONS[reason]}: {message}", path)
    if isinstance(value, dict | list):
        return Cause("FieldValueInvalid", f"Invalid value: {message}", path or "<nil>")
    return Cause("FieldValueInvalid", f"Invalid value: {shown(value)}: {message}", path or "<nil>")
