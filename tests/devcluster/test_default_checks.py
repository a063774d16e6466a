"""A CRD whose defaults violate its own schema or rules is rejected with the messages of an API server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clusters import DevCluster
from tests.custom_kinds import custom_definition
from tests.devcluster.http import Http

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
FIELD = "spec.validation.openAPIV3Schema.properties[spec].properties[f]"

DEFINITION_NAME = 'CustomResourceDefinition.apiextensions.k8s.io "things.t.example.com"'


def rules(rule: str, **more: str) -> dict[str, Any]:
    return {"x-kubernetes-validations": [{"rule": rule, **more}]}


A = {"a": {"type": "integer"}}
REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "another type": (
        {"type": "integer", "default": "x"},
        '.default: Invalid value: "string":  in body must be of type integer: "string"',
    ),
    "too small": (
        {"type": "integer", "minimum": 3, "default": 1},
        ".default: Invalid value: 1:  in body should be greater than or equal to 3",
    ),
    "not in the enum": (
        {"type": "string", "enum": ["a"], "default": "b"},
        '.default: Unsupported value: "b": supported values: "a"',
    ),
    "an unknown field": (
        {"type": "object", "properties": A, "default": {"b": 1}},
        '.default: Invalid value: {"b":1}: must not have unknown fields',
    ),
    "another type below": (
        {"type": "object", "properties": A, "default": {"a": "x"}},
        '.default.a: Invalid value: "string": a in body must be of type integer: "string"',
    ),
    "a required field below is missing": (
        {"type": "object", "required": ["a"], "properties": A, "default": {}},
        ".default.a: Required value",
    ),
    "an item that is too large": (
        {"type": "array", "items": {"type": "integer", "maximum": 2}, "default": [3]},
        ".default.[0]: Invalid value: 3: [0] in body should be less than or equal to 2",
    ),
    "a rule is violated": (
        {"type": "integer", "default": 1, **rules("self > 2")},
        ".default: Invalid value: 1: failed rule: self > 2",
    ),
    "a rule with a message is violated": (
        {"type": "integer", "default": 1, **rules("self > 2", message="too few")},
        ".default: Invalid value: 1: too few",
    ),
    "a nested rule is violated": (
        {"type": "object", "properties": {"a": {**A["a"], **rules("self > 2")}}, "default": {"a": 1}},
        ".default.a: Invalid value: 1: failed rule: self > 2",
    ),
}
ACCEPTED: dict[str, dict[str, Any]] = {
    "a matching type": {"type": "integer", "minimum": 1, "default": 1},
    "a satisfied rule": {"type": "integer", "default": 3, **rules("self > 2")},
    "unknown fields are preserved": {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "default": {"b": 1},
    },
    "null is allowed": {"type": "string", "nullable": True, "default": None},
}


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    with DevCluster(controllers=False) as cluster:
        yield Http(cluster)


def definition(field: dict[str, Any]) -> dict[str, Any]:
    spec = {"type": "object", "properties": {"f": field}}
    return custom_definition("things.t.example.com", "Thing", spec=spec)


@pytest.mark.parametrize("case", REJECTED)
def test_an_invalid_default_is_rejected(case: str, http: Http) -> None:
    field, message = REJECTED[case]
    answer = http.post(f"{CRDS}?dryRun=All", definition(field))
    assert answer.status == 422
    assert answer.body["message"] == f"{DEFINITION_NAME} is invalid: {FIELD}{message}"


def test_a_default_is_validated_without_the_defaults_below_it(http: Http) -> None:
    below = {"a": {"type": "integer", "default": 1}}
    field = {"type": "object", "properties": below, "default": {}, **rules("self.a > 0")}
    answer = http.post(f"{CRDS}?dryRun=All", definition(field))
    assert answer.status == 422
    assert answer.body["details"]["causes"][0]["field"] == f"{FIELD}.default"


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_valid_default_is_accepted(case: str, http: Http) -> None:
    assert http.post(f"{CRDS}?dryRun=All", definition(ACCEPTED[case])).status == 201
