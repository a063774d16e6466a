"""What a running engine makes of a graph: what waits, what is left out, what can never be (kro §4, §10)."""

from __future__ import annotations

import pytest

from reconciler.objects.accessors import condition_of
from tests.contracts.definitions import config_map
from tests.reconciler.small import (
    NAME,
    by_hand,
    contract_of,
    edit,
    give,
    named,
    names,
    remove,
    set_data,
    tells,
    wire,
)
from tests.reconciler.test_engine import ready, up
from tests.reconciler.world import World, wait_for


def test_an_instance_of_nothing_is_active_at_once(world: World) -> None:
    contract = contract_of(world)
    up(world, contract, "one")
    assert wire(world, contract)["state"] == "ACTIVE"


def test_a_dependent_waits_for_readywhen_though_its_field_exists(world: World) -> None:
    contract = contract_of(
        world,
        named("a", extra="readyWhen: ['${a.data.go == \"yes\"}']")
        + named("b", "data: {k: '${a.metadata.name}'}"),
    )
    world.create(contract, "one")
    tells(world, contract, "IN_PROGRESS")
    assert names(world) == {"one-a"}
    set_data(world, "one-a", go="yes")
    ready(world, "one")
    assert names(world) == {"one-a", "one-b"}


def test_a_missing_field_holds_its_readers_and_nobody_else(world: World) -> None:
    contract = contract_of(world, named("a") + named("b", "data: {k: '${a.data.late}'}") + named("c"))
    world.create(contract, "one")
    tells(world, contract, "IN_PROGRESS")
    assert names(world) == {"one-a", "one-c"}
    set_data(world, "one-a", late="x")
    ready(world, "one")
    assert world.child("ConfigMap", "one-b")["data"] == {"k": "x"}


FATAL = {
    "a division by zero": named("a", "data: {k: '${string(10 / (schema.spec.n - 1))}'}"),
    "includeWhen on a field that is not set": named(
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
def test_what_can_never_be_applies_nothing_at_all(world: World, resources: str) -> None:
    contract = contract_of(world, resources + named("z"))
    world.create(contract, "one")
    status = tells(world, contract, "ERROR")
    assert condition_of({"status": status}, "Ready")["status"] == "False"
    assert names(world) == set()


def test_a_chain_vanishes_with_its_first_link_and_so_do_its_status_fields(world: World) -> None:
    chain = (
        named("a", "data: {k: v}", "includeWhen: ['${schema.spec.extra}']")
        + named("b", "data: {k: '${a.data.k}'}")
        + named("c", "data: {k: '${b.data.k}'}")
        + named("d")
    )
    contract = contract_of(world, chain, status="last: ${c.data.k}\nsize: ${schema.spec.n}")
    up(world, contract, "one")
    assert names(world) == {"one-a", "one-b", "one-c", "one-d"}
    assert {"last": "v", "size": 1}.items() <= wire(world, contract).items()
    edit(world, contract, extra=False)
    wait_for(lambda: names(world) == {"one-d"}, "the chain is gone")
    assert "last" not in tells(world, contract, "ACTIVE", generation=2)
    edit(world, contract, extra=True)
    wait_for(lambda: wire(world, contract).get("last") == "v", "it is there again")


def test_includewhen_follows_another_resource(world: World) -> None:
    contract = contract_of(
        world, named("a") + named("b", extra='includeWhen: [\'${a.?data.?go.orValue("no") == "yes"}\']')
    )
    up(world, contract, "one")
    assert names(world) == {"one-a"}
    set_data(world, "one-a", go="yes")
    wait_for(lambda: names(world) == {"one-a", "one-b"}, "it is included")
    set_data(world, "one-a", go="no")
    wait_for(lambda: names(world) == {"one-a"}, "it is pruned")


COLLECTION = config_map("a", extra="forEach: [{i: '${schema.spec.items}'}]", name=f"{NAME}-${{i}}")


def test_a_shrinking_collection_keeps_what_stays(world: World) -> None:
    contract = contract_of(world, COLLECTION)
    up(world, contract, "one", items=["p", "q", "r"])
    kept = {name: world.child("ConfigMap", name)["metadata"]["uid"] for name in ("one-p", "one-r")}
    edit(world, contract, items=["p", "r"])
    wait_for(lambda: names(world) == set(kept), "the surplus is gone")
    for index, (name, uid) in enumerate(kept.items()):
        metadata = world.child("ConfigMap", name)["metadata"]
        place = {"slipway.dev/collection-index": str(index), "slipway.dev/collection-size": "2"}
        assert metadata["uid"] == uid
        assert place.items() <= metadata["labels"].items()


def test_an_item_that_belongs_to_another_instance_is_left_alone(world: World) -> None:
    item = config_map(
        "a", "data: {owner: '${schema.metadata.name}'}", "forEach: [{i: '${schema.spec.items}'}]", name="${i}"
    )
    contract = contract_of(world, item)
    up(world, contract, "one", items=["shared"])
    world.create(contract, "two", items=["shared"])
    message = wait_for(lambda: (row := world.row("two")) and row.state == "failed" and row.message)
    assert f"ConfigMap {world.namespace}/shared belongs to Example {world.namespace}/one" in message
    assert world.child("ConfigMap", "shared")["data"] == {"owner": "one"}


EXTERNAL = "- id: given\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: given}}\n"
SELECTED = """
- id: given
  externalRef:
    apiVersion: v1
    kind: ConfigMap
    metadata: {selector: {matchLabels: {app: "${schema.metadata.name}"}}}
"""


def test_an_external_object_is_never_marked_and_never_deleted(world: World) -> None:
    contract = contract_of(world, EXTERNAL + named("b", "data: {k: '${given.data.k}'}"))
    before = give(world, "given", k="v")
    up(world, contract, "one")
    assert world.cluster.get("v1", "ConfigMap", world.namespace, "given") == before
    world.cluster.delete("v1", "ConfigMap", world.namespace, "given")
    tells(world, contract, "IN_PROGRESS")
    assert names(world) == {"one-b"}
    before = give(world, "given", k="v")
    ready(world, "one")
    remove(world, "one")
    assert names(world) == {"given"}
    assert world.child("ConfigMap", "given") == before


def test_a_selection_follows_labels_and_none_is_fine(world: World) -> None:
    joined = '${given.map(one, one.metadata.name).sort().join(",")}'
    contract = contract_of(world, SELECTED + named("b", f"data:\n  k: '{joined}'"))
    up(world, contract, "one")

    def seen() -> str:
        return str(world.child("ConfigMap", "one-b")["data"]["k"])

    assert seen() == ""
    for name in ("p", "q"):
        give(world, name, {"app": "one"})
    wait_for(lambda: seen() == "p,q", "both are seen")
    by_hand(world, "p", {"metadata": {"labels": {"app": None}}})
    wait_for(lambda: seen() == "q", "the lost label is noticed")
