"""Labels, annotations and names of instances: those that Kubernetes refuses, and those that are Slipway's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalog.forms.instance_form import UsableContract, from_text
from catalog.models import Change, Instance
from contracts.compiler import compile_text
from tests.catalog.conftest import SERVICE

LONG = "a" * 64
CASES = [
    ("labels", "team", "checkout", ""),
    ("labels", "example.com/team", "", ""),
    ("labels", "app.kubernetes.io/part-of", "shop", ""),
    ("labels", "team", "front end", "bad-label"),
    ("labels", "team", "-front", "bad-label"),
    ("labels", "team", LONG, "bad-label"),
    ("labels", "te am", "x", "bad-label"),
    ("labels", "", "x", "bad-label"),
    ("labels", LONG, "x", "bad-label"),
    ("labels", "Bad_Prefix/team", "x", "bad-label"),
    ("labels", "a/b/c", "x", "bad-label"),
    ("labels", "/team", "x", "bad-label"),
    ("labels", "example.com/", "x", "bad-label"),
    ("annotations", "note", "any text, of any length " * 9, ""),
    ("annotations", "no te", "x", "bad-label"),
    ("annotations", "slipway.dev/adopt", "true", ""),
    ("annotations", "slipway.dev/reconcile", "suspended", ""),
    ("annotations", "kro.run/reconcile", "suspended", ""),
    ("labels", "slipway.dev/adopt", "true", "reserved-label"),
    ("labels", "slipway.dev/instance-id", "7", "reserved-label"),
    ("labels", "slipway.dev/contract", "other", "reserved-label"),
    ("annotations", "slipway.dev/change", "7", "reserved-label"),
    ("labels", "kro.run/owned", "true", "reserved-label"),
    ("labels", "internal.kro.run/node-id", "a", "reserved-label"),
    ("labels", "applyset.kubernetes.io/id", "a", "reserved-label"),
    ("annotations", "applyset.kubernetes.io/contains-group-kinds", "Secret", "reserved-label"),
    ("labels", "app.kubernetes.io/managed-by", "helm", "reserved-label"),
]


@pytest.fixture(scope="module")
def usable() -> UsableContract:
    compilation = compile_text(SERVICE)
    assert compilation.definition is not None
    return UsableContract(compilation.definition, compilation.presentation)


def manifest(usable: UsableContract, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": usable.definition.api_version,
        "kind": usable.definition.kind,
        "metadata": {"name": "shop", "namespace": "checkout", **metadata},
        "spec": {"image": "shop:1"},
    }


@pytest.mark.parametrize(("field", "key", "value", "code"), CASES)
def test_what_is_accepted(usable: UsableContract, field: str, key: str, value: str, code: str) -> None:
    text = json.dumps(manifest(usable, **{field: {key: value}}))
    assert [problem.code for problem in from_text(usable, text).problems] == ([code] if code else [])


def test_what_slipway_has_set_already_can_stay_but_not_change(usable: UsableContract) -> None:
    before = manifest(usable, labels={"slipway.dev/contract": "service"})
    assert from_text(usable, json.dumps(before), before=before).ok
    changed = manifest(usable, labels={"slipway.dev/contract": "other"})
    (problem,) = from_text(usable, json.dumps(changed), before=before).problems
    assert problem.code == "reserved-label"
    assert problem.message == "“slipway.dev/contract” is set by Slipway and cannot be chosen. Remove it."


@pytest.mark.parametrize(
    "labels", [{"slipway.dev/instance-id": "7"}, {"team": "front end"}], ids=["reserved", "invalid"]
)
def test_the_api_refuses_them_before_there_is_a_change(
    sign_in: Callable[[str], Client], instance: Instance, labels: dict[str, str]
) -> None:
    client = sign_in("developer")
    before = Change.objects.count()
    body = {"contract": "service", "namespace": "checkout", "name": "new", "spec": {"image": "a:1"}}
    created = client.post("/api/v1/instances/", {**body, "labels": labels}, content_type="application/json")
    path = f"/api/v1/instances/{instance.pk}/"
    edited = client.put(path, {"spec": {"image": "a:1"}, "labels": labels}, content_type="application/json")
    for answer in (created, edited):
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["path"].startswith("metadata.labels")
    assert Change.objects.count() == before
