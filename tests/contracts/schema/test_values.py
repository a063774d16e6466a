"""Instance data is validated, defaulted and pruned as the API server does it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contracts.schema import apply_defaults, prune, simple_schema, validate

SCHEMA = simple_schema(
    {
        "name": "string | required=true minLength=2 maxLength=8 pattern=^[a-z]+$",
        "size": "string | enum=small,large default=small",
        "replicas": "integer | minimum=1 maximum=5",
        "ratio": "float",
        "tls": "boolean",
        "ports": "[]Port | maxItems=2 listType=map listMapKey=name",
        "tags": "[]string | uniqueItems=true minItems=1",
        "labels": "map[string]string",
        "sizes": "[]Size",
        "free": "object",
        "deep": {"er": {"port": "integer | default=80"}},
    },
    {
        "Size": "string | default=small",
        "Port": {"name": "string | required=true", "number": "integer | required=true default=80"},
    },
).schema


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, ""),
        ({"name": None}, "spec.name: This field is required."),
        ({"name": 3}, "spec.name: Must be a string, not an integer. Put it in quotes."),
        ({"name": "a"}, "spec.name: Must have at least 2 characters."),
        ({"name": "abcdefghi"}, "spec.name: Must have at most 8 characters, not 9."),
        ({"name": "Abc"}, "spec.name: Must match the pattern ^[a-z]+$."),
        ({"size": "smal"}, "spec.size: Must be one of small, large. Did you mean “small”?"),
        ({"size": None}, ""),
        ({"replicas": 0}, "spec.replicas: Must be at least 1, not 0."),
        ({"replicas": 6}, "spec.replicas: Must be at most 5, not 6."),
        ({"replicas": "3"}, "spec.replicas: Must be an integer, not a string. Write it without quotes."),
        ({"replicas": 3.0}, ""),
        ({"replicas": 3.5}, "spec.replicas: Must be an integer, not a decimal number."),
        ({"replicas": True}, "spec.replicas: Must be an integer, not a boolean."),
        ({"ratio": 1}, ""),
        ({"ratio": "1"}, "spec.ratio: Must be a number, not a string. Write it without quotes."),
        ({"tls": 1}, "spec.tls: Must be true or false, not an integer."),
        ({"ports": {}}, "spec.ports: Must be a list, not a map."),
        ({"ports": [{"name": "a"}]}, ""),
        ({"ports": [{"number": 1}]}, "spec.ports[0].name: This field is required."),
        (
            {"ports": [{"name": "a"}, {"name": "a"}]},
            "spec.ports[1]: Duplicate name in the list. Same as item 1.",
        ),
        (
            {"ports": [{"name": "a"}, {"name": "b"}, {"name": "c"}]},
            "spec.ports: Must have at most 2 items, not 3.",
        ),
        ({"tags": []}, "spec.tags: Must have at least 1 item, not 0."),
        ({"tags": ["a", "a"]}, "spec.tags[1]: Duplicate item in the list. Same as item 1."),
        ({"tags": [None]}, "spec.tags[0]: Must be a string, not null."),
        (
            {"labels": {"a.b/c": 1}},
            'spec.labels["a.b/c"]: Must be a string, not an integer. Put it in quotes.',
        ),
        ({"labels": {"a": None}}, ""),
        ({"sizes": [None]}, ""),
        ({"free": {"any": [1], "map": {"of": {"maps": None}}}}, ""),
        ({"replica": 1}, "spec.replica: Unknown field “replica”. Did you mean “replicas”?"),
        ({"deep": {"er": {"prot": 1}}}, "spec.deep.er.prot: Unknown field “prot”. Did you mean “port”?"),
    ],
)
def test_a_problem_of_a_value(change: dict[str, Any], problem: str) -> None:
    problems = validate(SCHEMA, {"name": "shop", **change})
    assert [str(found) for found in problems] == ([problem] if problem else [])


def test_all_problems_are_reported_at_once() -> None:
    found = validate(SCHEMA, {"size": "x", "replicas": "y", "labels": 3})
    assert [(p.path, p.code) for p in found] == [
        ("spec.name", "required"),
        ("spec.size", "not-allowed"),
        ("spec.replicas", "wrong-type"),
        ("spec.labels", "wrong-type"),
    ]


@pytest.mark.parametrize(
    ("schema", "data", "messages"),
    [
        ({"type": "string", "nullable": True}, None, []),
        ({"x-kubernetes-int-or-string": True}, "80%", []),
        ({"x-kubernetes-int-or-string": True}, 80, []),
        ({"x-kubernetes-int-or-string": True}, True, ["Must be an integer or a string."]),
        ({"type": "integer"}, 2**63, ["Must fit into 64 bits."]),
        ({"type": "array"}, [1, "a"], []),
        ({"type": "array"}, "a", ["Must be a list, not a string. Start each item with “- ”."]),
        ({"type": "object", "minProperties": 1}, {}, ["Must have at least 1 entries."]),
        (
            {"type": "object", "maxProperties": 1, "additionalProperties": True},
            {"a": 1, "b": 2},
            ["Must have at most 1 entries."],
        ),
        (
            {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a", "b"]},
            [1, {"a": 1}, {"a": 1}],
            ["Duplicate a and b in the list. Same as item 2."],
        ),
        ({"type": "object", "additionalProperties": True}, {"a": {"b": {"c": 1}}}, []),
        ({"type": "object", "properties": {"a": {}}}, {"a": {}}, []),
        ({"type": "object", "properties": {"a": {}}}, {"a": {"b": 1}}, ["Unknown field “b”."]),
        ({"type": "string"}, date(2024, 1, 1), ["Must be a string, not date."]),
        ({"type": "unknown"}, 1, []),
    ],
    ids=str,
)
def test_keywords_that_simple_schema_does_not_write(
    schema: dict[str, Any], data: Any, messages: list[str]
) -> None:
    found = validate({"properties": {"x": schema}}, {"x": data})
    assert [f"{problem.message} {problem.hint}".rstrip() for problem in found] == messages


def test_an_absent_spec_is_validated_as_an_empty_one() -> None:
    assert [p.path for p in validate(SCHEMA, None)] == ["spec.name"]


def test_problems_never_contain_a_string_value() -> None:
    for change in ({"name": "s3cr3tS3CR3T"}, {"replicas": "s3cr3tS3CR3T"}, {"size": "s3cr3tS3CR3T"}):
        assert all("s3cr3t" not in str(found) for found in validate(SCHEMA, {"name": "ab", **change}))


def test_the_number_of_problems_is_limited() -> None:
    assert len(validate({"type": "array", "items": {"type": "string"}}, [1] * 10_000)) == 200


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ({}, {"size": "small", "deep": {"er": {"port": 80}}}),
        ({"size": None}, {"size": "small", "deep": {"er": {"port": 80}}}),
        ({"size": "large", "deep": {}}, {"size": "large", "deep": {"er": {"port": 80}}}),
        (
            {"ports": [{"name": "a"}], "deep": {"er": {"port": 1}}},
            {"ports": [{"name": "a", "number": 80}], "deep": {"er": {"port": 1}}, "size": "small"},
        ),
        (
            {"free": {"x": None}, "tls": None, "deep": None},
            {"free": {"x": None}, "size": "small", "deep": {"er": {"port": 80}}},
        ),
        (
            {"labels": {"a": None, "b": "c"}, "sizes": [None, "large"]},
            {
                "labels": {"b": "c"},
                "sizes": ["small", "large"],
                "size": "small",
                "deep": {"er": {"port": 80}},
            },
        ),
    ],
)
def test_defaults_are_applied_from_the_outside_in(given: Any, filled: Any) -> None:
    assert apply_defaults(SCHEMA, given) == filled


def test_nothing_is_filled_in_without_a_default() -> None:
    assert apply_defaults({"type": "object"}, None) is None


def test_applying_defaults_does_not_change_its_input() -> None:
    given: dict[str, Any] = {"deep": {}}
    apply_defaults(SCHEMA, given)["deep"]["er"]["port"] = 1
    assert given == {"deep": {}}
    assert apply_defaults(SCHEMA, {})["deep"]["er"]["port"] == 80


def test_pruning_removes_unknown_fields() -> None:
    given = {"name": "a", "x": 1, "free": {"y": 1}, "labels": {"z": "1"}, "ports": [{"name": "a", "q": 1}]}
    assert prune(SCHEMA, given) == {
        "name": "a",
        "free": {"y": 1},
        "labels": {"z": "1"},
        "ports": [{"name": "a"}],
    }
