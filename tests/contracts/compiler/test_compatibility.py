# ruff: noqa: E501
"""Breaking and compatible changes between revisions, row by row (kro §6.9), and what kro overlooks (quirk 24)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.compiler import SchemaChange, schema_changes
from tests.contracts.definitions import config_map, defined

YES, NO = True, False
OLD_TYPES = "T: {b: string, c: string}\nNamed: {name: string | required=true, size: integer | default=1}"
NEW_TYPES = "T: {b: integer}\nNamed: {name: string | required=true, size: integer | default=1}"

TABLE: dict[str, tuple[str, str, list[tuple[str, str, bool]]]] = {
    "nothing": ("a: string", "a: string", []),
    "a property is removed": ("a: string\nb: string", "a: string", [("property-removed", "spec.b", YES)]),
    "a property of a struct is removed": ("a: {b: string, c: string}", "a: {b: string}", [("property-removed", "spec.a.c", YES)]),
    "a required property is removed": ("a: string\nb: string | required=true", "a: string", [("property-removed", "spec.b", YES)]),
    "the type changes": ("a: string", "a: integer", [("type-changed", "spec.a", YES)]),
    "the type changes, and nothing deeper is compared": ("a: string | minLength=1", "a: integer | minimum=3", [("type-changed", "spec.a", YES)]),
    "an integer becomes a float": ("a: integer", "a: float", [("type-changed", "spec.a", YES)]),
    "a new required property": ("a: string", "a: string\nb: string | required=true", [("property-added", "spec.b", YES)]),
    "a new optional property": ("a: string", "a: string\nb: string", [("property-added", "spec.b", NO)]),
    "a new property with a default": ("a: string", "a: string\nb: string | default=c", [("property-added", "spec.b", NO)]),
    "a new required property with a default": ("a: string", "a: string\nb: string | required=true default=c", [("property-added", "spec.b", NO)]),
    "a new required property of a struct": ("a: {b: string}", "a: {b: string, c: string | required=true}", [("property-added", "spec.a.c", YES)]),
    "a property becomes required": ("a: string", "a: string | required=true", [("required-added", "spec.a", YES)]),
    "a property with a default becomes required": ("a: string | default=b", "a: string | required=true default=b", [("required-added", "spec.a", YES)]),
    "required is dropped": ("a: string | required=true", "a: string", [("required-removed", "spec.a", NO)]),
    "a required property loses its default": ("a: string | required=true default=b", "a: string | required=true", [("required-default-removed", "spec.a", YES), ("default-changed", "spec.a", NO)]),
    "a required property changes its default": ("a: string | required=true default=b", "a: string | required=true default=c", [("default-changed", "spec.a", NO)]),
    "a default is added": ("a: string", "a: string | default=b", [("default-changed", "spec.a", NO)]),
    "a default is removed": ("a: string | default=b", "a: string", [("default-changed", "spec.a", NO)]),
    "an enum value is removed": ('a: string | enum="b,c"', "a: string | enum=b", [("enum-restricted", "spec.a", YES)]),
    "an enum value is added": ("a: string | enum=b", 'a: string | enum="b,c"', [("enum-expanded", "spec.a", NO)]),
    "an enum value is replaced": ("a: string | enum=b", "a: string | enum=c", [("enum-restricted", "spec.a", YES), ("enum-expanded", "spec.a", NO)]),
    "enum values are reordered": ('a: string | enum="b,c"', 'a: string | enum="c,b"', []),
    "a pattern is added": ("a: string", "a: string | pattern=b", [("pattern-added", "spec.a", YES)]),
    "a pattern changes": ("a: string | pattern=b", "a: string | pattern=c", [("pattern-changed", "spec.a", YES)]),
    "a pattern is removed": ("a: string | pattern=b", "a: string", [("pattern-removed", "spec.a", NO)]),
    "items change their type": ("a: '[]string'", "a: '[]integer'", [("type-changed", "spec.a[]", YES)]),
    "items of items change their type": ("a: '[][]string'", "a: '[][]integer'", [("type-changed", "spec.a[][]", YES)]),
    "items of a custom type change": ("a: '[]T'", "a: '[]T'", [("property-removed", "spec.a[].c", YES), ("type-changed", "spec.a[].b", YES)]),
    "a description changes": ("a: string | description=b", "a: string | description=c", []),
}  # fmt: skip

BOUNDS = {
    "integer": (("minimum", "minimum"), ("maximum", "maximum")),
    "float": (("minimum", "minimum"), ("maximum", "maximum")),
    "string": (("minLength", "min-length"), ("maxLength", "max-length")),
    "'[]string": (("minItems", "min-items"), ("maxItems", "max-items")),
}
for _type, _pair in BOUNDS.items():
    _quote = "'" if _type.startswith("'") else ""
    for _marker, _code in _pair:
        _none, _one, _two = (
            f"a: {_type}{_quote}",
            f"a: {_type} | {_marker}=1{_quote}",
            f"a: {_type} | {_marker}=2{_quote}",
        )
        _lower = _marker.startswith("min")
        TABLE |= {
            f"{_marker} of {_type} is added": (_none, _one, [(f"{_code}-added", "spec.a", YES)]),
            f"{_marker} of {_type} is removed": (_one, _none, [(f"{_code}-removed", "spec.a", NO)]),
            f"{_marker} of {_type} is raised": (_one, _two, [(f"{_code}-increased", "spec.a", _lower)]),
            f"{_marker} of {_type} is lowered": (_two, _one, [(f"{_code}-decreased", "spec.a", not _lower)]),
        }  # fmt: skip

OVERLOOKED = {
    "values of a map change their type": ("a: map[string]string", "a: map[string]integer", [("type-changed", "spec.a{}", YES)]),
    "a field of a map's values is removed": ("a: map[string]T", "a: map[string]T", [("property-removed", "spec.a{}.c", YES), ("type-changed", "spec.a{}.b", YES)]),
    "a map becomes a struct": ("a: map[string]string", "a: {b: string}", [("type-changed", "spec.a", YES)]),
    "a struct becomes a map": ("a: {b: string}", "a: map[string]string", [("type-changed", "spec.a", YES)]),
    "a map becomes free": ("a: map[string]string", "a: object", [("unknown-fields-kept", "spec.a", NO)]),
    "a free object becomes a map": ("a: object", "a: map[string]string", [("type-changed", "spec.a", YES)]),
    "a free object becomes a struct": ("a: object", "a: {b: string}", [("unknown-fields-dropped", "spec.a", YES), ("property-added", "spec.a.b", NO)]),
    "a struct becomes free": ("a: {b: string}", "a: object", [("property-removed", "spec.a.b", YES), ("unknown-fields-kept", "spec.a", NO)]),
    "the first enum": ("a: string", "a: string | enum=b", [("enum-added", "spec.a", YES)]),
    "the end of an enum": ("a: string | enum=b", "a: string", [("enum-removed", "spec.a", NO)]),
    "a rule is added": ("a: integer", "a: 'integer | validation=\"self > 1\"'", [("rule-added", "spec.a", YES)]),
    "a rule is removed": ("a: 'integer | validation=\"self > 1\"'", "a: integer", [("rule-removed", "spec.a", NO)]),
    "immutable is added": ("a: string", "a: string | immutable=true", [("rule-added", "spec.a", YES)]),
    "a list becomes a set": ("a: '[]string'", "a: '[]string | uniqueItems=true'", [("list-type-changed", "spec.a", YES)]),
    "a set becomes a list": ("a: '[]string | uniqueItems=true'", "a: '[]string'", [("list-type-changed", "spec.a", NO)]),
    "a list gets keys": ("a: '[]Named'", "a: '[]Named | listType=map listMapKey=name'", [("list-type-changed", "spec.a", YES)]),
    "a list gets other keys": ("a: '[]Named | listType=map listMapKey=name'", "a: '[]Named | listType=map listMapKey=size'", [("list-type-changed", "spec.a", YES)]),
}  # fmt: skip


def described(changes: list[SchemaChange]) -> list[tuple[str, str, bool]]:
    return sorted((change.code, change.path, change.breaking) for change in changes)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [*TABLE.values(), *OVERLOOKED.values()],
    ids=[*TABLE.keys(), *(f"quirk 24: {name}" for name in OVERLOOKED)],
)
def test_a_change_of_the_spec(before: str, after: str, changes: list[tuple[str, str, bool]]) -> None:
    old, new = defined(spec=before, types=OLD_TYPES), defined(spec=after, types=NEW_TYPES)
    assert described(schema_changes(old, new)) == sorted(changes)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("a: ${schema.spec.name}\nb: ${schema.spec.name}", "a: ${schema.spec.name}", [("property-removed", "status.b", YES)]),
        ("a: ${schema.spec.name}", "a: ${schema.spec.name}\nb: ${schema.spec.name}", [("property-added", "status.b", NO)]),
        ("a: ${schema.spec.name}", "a: ${schema.spec.size}", [("type-changed", "status.a", YES)]),
        ("a: ['${schema.spec.name}']", "a: ['${schema.spec.size}']", [("type-changed", "status.a[]", YES)]),
        ("a: ${schema.spec.name}", "a: ${schema.spec.name + 'x'}", []),
    ],
    ids=["a field is removed", "a field is added", "a field changes its type", "items change their type", "another expression"],
)  # fmt: skip
def test_a_change_of_the_status(before: str, after: str, changes: list[tuple[str, str, bool]]) -> None:
    assert described(schema_changes(defined(status=before), defined(status=after))) == changes


def test_items_that_lose_their_schema() -> None:
    old = defined(status="a: ['${schema.spec.name}']")
    bare: dict[str, Any] = {**old.status_schema["properties"], "a": {"type": "array"}}
    new = replace(old, status_schema={**old.status_schema, "properties": bare})
    assert described(schema_changes(old, new)) == [("items-removed", "status.a", YES)]


@pytest.mark.parametrize(
    ("part", "value"), [("kind", "Other"), ("group", "other.example.com"), ("version", "v2"), ("scope", "Cluster")]
)  # fmt: skip
def test_the_identity_never_changes(part: str, value: str) -> None:
    old = defined()
    values: dict[str, Any] = {part: value}
    changes = schema_changes(old, replace(old, **values))
    assert described(changes) == [(f"{part}-changed", f"schema.{part}", YES)]


def test_schema_changes_come_first() -> None:
    old, new = defined(spec="a: string\nb: string", types=""), defined(spec="a: string | default=c", types="")
    assert [change.breaking for change in schema_changes(old, new)] == [YES, NO]


@pytest.mark.parametrize(
    "after",
    [
        config_map("b") + config_map("a"),
        config_map("a", extra="readyWhen: []\nincludeWhen: []") + config_map("b"),
        config_map("a", "data: {k: v}") + config_map("b"),
    ],
    ids=["nodes are reordered", "nothing becomes an empty list", "a template changes"],
)
def test_changes_outside_the_schema_are_compatible(after: str) -> None:
    assert schema_changes(defined(config_map("a") + config_map("b")), defined(after)) == []
