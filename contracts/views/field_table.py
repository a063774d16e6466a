"""The fields of a contract as a table: path, type, whether it is required, default, rules, description."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.compiler import FormHints

MAX_DEPTH = 12


@dataclass(frozen=True, slots=True)
class FieldRow:
    path: str
    type: str
    required: bool
    default: str
    rules: tuple[str, ...]
    description: str
    title: str = ""

    @property
    def depth(self) -> int:
        return self.path.count(".")


def field_rows(schema: Mapping[str, Any], hints: FormHints | None = None) -> list[FieldRow]:
    """Every field below ``spec``, parents before their children; ``[]`` means the items of a list."""
    return list(rows_of(schema, "", hints or FormHints(), 0))


def rows_of(schema: Mapping[str, Any], at: str, hints: FormHints, depth: int) -> Iterator[FieldRow]:
    if depth > MAX_DEPTH:
        return
    required = schema.get("required") or ()
    for name, field in (schema.get("properties") or {}).items():
        path = f"{at}.{name}" if at else name
        hint = hints.fields.get(path)
        yield FieldRow(
            path,
            type_name(field),
            name in required and "default" not in field,
            json.dumps(field["default"], ensure_ascii=False) if has_default_to_show(field) else "",
            tuple(rules(field)),
            str(field.get("description", "")),
            hint.title if hint else "",
        )
        yield from rows_of(*below(field, path), hints, depth + 1)


def has_default_to_show(field: Mapping[str, Any]) -> bool:
    return "default" in field and field["default"] not in ({}, [], "")


def below(field: Mapping[str, Any], path: str) -> tuple[Mapping[str, Any], str]:
    """The schema that holds the fields below ``field``, and their path."""
    while field.get("type") == "array":
        field, path = field.get("items") or {}, f"{path}[]"
    values = field.get("additionalProperties")
    return (values, f"{path}{{}}") if isinstance(values, Mapping) else (field, path)


def type_name(field: Mapping[str, Any]) -> str:
    if field.get("type") == "array":
        return f"list of {type_name(field.get('items') or {})}"
    if isinstance(values := field.get("additionalProperties"), Mapping):
        return f"map of {type_name(values)}"
    if field.get("x-kubernetes-int-or-string"):
        return "integer or string"
    return str(field.get("type") or "anything")


def rules(field: Mapping[str, Any]) -> Iterator[str]:
    items = field.get("items") or {}
    if values := field.get("enum") or items.get("enum"):
        yield "one of " + ", ".join(map(str, values))
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None or high is not None:
        yield span("", low, high)
    yield from (span("length ", field.get("minLength"), field.get("maxLength")),) if has_length(field) else ()
    if "minItems" in field or "maxItems" in field:
        yield span("items ", field.get("minItems"), field.get("maxItems"))
    if field.get("x-kubernetes-list-type") == "set":
        yield "unique items"
    if pattern := field.get("pattern"):
        yield f"matches {pattern}"
    for rule in field.get("x-kubernetes-validations") or ():
        yield "cannot be changed" if rule.get("rule") == "self == oldSelf" else str(rule.get("rule"))


def has_length(field: Mapping[str, Any]) -> bool:
    return "minLength" in field or "maxLength" in field


def span(what: str, low: Any, high: Any) -> str:
    if low is None:
        return f"{what}at most {high}"
    return f"{what}at least {low}" if high is None else f"{what}{low} to {high}"
