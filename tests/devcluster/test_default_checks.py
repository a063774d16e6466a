"""A definition whose defaults its own schema or rules do not take is refused in an API server’s words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clusters import DevCluster
from tests.custom_kinds import custom_definition
from tests.devcluster.http import Http

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
FIELD = "spec.validation.openAPIV3Schema.properties[spec].properties[f]"


def rules(rule: str, **more: str) -> dict[str, Any]:
    return {"x-kubernetes-validations": [{"rule": rule, **more}]}


A = {"a": {"type": "integer"}}
REFUSED = {
    "another type": (
        {"type": "integer", "default": "x"},
        '.default: Invalid value: "string":  in body must be of type integer: "string"',
    ),
    "too small": (
        {"type": "integer", "minimum": 3, "default": 1},
        ".default: Invalid value: 1:  in body should be greater than or equal to 3",
    ),
    "none of the enum": (
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
    "a rule is broken": (
        {"type": "integer", "default": 1, **rules("self > 2")},
        ".default: Invalid value: 1: failed rule: self > 2",
    ),
    "a rule with words is broken": (
        {"type": "integer", "default": 1, **rules("self > 2", message="too few")},
        ".default: Invalid value: 1: too few",
    ),
    "a rule below is broken": (
        {"type": "object", "properties": {"a": {**A["a"], **rules("self > 2")}}, "default": {"a": 1}},
        ".default.a: Invalid value: 1: failed rule: self > 2",
    ),
}
TAKEN = {
    "a fitting one": {"type": "integer", "minimum": 1, "default": 1},
    "a rule that holds": {"type": "integer", "default": 3, **rules("self > 2")},
    "what is open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "default": {"b": 1}},
    "nothing where null may stand": {"type": "string", "nullable": True, "default": None},
}


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    with DevCluster(controllers=False) as cluster:
        yield Http(cluster)


def definition(field: dict[str, Any]) -> dict[str, Any]:
    spec = {"type": "object", "properties": {"f": field}}
    return custom_definition("things.t.example.com", "Thing", spec=spec)


@pytest.mark.parametrize("case", REFUSED)
def test_a_default_that_does_not_fit_is_refused(case: str, http: Http) -> None:
    field, words = REFUSED[case]
    answer = http.post(f"{CRDS}?dryRun=All", definition(field))
    assert answer.status == 422
    assert (
        answer.body["message"]
        == f'CustomResourceDefinition.apiextensions.k8s.io "things.t.example.com" is invalid: {FIELD}{words}'
    )


def test_a_default_is_judged_without_the_defaults_below_it(http: Http) -> None:
    below = {"a": {"type": "integer", "default": 1}}
    field = {"type": "object", "properties": below, "default": {}, **rules("self.a > 0")}
    answer = http.post(f"{CRDS}?dryRun=All", definition(field))
    assert answer.status == 422
    assert answer.body["details"]["causes"][0]["field"] == f"{FIELD}.default"


@pytest.mark.parametrize("case", TAKEN)
def test_a_default_that_fits_is_taken(case: str, http: Http) -> None:
    assert http.post(f"{CRDS}?dryRun=All", definition(TAKEN[case])).status == 201
