"""Contracts of other shapes: cluster-wide, nested, of late kinds, with long names, with own conditions."""

from __future__ import annotations

from pathlib import Path

from django.db.models.signals import post_save

from catalog.changes import propose_creation, propose_deletion
from catalog.models import Instance
from contracts.models import KnownSchema, Revision
from reconciler.objects.accessors import annotations_of, finalizers_of, labels_of
from tests.custom_kinds import custom_definition
from tests.reconciler.contracts import NESTED, PAIR, PLACE, SERVICE, SPOKEN
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import get_condition


def test_a_cluster_scoped_instance_creates_a_namespace_and_its_contents(harness: Harness) -> None:
    contract = harness.publish(PLACE)
    name = f"place-{harness.suffix}"
    body = {"apiVersion": contract.api_version, "kind": contract.kind, "metadata": {"name": name}, "spec": {}}
    change = propose_creation(
        contract=contract, destination=harness.destination, manifest=body, by=harness.user
    )
    row = change.instance
    assert row is not None

    def ready() -> bool:
        row.refresh_from_db()
        return row.state == "ready"

    wait_for(ready)
    assert harness.cluster.get("v1", "ResourceQuota", name, "quota") is not None
    assert row.team == harness.team
    propose_deletion(instance=row, by=harness.user)
    wait_for(lambda: harness.cluster.get(contract.api_version, contract.kind, "", name) is None)
    assert harness.cluster.get("v1", "Namespace", "", name) is None


def test_a_kind_that_is_not_served_yet_is_waited_for(harness: Harness) -> None:
    outer = harness.publish(NESTED)
    harness.create(outer, "one")
    row = wait_for(lambda: (row := harness.row("one")) and row.nodes and row)
    assert row.message == (f"inner: The cluster does not serve the kind Pair of {harness.group}/v1alpha1.")
    harness.publish(PAIR)
    wait_for(lambda: harness.get_row("one").state == "ready", "it becomes ready when its kind is served")
    assert harness.get_child("ConfigMap", "one-inner-first")["data"] == {"text": "deep"}
    assert harness.get_row("one-inner").state == "ready"
    propose_deletion(instance=harness.get_row("one"), by=harness.user)
    wait_for(lambda: harness.row("one") is None and harness.row("one-inner") is None)
    assert harness.child("ConfigMap", "one-inner-first") is None


