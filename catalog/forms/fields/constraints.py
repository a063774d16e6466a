"""The limits of a schema, as text."""

from __future__ import annotations

from catalog.forms.fields.field_types import Schema


def format_limits(schema: Schema) -> str:
    """``1 to 50``, ``3 to 40 characters``, ``at least 1 item``; empty when there is no limit."""
    field_type = schema.get("type")
    if field_type in ("integer", "number"):
        return _range(schema.get("minimum"), schema.get("maximum"), "")
    if field_type == "string":
        return _range(schema.get("minLength") or None, schema.get("maxLength"), "character")
    if field_type == "array":
        return _range(schema.get("minItems") or None, schema.get("maxItems"), "item")
    if field_type == "object":
        return _range(schema.get("minProperties") or None, schema.get("maxProperties"), "entry")
    return ""


def _range(least: float | None, most: float | None, unit: str) -> str:
    if least is None and most is None:
        return ""
    many = {"entry": "entries"}.get(unit, f"{unit}s") if unit else ""
    last = most if most is not None else least
    noun = f" {unit if last == 1 else many}" if unit else ""
    if least is not None and most is not None:
        return (
            f"exactly {_format_number(least)}{noun}"
            if least == most
            else f"{_format_number(least)} to {_format_number(most)}{noun}"
        )
    if least is not None:
        return f"at least {_format_number(least)}{noun}"
    return f"at most {_format_number(most)}{noun}"


def _format_number(number: float | None) -> str:
    integral = isinstance(number, float) and number.is_integer()
    return str(int(number)) if integral and number is not None else str(number)


def is_immutable(schema: Schema) -> bool:
    """kro's ``immutable=true`` is the rule ``self == oldSelf`` (kro §2.4)."""
    rules = schema.get("x-kubernetes-validations") or ()
    return any(str(rule.get("rule", "")).replace(" ", "") == "self==oldSelf" for rule in rules)
