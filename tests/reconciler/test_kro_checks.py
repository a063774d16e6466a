"""Black-box checks of kro's features that only a running engine can show (kro §10)."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Change, ChangeState
from contracts.models import Contract, Revision
from reconciler.kube import NotServed
from reconciler.objects.reading import annotations_of, condition_of, labels_of
from reconciler.plan import set_id
from tests.contracts.definitions import config_map, definition_text
from tests.reconciler.test_engine import decided, ready, up, update
from tests.reconciler.world import World, wait_for

NAME = "${schema.metadata.name}"
SPEC = """
n: integer | default=1
extra: boolean | default=true
free: object
items: "[]string"
"""


def contract_of(world: World, resources: str = "", **parts: str) -> Contract:
    return world.publish(
        definition_text(resources, **{"spec": SPEC, "types": "", "schema": "group: GROUP", **parts})
    )


def named(node: str, body: str = "", extra: str = "") -> str:
    """A ConfigMap ``<instance>-<node>``."""
    return config_map(node, body, extra, name=f"{NAME}-{node}")


def names(world: World) -> set[str]:
    found = {one["metadata"]["name"] for one in world.cluster.list("v1", "ConfigMap", world.namespace)}
    return found - {"kube-root-ca.crt"}  # the cluster puts it into every namespace


def give(world: World, name: str, labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
    """A ConfigMap of somebody else."""
    metadata = {"name": name, "namespace": world.namespace, "labels": labels or {}}
    return world.cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def by_hand(world: World, name: str, patch: dict[str, Any]) -> None:
    world.cluster.merge("v1", "ConfigMap", world.namespace, name, patch)


def set_data(world: World, name: str, **data: str | None) -> None:
    by_hand(world, name, {"data": data})


def edit(world: World, contract: Contract, **spec: Any) -> None:
    """Another wish for ``one``, by somebody who sees it as it is now."""

    def seen() -> bool:
        row, live = world.row("one"), world.instance(contract, "one")
        return row.resource_version == live["metadata"]["resourceVersion"]

    wait_for(seen, "the row has caught up")
    assert decided(update(world, contract, "one", **spec)).state == ChangeState.DELIVERED


def remove(world: World, name: str) -> None:
    row = world.row(name)
    assert row is not None
    Change.propose_deletion(instance=row, by=world.user)
    wait_for(lambda: world.row(name) is None, f"{name} is gone")


def tells(world: World, contract: Contract, word: str, generation: int = 1) -> dict[str, Any]:
    """The status of ``one`` when its state has come to this word for this generation of it."""

    def told() -> dict[str, Any] | None:
        status = wire(world, contract)
        seen = {one.get("observedGeneration") for one in status.get("conditions") or ()}
        return status if status.get("state") == word and seen == {generation} else None

    return wait_for(told, f"it is {word}")


def wire(world: World, contract: Contract) -> dict[str, Any]:
    """The status of ``one`` in the cluster, empty while there is none."""
    try:
        live = world.instance(contract, "one")
    except NotServed:
        return {}
    return dict((live or {}).get("status") or {})


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


def test_labels_of_a_child_and_the_books_of_its_instance(world: World) -> None:
    contract = contract_of(
        world, named("a", "data: {k: v}") + config_map("b", name=f"{NAME}\n      namespace: default")
    )
    up(world, contract, "one")
    instance, child = world.instance(contract, "one"), world.child("ConfigMap", "one-a")
    assert labels_of(child) == {
        "app.kubernetes.io/managed-by": "slipway",
        "slipway.dev/instance-id": instance["metadata"]["uid"],
        "slipway.dev/node": "a",
        "applyset.kubernetes.io/part-of": set_id(instance),
    }
    assert annotations_of(child) == {
        "slipway.dev/apply-order": "1",
        "slipway.dev/instance": f"Example {world.namespace}/one",
    }
    assert "ownerReferences" not in child["metadata"]
    assert labels_of(instance)["applyset.kubernetes.io/id"] == set_id(instance)
    books = {key: value for key, value in annotations_of(instance).items() if key.startswith("applyset")}
    assert books.pop("applyset.kubernetes.io/tooling").startswith("slipway/")
    assert books == {
        "applyset.kubernetes.io/contains-group-kinds": "ConfigMap",
        "applyset.kubernetes.io/additional-namespaces": "default",
    }
    remove(world, "one")
    assert world.cluster.get("v1", "ConfigMap", "default", "one") is None


def test_what_was_adopted_goes_with_its_instance(world: World) -> None:
    give(world, "one-a", kept="yes")
    contract = contract_of(world, named("a", "data: {k: v}"))
    up(world, contract, "one")
    assert world.child("ConfigMap", "one-a")["data"] == {"k": "v", "kept": "yes"}
    remove(world, "one")
    assert names(world) == set()


def test_nothing_is_pruned_while_a_node_is_pending(world: World) -> None:
    toggled = named("a", extra="includeWhen: ['${schema.spec.extra}']")
    contract = contract_of(world, toggled + named("b") + named("c", "data: {k: '${b.data.late}'}"))
    world.create(contract, "one", extra=True)
    tells(world, contract, "IN_PROGRESS")
    edit(world, contract, extra=False)
    tells(world, contract, "IN_PROGRESS", generation=2)
    assert names(world) == {"one-a", "one-b"}
    set_data(world, "one-b", late="x")
    wait_for(lambda: names(world) == {"one-b", "one-c"}, "now it is pruned")


def test_what_is_not_ready_holds_up_no_pruning(world: World) -> None:
    toggled = named("a", extra="includeWhen: ['${schema.spec.extra}']")
    contract = contract_of(world, toggled + named("b", extra="readyWhen: ['${b.data.go == \"yes\"}']"))
    world.create(contract, "one", extra=True)
    tells(world, contract, "IN_PROGRESS")
    edit(world, contract, extra=False)
    wait_for(lambda: names(world) == {"one-b"}, "it is pruned")
    assert world.row("one").state == "progressing"


def test_an_instance_goes_although_its_contract_cannot_be_read(world: World) -> None:
    contract = contract_of(world, named("a") + named("b", "data: {k: '${a.metadata.name}'}"))
    up(world, contract, "one")
    world.engine.stop()
    Revision.objects.filter(contract=contract).update(text="kind: Nonsense", digest="another")
    world.engine.start()
    tells(world, contract, "ERROR")
    assert names(world) == {"one-a", "one-b"}
    remove(world, "one")
    assert names(world) == set()


HOLD = {"metadata": {"finalizers": ["example.com/hold"]}}
RELEASE = {"metadata": {"finalizers": None}}


def test_what_needs_a_child_that_is_being_deleted_waits_and_the_rest_goes_on(world: World) -> None:
    later = named("c", "data: {k: '${b.metadata.name}'}", "includeWhen: ['${schema.spec.extra}']")
    contract = contract_of(
        world,
        named("a", "data: {k: '${string(schema.spec.n)}'}") + named("b", "data: {k: '${a.data.k}'}") + later,
    )
    up(world, contract, "one", extra=False)
    old = world.child("ConfigMap", "one-b")["metadata"]["uid"]
    by_hand(world, "one-b", HOLD)
    world.cluster.delete("v1", "ConfigMap", world.namespace, "one-b")

    def condition() -> dict[str, Any] | None:
        found = condition_of({"status": wire(world, contract)}, "ResourcesReady")
        return found if found and found["reason"] == "ResourceDeleting" else None

    assert "example.com/hold" in wait_for(condition, "it says that a resource is being deleted")["message"]
    edit(world, contract, extra=True, n=2)
    wait_for(lambda: (condition() or {}).get("observedGeneration") == 2)
    assert names(world) == {"one-a", "one-b"}
    assert world.child("ConfigMap", "one-a")["data"] == {"k": "2"}
    by_hand(world, "one-b", RELEASE)
    ready(world, "one")
    assert names(world) == {"one-a", "one-b", "one-c"}
    assert world.child("ConfigMap", "one-b")["metadata"]["uid"] != old


@pytest.mark.parametrize("name", ["slipway.dev/reconcile", "kro.run/reconcile"])
def test_a_suspended_instance_says_so_and_can_be_deleted(world: World, name: str) -> None:
    contract = contract_of(world, named("a"), status="name: ${a.metadata.name}")
    up(world, contract, "one")
    mark = {"metadata": {"annotations": {name: "Suspended"}}}
    world.cluster.merge(contract.api_version, contract.kind, world.namespace, "one", mark)

    def reason() -> str:
        found = condition_of({"status": wire(world, contract)}, "ResourcesReady")
        return str(found["reason"]) if found else ""

    wait_for(lambda: reason() == "ReconciliationSuspended")
    assert wire(world, contract)["state"] == "IN_PROGRESS"
    assert wire(world, contract)["name"] == "one-a"
    remove(world, "one")
    assert names(world) == set()


def test_a_compatible_revision_reaches_the_kind_and_its_instances(world: World) -> None:
    contract = contract_of(world, named("a", "data: {k: '${string(schema.spec.n)}'}"))
    up(world, contract, "one")
    contract_of(
        world, named("a", "data: {k: '${schema.spec.colour}'}"), spec=f"{SPEC}\ncolour: string | default=red"
    )
    wait_for(lambda: world.child("ConfigMap", "one-a")["data"] == {"k": "red"}, "the instance follows")
    crd = world.cluster.get(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"examples.{world.group}"
    )
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["properties"]["spec"]["properties"]["colour"] == {"type": "string", "default": "red"}


def gate(world: World, limit: int) -> dict[str, Any]:
    """A kind whose objects are only let in up to a size."""
    rule = {"rule": f"self.size < {limit}", "message": "too large here"}
    size = {"type": "object", "properties": {"size": {"type": "integer"}}, "x-kubernetes-validations": [rule]}
    group = f"gates-{world.suffix}.example.com"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"gates.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "gates", "singular": "gate", "kind": "Gate", "listKind": "GateList"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": size}}},
                }
            ],
        },
    }


def test_what_the_api_server_does_not_let_in_is_told_and_tried_again(world: World) -> None:
    world.cluster.apply(gate(world, 5))
    version = f"gates-{world.suffix}.example.com/v1"
    body = f'{{apiVersion: {version}, kind: Gate, metadata: {{name: "{NAME}"}}, spec: {{size: 9}}}}'
    contract = contract_of(world, f"- id: a\n  template: {body}\n")
    world.create(contract, "one")
    row = wait_for(lambda: (row := world.row("one")) and row.state == "failed" and row)
    assert "too large here" in row.message
    assert wire(world, contract)["state"] == "ERROR"
    world.cluster.apply(gate(world, 50))
    ready(world, "one")
    assert world.child("Gate", "one", version)["spec"] == {"size": 9}
