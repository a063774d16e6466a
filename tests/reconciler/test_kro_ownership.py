"""What a running reconciler owns, prunes, deletes and reports (kro §5, §6, §10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contracts.models import Revision
from reconciler.objects.accessors import annotations_of, condition_of, labels_of
from reconciler.plan import set_id
from tests.contracts.definitions import config_map
from tests.reconciler.builders import (
    NAME,
    SPEC,
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
from tests.reconciler.steps import create_ready, wait_until_ready


def test_labels_of_a_child_and_the_inventory_of_its_instance(harness: Harness) -> None:
    contract = publish_contract(
        harness, map_node("a", "data: {k: v}") + config_map("b", name=f"{NAME}\n      namespace: default")
    )
    create_ready(harness, contract, "one")
    instance, child = harness.get_instance(contract, "one"), harness.get_child("ConfigMap", "one-a")
    assert labels_of(child) == {
        "app.kubernetes.io/managed-by": "slipway",
        "slipway.dev/instance-id": instance["metadata"]["uid"],
        "slipway.dev/node": "a",
        "applyset.kubernetes.io/part-of": set_id(instance),
    }
    assert annotations_of(child) == {
        "slipway.dev/apply-order": "1",
        "slipway.dev/instance": f"Example {harness.namespace}/one",
    }
    assert "ownerReferences" not in child["metadata"]
    assert labels_of(instance)["applyset.kubernetes.io/id"] == set_id(instance)
    inventory = {key: value for key, value in annotations_of(instance).items() if key.startswith("applyset")}
    assert inventory.pop("applyset.kubernetes.io/tooling").startswith("slipway/")
    assert inventory == {
        "applyset.kubernetes.io/contains-group-kinds": "ConfigMap",
        "applyset.kubernetes.io/additional-namespaces": "default",
    }
    delete_instance(harness, "one")
    assert harness.cluster.get("v1", "ConfigMap", "default", "one") is None


KINDS, NAMESPACES = (
    "applyset.kubernetes.io/contains-group-kinds",
    "applyset.kubernetes.io/additional-namespaces",
)
KIT = f"""
- id: first
  template: {{apiVersion: v1, kind: ConfigMap, metadata: {{name: "{NAME}"}}, data: {{k: v}}}}
- id: second
  includeWhen: ["${{schema.spec.extra}}"]
  template: {{apiVersion: v1, kind: Secret, metadata: {{name: "{NAME}-SUFFIX", namespace: default}}}}
- id: many
  forEach: [{{i: "${{schema.spec.items}}"}}]
  template: {{apiVersion: v1, kind: ServiceAccount, metadata: {{name: "${{i}}"}}}}
