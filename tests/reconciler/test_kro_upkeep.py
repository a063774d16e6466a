"""What a running engine owns, prunes, deletes and tells, black-box (kro §5, §6, §10)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.models import Revision
from reconciler.objects.accessors import annotations_of, condition_of, labels_of
from reconciler.plan import set_id
from tests.contracts.definitions import config_map
from tests.reconciler.small import (
    NAME,
    SPEC,
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
    world.manager.stop()
    Revision.objects.filter(contract=contract).update(text="kind: Nonsense", digest="another")
    world.manager.start()
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
