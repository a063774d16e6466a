"""Defaults that are added to a CRD later: existing objects are read with them, but not changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clusters import DevCluster
from tests.custom_kinds import custom_definition
from tests.devcluster.http import Http

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
LAMPS = "/apis/later.example.com/v1/namespaces/default/lamps"
SPEC: dict[str, Any] = {"type": "object", "properties": {"size": {"type": "integer"}}}
STATUS = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
DEFINITION = custom_definition("lamps.later.example.com", "Lamp", spec=SPEC, status=STATUS)
LAMP = {"apiVersion": "later.example.com/v1", "kind": "Lamp", "metadata": {"name": "one"}}
READ = {"size": 1, "colour": "red"}


@pytest.fixture
def http() -> Iterator[Http]:
    """An object, and a schema that got a default after it was stored."""
    with DevCluster(controllers=False) as cluster:
        http = Http(cluster)
        assert http.post(CRDS, DEFINITION).status == 201
        assert http.post(LAMPS, {**LAMP, "spec": {"size": 1}}).status == 201
        later = copy.deepcopy(DEFINITION)
        schema = later["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        schema["properties"]["spec"]["properties"]["colour"] = {"type": "string", "default": "red"}
        assert http.merge(f"{CRDS}/lamps.later.example.com", later).status == 200
        yield http


def test_it_is_read_with_the_default_and_remains_unchanged(http: Http) -> None:
    first, again = http.get(f"{LAMPS}/one").body, http.get(f"{LAMPS}/one").body
    assert first["spec"] == READ
    assert again == first
    assert [one["spec"] for one in http.get(LAMPS).body["items"]] == [READ]


def test_a_write_of_the_status_does_not_change_the_spec(http: Http) -> None:
    live = http.apply(f"{LAMPS}/one/status", {**LAMP, "status": {"lit": True}}).body
    assert (live["spec"], live["metadata"]["generation"]) == (READ, 1)
