"""kro's quirks that Slipway fixes, with a running reconciler (kro §12)."""

from __future__ import annotations

from typing import Any

from tests.contracts.definitions import config_map
from tests.reconciler.builders import (
    NAME,
    SPEC,
    delete_instance,
    map_node,
    publish_contract,
    update_and_wait,
    wait_for_state,
)
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import create_ready, get_condition


def test_an_edited_label_that_an_expression_reads_takes_effect(harness: Harness) -> None:
    """Quirk 21."""
    contract = publish_contract(
        harness, map_node("a", "data: {k: '${schema.metadata.?labels.?tier.orValue(\"none\")}'}")
    )
    create_ready(harness, contract, "one")
    assert harness.get_child("ConfigMap", "one-a")["data"] == {"k": "none"}
    label = {"metadata": {"labels": {"tier": "gold"}}}
    harness.cluster.merge(contract.api_version, contract.kind, harness.namespace, "one", label)
    wait_for(lambda: harness.get_child("ConfigMap", "one-a")["data"] == {"k": "gold"}, "it follows the label")


def test_an_item_in_another_namespace_is_repaired(harness: Harness) -> None:
    """Quirk 22."""
    place = "${i}\n      namespace: default"
    contract = publish_contract(
        harness, config_map("a", "data: {k: v}", "forEach: [{i: '${schema.spec.items}'}]", name=place)
    )
    name = f"far-{harness.suffix}"
    create_ready(harness, contract, "one", items=[name])
    harness.cluster.merge("v1", "ConfigMap", "default", name, {"data": {"k": "wrong"}})
    wait_for(
        lambda: harness.cluster.read("v1", "ConfigMap", "default", name)["data"] == {"k": "v"},
        "it is repaired",
    )
    delete_instance(harness, "one")
    assert harness.cluster.get("v1", "ConfigMap", "default", name) is None


def test_a_failing_status_field_does_not_affect_others(harness: Harness) -> None:
    """Quirk 12."""
    fields = "name: ${a.metadata.name}\nshare: ${10 / schema.spec.n}"
    contract = publish_contract(harness, map_node("a"), status=fields)
    create_ready(harness, contract, "one", n=5)
    assert {"name": "one-a", "share": 2}.items() <= wait_for_state(harness, contract, "ACTIVE").items()
    update_and_wait(harness, contract, n=0)
    status = wait_for_state(harness, contract, "ACTIVE", generation=2)
    assert (status["name"], "share" in status) == ("one-a", False)
    event = wait_for(lambda: harness.get_row("one").events.filter(reason="StatusIncomplete").first())
    assert event.message.startswith("status.share: ")


def test_state_and_ready_agree(harness: Harness) -> None:
    """Quirk 16."""
    contract = publish_contract(harness, map_node("a", "data: {k: '${string(schema.spec.n)}'}"))
    create_ready(harness, contract, "one")
    for generation in (1, 2):
        status = wait_for_state(harness, contract, "ACTIVE", generation)
        assert get_condition({"status": status}, "Ready")["status"] == "True"
        if generation == 1:
            update_and_wait(harness, contract, n=7)


JOB = f"""
- id: job
  template:
    apiVersion: batch/v1
    kind: Job
    metadata: {{name: "{NAME}"}}
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{{name: work, image: busybox}}]
"""


def test_the_pods_of_a_job_are_deleted_with_it(harness: Harness) -> None:
    """Quirk 26."""

    def pods() -> list[dict[str, Any]]:
        return harness.cluster.list("v1", "Pod", harness.namespace)

    contract = publish_contract(harness, JOB)
    create_ready(harness, contract, "one")
    wait_for(pods, "the job has a pod")
    delete_instance(harness, "one")
    wait_for(lambda: not pods(), "its pods are deleted")


def test_a_selection_may_be_waited_for_by_its_size(harness: Harness) -> None:
    """Quirk 7."""
    selection = (
        "- id: given\n  readyWhen: ['${size(given) > 0}']\n"
        "  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {matchLabels: {app: shop}}}}\n"
    )
    contract = publish_contract(
        harness, selection + map_node("b", "data: {k: '${given[0].metadata.name}'}"), spec=SPEC
    )
    harness.create(contract, "one")
    wait_for_state(harness, contract, "IN_PROGRESS")
    assert harness.child("ConfigMap", "one-b") is None
    metadata = {"name": "key", "namespace": harness.namespace, "labels": {"app": "shop"}}
    harness.cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
    wait_for(lambda: harness.child("ConfigMap", "one-b"), "the first match is enough")
