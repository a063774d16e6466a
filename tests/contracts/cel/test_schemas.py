"""Types of OpenAPI schemas (kro §3.5), schemas of types (§5.5), and assignability."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.cel import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    ListType,
    MapType,
    OptionalType,
    StructType,
    Type,
    assignable,
    from_openapi,
    to_openapi,
)

OPEN = {"x-kubernetes-preserve-unknown-fields": True}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "byte"}, "bytes"),
        ({"type": "string", "format": "date-time"}, "timestamp"),
        ({"type": "string", "format": "date"}, "timestamp"),
        ({"type": "string", "format": "duration"}, "duration"),
        ({"type": "string", "format": "uuid"}, "string"),
        ({"type": ["string", "null"]}, "string"),
        ({"type": "integer"}, "int"),
        ({"type": "number"}, "double"),
        ({"type": "boolean"}, "bool"),
        ({"type": "array", "items": {"type": "string"}}, "list(string)"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "map(string, int)"),
        ({"type": "object", "properties": {}}, "t"),
        ({"type": ["object", "null"], "properties": {"a": {"type": "string"}}}, "t"),
        ({"type": "object", **OPEN}, "t"),
        ({"x-kubernetes-int-or-string": True, "type": "string"}, "dyn"),
        ({"oneOf": [{"type": ["string", "null"]}, {"type": ["integer", "null"]}]}, "dyn"),
        ({"type": ["string", "integer"]}, "dyn"),
        ({}, "dyn"),
        ({"$ref": "#/definitions/q"}, "dyn"),
        ({"allOf": [{"$ref": "#/definitions/s"}], "default": {}}, "string"),
        ({"type": "array", "items": {"$ref": "#/definitions/s"}}, "list(string)"),
        ({"$ref": "#/definitions/loop"}, "dyn"),
        ({"$ref": "#/definitions/tower"}, "list(" * 33 + "dyn" + ")" * 33),
    ],
)
def test_types_of_schemas(schema: dict[str, Any], kind: str) -> None:
    definitions: dict[str, dict[str, Any]] = {
        "#/definitions/q": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        "#/definitions/s": {"type": "string"},
        "#/definitions/loop": {"$ref": "#/definitions/loop"},
        "#/definitions/tower": {"type": "array", "items": {"$ref": "#/definitions/tower"}},
    }
    assert str(from_openapi(schema, name="t", resolve_ref=definitions.__getitem__)) == kind


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "object", "additionalProperties": True}, MapType(STRING, DYN)),
        ({"type": "object", "additionalProperties": {}}, MapType(STRING, DYN)),
        ({"type": ["null"]}, DYN),
        ({"type": ["null"], "items": {"type": "string"}}, ListType(STRING)),
        ({"$ref": "#/loop"}, DYN),
    ],
    ids=str,
)
def test_open_schemas(schema: dict[str, Any], kind: Type) -> None:
    assert from_openapi(schema, name="s", resolve_ref=lambda reference: {"$ref": reference}) == kind


def test_a_schema_may_be_recursive() -> None:
    props = {
        "type": "object",
        "properties": {
            "items": {"$ref": "props"},
            "properties": {"additionalProperties": {"$ref": "props"}, "type": "object"},
        },
    }
    found = from_openapi(props, name="p", resolve_ref={"props": props}.__getitem__)
    for _ in range(5):
        assert isinstance(found, StructType)
        inner = found.fields["properties"]
        assert isinstance(inner, MapType)
        found = inner.value
    assert to_openapi(found)["type"] == "object"
    assert assignable(found, from_openapi(props, name="q", resolve_ref={"props": props}.__getitem__)) is None


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (BOOL, {"type": "boolean"}),
        (INT, {"type": "integer"}),
        (UINT, {"type": "integer"}),
        (DOUBLE, {"type": "number"}),
        (STRING, {"type": "string"}),
        (BYTES, {"type": "string", "format": "byte"}),
        (TIMESTAMP, {"type": "string", "format": "date-time"}),
        (ListType(TIMESTAMP), {"type": "array", "items": {"type": "string", "format": "date-time"}}),
        (MapType(STRING, INT), {"type": "object", "additionalProperties": {"type": "integer"}}),
        (DYN, OPEN),
        (OptionalType(INT), OPEN),
        (DURATION, OPEN),
        (NULL, OPEN),
        (
            StructType("s", {"b-c": INT, "a": ListType(STRING)}),
            {
                "type": "object",
                "properties": {
                    "a": {"type": "array", "items": {"type": "string"}},
                    "b__dash__c": {"type": "integer"},
                },
            },
        ),
        (StructType("free", {}, preserve_unknown=True), {"type": "object"}),
    ],
    ids=str,
)
def test_schemas_of_status_fields(kind: Type, schema: dict[str, Any]) -> None:
    assert to_openapi(kind) == schema


S = StructType("s", {"a": INT, "b": STRING})
SUB = StructType("sub", {"a": INT})
MORE = StructType("more", {"a": INT, "z": INT})
FREE = StructType("free", {"a": INT}, preserve_unknown=True)


@pytest.mark.parametrize(
    ("output", "expected", "reason"),
    [
        (INT, INT, None),
        (DYN, INT, None),
        (INT, DYN, None),
        (OptionalType(INT), INT, None),
        (ListType(DYN), ListType(INT), None),
        (MapType(STRING, INT), MapType(STRING, INT), None),
        (SUB, S, None),
        (MORE, FREE, None),
        (NULL, S, None),
        (ListType(NULL), ListType(S), None),
        (NULL, STRING, '"null" is not "string"'),
        (NULL, ListType(S), '"null" is not "list(s)"'),
        (STRING, S, '"string" is not "s"'),
        (MapType(STRING, DYN), S, None),
        (MapType(STRING, INT), SUB, None),
        (SUB, MapType(STRING, INT), None),
        (INT, DOUBLE, '"int" is not "double"'),
        (STRING, BYTES, '"string" is not "bytes"'),
        (OptionalType(STRING), INT, '"string" is not "int"'),
        (MORE, S, 'field "z" exists in output but not in expected type'),
        (StructType("x", {"a": STRING}), S, 'field "a": "string" is not "int"'),
        (MapType(STRING, STRING), S, 'map value is not assignable to field "a": "string" is not "int"'),
        (MapType(INT, INT), S, 'object keys must be "string", not "int"'),
        (S, MapType(STRING, INT), 'field "b": "string" is not "int"'),
        (SUB, MapType(INT, INT), 'object keys must be "string", not "int"'),
        (ListType(STRING), ListType(INT), 'list elements: "string" is not "int"'),
        (MapType(STRING, INT), MapType(STRING, STRING), 'map values: "int" is not "string"'),
        (INT, ListType(INT), '"int" is not "list(int)"'),
    ],
    ids=str,
)
def test_assignability(output: Type, expected: Type, reason: str | None) -> None:
    assert assignable(output, expected) == reason
