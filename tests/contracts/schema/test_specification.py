# ruff: noqa: E501
"""SimpleSchema, sentence by sentence: a field, and its schema or its problem (kro §2)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.schema import simple_schema

TYPES = {
    "Port": {"number": "integer | required=true", "name": "string | default=http"},
    "Options": {"level": "integer | default=1", "tag": "string"},
    "Tags": '[]string | listType=atomic description="all of them"',
    "Size": "string | enum=s,m default=s required=true",
    "Other": "Size",
}
STRING = {"type": "string"}
INTEGER = {"type": "integer"}
FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
REFUSED: dict[str, Any] = {}


def strings(**more: Any) -> dict[str, Any]:
    return {"type": "array", "items": STRING, **more}


def many(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def mapped(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}


GRAMMAR = {
    "a string": ("string", STRING),
    "spaces around a type": ("  string  ", STRING),
    "spaces inside a list": ("[] string", strings()),
    "spaces before a value type": ("map[string] string", mapped(STRING)),
    "spaces around the key are refused, as in kro": ("map[ string ]string", REFUSED),
    "spaces before the bracket": ("map [string]string", REFUSED),
    "the first bar separates": ("string|default=a", {**STRING, "default": "a"}),
    "a bar in quotes is part of the value": ('string | default="a | b"', {**STRING, "default": "a | b"}),
    "a bar in a value is part of it": ("string | default=a|b", {**STRING, "default": "a|b"}),
    "sixteen levels": ("[]" * 16 + "string", None),
    "seventeen levels": ("[]" * 17 + "string", REFUSED),
    "sixteen levels of maps": ("map[string]" * 16 + "string", None),
    "seventeen levels of maps": ("map[string]" * 17 + "string", REFUSED),
    "a list of nothing": ("[]", REFUSED),
    "a list of lists of nothing": ("[][]", REFUSED),
    "a map of nothing": ("map[string]", REFUSED),
    "a map of only spaces": ("map[string]  ", REFUSED),
    "a map that is never closed": ("map[stringPort", REFUSED),
    "a map with another key": ("map[boolean]string", REFUSED),
    "nothing": ("", REFUSED),
    "spaces": ("   ", REFUSED),
    "markers without a type": ("| required=true", REFUSED),
    "number is no type": ("number", REFUSED),
    "int is no type": ("int", REFUSED),
    "any is no type": ("any", REFUSED),
    "array is no type": ("array", REFUSED),
    "date is no type": ("date", REFUSED),
    "types are lowercase": ("String", REFUSED),
}  # fmt: skip

MAPPING = {
    "string": ("string", STRING),
    "integer, without a format": ("integer", INTEGER),
    "boolean": ("boolean", {"type": "boolean"}),
    "float": ("float", {"type": "number"}),
    "object": ("object", FREE),
    "a list": ("[]boolean", many({"type": "boolean"})),
    "a list of lists": ("[][]float", many(many({"type": "number"}))),
    "a map": ("map[string]object", mapped(FREE)),
    "a map of lists of maps": ("map[string][]map[string]integer", mapped(many(mapped(INTEGER)))),
    "a custom struct is copied": ("Options", {"type": "object", "properties": {"level": {**INTEGER, "default": 1}, "tag": STRING}, "default": {}}),
    "a list keeps the default of its items": ("[]Options", many({"type": "object", "properties": {"level": {**INTEGER, "default": 1}, "tag": STRING}, "default": {}})),
}  # fmt: skip

MARKER_TEXT = {
    "any white space separates": ("integer | minimum=1\tmaximum=2\n default=2", {**INTEGER, "minimum": 1, "maximum": 2, "default": 2}),
    "a comma does not": ("integer | minimum=1, maximum=2", REFUSED),
    "single quotes mean nothing": ("string | default='a'", {**STRING, "default": "'a'"}),
    "spaces in single quotes": ("string | default='a b'", REFUSED),
    "spaces in double quotes": ('string | description="a b"', {**STRING, "description": "a b"}),
    "spaces in brackets": ('object | default={"a": 1, "b": [1, 2]}', {**FREE, "default": {"a": 1, "b": [1, 2]}}),
    "an equals sign in a value": ("string | default=a=b", {**STRING, "default": "a=b"}),
    "an escaped quote": (r'string | description="say \"a\""', {**STRING, "description": 'say "a"'}),
    "an escaped backslash": (r'string | pattern="\\."', {**STRING, "pattern": r"\."}),
    "any other backslash is kept": (r'string | pattern="^\d+$"', {**STRING, "pattern": r"^\d+$"}),
    "a backslash without quotes is kept": (r"string | pattern=^\d+$", {**STRING, "pattern": r"^\d+$"}),
    "quotes in the middle are kept": ('string | description=a"b"', {**STRING, "description": 'a"b"'}),
    "a space after the equals sign": ("integer | default= 5", REFUSED),
    "a space before it": ("integer | default =5", {**INTEGER, "default": 5}),
    "no name": ("string | =a", REFUSED),
    "an unknown marker": ("string | format=date", REFUSED),
    "markers are written as they are": ("string | Required=true", REFUSED),
    "no value": ("string | required", REFUSED),
    "no value in the middle": ("string | required default=a", REFUSED),
    "no value at the end": ("string | default=a required", REFUSED),
    "an unclosed quote": ('string | default="a', REFUSED),
    "one quotation mark alone": ('string | default="', REFUSED),
    "an unclosed brace": ('object | default={"a": 1', REFUSED),
    "an unclosed bracket": ("[]integer | default=[1", REFUSED),
    "a brace that was never opened": ("object | default=}", REFUSED),
    "a bracket that was never opened": ("[]integer | default=]", REFUSED),
    "any bracket closes any other": ("string | default={a]", {**STRING, "default": "{a]"}),
    "a bracket in quotes": ('string | default="a]"', {**STRING, "default": "a]"}),
    "a second bar": ("string | required=true | default=a", REFUSED),
    "the last of two": ("integer | minimum=1 minimum=2 description=a description=b", {**INTEGER, "minimum": 2, "description": "b"}),
    "rules add up": ('integer | validation="self > 1" validation="self < 9" immutable=true', {**INTEGER, "x-kubernetes-validations": [
        {"rule": "self > 1", "message": "validation failed"}, {"rule": "self < 9", "message": "validation failed"}, {"rule": "self == oldSelf", "message": "field is immutable"}]}),
}  # fmt: skip

MARKERS = {
    "a default string with a quote": (r'string | default="a \"b\""', {**STRING, "default": 'a "b"'}),
    "a default string with a backslash": (r"string | default=\d", {**STRING, "default": r"\d"}),
    "a default string with a JSON escape": (r"string | default=a\nb", {**STRING, "default": "a\nb"}),
    "a default string with a code point": (r"string | default=\u00e9", {**STRING, "default": "é"}),
    "a default string that looks like a number": ("string | default=007", {**STRING, "default": "007"}),
    "an empty default string": ('string | default=""', {**STRING, "default": ""}),
    "default integer": ("integer | default=-5", {**INTEGER, "default": -5}),
    "default integer of 64 bits": ("integer | default=-9223372036854775808", {**INTEGER, "default": -(2**63)}),
    "default integer of 65 bits": ("integer | default=9223372036854775808", REFUSED),
    "default integer with a fraction": ("integer | default=1.0", REFUSED),
    "default integer with an exponent": ("integer | default=1e3", REFUSED),
    "default integer in hexadecimal": ("integer | default=0x10", REFUSED),
    "default integer with a sign": ("integer | default=+5", {**INTEGER, "default": 5}),
    "default float": ("float | default=1e3", {"type": "number", "default": 1000}),
    "default float without an integer part": ("float | default=.5", {"type": "number", "default": 0.5}),
    "invalid default float": ("float | default=1,5", REFUSED),
    "default boolean t": ("boolean | default=t", {"type": "boolean", "default": True}),
    "default boolean F": ("boolean | default=F", {"type": "boolean", "default": False}),
    "default boolean yes": ("boolean | default=yes", REFUSED),
    "default list": ('[]string | default=["a"]', strings(default=["a"])),
    "default list that is no JSON": ("[]string | default=[a]", REFUSED),
    "default list of something else": ("[]string | default=[1]", REFUSED),
    "default map": ('map[string]integer | default={"a": 1}', {**mapped(INTEGER), "default": {"a": 1}}),
    "default map of something else": ('map[string]integer | default={"a": "b"}', REFUSED),
    "default struct": ('Port | default={"number": 1}', None),
    "default struct without what it requires": ("Port | default={}", REFUSED),
    "default struct with a field that it lacks": ('Port | default={"number": 1, "nummer": 1}', REFUSED),
    "default that is no number in JSON": ('object | default={"a": NaN}', REFUSED),
    "default null": ("[]string | default=null", REFUSED),
    "minimum and maximum are floats": ("float | minimum=0.5 maximum=1e3", {"type": "number", "minimum": 0.5, "maximum": 1000}),
    "minimum in hexadecimal with an exponent": ("float | minimum=0x1p-2", {"type": "number", "minimum": 0.25}),
    "minimum in hexadecimal without one": ("float | minimum=0x10", REFUSED),
    "minimum with underscores": ("float | minimum=1_000", {"type": "number", "minimum": 1000}),
    "minimum of any type": ("string | minimum=1", {**STRING, "minimum": 1}),
    "invalid minimum": ("integer | minimum=x", REFUSED),
    "maximum without end, which no schema can hold": ("integer | maximum=inf", REFUSED),
    "enum of strings": ("string | enum=a,b", {**STRING, "enum": ["a", "b"]}),
    "enum of integers": ('integer | enum="1, 2"', {**INTEGER, "enum": [1, 2]}),
    "enum of one": ("string | enum=a", {**STRING, "enum": ["a"]}),
    "enum of integers that contains a string": ("integer | enum=1,b", REFUSED),
    "enum with an empty item": ("string | enum=a,,b", REFUSED),
    "enum with an empty end": ("string | enum=a,", REFUSED),
    "enum of nothing": ('string | enum=""', REFUSED),
    "enum of floats": ("float | enum=1", REFUSED),
    "enum of lists": ("[]string | enum=a", REFUSED),
    "a pattern is not anchored": ("string | pattern=b", {**STRING, "pattern": "b"}),
    "a pattern with a class": ("string | pattern=[[:alpha:]]", {**STRING, "pattern": "[[:alpha:]]"}),
    "a pattern of nothing": ('string | pattern=""', REFUSED),
    "invalid pattern": ('string | pattern="[a"', REFUSED),
    "a pattern with look-ahead": ("string | pattern=(?!a)", REFUSED),
    "a pattern with a back reference": (r"string | pattern=(a)\1", REFUSED),
    "a pattern for single bytes": (r"string | pattern=\C", REFUSED),
    "a pattern for a backslash and a C": (r"string | pattern=\\C", {**STRING, "pattern": r"\\C"}),
    "a pattern of an integer": ("integer | pattern=a", REFUSED),
    "minLength and maxLength": ("string | minLength=0 maxLength=63", {**STRING, "minLength": 0, "maxLength": 63}),
    "minLength of a list": ("[]string | minLength=1", REFUSED),
    "maxLength of a boolean": ("boolean | maxLength=1", REFUSED),
    "minLength with a fraction": ("string | minLength=1.0", REFUSED),
    "invalid maxLength": ("string | maxLength=x", REFUSED),
    "minItems and maxItems": ("[]string | minItems=1 maxItems=2", strings(minItems=1, maxItems=2)),
    "minItems of a string": ("string | minItems=1", REFUSED),
    "maxItems of a map": ("map[string]string | maxItems=1", REFUSED),
    "invalid maxItems": ("[]string | maxItems=x", REFUSED),
    "uniqueItems": ("[]string | uniqueItems=true", strings(**{"x-kubernetes-list-type": "set"})),
    "uniqueItems that is false": ("[]string | uniqueItems=false", strings()),
    "uniqueItems of lists": ("[][]string | uniqueItems=true", {**many(strings()), "x-kubernetes-list-type": "set"}),
    "uniqueItems of sets": ("[]Set | uniqueItems=true", REFUSED),
    "uniqueItems of structs": ("[]Port | uniqueItems=true", REFUSED),
    "uniqueItems of free objects": ("[]object | uniqueItems=true", REFUSED),
    "uniqueItems of a map": ("map[string]string | uniqueItems=true", REFUSED),
    "invalid uniqueItems": ("[]string | uniqueItems=yes", REFUSED),
    "uniqueItems of a set": ("[]string | listType=set uniqueItems=true", strings(**{"x-kubernetes-list-type": "set"})),
    "uniqueItems of an atomic list": ("[]string | listType=atomic uniqueItems=true", REFUSED),
    "listType twice": ("[]string | listType=atomic listType=set", REFUSED),
    "listType of something else": ("[]string | listType=bag", REFUSED),
    "listType of a string": ("string | listType=atomic", REFUSED),
    "listType=map with its key": ("[]Port | listType=map listMapKey=number", None),
    "listType=map with two keys": ("[]Port | listType=map listMapKey=number listMapKey=name", None),
    "listType=map with a key twice": ("[]Port | listType=map listMapKey=number listMapKey=number", REFUSED),
    "listType=map without a key": ("[]Port | listType=map", REFUSED),
    "listType=map with a key that items may lack": ("[]Options | listType=map listMapKey=tag", REFUSED),
    "listType=map with a key that is a list": ("[]Keyed | listType=map listMapKey=list", REFUSED),
    "listType=map of strings": ("[]string | listType=map listMapKey=name", REFUSED),
    "listMapKey of a set": ("[]string | listType=set listMapKey=name", REFUSED),
    "listMapKey of a string": ("string | listMapKey=name", REFUSED),
    "validation of nothing": ('string | validation=" "', REFUSED),
    "immutable": ("object | immutable=1", {**FREE, "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "field is immutable"}]}),
    "immutable that is false": ("string | immutable=0", STRING),
    "invalid immutable": ("string | immutable=x", REFUSED),
    "invalid required": ("string | required=yes", REFUSED),
    "a description of nothing": ('string | description=""', STRING),
}  # fmt: skip

CUSTOM = {
    "markers at the use override": ("Size | default=m description=d", {**STRING, "enum": ["s", "m"], "default": "m", "description": "d"}),
    "an enum at the use replaces the type's": ("Size | enum=s", {**STRING, "enum": ["s"], "default": "s"}),
    "remaining markers must fit": ("Size | enum=m", REFUSED),
    "a list type cannot be overridden": ("Tags | listType=set", REFUSED),
    "a description can be taken away": ('Tags | description=""', strings(**{"x-kubernetes-list-type": "atomic"})),
    "an alias of an alias": ("Other", {**STRING, "enum": ["s", "m"], "default": "s"}),
    "a name that does not exist": ("Nothing", REFUSED),
    "a list of a name that does not exist": ("[]Nothing", REFUSED),
}  # fmt: skip

EVERY = {
    f"§{section} {name}": row
    for section, rows in (("2.1", GRAMMAR), ("2.2", MAPPING), ("2.3", MARKER_TEXT), ("2.4", MARKERS), ("2.5", CUSTOM))
    for name, row in rows.items()
}  # fmt: skip


@pytest.mark.parametrize(("text", "schema"), EVERY.values(), ids=EVERY.keys())
def test_a_field(text: str, schema: dict[str, Any] | None) -> None:
    """``None`` means that another row checks the schema."""
    more = {"Set": "[]string | listType=set", "Keyed": {"list": "[]string | default=[]"}}
    result = simple_schema({"f": text}, {**TYPES, **more})
    faults = [problem.message for problem in result.problems if problem.severity == "error"]
    if schema is REFUSED:
        assert faults
        return
    assert faults == []
    if schema is not None:
        assert result.schema["properties"]["f"] == schema


NOT_FOR_KRO = {
    "a trailing space": "string | default=a ",
    "no marker at all": "string |",
    "a default string with quotes": r'string | default="a \"b\""',
    "a default string with a backslash that is not a JSON escape": r"string | default=\d",
    "a boolean unknown to JSON": "boolean | default=T",
    "an integer with a sign": "integer | default=+5",
    "a float without an integer part": "float | default=.5",
    "an enum with leading zeros": "integer | enum=01,2",
}


@pytest.mark.parametrize("text", NOT_FOR_KRO.values(), ids=NOT_FOR_KRO.keys())
def test_a_definition_that_kro_would_refuse_has_a_warning(text: str) -> None:
    assert [(p.code, p.severity) for p in simple_schema({"f": text}).problems] == [
        ("kro-would-refuse", "warning")
    ]


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("string", False),
        ("string | required=true", True),
        ("string | required=T", True),
        ("string | required=false", False),
        ("string | required=true required=false", True),
        ("integer | required=true default=1", True),
        ("Size", True),
        ("Other", True),
        ("Size | required=false", True),
        ("[]Size", False),
        ("map[string]Size", False),
        ("Port", False),
        ("Port | required=true", True),
    ],
)
def test_which_fields_their_parent_requires(text: str, required: bool) -> None:
    assert ("f" in simple_schema({"f": text}, TYPES).schema.get("required", [])) is required


DERIVED = {
    "§2.2 a default below": ({"a": "integer | default=1"}, True),
    "§2.2 no default below": ({"a": "integer"}, False),
    "§2.2 a required sibling": ({"a": "integer | default=1", "b": "string | required=true"}, False),
    "§2.2 a required field that has it": ({"a": "integer | default=1 required=true"}, False),
    "§2.2 a required field of a struct beside it": ({"a": "integer | default=1", "b": {"c": "string | required=true"}}, True),
    "§2.2 out of a struct below": ({"a": {"b": {"c": "boolean | default=false"}}}, True),
    "§2.2 not out of a struct below that requires something": ({"a": {"b": "integer | default=1", "c": "string | required=true"}}, False),
    "§2.2 not out of a list": ({"a": "[]Options"}, False),
    "§2.2 not out of a map": ({"a": "map[string]Options"}, False),
    "§2.2 out of a list's own default": ({"a": "[]string | default=[]"}, True),
    "§2.2 out of a custom struct": ({"a": "Options"}, True),
    "§2.5 out of an alias": ({"a": "Other | required=false"}, False),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "derived"), DERIVED.values(), ids=DERIVED.keys())
def test_the_derived_default_of_a_struct(spec: dict[str, Any], derived: bool) -> None:
    schema = simple_schema(spec, TYPES).schema
    assert (schema.get("default") == {}) is derived


@pytest.mark.parametrize(
    "value", [None, 3, 1.5, True, [], ["string"]], ids=["null", "integer", "float", "boolean", "empty list", "list"]
)  # fmt: skip
@pytest.mark.parametrize("where", ["field", "deep field", "type", "field of a type"])
def test_a_field_is_a_string_or_a_map(value: Any, where: str) -> None:
    spec: dict[str, Any] = {"a": "string"}
    types: dict[str, Any] = {}
    if where.endswith("type"):
        types = {"T": value if where == "type" else {"a": value}}
    else:
        spec = {"a": value if where == "field" else {"b": value}}
    assert [problem.code for problem in simple_schema(spec, types).problems] == ["schema-field"]


@pytest.mark.parametrize(
    ("types", "codes"),
    [
        ({"A": {"x": "B"}, "B": {"y": "C"}, "C": "string"}, []),
        ({"C": "string", "B": {"y": "[]C"}, "A": {"x": "map[string]B"}}, []),
        ({"A": {"x": "B"}, "B": {"y": "A"}}, ["schema-type-cycle"]),
        ({"A": {"x": "[]B"}, "B": {"y": "map[string]A"}}, ["schema-type-cycle"]),
        ({"A": {"x": {"y": "A"}}}, ["schema-type-cycle"]),
        ({"A": {"x": "Missing"}}, ["schema-unknown-type"]),
        ({"object": {"x": "string"}}, ["schema-shadowed-type"]),
    ],
    ids=["in order", "in any order", "a cycle", "a cycle through lists and maps", "a cycle inside", "a missing one", "a built-in name"],
)  # fmt: skip
def test_types_may_use_each_other(types: dict[str, Any], codes: list[str]) -> None:
    assert [problem.code for problem in simple_schema({"f": "string"}, types).problems] == codes


def chain(length: int) -> dict[str, Any]:
    return {f"T{number}": {"a": f"T{number - 1}"} if number else "string" for number in range(length)}


@pytest.mark.parametrize(("length", "refused"), [(65, False), (66, True), (3000, True)])
def test_types_are_nested_64_levels_deep_at_most(length: int, refused: bool) -> None:
    problems = simple_schema({"f": f"T{length - 1}"}, chain(length)).problems
    assert (problems != []) is refused
    assert {problem.code for problem in problems} <= {"schema-type"}


def test_types_that_use_each_other_twice_do_not_exhaust_memory() -> None:
    """Forty types that each use the previous one twice would have a trillion fields."""
    types = {f"T{n}": {"a": f"T{n - 1}", "b": f"[]T{n - 1}"} if n else {"x": "string"} for n in range(40)}
    result = simple_schema({"f": "T39"}, types)
    assert [problem.code for problem in result.problems] == ["schema-type"]
    assert "more than 20,000 parts" in result.problems[0].message


def test_a_built_in_type_shadows_a_custom_type_of_the_same_name() -> None:
    types = {"string": "integer", "object": {"x": "string"}}
    fields = simple_schema({"a": "string", "b": "object"}, types).schema["properties"]
    assert (fields["a"], fields["b"]) == (STRING, FREE)


def test_status_field_names_are_not_special_in_spec() -> None:
    fields = dict.fromkeys(
        ("metadata", "kind", "status", "default", "properties", "items", "a b", "x/y"), "string"
    )
    assert simple_schema(fields).schema["properties"] == dict.fromkeys(fields, STRING)
