"""Graphs with a running reconciler: what waits, is excluded, or is impossible (kro §4, §10)."""

from __future__ import annotations

import pytest

from tests.contracts.definitions import config_map
from tests.reconciler.builders import (
    NAME,
    apply_unmanaged,
    delete_instance,
    live_status,
    map_names,
    map_node,
    patch_config_map,
    publish_contract,
    set_data,
    update_and_wait,
    wait_for_state,
)
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import create_ready, get_condition, wait_until_ready


def test_an_instance_without_resources_is_active_at_once(harness: Harness) -> None:
    contract = publish_contract(harness)
    create_ready(harness, contract, "one")
    assert live_status(harness, contract)["state"] == "ACTIVE"


def test_a_dependent_waits_for_readywhen_though_its_field_exists(harness: Harness) -> None:
    contract = publish_contract(
        harness,
        map_node("a", extra="readyWhen: ['${a.data.go == \"yes\"}']")
        + map_node("b", "data: {k: '${a.metadata.name}'}"),
    )
    harness.create(contract, "one")
    wait_for_state(harness, contract, "IN_PROGRESS")
    assert map_names(harness) == {"one-a"}
    set_data(harness, "one-a", go="yes")
    wait_until_ready(harness, "one")
    assert map_names(harness) == {"one-a", "one-b"}


def test_a_missing_field_blocks_only_its_readers(harness: Harness) -> None:
    contract = publish_contract(
        harness, map_node("a") + map_node("b", "data: {k: '${a.data.late}'}") + map_node("c")
    )
    harness.create(contract, "one")
    wait_for_state(harness, contract, "IN_PROGRESS")
    assert map_names(harness) == {"one-a", "one-c"}
    set_data(harness, "one-a", late="x")
    wait_until_ready(harness, "one")
    assert harness.get_child("ConfigMap", "one-b")["data"] == {"k": "x"}


FATAL = {
    "a division by zero": map_node("a", "data: {k: '${string(10 / (schema.spec.n - 1))}'}"),
    "includeWhen on a field that is not set": map_node(
        "a", extra="includeWhen: ['${schema.spec.free.on == true}']"
    ),
    "more than a thousand objects": config_map(
        "a",
        extra="forEach: [{i: '${lists.range(34)}'}, {j: '${lists.range(34)}'}]",
        name=f"{NAME}-${{string(i)}}-${{string(j)}}",
    ),
    "two nodes that are one object": config_map("a", name=NAME) + config_map("b", name=NAME),
}


@pytest.mark.parametrize("resources", FATAL.values(), ids=FATAL.keys())
def test_an_impossible_graph_applies_nothing(harness: Harness, resources: str) -> None:
    contract = publish_contract(harness, resources + map_node("z"))
    harness.create(contract, "one")
    status = wait_for_state(harness, contract, "ERROR")
    assert get_condition({"status": status}, "Ready")["status"] == "False"
    assert map_names(harness) == set()


def test_a_chain_is_excluded_with_its_first_node_and_so_are_its_status_fields(harness: Harness) -> None:
    chain = (
        map_node("a", "data: {k: v}", "includeWhen: ['${schema.spec.extra}']")
        + map_node("b", "data: {k: '${a.data.k}'}")
        + map_node("c", "data: {k: '${b.data.k}'}")
        + map_node("d")
    )
    contract = publish_contract(harness, chain, status="last: ${c.data.k}\nsize: ${schema.spec.n}")
    create_ready(harness, contract, "one")
    assert map_names(harness) == {"one-a", "one-b", "one-c", "one-d"}
    assert {"last": "v", "size": 1}.items() <= live_status(harness, contract).items()
    update_and_wait(harness, contract, extra=False)
    wait_for(lambda: map_names(harness) == {"one-d"}, "the chain is deleted")
    assert "last" not in wait_for_state(harness, contract, "ACTIVE", generation=2)
    update_and_wait(harness, contract, extra=True)
    wait_for(lambda: live_status(harness, contract).get("last") == "v", "it is there again")


