"""The cluster and the rows after each kind of change."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.changes import propose_creation, propose_deletion, propose_update
from catalog.models import Change, ChangeState, Instance
from catalog.touched import Base
from contracts.models import Contract
from contracts.problems import Rejected
from contracts.publishing import publish, review_publication
from reconciler.objects.accessors import labels_of
from tests.reconciler.contracts import FLEET, NAMED, PAIR, READER, SERVICE
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import (
    create_ready,
    event_reasons,
    get_condition,
    update,
    wait_until_decided,
    wait_until_ready,
    wait_until_served,
)


def test_a_change_becomes_an_instance_and_its_resources(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    change = harness.create(contract, "one", text="hi")
    row = wait_until_ready(harness, "one")
    change.refresh_from_db()
    first, second = harness.get_child("ConfigMap", "one-first"), harness.get_child("ConfigMap", "one-second")
    assert change.state == ChangeState.DELIVERED
    assert first["data"] == {"text": "hi"}
    assert second["data"] == {"first": "one-first", "uid": first["metadata"]["uid"]}
    assert row.status == {"first": "one-first", "second": "one-first"}
    assert [(node["id"], node["state"]) for node in row.nodes] == [
        ("first", "ready"),
        ("second", "ready"),
        ("extra", "ignored"),
    ]
    assert [(one.node, one.name, one.state) for one in row.resources.all()] == [
        ("first", "one-first", "ready"),
        ("second", "one-second", "ready"),
    ]
    instance = harness.get_instance(contract, "one")
    assert instance["status"]["state"] == "ACTIVE"
    assert get_condition(instance, "Ready")["status"] == "True"
    assert row.team == harness.team
    assert row.labels == row.annotations == {}
    assert row.destination.reachable


def test_an_edit_reaches_the_children(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one", text="before")
    assert wait_until_decided(update(harness, contract, "one", text="after")).state == ChangeState.DELIVERED
    wait_for(lambda: harness.get_child("ConfigMap", "one-first")["data"] == {"text": "after"})
    wait_for(lambda: "Updated" in event_reasons(harness, "one"))


def test_an_edit_of_a_changed_instance_is_refused(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    row = create_ready(harness, contract, "one", text="before")
    Instance.objects.filter(pk=row.pk).update(resource_version="1", spec={"text": "long ago"})
    change = wait_until_decided(update(harness, contract, "one", text="after"))
    assert change.state == ChangeState.REFUSED
    expected = f"{harness.namespace}/one was changed in the cluster since you opened the form."
    assert change.message.startswith(expected)
    assert harness.get_child("ConfigMap", "one-first")["data"] == {"text": "before"}


def test_a_rejection_by_the_api_server_names_the_field(harness: Harness) -> None:
    contract = harness.publish(NAMED)
    change = wait_until_decided(harness.create(contract, "one", map="m", copies=9))
    assert change.state == ChangeState.REFUSED
    assert [cause["field"] for cause in change.causes] == ["spec.copies"]
    row = harness.get_row("one")
    assert (row.state, row.reason) == ("failed", "Refused")


def test_a_name_in_use_is_refused_and_its_object_unchanged(harness: Harness) -> None:
    contract = harness.publish(NAMED)
    wait_until_served(harness, contract)
    harness.cluster.apply(harness.manifest(contract, "one", map="a"))
    Instance.objects.all().delete()  # as if the portal had not seen it yet
    change = wait_until_decided(harness.create(contract, "one", map="b"))
    assert change.state == ChangeState.REFUSED
    assert harness.get_instance(contract, "one")["spec"]["map"] == "a"


def test_an_instance_created_with_kubectl_appears(harness: Harness) -> None:
    contract = harness.publish(NAMED)
    wait_until_served(harness, contract)
    harness.cluster.apply(harness.manifest(contract, "mine", map="m"))
    row = wait_until_ready(harness, "mine")
    assert (row.team, row.created_by, row.spec["map"]) == (harness.team, None, "m")


def test_a_deleted_child_is_recreated(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one")
    old = harness.get_child("ConfigMap", "one-first")["metadata"]["uid"]
    harness.cluster.delete("v1", "ConfigMap", harness.namespace, "one-first")

    def back() -> bool:
        live = harness.child("ConfigMap", "one-first")
        return live is not None and live["metadata"]["uid"] != old

    wait_for(back, "it is recreated")
    event = wait_for(lambda: harness.get_row("one").events.filter(reason="Restored").first())
    assert event.message == f"Recreated ConfigMap {harness.namespace}/one-first, which had been deleted."


def test_an_edited_child_is_repaired_and_the_fields_are_named(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one", text="right")
    harness.cluster.merge("v1", "ConfigMap", harness.namespace, "one-first", {"data": {"text": "wrong"}})
    wait_for(lambda: harness.get_child("ConfigMap", "one-first")["data"] == {"text": "right"})
    event = wait_for(lambda: harness.get_row("one").events.filter(reason="DriftRepaired").first())
    assert event.message == (
        f"Repaired ConfigMap {harness.namespace}/one-first, "
        "which had been changed by kubectl-edit: data.text."
    )


def test_fields_of_other_managers_are_not_changed(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one", text="right")
    harness.cluster.merge("v1", "ConfigMap", harness.namespace, "one-first", {"data": {"more": "theirs"}})
    harness.cluster.merge("v1", "ConfigMap", harness.namespace, "one-first", {"data": {"text": "wrong"}})
    wait_for(
        lambda: harness.get_child("ConfigMap", "one-first")["data"] == {"text": "right", "more": "theirs"}
    )


def test_a_field_removed_from_the_template_is_removed_from_the_object(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one")
    harness.publish(PAIR.replace("data: {text:", "data: {other:"))
    wait_for(lambda: harness.get_child("ConfigMap", "one-first")["data"] == {"other": "hello"})


def test_an_excluded_node_is_pruned_and_recreated_when_included(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one", extra=True)
    assert harness.child("ConfigMap", "one-extra") is not None
    wait_until_decided(update(harness, contract, "one", extra=False))
    wait_for(lambda: harness.child("ConfigMap", "one-extra") is None, "it is pruned")
    wait_for(lambda: "Pruned" in event_reasons(harness, "one"))
    wait_for(lambda: harness.get_row("one").resources.count() == 2)
    wait_until_ready(harness, "one")
    wait_until_decided(update(harness, contract, "one", extra=True))
    wait_for(lambda: harness.child("ConfigMap", "one-extra"), "it is there again")


def test_a_collection_follows_its_list(harness: Harness) -> None:
    contract = harness.publish(FLEET)
    create_ready(harness, contract, "all", members=["a", "b", "c"])

    def names() -> set[str]:
        labels = "slipway.dev/node=member"
        return {
            one["data"]["who"] for one in harness.cluster.list("v1", "ConfigMap", harness.namespace, labels)
        }

    assert names() == {"a", "b", "c"}
    wait_until_decided(update(harness, contract, "all", members=["c", "d"]))
    wait_for(lambda: names() == {"c", "d"}, "it follows")
    item = harness.get_child("ConfigMap", "all-d")
    assert labels_of(item)["slipway.dev/collection-index"] == "1"
    assert labels_of(item)["slipway.dev/collection-size"] == "2"
    wait_for(lambda: [one.name for one in harness.get_row("all").resources.all()] == ["all-c", "all-d"])


def test_deletion_goes_in_reverse_order_and_names_what_holds_it(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one")
    hold = {"metadata": {"finalizers": ["example.com/hold"]}}
    harness.cluster.merge("v1", "ConfigMap", harness.namespace, "one-second", hold)
    propose_deletion(instance=harness.get_row("one"), by=harness.user)
    row = wait_for(
        lambda: (row := harness.row("one")) and "example.com/hold" in row.message and row,
        "it says what holds it",
    )
    assert row.state == "deleting"
    assert [(node["id"], node["state"]) for node in row.nodes] == [
        ("first", "waiting"),
        ("second", "deleting"),
        ("extra", "ignored"),
    ]
    assert harness.child("ConfigMap", "one-first") is not None
    release = {"metadata": {"finalizers": None}}
    harness.cluster.merge("v1", "ConfigMap", harness.namespace, "one-second", release)
    wait_for(lambda: harness.row("one") is None, "the row is deleted")
    assert harness.child("ConfigMap", "one-first") is None
    assert harness.instance(contract, "one") is None


def test_an_object_of_another_instance_is_never_touched(harness: Harness) -> None:
    contract = harness.publish(NAMED)
    create_ready(harness, contract, "owner", map="shared")
    harness.create(contract, "second", map="shared")
    row = wait_for(lambda: (row := harness.row("second")) and row.state == "failed" and row, "it fails")
    assert row.message == (
        f"map: ConfigMap {harness.namespace}/shared belongs to Named {harness.namespace}/owner. "
        "It was not changed."
    )
    assert harness.get_child("ConfigMap", "shared")["data"] == {"owner": "owner"}
    propose_deletion(instance=harness.get_row("second"), by=harness.user)
    wait_for(lambda: harness.row("second") is None)
    assert harness.get_child("ConfigMap", "shared")["data"] == {"owner": "owner"}


def test_an_unmanaged_object_is_adopted_and_an_event_says_so(harness: Harness) -> None:
    contract = harness.publish(NAMED)
    harness.cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "old", "namespace": harness.namespace},
            "data": {"owner": "another", "kept": "yes"},
        }
    )
    harness.create(contract, "one", annotations={"slipway.dev/adopt": "true"}, map="old")
    wait_until_ready(harness, "one")
    assert harness.get_child("ConfigMap", "old")["data"] == {"owner": "one", "kept": "yes"}
    event = wait_for(lambda: harness.get_row("one").events.filter(reason="Adopted").first())
    assert event.message == (
        f"Adopted ConfigMap {harness.namespace}/old, which existed before, last changed by kubectl."
    )


def test_a_suspended_instance_is_not_changed(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one", text="right")
    mark = {"metadata": {"annotations": {"slipway.dev/reconcile": "suspended"}}}
    harness.cluster.merge(contract.api_version, contract.kind, harness.namespace, "one", mark)
    wait_for(lambda: harness.get_row("one").suspended)
    harness.cluster.merge("v1", "ConfigMap", harness.namespace, "one-first", {"data": {"text": "wrong"}})
    unmark = {"metadata": {"annotations": {"slipway.dev/reconcile": None}}}
    wait_for(lambda: harness.get_row("one").reason == "Suspended")
    assert harness.get_child("ConfigMap", "one-first")["data"] == {"text": "wrong"}
    assert harness.get_row("one").resources.count() == 2, "the page would say that nothing was created"
    harness.cluster.merge(contract.api_version, contract.kind, harness.namespace, "one", unmark)
    wait_for(lambda: harness.get_child("ConfigMap", "one-first")["data"] == {"text": "right"})
    wait_until_ready(harness, "one")


def foreign_definition(harness: Harness) -> dict[str, Any]:
    """A definition of the kind Pair that Helm installed."""
    version = {"name": "v1alpha1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"pairs.{harness.group}",
            "labels": {"app.kubernetes.io/managed-by": "helm"},
        },
        "spec": {
            "group": harness.group,
            "scope": "Namespaced",
            "names": {"plural": "pairs", "singular": "pair", "kind": "Pair", "listKind": "PairList"},
            "versions": [{**version, "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    }


def owner_conflict(contract: Contract) -> dict[str, Any] | None:
    contract.refresh_from_db()
    return next((one for one in contract.conditions if one["reason"] == "OwnerConflict"), None)


def test_a_kind_that_another_tool_installed_is_not_overwritten(harness: Harness) -> None:
    crd = foreign_definition(harness)
    harness.cluster.apply(crd)
    contract = harness.publish(PAIR)
    message = wait_for(lambda: owner_conflict(contract))["message"]
    assert f"pairs.{harness.group}, and it belongs to “helm”" in message
    live = harness.cluster.read(crd["apiVersion"], crd["kind"], "", f"pairs.{harness.group}")
    assert live["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "helm"}


def test_a_kind_that_another_tool_replaced_is_a_problem_of_the_next_publication(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    wait_until_served(harness, contract)
    assert contract.revision is not None
    text = contract.revision.text

    def problems() -> list[str]:
        found = review_publication(text, by=None).problems
        return [problem.message for problem in found if problem.code == "kind-foreign"]

    assert not problems()
    crd = foreign_definition(harness)
    name = crd["metadata"]["name"]

    def delete() -> None:
        harness.cluster.delete(crd["apiVersion"], crd["kind"], "", name)

    harness.manager.stop()  # so that the tool is faster than the restoration
    delete()
    wait_for(lambda: harness.cluster.get(crd["apiVersion"], crd["kind"], "", name) is None)
    harness.cluster.apply(crd)
    harness.manager.start()
    wait_for(lambda: owner_conflict(contract), "the reconciler reports it")
    (message,) = problems()
    assert f"{name}, and it belongs to “helm”" in message
    with pytest.raises(Rejected):
        publish(text, by=None, note="again")
    delete()
    wait_until_served(harness, contract)
    assert not problems()


def test_an_external_object_is_waited_for_and_watched(harness: Harness) -> None:
    contract = harness.publish(READER)
    harness.create(contract, "one", source="given")
    row = wait_for(lambda: (row := harness.row("one")) and row.nodes and row)
    assert row.state == "waiting"
    assert row.message.startswith("source: Waiting for the ConfigMap “given”")

    def give(value: str) -> None:
        metadata = {"name": "given", "namespace": harness.namespace}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}
        harness.cluster.apply(body)

    give("1")
    wait_for(lambda: (live := harness.child("ConfigMap", "one-copy")) and live["data"] == {"value": "1"})
    give("2")
    wait_for(lambda: harness.get_child("ConfigMap", "one-copy")["data"] == {"value": "2"})
    wait_until_ready(harness, "one")


def test_instances_of_a_withdrawn_contract_are_still_reconciled(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one", text="right")
    contract.withdraw(by=None, reason="replaced")
    harness.cluster.delete("v1", "ConfigMap", harness.namespace, "one-first")
    wait_for(lambda: harness.child("ConfigMap", "one-first"), "it is back")
    propose_deletion(instance=harness.get_row("one"), by=harness.user)
    wait_for(lambda: harness.row("one") is None)
    assert harness.child("ConfigMap", "one-first") is None


def test_a_web_service_becomes_ready(harness: Harness) -> None:
    contract = harness.publish(SERVICE)
    row = create_ready(harness, contract, "web")
    assert {one.kind: one.fact for one in row.resources.all()}["Deployment"] == "2/2"
    assert harness.child("Service", "web") is not None
    texts = str([Instance.objects.values(), list(row.resources.values()), list(row.events.values())])
    assert "hidden-word" not in texts


def test_the_reason_of_a_failing_pod_is_the_headline(harness: Harness) -> None:
    contract = harness.publish(SERVICE)
    harness.create(contract, "web", image="nginx:broken")
    row = wait_for(lambda: (row := harness.row("web")) and row.state == "failed" and row, "it fails")
    assert row.message.startswith(
        "deployment: The image nginx:broken cannot be pulled: check its name and tag"
    )
    assert "ImagePull" in row.message
    assert "Pod web-" in row.message


def test_an_idle_instance_costs_no_write(harness: Harness) -> None:
    contract = harness.publish(SERVICE)
    create_ready(harness, contract, "web")
    queue = harness.running_controllers.context.queue
    before = {
        kind: harness.get_child(kind, "web", version)
        for kind, version in (("Deployment", "apps/v1"), ("Secret", "v1"))
    }
    instance = harness.get_instance(contract, "web")
    harness.cluster.merge(
        "apps/v1", "Deployment", harness.namespace, "web", {"metadata": {"labels": {"x": "y"}}}
    )
    wait_for(lambda: queue.idle)
    assert (
        harness.get_instance(contract, "web")["metadata"]["resourceVersion"]
        == instance["metadata"]["resourceVersion"]
    )
    after = harness.get_child("Secret", "web")
    assert after["metadata"]["resourceVersion"] == before["Secret"]["metadata"]["resourceVersion"]
    assert "x" in harness.get_child("Deployment", "web", "apps/v1")["metadata"]["labels"]


def test_instances_are_deleted_with_their_namespace(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one")
    harness.cluster.delete("v1", "Namespace", "", harness.namespace)
    wait_for(lambda: harness.row("one") is None, "the instance is deleted")
    wait_for(
        lambda: harness.cluster.get("v1", "Namespace", "", harness.namespace) is None,
        "so is the namespace",
        30,
    )


def test_two_changes_of_one_instance_follow_each_other(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    harness.create(contract, "one", text="first")
    update(harness, contract, "one", text="second")
    update(harness, contract, "one", text="third")
    wait_for(lambda: (live := harness.child("ConfigMap", "one-first")) and live["data"] == {"text": "third"})
    wait_for(lambda: not Change.objects.exclude(state=ChangeState.DELIVERED).exists())


def test_two_edits_of_one_form_have_no_conflict_with_each_other(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    row = create_ready(harness, contract, "one", text="first")
    base = Base(row.manifest)
    for spec in ({"text": "second"}, {"text": "third"}, {"text": "first", "extra": True}):
        manifest = {**row.manifest, "spec": {**row.spec, **spec}}
        change = propose_update(instance=row, manifest=manifest, by=harness.user, base=base)
    assert wait_until_decided(change).state == ChangeState.DELIVERED
    assert not Change.objects.exclude(state=ChangeState.DELIVERED).exists()
    spec = harness.get_instance(contract, "one")["spec"]
    assert (spec["text"], spec["extra"]) == ("third", True)


def test_of_whole_updates_the_last_wins(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    row = create_ready(harness, contract, "one", text="first")
    for text in ("second", "third", "first"):
        manifest = {**row.manifest, "spec": {**row.spec, "text": text}}
        change = propose_update(instance=row, manifest=manifest, by=harness.user)
    assert wait_until_decided(change).state == ChangeState.DELIVERED
    assert not Change.objects.exclude(state=ChangeState.DELIVERED).exists()
    assert harness.get_instance(contract, "one")["spec"]["text"] == "first"


def test_created_and_deleted_at_once_leaves_nothing(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    wait_until_served(harness, contract)
    harness.create(contract, "one")
    propose_deletion(instance=harness.get_row("one"), by=harness.user)
    wait_for(lambda: harness.row("one") is None, "the row is deleted")
    assert harness.instance(contract, "one") is None
    assert harness.child("ConfigMap", "one-first") is None


def test_a_missing_namespace_of_a_team_is_created(harness: Harness) -> None:
    name = f"fresh-{harness.suffix}"
    harness.team.namespaces.create(name=name)
    contract = harness.publish(PAIR)
    body = harness.manifest(contract, "one")
    body["metadata"]["namespace"] = name
    propose_creation(contract=contract, destination=harness.destination, manifest=body, by=harness.user)
    wait_for(lambda: Instance.objects.filter(namespace=name, state="ready").exists())


def test_a_namespace_without_a_team_is_refused_with_its_name(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    body = harness.manifest(contract, "one")
    body["metadata"]["namespace"] = "unowned"
    harness.manager.stop()
    owned = harness.team.namespaces.create(name="unowned")
    change = propose_creation(
        contract=contract, destination=harness.destination, manifest=body, by=harness.user
    )
    owned.delete()
    harness.manager.start()
    wait_until_decided(change)
    assert change.message == "The namespace unowned does not exist in the cluster."


def test_an_instance_whose_inventory_was_removed_leaves_nothing_behind(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one")
    harness.manager.stop()
    names = ("tooling", "contains-group-kinds", "additional-namespaces")
    nothing = {"metadata": {"annotations": {f"applyset.kubernetes.io/{name}": None for name in names}}}
    harness.cluster.merge(contract.api_version, contract.kind, harness.namespace, "one", nothing)
    harness.cluster.delete(contract.api_version, contract.kind, harness.namespace, "one")
    harness.manager.start()
    wait_for(lambda: harness.row("one") is None, "it is deleted")
    assert harness.child("ConfigMap", "one-first") is None
