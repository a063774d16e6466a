"""What a schema asks of a value, in words."""

from __future__ import annotations

from catalog.forms.fields.field_types import Schema


def limits_in_words(schema: Schema) -> str:
    """``1 to 50``, ``3 to 40 characters``, ``at least 1 item``; empty when there is no limit."""
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return _range(schema.get("minimum"), schema.get("maximum"), "")
    if kind == "string":
        return _range(schema.get("minLength") or None, schema.get("maxLength"), "character")
    if kind == "array":
        return _range(schema.get("minItems") or None, schema.get("maxItems"), "item")
    if kind == "object":
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
            f"exactly {_plain(least)}{noun}" if least == most else f"{_plain(least)} to {_plain(most)}{noun}"
        )
    if least is not None:
        return f"at least {_plain(least)}{noun}"
    return f"at most {_plain(most)}{noun}"


def _plain(number: float | None) -> str:
    whole = isinstance(number, float) and number.is_integer()
    return str(int(number)) if whole and number is not None else str(number)


def is_immutable(schema: Schema) -> bool:
    """kro's ``immutable=true`` is the rule ``self == oldSelf`` (kro §2.4)."""
    rules = schema.get("x-kubernetes-validations") or ()
    return any(str(rule.get("rule", "")).replace(" ", "") == "self==oldSelf" for rule in rules)