"""


def test_the_inventory_forgets_a_kind_after_its_last_object_was_pruned(harness: Harness) -> None:
    contract = publish_contract(harness, KIT.replace("SUFFIX", harness.suffix))

    def inventory() -> tuple[str, str]:
        annotations = annotations_of(harness.get_instance(contract, "one"))
        return annotations[KINDS], annotations[NAMESPACES]

    create_ready(harness, contract, "one", extra=True, items=["x", "y"])
    assert inventory() == ("ConfigMap,Secret,ServiceAccount", "default")
    update_and_wait(harness, contract, extra=True, items=["x"])
    wait_for(lambda: harness.child("ServiceAccount", "y") is None, "it is pruned")
    wait_for_state(harness, contract, "ACTIVE", generation=2)
    assert inventory() == ("ConfigMap,Secret,ServiceAccount", "default"), "one of the kind remains"
    update_and_wait(harness, contract, extra=True, items=[])
    wait_for(lambda: inventory() == ("ConfigMap,Secret", "default"), "a collection without items")
    assert harness.child("ServiceAccount", "x") is None
    update_and_wait(harness, contract, extra=False, items=[])
    wait_for(lambda: inventory() == ("ConfigMap", ""), "an excluded node, the last in its namespace")
    update_and_wait(harness, contract, extra=True, items=["x"])
    wait_for(lambda: inventory() == ("ConfigMap,Secret,ServiceAccount", "default"), "it grows again")
    delete_instance(harness, "one")
    assert harness.cluster.get("v1", "Secret", "default", f"one-{harness.suffix}") is None


def test_a_pruned_object_with_a_finalizer_stays_in_the_inventory(harness: Harness) -> None:
    toggled = map_node("a") + KIT.replace("SUFFIX", harness.suffix)
    contract = publish_contract(harness, toggled)
    create_ready(harness, contract, "one", extra=True, items=["x"])
    where = ("v1", "ServiceAccount", harness.namespace, "x")
    harness.cluster.merge(*where, {"metadata": {"finalizers": ["example.com/hold"]}})
    update_and_wait(harness, contract, extra=False, items=[])
    wait_for(lambda: "deletionTimestamp" in harness.cluster.read(*where)["metadata"], "it is pruned")

    def kinds() -> str:
        return annotations_of(harness.get_instance(contract, "one"))[KINDS]

    wait_for(lambda: kinds() == "ConfigMap,ServiceAccount", "what still exists is not forgotten")
    harness.cluster.merge(*where, {"metadata": {"finalizers": None}})
    wait_for(lambda: kinds() == "ConfigMap", "now it is")


def test_what_was_adopted_is_deleted_with_its_instance(harness: Harness) -> None:
    apply_unmanaged(harness, "one-a", kept="yes")
    contract = publish_contract(harness, map_node("a", "data: {k: v}"))
    harness.create(contract, "one", annotations={"slipway.dev/adopt": "true"})
    wait_until_ready(harness, "one")
    assert harness.get_child("ConfigMap", "one-a")["data"] == {"k": "v", "kept": "yes"}
    delete_instance(harness, "one")
    assert map_names(harness) == set()


@pytest.mark.parametrize("propagation", ["Foreground", "Orphan"])
def test_a_deletion_with_another_propagation_policy_deletes_the_resources_too(
    harness: Harness, propagation: str
) -> None:
    """As in kro: resources have no owner references, and the instance's finalizer deletes them."""
    contract = publish_contract(harness, map_node("a", "data: {k: v}"))
    harness.create(contract, "one")
    wait_until_ready(harness, "one")

    async def delete() -> None:
        resource = await harness.cluster.find(contract.api_version, contract.kind)
        await harness.cluster.client.delete(resource, harness.namespace, "one", propagation=propagation)

    harness.cluster.run(delete())
    wait_for(lambda: harness.row("one") is None, "the row is deleted")
    wait_for(lambda: harness.instance(contract, "one") is None, "the instance is deleted")
    assert map_names(harness) == set()


def test_nothing_is_pruned_while_a_node_is_pending(harness: Harness) -> None:
    toggled = map_node("a", extra="includeWhen: ['${schema.spec.extra}']")
    contract = publish_contract(
        harness, toggled + map_node("b") + map_node("c", "data: {k: '${b.data.late}'}")
    )
    harness.create(contract, "one", extra=True)
    wait_for_state(harness, contract, "IN_PROGRESS")
    update_and_wait(harness, contract, extra=False)
    wait_for_state(harness, contract, "IN_PROGRESS", generation=2)
    assert map_names(harness) == {"one-a", "one-b"}
    set_data(harness, "one-b", late="x")
    wait_for(lambda: map_names(harness) == {"one-b", "one-c"}, "now it is pruned")


def test_what_is_not_ready_does_not_delay_pruning(harness: Harness) -> None:
    toggled = map_node("a", extra="includeWhen: ['${schema.spec.extra}']")
    contract = publish_contract(
        harness, toggled + map_node("b", extra="readyWhen: ['${b.data.go == \"yes\"}']")
    )
    harness.create(contract, "one", extra=True)
    wait_for_state(harness, contract, "IN_PROGRESS")
    update_and_wait(harness, contract, extra=False)
    wait_for(lambda: map_names(harness) == {"one-b"}, "it is pruned")
    assert harness.get_row("one").state == "progressing"


def test_an_instance_is_deleted_although_its_contract_does_not_compile(harness: Harness) -> None:
    contract = publish_contract(harness, map_node("a") + map_node("b", "data: {k: '${a.metadata.name}'}"))
    create_ready(harness, contract, "one")
    harness.manager.stop()
    Revision.objects.filter(contract=contract).update(text="kind: Nonsense", digest="another")
    harness.manager.start()
    wait_for_state(harness, contract, "ERROR")
    assert map_names(harness) == {"one-a", "one-b"}
    delete_instance(harness, "one")
    assert map_names(harness) == set()


HOLD = {"metadata": {"finalizers": ["example.com/hold"]}}
RELEASE = {"metadata": {"finalizers": None}}


