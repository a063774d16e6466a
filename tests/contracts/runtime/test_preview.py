"""The preview of an instance before anything exists."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from contracts.runtime import PreviewNode, preview
from tests.contracts.definitions import config_map, defined

INSTANCE = {"metadata": {"name": "shop", "namespace": "team"}}


def shown(resources: str, observed: dict[str, Any] | None = None, **spec: Any) -> dict[str, PreviewNode]:
    return {node.id: node for node in preview(defined(resources), {**INSTANCE, "spec": spec}, observed)}


def test_defaults_are_filled_in() -> None:
    assert shown(config_map("a", "data: {k: '${schema.spec.name}-${string(schema.spec.size)}'}"))[
        "a"
    ].manifests[0]["data"] == {"k": "demo-3"}


def test_a_dependent_reads_the_desired_manifest() -> None:
    nodes = shown(
        config_map("a", "data: {k: v}", "readyWhen: ['${a.data.k == \"never\"}']")
        + config_map("b", "data: {k: '${a.data.k}'}")
    )
    assert nodes["b"].manifests[0]["data"] == {"k": "v"}


def test_values_from_the_cluster_are_placeholders_that_do_not_spread() -> None:
    nodes = shown(
        config_map("a", "data: {k: '${schema.metadata.uid}'}")
        + config_map("b", "data: {k: 'x-${a.data.k}', u: '${a.metadata.uid}'}")
    )
    assert nodes["a"].manifests[0]["data"] == {"k": "‹known after schema.metadata.uid›"}
    assert nodes["b"].manifests[0]["data"] == {
        "k": "‹known after a.data.k›",
        "u": "‹known after a.metadata.uid›",
    }
    assert yaml.safe_dump(dict(nodes["b"].manifests[0]))


def test_live_objects_are_used_as_they_are() -> None:
    live = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "uid": "u1"},
        "data": {"k": "live"},
    }
    nodes = shown(
        config_map("a", "data: {k: v}") + config_map("b", "data: {k: '${a.data.k}', u: '${a.metadata.uid}'}"),
        {"a": live},
    )
    assert nodes["b"].manifests[0]["data"] == {"k": "live", "u": "u1"}


@pytest.mark.parametrize(
    ("resources", "states"),
    [
        (
            config_map("a", extra="includeWhen: ['${schema.spec.flag}']")
            + config_map("b", "data: {k: '${a.metadata.name}'}"),
            {"a": "ignored", "b": "ignored"},
        ),
        (
            config_map("a") + config_map("b", extra="includeWhen: ['${a.data.go == \"yes\"}']"),
            {"a": "desired", "b": "pending"},
        ),
        (
            config_map("a", "data: {k: '${string(1 / (schema.spec.size - 3))}'}") + config_map("b"),
            {"a": "failed", "b": "desired"},
        ),
        (config_map("a", extra="forEach: [{i: '${schema.spec.items}'}]", name="${i}"), {"a": "pending"}),
        ("- id: e\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: b}}", {"e": "pending"}),
    ],
    ids=["excluded", "undecided", "failed", "unset list", "external"],
)
def test_states(resources: str, states: dict[str, Any]) -> None:
    assert {node.id: node.state for node in shown(resources, flag=False).values()} == states


def test_collections() -> None:
    nodes = shown(
        config_map("a", extra="forEach: [{i: '${schema.spec.items}'}]", name="${i}")
        + config_map("b", "data: {k: '${string(size(a))}'}"),
        items=["p", "q"],
    )
    assert [manifest["metadata"]["name"] for manifest in nodes["a"].manifests] == ["p", "q"]
    assert nodes["b"].manifests[0]["data"] == {"k": "2"}


def test_an_external_object_is_referenced_by_name() -> None:
    node = shown("- id: e\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: b}}")["e"]
    assert node.reason == "Reads the Secret “b”, which must exist."
    assert node.lookups[0].namespace == "team"


def test_a_missing_required_field_is_marked() -> None:
    assert shown(config_map("a", "data: {k: '${schema.spec.labels.x}'}"))["a"].manifests[0]["data"] == {
        "k": "‹spec.labels is not set›"
    }


def test_an_empty_form_can_be_previewed() -> None:
    (node,) = preview(defined(config_map("a", name="${schema.metadata.name}")), {})
    assert node.manifests[0]["metadata"]["name"] == "‹known after schema.metadata.name›"


def test_nodes_that_would_wait_for_a_field_of_the_instance() -> None:
    nodes = shown(
        config_map("a", "data: {k: '${string(schema.spec.n)}', l: '${schema.spec.labels.x}'}")
        + config_map("b", "data: {k: '${schema.spec.name}', u: '${a.metadata.uid}'}")
        + config_map("c", "", "forEach: [{row: '${schema.spec.rows}'}]", name="${row.key}")
        + config_map("d", "", "includeWhen: ['${schema.spec.free.on == true}']")
    )
    assert {node.id: (node.code, node.missing) for node in nodes.values()} == {
        "a": ("schema-field-missing", ("spec.n", "spec.labels")),
        "b": ("", ()),
        "c": ("schema-field-missing", ("spec.rows",)),
        "d": ("schema-field-missing", ("spec.free",)),
    }