def test_includewhen_follows_another_resource(harness: Harness) -> None:
    contract = publish_contract(
        harness,
        map_node("a") + map_node("b", extra='includeWhen: [\'${a.?data.?go.orValue("no") == "yes"}\']'),
    )
    create_ready(harness, contract, "one")
    assert map_names(harness) == {"one-a"}
    set_data(harness, "one-a", go="yes")
    wait_for(lambda: map_names(harness) == {"one-a", "one-b"}, "it is included")
    set_data(harness, "one-a", go="no")
    wait_for(lambda: map_names(harness) == {"one-a"}, "it is pruned")


COLLECTION = config_map("a", extra="forEach: [{i: '${schema.spec.items}'}]", name=f"{NAME}-${{i}}")


def test_a_shrinking_collection_keeps_the_remaining_items(harness: Harness) -> None:
    contract = publish_contract(harness, COLLECTION)
    create_ready(harness, contract, "one", items=["p", "q", "r"])
    kept = {name: harness.get_child("ConfigMap", name)["metadata"]["uid"] for name in ("one-p", "one-r")}
    update_and_wait(harness, contract, items=["p", "r"])
    wait_for(lambda: map_names(harness) == set(kept), "the surplus is deleted")
    for index, (name, uid) in enumerate(kept.items()):
        metadata = harness.get_child("ConfigMap", name)["metadata"]
        place = {"slipway.dev/collection-index": str(index), "slipway.dev/collection-size": "2"}
        assert metadata["uid"] == uid
        assert place.items() <= metadata["labels"].items()


def test_an_item_of_another_instance_is_not_changed(harness: Harness) -> None:
    item = config_map(
        "a", "data: {owner: '${schema.metadata.name}'}", "forEach: [{i: '${schema.spec.items}'}]", name="${i}"
    )
    contract = publish_contract(harness, item)
    create_ready(harness, contract, "one", items=["shared"])
    harness.create(contract, "two", items=["shared"])
    message = wait_for(lambda: (row := harness.row("two")) and row.state == "failed" and row.message)
    assert f"ConfigMap {harness.namespace}/shared belongs to Example {harness.namespace}/one" in message
    assert harness.get_child("ConfigMap", "shared")["data"] == {"owner": "one"}


EXTERNAL = "- id: given\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: given}}\n"
SELECTED = """
- id: given
  externalRef:
    apiVersion: v1
    kind: ConfigMap
    metadata: {selector: {matchLabels: {app: "${schema.metadata.name}"}}}
"""


def test_an_external_object_is_never_labelled_and_never_deleted(harness: Harness) -> None:
    contract = publish_contract(harness, EXTERNAL + map_node("b", "data: {k: '${given.data.k}'}"))
    before = apply_unmanaged(harness, "given", k="v")
    create_ready(harness, contract, "one")
    assert harness.cluster.get("v1", "ConfigMap", harness.namespace, "given") == before
    harness.cluster.delete("v1", "ConfigMap", harness.namespace, "given")
    wait_for_state(harness, contract, "IN_PROGRESS")
    assert map_names(harness) == {"one-b"}
    before = apply_unmanaged(harness, "given", k="v")
    wait_until_ready(harness, "one")
    delete_instance(harness, "one")
    assert map_names(harness) == {"given"}
    assert harness.child("ConfigMap", "given") == before


def test_a_selection_follows_labels_and_may_be_empty(harness: Harness) -> None:
    joined = '${given.map(one, one.metadata.name).sort().join(",")}'
    contract = publish_contract(harness, SELECTED + map_node("b", f"data:\n  k: '{joined}'"))
    create_ready(harness, contract, "one")

    def seen() -> str:
        return str(harness.get_child("ConfigMap", "one-b")["data"]["k"])

    assert seen() == ""
    for name in ("p", "q"):
        apply_unmanaged(harness, name, {"app": "one"})
    wait_for(lambda: seen() == "p,q", "both are seen")
    patch_config_map(harness, "p", {"metadata": {"labels": {"app": None}}})
    wait_for(lambda: seen() == "q", "the lost label is noticed")
