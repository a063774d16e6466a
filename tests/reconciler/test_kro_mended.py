"""Where kro surprises and Slipway does not, at a running engine (kro §12)."""

from __future__ import annotations

from reconciler.objects.accessors import condition_of
from tests.contracts.definitions import config_map
from tests.reconciler.small import NAME, SPEC, contract_of, edit, named, remove, tells
from tests.reconciler.test_engine import up
from tests.reconciler.world import World, wait_for


def test_a_label_of_the_instance_that_an_expression_reads_is_followed(world: World) -> None:
    """Quirk 21."""
    contract = contract_of(
        world, named("a", "data: {k: '${schema.metadata.?labels.?tier.orValue(\"none\")}'}")
    )
    up(world, contract, "one")
    assert world.child("ConfigMap", "one-a")["data"] == {"k": "none"}
    label = {"metadata": {"labels": {"tier": "gold"}}}
    world.cluster.merge(contract.api_version, contract.kind, world.namespace, "one", label)
    wait_for(lambda: world.child("ConfigMap", "one-a")["data"] == {"k": "gold"}, "it follows the label")


def test_an_item_in_another_namespace_is_repaired(world: World) -> None:
    """Quirk 22."""
    place = "${i}\n      namespace: default"
    contract = contract_of(
        world, config_map("a", "data: {k: v}", "forEach: [{i: '${schema.spec.items}'}]", name=place)
    )
    name = f"far-{world.suffix}"
    up(world, contract, "one", items=[name])
    world.cluster.merge("v1", "ConfigMap", "default", name, {"data": {"k": "wrong"}})
    wait_for(
        lambda: world.cluster.get("v1", "ConfigMap", "default", name)["data"] == {"k": "v"}, "it is repaired"
    )
    remove(world, "one")
    assert world.cluster.get("v1", "ConfigMap", "default", name) is None


def test_a_status_field_that_fails_takes_no_other_with_it(world: World) -> None:
    """Quirk 12."""
    status = "name: ${a.metadata.name}\nshare: ${10 / schema.spec.n}"
    contract = contract_of(world, named("a"), status=status)
    up(world, contract, "one", n=5)
    assert {"name": "one-a", "share": 2}.items() <= tells(world, contract, "ACTIVE").items()
    edit(world, contract, n=0)
    told = tells(world, contract, "ACTIVE", generation=2)
    assert (told["name"], "share" in told) == ("one-a", False)
    event = wait_for(lambda: world.row("one").events.filter(reason="StatusIncomplete").first())
    assert event.message.startswith("status.share: ")


def test_state_and_ready_agree(world: World) -> None:
    """Quirk 16."""
    contract = contract_of(world, named("a", "data: {k: '${string(schema.spec.n)}'}"))
    up(world, contract, "one")
    for generation in (1, 2):
        told = tells(world, contract, "ACTIVE", generation)
        assert condition_of({"status": told}, "Ready")["status"] == "True"
        if generation == 1:
            edit(world, contract, n=7)


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


def test_the_pods_of_a_job_go_with_it(world: World) -> None:
    """Quirk 26."""

    def pods() -> list[object]:
        return world.cluster.list("v1", "Pod", world.namespace)

    contract = contract_of(world, JOB)
    up(world, contract, "one")
    wait_for(pods, "the job has a pod")
    remove(world, "one")
    wait_for(lambda: not pods(), "its pods are gone")


def test_a_selection_may_be_waited_for_by_its_size(world: World) -> None:
    """Quirk 7."""
    selection = (
        "- id: given\n  readyWhen: ['${size(given) > 0}']\n"
        "  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {matchLabels: {app: shop}}}}\n"
    )
    contract = contract_of(world, selection + named("b", "data: {k: '${given[0].metadata.name}'}"), spec=SPEC)
    world.create(contract, "one")
    tells(world, contract, "IN_PROGRESS")
    assert world.child("ConfigMap", "one-b") is None
    metadata = {"name": "key", "namespace": world.namespace, "labels": {"app": "shop"}}
    world.cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
    wait_for(lambda: world.child("ConfigMap", "one-b"), "the first match is enough")
