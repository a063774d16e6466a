"""Defaults that a CRD gets later: objects from before are shown with them, and are not changed by that."""

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
SHOWN = {"size": 1, "colour": "red"}


@pytest.fixture
def http() -> Iterator[Http]:
    """An object, and a schema that has got a default after it."""
    with DevCluster(controllers=False) as cluster:
        http = Http(cluster)
        assert http.post(CRDS, DEFINITION).status == 201
        assert http.post(LAMPS, {**LAMP, "spec": {"size": 1}}).status == 201
        later = copy.deepcopy(DEFINITION)
        schema = later["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        schema["properties"]["spec"]["properties"]["colour"] = {"type": "string", "default": "red"}
        assert http.merge(f"{CRDS}/lamps.later.example.com", later).status == 200
        yield http


def test_it_is_read_with_the_default_and_stays_what_it_was(http: Http) -> None:
    first, again = http.get(f"{LAMPS}/one").body, http.get(f"{LAMPS}/one").body
    assert first["spec"] == SHOWN
    assert again == first
    assert [one["spec"] for one in http.get(LAMPS).body["items"]] == [SHOWN]


def test_a_write_of_the_status_is_no_change_of_the_spec(http: Http) -> None:
    live = http.apply(f"{LAMPS}/one/status", {**LAMP, "status": {"lit": True}}).body
    assert (live["spec"], live["metadata"]["generation"]) == (SHOWN, 1)
