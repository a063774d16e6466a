"""Accessors for manifests, and the inventory on an instance."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.objects.accessors import Reference, controller_of, head_of, is_newer, reference_to
from reconciler.objects.names import (
    APPLYSET_KINDS,
    APPLYSET_NAMESPACES,
    APPLYSET_TOOLING,
    FINALIZER,
    label_value,
)
from reconciler.plan.inventory import Inventory, foreign_tool, is_damaged, recorded


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [("10", "9", True), ("9", "10", False), ("9", "9", False), ("b", "a", True), ("a", "a", False)],
)
def test_versions_are_compared_as_integers(version: str, than: str, newer: bool) -> None:
    assert is_newer(version, than) is newer


def test_references() -> None:
    deployment = Reference("apps/v1", "Deployment", "shop", "web")
    assert (deployment.group, deployment.group_kind) == ("apps", "Deployment.apps")
    assert deployment.identity == Reference("apps/v2", "Deployment", "shop", "web").identity
    assert deployment.display_name == "Deployment shop/web"
    node = reference_to({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}})
    assert (node.group, node.group_kind, node.display_name) == ("", "Node", "Node n")


def test_the_head_of_an_apply_names_exactly_this_object() -> None:
    metadata = {"name": "a", "namespace": "b", "uid": "u", "labels": {"x": "y"}}
    head = head_of({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {}})
    assert head == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "b", "uid": "u"},
    }


def test_the_controller_of_an_object() -> None:
    owner = {"kind": "ReplicaSet", "name": "r", "controller": True}
    assert controller_of({"metadata": {"ownerReferences": [{"kind": "Node"}, owner]}}) == owner
    assert controller_of({"metadata": {"ownerReferences": [{"kind": "Node"}]}}) is None


def instance(finalizers: list[str], **annotations: str) -> dict[str, Any]:
    return {"metadata": {"finalizers": finalizers, "annotations": annotations}}


def test_the_inventory_reads_back() -> None:
    inventory = Inventory(frozenset({"Deployment.apps", "Secret"}), frozenset({"other"}))
    assert recorded({"metadata": {"annotations": inventory.annotations()}}) == inventory
    assert set(inventory.annotations()) == {APPLYSET_TOOLING, APPLYSET_KINDS, APPLYSET_NAMESPACES}
    assert recorded({}) == Inventory()


@pytest.mark.parametrize(
    ("finalizers", "annotations", "damaged"),
    [
        ([FINALIZER], {APPLYSET_TOOLING: "slipway/v1"}, False),
        ([FINALIZER], {}, True),
        ([], {}, False),
    ],
)
def test_an_instance_without_its_inventory_is_damaged(
    finalizers: list[str], annotations: dict[str, str], damaged: bool
) -> None:
    assert is_damaged(instance(finalizers, **annotations)) is damaged


@pytest.mark.parametrize(("tool", "foreign"), [("", ""), ("slipway/v9", ""), ("kro/v0.4", "kro/v0.4")])
def test_another_tool(tool: str, foreign: str) -> None:
    assert foreign_tool(instance([], **{APPLYSET_TOOLING: tool})) == foreign


def test_a_label_value_is_cut_and_stays_unique() -> None:
    assert label_value("short") == "short"
    one, other = label_value("a" * 80), label_value("a" * 81)
    assert len(one) == len(other) == 63
    assert one != other