def test_names_longer_than_a_label_value(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    name = "a-name-that-goes-on-and-on-and-on-until-it-does-not-fit-a-label-value-any-more"
    harness.create(contract, name)
    wait_for(lambda: (row := harness.row(name)) and row.state == "ready")
    child = harness.get_child("ConfigMap", f"{name}-first")
    assert annotations_of(child)["slipway.dev/instance"] == f"Pair {harness.namespace}/{name}"
    assert all(len(value) <= 63 for value in labels_of(child).values())


def test_an_authors_conditions_are_written_and_the_row_has_the_built_in_ones_too(harness: Harness) -> None:
    contract = harness.publish(SPOKEN)
    harness.create(contract, "one")
    row = wait_for(lambda: (row := harness.row("one")) and row.state == "ready" and row)
    live = harness.get_instance(contract, "one")
    assert [(one["type"], one["status"]) for one in live["status"]["conditions"]] == [("Usable", "True")]
    assert get_condition(live, "Usable")["observedGeneration"] == 1
    assert [one["type"] for one in row.conditions] == [
        "Usable",
        "InstanceManaged",
        "GraphResolved",
        "ResourcesReady",
        "Ready",
    ]


def test_what_was_ready_and_is_not_is_degraded(harness: Harness) -> None:
    contract = harness.publish(SERVICE)
    harness.create(contract, "web")
    wait_for(lambda: (row := harness.row("web")) and row.state == "ready")
    for pod in harness.cluster.list("v1", "Pod", harness.namespace):
        harness.cluster.delete("v1", "Pod", harness.namespace, pod["metadata"]["name"])
    wait_for(lambda: harness.get_row("web").state == "degraded", "it is degraded")
    wait_for(lambda: harness.get_row("web").state == "ready", "it recovers")


def test_a_loss_while_no_reconciler_runs_is_degraded(harness: Harness) -> None:
    contract = harness.publish(SERVICE)
    harness.create(contract, "web")
    wait_for(lambda: (row := harness.row("web")) and row.state == "ready")
    harness.manager.stop()
    nodes = [node["metadata"]["name"] for node in harness.cluster.list("v1", "Node")]
    try:
        for name in nodes:  # so that lost pods stay lost until a reconciler observes them
            harness.cluster.merge("v1", "Node", "", name, {"spec": {"unschedulable": True}})
        for pod in harness.cluster.list("v1", "Pod", harness.namespace):
            harness.cluster.delete("v1", "Pod", harness.namespace, pod["metadata"]["name"])
        wait_for(lambda: not harness.get_child("Deployment", "web", "apps/v1")["status"].get("readyReplicas"))
        harness.manager.start()
        wait_for(lambda: harness.get_row("web").state != "ready", "it is noticed")
        assert harness.get_row("web").state == "degraded"
    finally:
        for name in nodes:
            harness.cluster.merge("v1", "Node", "", name, {"spec": {"unschedulable": None}})
    wait_for(lambda: harness.get_row("web").state == "ready", "it recovers")


SCALED = Path(__file__).parents[2] / "contracts/samples/stateless-service-ha.yaml"


def is_up(harness: Harness, fact: str) -> bool:
    row = harness.row("web")
    return row is not None and row.state == "ready" and row.resources.filter(fact=fact).exists()


def test_scaling_up_is_progress_and_no_loss(harness: Harness) -> None:
    contract = harness.publish(SCALED.read_text().replace("platform.slipway.dev", "GROUP"))
    seen: list[str] = []

    def remember(instance: Instance, **_: object) -> None:
        seen.append(instance.state)

    post_save.connect(remember, sender=Instance)
    try:
        harness.create(contract, "web", image="example/shop:1")
        wait_for(lambda: is_up(harness, "3/3"), "the autoscaler's minimum is up")
        scaled = {"spec": {"replicas": 5}}
        harness.cluster.merge("apps/v1", "Deployment", harness.namespace, "web", scaled)
        wait_for(lambda: is_up(harness, "5/5"), "more are up")
    finally:
        post_save.disconnect(remember, sender=Instance)
    assert "progressing" in seen
    assert "degraded" not in seen
    assert harness.get_row("web").was_ready


def test_the_schemas_of_the_clusters_own_kinds_are_saved_for_validation(harness: Harness) -> None:
    group = f"other-{harness.suffix}.example.com"
    crd = custom_definition(f"gadgets.{group}", "Gadget", scope="Cluster")
    harness.publish(PAIR)
    harness.cluster.apply(crd)
    known = wait_for(lambda: KnownSchema.objects.filter(group_version=f"{group}/v1").first())
    assert known.kinds == [{"kind": "Gadget", "plural": "gadgets", "namespaced": False, "owner": ""}]
    crd["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "helm"}
    harness.cluster.apply(crd)

    def owner() -> str:
        return str(KnownSchema.objects.get(pk=known.pk).kinds[0]["owner"])

    wait_for(lambda: owner() == "“helm”", "another owner, although the schema is the same")
    assert not KnownSchema.objects.filter(group_version__startswith=harness.group).exists()
    harness.cluster.delete(crd["apiVersion"], crd["kind"], "", f"gadgets.{group}")
    wait_for(lambda: not KnownSchema.objects.filter(group_version=f"{group}/v1").exists())


def test_a_deleted_definition_is_recreated_and_its_instances_are_deleted(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    harness.create(contract, "one")
    wait_for(lambda: (row := harness.row("one")) and row.state == "ready")
    harness.cluster.delete(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"pairs.{harness.group}"
    )
    wait_for(lambda: harness.row("one") is None, "the instance goes with its definition", 30)
    assert harness.child("ConfigMap", "one-first") is None
    harness.create(contract, "two")
    wait_for(lambda: (row := harness.row("two")) and row.state == "ready", "the kind is back", 40)


def test_a_change_waits_while_its_kind_is_being_removed(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    harness.create(contract, "one")
    wait_for(lambda: (row := harness.row("one")) and row.state == "ready")
    own = finalizers_of(harness.get_instance(contract, "one"))
    kind = (contract.api_version, contract.kind, harness.namespace)
    harness.cluster.merge(*kind, "one", {"metadata": {"finalizers": [*own, "example.com/held"]}})
    harness.cluster.delete(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "", f"pairs.{harness.group}"
    )
    wait_for(lambda: not harness.child("ConfigMap", "one-first"), "its own part is done")
    harness.create(contract, "two")
    waiting = "The cluster is deleting the kind. The change will be applied once it is recreated."
    wait_for(lambda: (row := harness.row("two")) and (row.state, row.message) == ("waiting", waiting))
    harness.cluster.merge(*kind, "one", {"metadata": {"finalizers": None}})
    wait_for(lambda: harness.get_row("two").state == "ready", "the kind is back", 40)
    assert harness.row("one") is None


def test_an_instance_that_waits_for_a_kind_reports_why_it_is_not_served(harness: Harness) -> None:
    other = custom_definition(f"others.{harness.group}/v9", "Pair")
    harness.cluster.apply(other)
    wait_for(lambda: harness.cluster.served(f"{harness.group}/v9", "Pair"))
    contract = harness.publish(PAIR)
    harness.create(contract, "one")
    row = wait_for(lambda: (row := harness.row("one")) and "already in use" in row.message and row)
    assert row.message.startswith("The cluster does not serve the kind Pair yet. ")
    harness.cluster.delete(other["apiVersion"], other["kind"], "", other["metadata"]["name"])
    wait_for(lambda: harness.get_row("one").state == "ready", "the name is free", 40)


def test_a_revision_that_a_newer_slipway_would_refuse_is_still_reconciled(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    harness.create(contract, "one")
    wait_for(lambda: (row := harness.row("one")) and row.state == "ready")
    fields = 'range: Range | default={} validation="self.low < self.high"\n      text:'
    types = "    types:\n      Range: {low: integer | default=1, high: integer | default=2}\n    status:"
    assert contract.revision is not None
    text = contract.revision.text.replace("text:", fields, 1).replace("    status:", types, 1)
    number = contract.revision.number + 1
    contract.revision = Revision.objects.create(contract=contract, number=number, text=text, digest="2")
    contract.save()
    contract.announce()

    def is_refused() -> bool:
        contract.refresh_from_db()
        return any(one["type"] == "KindReady" and one["reason"] == "Refused" for one in contract.conditions)

    wait_for(is_refused, "the cluster does not take the default either")
    harness.cluster.delete("v1", "ConfigMap", harness.namespace, "one-first")
    wait_for(lambda: harness.child("ConfigMap", "one-first"), "it is still reconciled")
    wait_for(lambda: harness.get_row("one").state == "ready")