def test_only_dependents_of_a_child_that_is_being_deleted_wait(harness: Harness) -> None:
    later = map_node("c", "data: {k: '${b.metadata.name}'}", "includeWhen: ['${schema.spec.extra}']")
    contract = publish_contract(
        harness,
        map_node("a", "data: {k: '${string(schema.spec.n)}'}")
        + map_node("b", "data: {k: '${a.data.k}'}")
        + later,
    )
    create_ready(harness, contract, "one", extra=False)
    old = harness.get_child("ConfigMap", "one-b")["metadata"]["uid"]
    patch_config_map(harness, "one-b", HOLD)
    harness.cluster.delete("v1", "ConfigMap", harness.namespace, "one-b")

    def condition() -> Mapping[str, Any] | None:
        found = condition_of({"status": live_status(harness, contract)}, "ResourcesReady")
        return found if found and found["reason"] == "ResourceDeleting" else None

    assert "example.com/hold" in wait_for(condition, "it says that a resource is being deleted")["message"]
    update_and_wait(harness, contract, extra=True, n=2)
    wait_for(lambda: (condition() or {}).get("observedGeneration") == 2)
    assert map_names(harness) == {"one-a", "one-b"}
    assert harness.get_child("ConfigMap", "one-a")["data"] == {"k": "2"}
    patch_config_map(harness, "one-b", RELEASE)
    wait_until_ready(harness, "one")
    assert map_names(harness) == {"one-a", "one-b", "one-c"}
    assert harness.get_child("ConfigMap", "one-b")["metadata"]["uid"] != old


@pytest.mark.parametrize("name", ["slipway.dev/reconcile", "kro.run/reconcile"])
def test_a_suspended_instance_reports_it_and_can_be_deleted(harness: Harness, name: str) -> None:
    contract = publish_contract(harness, map_node("a"), status="name: ${a.metadata.name}")
    create_ready(harness, contract, "one")
    mark = {"metadata": {"annotations": {name: "Suspended"}}}
    harness.cluster.merge(contract.api_version, contract.kind, harness.namespace, "one", mark)

    def reason() -> str:
        found = condition_of({"status": live_status(harness, contract)}, "ResourcesReady")
        return str(found["reason"]) if found else ""

    wait_for(lambda: reason() == "ReconciliationSuspended")
    assert live_status(harness, contract)["state"] == "IN_PROGRESS"
    assert live_status(harness, contract)["name"] == "one-a"
    delete_instance(harness, "one")
    assert map_names(harness) == set()


def test_a_compatible_revision_reaches_the_kind_and_its_instances(harness: Harness) -> None:
    contract = publish_contract(harness, map_node("a", "data: {k: '${string(schema.spec.n)}'}"))
    create_ready(harness, contract, "one")
    publish_contract(
        harness,
        map_node("a", "data: {k: '${schema.spec.colour}'}"),
        spec=f"{SPEC}\ncolour: string | default=red",
    )
    wait_for(lambda: harness.get_child("ConfigMap", "one-a")["data"] == {"k": "red"}, "the instance follows")
    crd = harness.cluster.read(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"examples.{harness.group}"
    )
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["properties"]["spec"]["properties"]["colour"] == {"type": "string", "default": "red"}


def gate(harness: Harness, limit: int) -> dict[str, Any]:
    """A kind whose objects are only let in up to a size."""
    rule = {"rule": f"self.size < {limit}", "message": "too large here"}
    size = {"type": "object", "properties": {"size": {"type": "integer"}}, "x-kubernetes-validations": [rule]}
    group = f"gates-{harness.suffix}.example.com"
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


def test_what_the_api_server_rejects_is_reported_and_retried(harness: Harness) -> None:
    harness.cluster.apply(gate(harness, 5))
    version = f"gates-{harness.suffix}.example.com/v1"
    body = f'{{apiVersion: {version}, kind: Gate, metadata: {{name: "{NAME}"}}, spec: {{size: 9}}}}'
    contract = publish_contract(harness, f"- id: a\n  template: {body}\n")
    harness.create(contract, "one")
    row = wait_for(lambda: (row := harness.row("one")) and row.state == "failed" and row)
    assert "too large here" in row.message
    assert live_status(harness, contract)["state"] == "ERROR"
    harness.cluster.apply(gate(harness, 50))
    wait_until_ready(harness, "one")
    assert harness.get_child("Gate", "one", version)["spec"] == {"size": 9}
