# ruff: noqa: E501
"""The values of a template are checked by their schemas (kro §3.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.compiler.parsing.literals import TemplateReader
from contracts.compiler.reporter import Reporter
from contracts.documents import read
from contracts.problems import Problem

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
OBJECT = {"type": "object", "properties": {"a": TEXT, "x.y/z": WHOLE}}
PRESERVED = {**OBJECT, "x-kubernetes-preserve-unknown-fields": True}
EITHER = {"x-kubernetes-int-or-string": True}

FINE = ""
LITERALS = {
    "a string": (TEXT, "t", FINE),
    "a number for a string": (TEXT, 1, "k: This field takes a string, not an integer."),
    "a fraction": (WHOLE, 1.5, "k: This field takes an integer, not a decimal number."),
    "an integer where a fraction is allowed": ({"type": "number"}, 1, FINE),
    "a string for a boolean": ({"type": "boolean"}, "true", "k: This field takes true or false, not a string."),
    "a map for a list": ({"type": "array", "items": TEXT}, {}, "k: This field takes a list, not a map."),
    "an item": ({"type": "array", "items": TEXT}, ["t", 1], "k[1]: This field takes a string, not an integer."),
    "a list in a list": (
        {"type": "array", "items": {"type": "array", "items": WHOLE}},
        [[1], ["t"]],
        "k[1][0]: This field takes an integer, not a string.",
    ),
    "null is allowed everywhere": (WHOLE, None, FINE),
    "null in a list": ({"type": "array", "items": WHOLE}, [None], FINE),
    "an unknown field": (OBJECT, {"b": 1}, "k.b: Unknown field “b”."),
    "a field with a dot in its name": (
        OBJECT,
        {"x.y/z": "t"},
        'k["x.y/z"]: This field takes an integer, not a string.',
    ),
    "any field of a map": ({"type": "object", "additionalProperties": WHOLE}, {"b": 1}, FINE),
    "a value of a map": (
        {"type": "object", "additionalProperties": WHOLE},
        {"b": "t"},
        "k.b: This field takes an integer, not a string.",
    ),
    "enums, patterns and bounds are the API server's": (
        {"type": "string", "enum": ["a"], "pattern": "b", "maxLength": 1},
        "long",
        FINE,
    ),
    "required is too": ({**OBJECT, "required": ["a"]}, {}, FINE),
    "nothing is checked below preserve-unknown-fields": (PRESERVED, {"a": 1, "b": {"c": []}}, FINE),
    "int or string: a string": (EITHER, "80%", FINE),
    "int or string: a number": (EITHER, 80, FINE),
    "int or string: true": (EITHER, True, "k: This field takes a string or an integer, not true or false."),
    "oneOf is the union of its branches": (
        {"oneOf": [TEXT, WHOLE]},
        [],
        "k: This field takes a string or an integer, not a list.",
    ),
    "anyOf is too": ({"anyOf": [TEXT, WHOLE]}, True, "k: This field takes a string or an integer, not true or false."),
    "a branch of a union": ({"oneOf": [TEXT, WHOLE]}, 3, FINE),
    "a branch with required is a map": (
        {"anyOf": [{"required": ["a"]}, TEXT]},
        1,
        "k: This field takes a map or a string, not an integer.",
    ),
    "a type or null": ({"type": ["string", "null"]}, 1, "k: This field takes a string, not an integer."),
    "several types": ({"type": ["string", "integer"]}, [], "k: This field takes a string or an integer, not a list."),
    "a schema without a type allows everything": ({"description": "any"}, [1, {"a": "b"}], FINE),
    "one expression for any type": (WHOLE, "${x}", FINE),
    "one expression for a map": (OBJECT, "${x}", FINE),
    "text around an expression, where a string is allowed": (EITHER, "a${x}", FINE),
    "text around an expression, where no string is allowed": (
        WHOLE,
        "a${x}",
        "k: This field takes an integer, not a string with expressions.",
    ),
    "two expressions are a string": (OBJECT, "${x}${x}", "k: This field takes a map, not a string with expressions."),
    "an expression at an unknown field": (OBJECT, {"b": "${x}"}, "k.b: Unknown field “b”."),
}  # fmt: skip


def problems_of(schema: object, value: object) -> list[Problem]:
    problems: list[Problem] = []
    document = read(json.dumps({"k": value}))[0][0]
    reader = TemplateReader((), lambda reference: {}, Reporter(document, problems))
    root = {"type": "object", "properties": {"k": schema}}
    list(reader.read({"k": value}, root))
    return problems


@pytest.mark.parametrize(("schema", "value", "expected"), LITERALS.values(), ids=LITERALS.keys())
def test_a_literal(schema: Any, value: Any, expected: str) -> None:
    found = [f"{problem.path}: {problem.message}" for problem in problems_of(schema, value)]
    assert found == ([expected] if expected else [])


def test_all_problems_are_reported_at_once() -> None:
    value = {"a": 1, "b": 2, "x.y/z": "t"}
    assert [problem.code for problem in problems_of(OBJECT, value)] == [
        "wrong-type",
        "unknown-field",
        "wrong-type",
    ]
