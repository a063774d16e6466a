"""CEL rules of a CRD: on creation, on change, with old values, and for the status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from devcluster import testing
from tests.clusters import DevCluster
from tests.custom_kinds import custom_definition
from tests.devcluster.http import Http

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CLAIMS = "/apis/rules.example.com/v1/namespaces/default/claims"
KIND: dict[str, Any] = {
    "type": "string",
    "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "kind is immutable"}],
}
ONCE: dict[str, Any] = {
    "type": "string",
    "x-kubernetes-validations": [
        {
            "rule": "!oldSelf.hasValue() || self == oldSelf.value()",
            "optionalOldSelf": True,
            "message": "once is immutable",
        }
    ],
}
SPEC: dict[str, Any] = {
    "type": "object",
    "properties": {"min": {"type": "integer"}, "max": {"type": "integer"}, "kind": KIND, "once": ONCE},
    "x-kubernetes-validations": [
        {"rule": "self.min <= self.max", "message": "min must not be above max", "fieldPath": ".min"},
        {"rule": "self.max < 100", "messageExpression": "'max is ' + string(self.max)"},
        {"rule": "self.owner.knows(this)", "message": "a rule that this CEL cannot parse rejects nothing"},
    ],
}
STATUS = {
    "type": "object",
    "properties": {"n": {"type": "integer", "x-kubernetes-validations": [{"rule": "self < 10"}]}},
}
DEFINITION = custom_definition("claims.rules.example.com", "Claim", spec=SPEC, status=STATUS)


def claim(name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "rules.example.com/v1", "kind": "Claim", "metadata": {"name": name}, "spec": spec}


WARNING = (
    '299 - "spec.versions: x-kubernetes-validations are not evaluated: '
    'this simulated cluster was started without CEL"'
)


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    with DevCluster(controllers=False) as cluster:
        http = Http(cluster)
        assert http.post(CRD, DEFINITION).status == 201
        assert http.post(CLAIMS, claim("one", min=1, max=5, kind="a", once="x")).status == 201
        yield http


@pytest.mark.parametrize(
    ("spec", "field", "message"),
    [
        ({"min": 6, "max": 5}, "spec.min", "min must not be above max"),
        ({"min": 1, "max": 100}, "spec", "max is 100"),
        ({"max": 5}, "spec.min", "min must not be above max"),
    ],
    ids=["at a field", "a computed message", "a field that the rule reads is missing"],
)
def test_a_creation_that_violates_a_rule_is_rejected(http: Http, spec: Any, field: str, message: str) -> None:
    answer = http.post(CLAIMS, claim("two", **spec))
    assert answer.status == 422
    (cause,) = answer.body["details"]["causes"]
    assert cause["field"] == field
    assert cause["message"].endswith(message)


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"kind": "b"}, "kind is immutable"),
        ({"once": "y"}, "once is immutable"),
        ({"max": 200}, "max is 200"),
        ({"max": 6}, ""),
        ({"kind": "a", "once": "x"}, ""),
    ],
    ids=["old value", "optional old value", "another value", "allowed", "unchanged"],
)
def test_a_change_is_compared_with_the_old_value(http: Http, patch: Any, message: str) -> None:
    answer = http.merge(f"{CLAIMS}/one", {"spec": patch})
    assert answer.status == (422 if message else 200)
    assert message in str(answer.body)


def test_the_status_has_rules_too(http: Http) -> None:
    assert http.merge(f"{CLAIMS}/one/status", {"status": {"n": 11}}).status == 422
    assert http.merge(f"{CLAIMS}/one/status", {"status": {"n": 9}}).status == 200


def test_without_an_evaluator_rules_are_skipped_with_a_warning() -> None:
    with testing.DevCluster(controllers=False) as cluster:
        http = Http(cluster)
        written = http.post(CRD, DEFINITION)
        assert (written.status, written.headers.get_all("Warning")) == (201, [WARNING])
        assert http.post(CLAIMS, claim("one", min=5, max=1)).status == 201
        plain = custom_definition("plains.rules.example.com", "Plain")
        assert http.post(CRD, plain).headers.get_all("Warning") is None


def test_with_an_evaluator_there_is_no_warning(http: Http) -> None:
    other = custom_definition("others.rules.example.com", "Other", spec=SPEC)
    assert http.post(CRD, other).headers.get_all("Warning") is None
