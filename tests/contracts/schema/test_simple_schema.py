# ruff: noqa: E501
"""SimpleSchema → OpenAPI, rule by rule (kro §2)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.schema import simple_schema


def field(text: str, types: dict[str, Any] | None = None) -> dict[str, Any]:
    result = simple_schema({"f": text}, types)
    assert [p for p in result.problems if p.severity == "error"] == []
    schema: dict[str, Any] = result.schema["properties"]["f"]
    return schema


def faults(spec: object, types: object = None) -> list[str]:
    return [f"{p.message} {p.hint}".strip() for p in simple_schema(spec, types).problems]


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("string", {"type": "string"}),
        ("integer", {"type": "integer"}),
        ("boolean", {"type": "boolean"}),
        ("float", {"type": "number"}),
        ("object", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
        ("[]string", {"type": "array", "items": {"type": "string"}}),
        ("map[string]integer", {"type": "object", "additionalProperties": {"type": "integer"}}),
        (
            "map[string][]integer",
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
        ),
        (
            " [] map[string] boolean ",
            {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "boolean"}}},
        ),
        ("string | default=a", {"type": "string", "default": "a"}),
        ('string | default="two words"', {"type": "string", "default": "two words"}),
        ('string | default=""', {"type": "string", "default": ""}),
        ('string | default="a \\"b\\" c"', {"type": "string", "default": 'a "b" c'}),
        ("integer | default=3", {"type": "integer", "default": 3}),
        ("float | default=1.5", {"type": "number", "default": 1.5}),
        ("boolean | default=T", {"type": "boolean", "default": True}),
        ("boolean | default=0", {"type": "boolean", "default": False}),
        (
            '[]string | default=["a","b c"]',
            {"type": "array", "items": {"type": "string"}, "default": ["a", "b c"]},
        ),
        (
            'object | default={"a": {"b": 1}}',
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "default": {"a": {"b": 1}}},
        ),
        ("string | description=short", {"type": "string", "description": "short"}),
        ("integer | minimum=1 maximum=0x1p4", {"type": "integer", "minimum": 1, "maximum": 16}),
        ("string | enum=a,b", {"type": "string", "enum": ["a", "b"]}),
        ('string | enum="a, b"', {"type": "string", "enum": ["a", "b"]}),
        ("integer | enum=1,2", {"type": "integer", "enum": [1, 2]}),
        ('string | pattern="^\\d+$"', {"type": "string", "pattern": "^\\d+$"}),
        ('string | pattern="^a b$"', {"type": "string", "pattern": "^a b$"}),
        ("string | pattern=^[a-z]+$", {"type": "string", "pattern": "^[a-z]+$"}),
        ("string | minLength=1 maxLength=5", {"type": "string", "minLength": 1, "maxLength": 5}),
        (
            "[]string | minItems=1 maxItems=2",
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
        ),
        (
            "[]string | uniqueItems=true",
            {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        ),
        ("[]string | uniqueItems=false", {"type": "array", "items": {"type": "string"}}),
        (
            "[]string | listType=atomic",
            {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "atomic"},
        ),
        (
            "string | immutable=true validation=\"self != ''\"",
            {
                "type": "string",
                "x-kubernetes-validations": [
                    {"rule": "self == oldSelf", "message": "field is immutable"},
                    {"rule": "self != ''", "message": "validation failed"},
                ],
            },
        ),
        ("string | default=a default=b", {"type": "string", "default": "b"}),
        ("integer | minimum =3", {"type": "integer", "minimum": 3}),
    ],
)
def test_a_field_becomes_a_schema(text: str, schema: dict[str, Any]) -> None:
    assert field(text) == schema


def test_required_names_are_sorted_and_belong_to_the_parent() -> None:
    result = simple_schema(
        {"z": "string | required=true", "a": "string | required=t", "m": "string | required=0"}
    )
    assert result.schema["required"] == ["a", "z"]


@pytest.mark.parametrize(
    ("spec", "defaults"),
    [
        ({"a": {"b": {"c": "integer | default=3"}}}, {"": True, "a": True, "a.b": True}),
        (
            {"a": {"b": {"c": "integer | default=3", "d": "string | required=true"}}},
            {"": False, "a": False, "a.b": False},
        ),
        ({"a": {"b": "integer | default=3"}, "r": "string | required=true"}, {"": False, "a": True}),
        ({"a": {"b": "string"}}, {"": False, "a": False}),
        ({"l": "[]T"}, {"": False}),
    ],
    ids=[
        "propagates",
        "not with a required sibling",
        "at its own level only",
        "none without defaults",
        "not out of lists",
    ],
)
def test_a_struct_derives_an_empty_default_from_its_children(spec: dict[str, Any], defaults: Any) -> None:
    schema = simple_schema(spec, {"T": {"x": "integer | default=1"}}).schema
    for path, has in defaults.items():
        below = schema
        for name in filter(None, path.split(".")):
            below = below["properties"][name]
        assert (below.get("default") == {}) is has, path


TYPES = {
    "Port": {"number": "integer | required=true", "name": "Name"},
    "Name": 'string | pattern="^[a-z]+$" required=true',
    "Size": "string | enum=s,m default=s",
}


def test_custom_types_are_copied() -> None:
    port = field("Port", TYPES)
    assert port["required"] == ["name", "number"]
    assert field("[]Port | minItems=1", TYPES) == {"type": "array", "items": port, "minItems": 1}
    assert field("map[string]Port", TYPES)["additionalProperties"] == port
    assert "$ref" not in str(simple_schema({"f": "Port"}, TYPES).schema)


def test_markers_of_a_field_follow_those_of_its_type() -> None:
    assert field("Size | default=m", TYPES) == {"type": "string", "enum": ["s", "m"], "default": "m"}


def test_a_required_alias_makes_fields_that_use_it_directly_required() -> None:
    schema = simple_schema(
        {"a": "Name | required=false", "b": "[]Name", "c": "map[string]Name"}, TYPES
    ).schema
    assert schema["required"] == ["a"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"f": "strin"}, "Unknown type “strin”. Did you mean “string”?"),
        ({"f": "int"}, "Unknown type “int”. Did you mean “integer”?"),
        ({"f": "Prot"}, "Unknown type “Prot”. Did you mean “Port”?"),
        ({"f": "[]"}, "“[]” has no item type. Write a list of strings as “[]string”."),
        ({"f": "string[]"}, "“string[]” is not a type. A list is written as “[]string”."),
        (
            {"f": "map[string]"},
            "“map[string]” has no value type. Write a map of strings as “map[string]string”.",
        ),
        ({"f": "map[integer]string"}, "Map keys must be “string”, not “integer”."),
        ({"f": "[]" * 17 + "string"}, "The type is nested more than 16 levels deep."),
        ({"f": ""}, "A type is missing. Write a type, for example “string”."),
        (
            {"f": ["string"]},
            "A field must be a type (a string) or a map of fields. Write a list of strings as “[]string”.",
        ),
        (
            {"f": None},
            "A field must be a type (a string) or a map of fields. Write a type, for example “string”, or “object” for any object.",
        ),
        (
            {"f": 3},
            "A field must be a type (a string) or a map of fields. Write a type, for example “integer | default=3”.",
        ),
        (
            {"f": "string required=true"},
            "“string required=true” is not a type. Write markers after a “|”: “string | required=true”.",
        ),
        ({"f": "string | requird=true"}, "Unknown marker “requird”. Did you mean “required”?"),
        (
            {"f": "string | required=true | default=a"},
            "Markers must not be separated by “|” (before “default”). Separate markers with spaces only.",
        ),
        (
            {"f": "string | default=two words"},
            'The marker “words” has no value. Put values that contain spaces in double quotes: default="two words".',
        ),
        (
            {"f": "string | required"},
            "The marker “required” has no value. Write “required=true”, or another value.",
        ),
        ({"f": "string | =a"}, "The marker name before “=” is missing."),
        (
            {"f": "string | default= a"},
            "The marker “default” has no value. Write “default=…” without a space after “=”; write an empty string as two quotes.",
        ),
        ({"f": 'string | default="a'}, "The value of “default” has an unclosed quote."),
        ({"f": 'string | default="'}, "The value of “default” has an unclosed quote."),
        ({"f": "object | default={"}, "The value of “default” has an unclosed bracket."),
        ({"f": "object | default=}"}, "The value of “default” has an unmatched “}”."),
        ({"f": "integer | default=x"}, "“default” must be an integer, not “x”."),
        ({"f": "integer | default=9223372036854775808"}, "“default” is out of range: 9223372036854775808."),
        ({"f": "float | default=abc"}, "“default” must be a number, not “abc”."),
        ({"f": "integer | minimum=inf"}, "“minimum” must be a number, not “inf”."),
        ({"f": "boolean | default=maybe"}, "“default” must be true or false, not “maybe”."),
        (
            {"f": "[]string | default=a"},
            'The default of lists must be JSON, but “a” is not. For example default=["a", "b"] or default={"key": 1}.',
        ),
        ({"f": "boolean | enum=a"}, "“enum” applies to strings and integers, not to booleans."),
        (
            {"f": "string | enum=a,,b"},
            'An “enum” value is empty. Separate the values with commas: enum="small, large".',
        ),
        (
            {"f": "string | enum=a, b"},
            'The marker “b” has no value. Put values that contain spaces in double quotes: default="two words".',
        ),
        ({"f": "integer | minLength=1"}, "“minLength” applies to strings, not to integers."),
        ({"f": "string | minItems=1"}, "“minItems” applies to lists, not to strings."),
        ({"f": "string | minLength=-1"}, "“minLength” is negative and has no effect."),
        ({"f": "string | maxLength=-1"}, "“maxLength” is negative: no value is valid."),
        ({"f": "string | uniqueItems=true"}, "“uniqueItems” applies to lists, not to strings."),
        (
            {"f": "[]string | uniqueItems=true listType=map"},
            "“listType=map” conflicts with the list type “set”, which is already set.",
        ),
        ({"f": "[]string | listType=bag"}, "“listType” is atomic, set or map, not “bag”."),
        ({"f": "[]string | listMapKey=a"}, "“listMapKey” requires “listType=map”."),
        ({"f": "[]Port | listType=map"}, "“listType=map” requires at least one “listMapKey=…”."),
        ({"f": "[]Port | listType=map listMapKey=a listMapKey=a"}, "Duplicate “listMapKey=a”."),
        ({"f": '[]Port | listType=atomic listMapKey=""'}, "“listMapKey” is empty."),
        ({"f": date(2024, 1, 1)}, "A field must be a type (a string) or a map of fields."),
        (
            {"f": "[]float | default=[1e999]"},
            "The default of lists must be JSON, but “[1e999]” is not. "
            'For example default=["a", "b"] or default={"key": 1}.',
        ),
        ({"f": "integer | minimum=1e999"}, "“minimum” must be a number, not “1e999”."),
        ({"f": "float | default=0x1p99999"}, "“default” must be a number, not “0x1p99999”."),
        (
            {"f": "[]Port | listType=map listMapKey=c"},
            "“c” cannot be the key of the items: they have no such field.",
        ),
        (
            {"f": "[]Port | listType=map listMapKey=b"},
            "“b” is the key of the items, so it must be required or have a default.",
        ),
        (
            {"f": "[]Port | uniqueItems=true"},
            "The items of a set must be strings, numbers, booleans or lists of these. For objects, use listType=map with a listMapKey.",
        ),
        (
            {"f": 'string | pattern="(?=a)"'},
            "“pattern” is not a valid regular expression: invalid perl operator: (?=. Look-around and backreferences are not supported.",
        ),
        ({"f": 'string | pattern=""'}, "“pattern” is empty."),
        ({"f": 'string | validation=" "'}, '“validation” is empty. For example validation="self > 0".'),
        ({"f": "integer | minimum=5 maximum=3"}, "“minimum” is greater than “maximum”: no value is valid."),
        (
            {"f": "string | enum=a,b default=c"},
            "The default is not valid for the field: Must be one of a, b.",
        ),
        (
            {"f": "integer | minimum=5 default=3"},
            "The default is not valid for the field: Must be at least 5, not 3.",
        ),
        ("text", "The schema's spec must be a map of fields."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_problem_of_a_field(spec: dict[str, Any], message: str) -> None:
    assert faults(spec, {"Port": {"a": "integer | required=true", "b": "string"}}) == [message]


@pytest.mark.parametrize(
    ("types", "message"),
    [
        (
            {"A": "B", "B": "[]A"},
            "The custom type “A” contains itself: A → B → A. A schema cannot be recursive; use “object” for the inner part.",
        ),
        (
            {"A": {"x": "A"}},
            "The custom type “A” contains itself: A → A. A schema cannot be recursive; use “object” for the inner part.",
        ),
        (
            {"A": ["string"]},
            "A field must be a type (a string) or a map of fields. Write a list of strings as “[]string”.",
        ),
        ([], "Custom types must be a map from name to type."),
        (
            {"string": "integer"},
            "The custom type “string” is never used: the name refers to the built-in type.",
        ),
    ],
)
def test_a_problem_of_custom_types(types: Any, message: str) -> None:
    assert faults({"f": "string"}, types) == [message]


def test_trailing_whitespace_is_a_warning() -> None:
    result = simple_schema({"a": "string | default=x ", "b": "string |"})
    assert result.schema["properties"]["a"]["default"] == "x"
    assert [(p.code, p.severity, p.path[-1]) for p in result.problems] == [
        ("kro-would-refuse", "warning", "a"),
        ("kro-would-refuse", "warning", "b"),
    ]


def test_all_problems_are_reported_with_their_paths() -> None:
    result = simple_schema(
        {"a": "strin | requird=true", "b": {"c": "[]"}, "d": "string | enum=a,,b minItems=1"}
    )
    found = [(p.path[3:], p.start, p.end) for p in result.problems]
    assert found == [(("a",), 0, 5), (("a",), 8, 20), (("b", "c"), 0, 2), (("d",), 9, 18), (("d",), 19, 29)]


marker_texts = st.text(alphabet="abqt=|\"\\{}[], 1'", max_size=30)


@given(st.sampled_from(["string", "integer", "[]string", "object", "T"]), marker_texts)
@settings(max_examples=150, deadline=None)
def test_no_markers_raise_an_exception(kind: str, text: str) -> None:
    result = simple_schema({"f": f"{kind} | {text}"}, {"T": {"a": "string"}})
    assert isinstance(result.schema, dict)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=12,
    )
)
@settings(max_examples=150, deadline=None)
def test_no_data_raises_an_exception(data: Any) -> None:
    assert isinstance(simple_schema(data, data).schema, dict)
