"""What is in the cluster, and on the rows, after something happened."""

from __future__ import annotations

from typing import Any

from catalog.changes import propose_creation, propose_deletion, propose_update
from catalog.models import Change, ChangeState, Instance
from contracts.models import Contract
from reconciler.objects.accessors import condition_of, labels_of
from tests.reconciler.contracts import FLEET, NAMED, PAIR, READER, SERVICE
from tests.reconciler.world import World, wait_for


def ready(world: World, name: str) -> Instance:
    return wait_for(lambda: (row := world.row(name)) and row.state == "ready" and row, f"{name} is ready")


def up(world: World, contract: Contract, name: str, **spec: Any) -> Instance:
    world.create(contract, name, **spec)
    return ready(world, name)


def update(world: World, contract: Contract, name: str, **spec: Any) -> Change:
    row = world.row(name)
    assert row is not None
    return propose_update(
        instance=row,
        manifest=world.manifest(contract, name, **spec),
        by=world.user,
        base_resource_version=row.resource_version,
    )


def decided(change: Change) -> Change:
    def ask() -> bool:
        change.refresh_from_db()
        return not change.is_pending

    wait_for(ask, "the change is decided")
    return change


def reasons(world: World, name: str) -> set[str]:
    row = world.row(name)
    return {event.reason for event in row.events.all()} if row else set()


def test_a_change_becomes_an_instance_and_its_resources(world: World) -> None:
    contract = world.publish(PAIR)
    change = world.create(contract, "one", text="hi")
    row = ready(world, "one")
    change.refresh_from_db()
    first, second = world.child("ConfigMap", "one-first"), world.child("ConfigMap", "one-second")
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
    instance = world.instance(contract, "one")
    assert instance["status"]["state"] == "ACTIVE"
    assert condition_of(instance, "Ready")["status"] == "True"
    assert row.team == world.team
    assert row.labels == row.annotations == {}
    assert row.destination.reachable


def test_an_edit_reaches_the_children(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one", text="before")
    assert decided(update(world, contract, "one", text="after")).state == ChangeState.DELIVERED
    wait_for(lambda: world.child("ConfigMap", "one-first")["data"] == {"text": "after"})
    wait_for(lambda: "Updated" in reasons(world, "one"))


def test_an_edit_of_what_somebody_else_changed_is_refused(world: World) -> None:
    contract = world.publish(PAIR)
    row = up(world, contract, "one", text="before")
    Instance.objects.filter(pk=row.pk).update(resource_version="1", spec={"text": "long ago"})
    change = decided(update(world, contract, "one", text="after"))
    assert change.state == ChangeState.REFUSED
    expected = f"{world.namespace}/one was changed in the cluster since you opened the form."
    assert change.message.startswith(expected)
    assert world.child("ConfigMap", "one-first")["data"] == {"text": "before"}


def test_what_the_api_server_refuses_says_which_field(world: World) -> None:
    contract = world.publish(NAMED)
    change = decided(world.create(contract, "one", map="m", copies=9))
    assert change.state == ChangeState.REFUSED
    assert [cause["field"] for cause in change.causes] == ["spec.copies"]
    row = world.row("one")
    assert (row.state, row.reason) == ("failed", "Refused")


def test_a_taken_name_is_refused_and_left_alone(world: World) -> None:
    contract = world.publish(NAMED)
    ready_kind(world, contract)
    world.cluster.apply(world.manifest(contract, "one", map="a"))
    Instance.objects.all().delete()  # as if the portal had not seen it yet
    change = decided(world.create(contract, "one", map="b"))
    assert change.state == ChangeState.REFUSED
    assert world.instance(contract, "one")["spec"]["map"] == "a"


def ready_kind(world: World, contract: Contract) -> None:
    def ask() -> bool:
        contract.refresh_from_db()
        return any(one["type"] == "KindReady" and one["status"] == "True" for one in contract.conditions)

    wait_for(ask, "the kind is served")


def test_an_instance_made_with_kubectl_appears(world: World) -> None:
    contract = world.publish(NAMED)
    ready_kind(world, contract)
    world.cluster.apply(world.manifest(contract, "mine", map="m"))
    row = ready(world, "mine")
    assert (row.team, row.created_by, row.spec["map"]) == (world.team, None, "m")


def test_a_deleted_child_comes_back_within_two_seconds(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one")
    old = world.child("ConfigMap", "one-first")["metadata"]["uid"]
    world.cluster.delete("v1", "ConfigMap", world.namespace, "one-first")

    def back() -> bool:
        live = world.child("ConfigMap", "one-first")
        return live is not None and live["metadata"]["uid"] != old

    wait_for(back, "it is back", seconds=2)
    event = wait_for(lambda: world.row("one").events.filter(reason="Restored").first(), seconds=2)
    assert event.message == f"Created ConfigMap {world.namespace}/one-first again: it had been deleted."


def test_an_edited_child_is_repaired_and_the_fields_are_named(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one", text="right")
    world.cluster.merge("v1", "ConfigMap", world.namespace, "one-first", {"data": {"text": "wrong"}})
    wait_for(lambda: world.child("ConfigMap", "one-first")["data"] == {"text": "right"}, seconds=2)
    event = wait_for(lambda: world.row("one").events.filter(reason="DriftRepaired").first(), seconds=2)
    assert event.message == (
        f"Repaired ConfigMap {world.namespace}/one-first, which had been changed by kubectl-edit: data.text."
    )


def test_fields_of_others_are_left_alone(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one", text="right")
    world.cluster.merge("v1", "ConfigMap", world.namespace, "one-first", {"data": {"more": "theirs"}})
    world.cluster.merge("v1", "ConfigMap", world.namespace, "one-first", {"data": {"text": "wrong"}})
    wait_for(lambda: world.child("ConfigMap", "one-first")["data"] == {"text": "right", "more": "theirs"})


def test_a_field_that_leaves_the_template_leaves_the_object(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one")
    world.publish(PAIR.replace("data: {text:", "data: {other:"))
    wait_for(lambda: world.child("ConfigMap", "one-first")["data"] == {"other": "hello"})


def test_a_node_that_is_left_out_is_pruned_and_comes_again(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one", extra=True)
    assert world.child("ConfigMap", "one-extra") is not None
    decided(update(world, contract, "one", extra=False))
    wait_for(lambda: world.child("ConfigMap", "one-extra") is None, "it is pruned")
    wait_for(lambda: "Pruned" in reasons(world, "one"))
    wait_for(lambda: world.row("one").resources.count() == 2)
    ready(world, "one")
    decided(update(world, contract, "one", extra=True))
    wait_for(lambda: world.child("ConfigMap", "one-extra"), "it is there again")


def test_a_collection_follows_its_list(world: World) -> None:
    contract = world.publish(FLEET)
    up(world, contract, "all", members=["a", "b", "c"])

    def names() -> set[str]:
        labels = "slipway.dev/node=member"
        return {one["data"]["who"] for one in world.cluster.list("v1", "ConfigMap", world.namespace, labels)}

    assert names() == {"a", "b", "c"}
    decided(update(world, contract, "all", members=["c", "d"]))
    wait_for(lambda: names() == {"c", "d"}, "it follows")
    item = world.child("ConfigMap", "all-d")
    assert labels_of(item)["slipway.dev/collection-index"] == "1"
    assert labels_of(item)["slipway.dev/collection-size"] == "2"
    wait_for(lambda: [one.name for one in world.row("all").resources.all()] == ["all-c", "all-d"])


def test_deletion_goes_in_reverse_order_and_names_what_holds_it(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one")
    hold = {"metadata": {"finalizers": ["example.com/hold"]}}
    world.cluster.merge("v1", "ConfigMap", world.namespace, "one-second", hold)
    propose_deletion(instance=world.row("one"), by=world.user)
    row = wait_for(
        lambda: (row := world.row("one")) and "example.com/hold" in row.message and row,
        "it says what holds it",
    )
    assert row.state == "deleting"
    assert [(node["id"], node["state"]) for node in row.nodes] == [
        ("first", "waiting"),
        ("second", "deleting"),
        ("extra", "ignored"),
    ]
    assert world.child("ConfigMap", "one-first") is not None
    release = {"metadata": {"finalizers": None}}
    world.cluster.merge("v1", "ConfigMap", world.namespace, "one-second", release)
    wait_for(lambda: world.row("one") is None, "the row is gone")
    assert world.child("ConfigMap", "one-first") is None
    assert world.instance(contract, "one") is None


def test_an_object_of_another_instance_is_never_touched(world: World) -> None:
    contract = world.publish(NAMED)
    up(world, contract, "owner", map="shared")
    world.create(contract, "second", map="shared")
    row = wait_for(lambda: (row := world.row("second")) and row.state == "failed" and row, "it fails")
    assert row.message == (
        f"map: ConfigMap {world.namespace}/shared belongs to Named {world.namespace}/owner. "
        "It was left as it is."
    )
    assert world.child("ConfigMap", "shared")["data"] == {"owner": "owner"}
    propose_deletion(instance=world.row("second"), by=world.user)
    wait_for(lambda: world.row("second") is None)
    assert world.child("ConfigMap", "shared")["data"] == {"owner": "owner"}


def test_an_object_of_nobody_is_adopted_and_an_event_says_so(world: World) -> None:
    contract = world.publish(NAMED)
    world.cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "old", "namespace": world.namespace},
            "data": {"owner": "somebody", "kept": "yes"},
        }
    )
    up(world, contract, "one", map="old")
    assert world.child("ConfigMap", "old")["data"] == {"owner": "one", "kept": "yes"}
    event = wait_for(lambda: world.row("one").events.filter(reason="Adopted").first())
    assert event.message == (f"Took over ConfigMap {world.namespace}/old, which was there before by kubectl.")


def test_a_suspended_instance_is_left_alone(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one", text="right")
    mark = {"metadata": {"annotations": {"slipway.dev/reconcile": "suspended"}}}
    world.cluster.merge(contract.api_version, contract.kind, world.namespace, "one", mark)
    wait_for(lambda: world.row("one").suspended)
    world.cluster.merge("v1", "ConfigMap", world.namespace, "one-first", {"data": {"text": "wrong"}})
    unmark = {"metadata": {"annotations": {"slipway.dev/reconcile": None}}}
    wait_for(lambda: world.row("one").reason == "Suspended")
    assert world.child("ConfigMap", "one-first")["data"] == {"text": "wrong"}
    assert world.row("one").resources.count() == 2, "the page would say that nothing was created"
    world.cluster.merge(contract.api_version, contract.kind, world.namespace, "one", unmark)
    wait_for(lambda: world.child("ConfigMap", "one-first")["data"] == {"text": "right"})
    ready(world, "one")


def test_a_kind_that_somebody_else_installed_is_not_overwritten(world: World) -> None:
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"pairs.{world.group}",
            "labels": {"app.kubernetes.io/managed-by": "helm"},
        },
        "spec": {
            "group": world.group,
            "scope": "Namespaced",
            "names": {"plural": "pairs", "singular": "pair", "kind": "Pair", "listKind": "PairList"},
            "versions": [
                {
                    "name": "v1alpha1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object"}},
                }
            ],
        },
    }
    world.cluster.apply(crd)
    contract = world.publish(PAIR)

    def verdict() -> dict[str, Any] | None:
        contract.refresh_from_db()
        return next((one for one in contract.conditions if one["reason"] == "OwnedBySomebodyElse"), None)

    message = wait_for(verdict)["message"]
    assert f"pairs.{world.group}, and it belongs to “helm”" in message
    live = world.cluster.get(crd["apiVersion"], crd["kind"], "", f"pairs.{world.group}")
    assert live["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "helm"}


def test_an_external_object_is_waited_for_and_followed(world: World) -> None:
    contract = world.publish(READER)
    world.create(contract, "one", source="given")
    row = wait_for(lambda: (row := world.row("one")) and row.nodes and row)
    assert row.state == "waiting"
    assert row.message.startswith("source: Waits for the ConfigMap “given”")

    def give(value: str) -> None:
        metadata = {"name": "given", "namespace": world.namespace}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}
        world.cluster.apply(body)

    give("1")
    wait_for(lambda: (live := world.child("ConfigMap", "one-copy")) and live["data"] == {"value": "1"})
    give("2")
    wait_for(lambda: world.child("ConfigMap", "one-copy")["data"] == {"value": "2"})
    ready(world, "one")


def test_a_withdrawn_contract_still_looks_after_its_instances(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one", text="right")
    contract.withdraw(by=None, reason="replaced")
    world.cluster.delete("v1", "ConfigMap", world.namespace, "one-first")
    wait_for(lambda: world.child("ConfigMap", "one-first"), "it is back")
    propose_deletion(instance=world.row("one"), by=world.user)
    wait_for(lambda: world.row("one") is None)
    assert world.child("ConfigMap", "one-first") is None


def test_a_web_service_comes_up_in_order(world: World) -> None:
    contract = world.publish(SERVICE)
    row = up(world, contract, "web")
    assert {one.kind: one.fact for one in row.resources.all()}["Deployment"] == "2/2"
    assert world.child("Service", "web") is not None
    texts = str([Instance.objects.values(), list(row.resources.values()), list(row.events.values())])
    assert "hidden-word" not in texts


def test_the_reason_of_a_failing_pod_is_the_headline(world: World) -> None:
    contract = world.publish(SERVICE)
    world.create(contract, "web", image="nginx:broken")
    row = wait_for(lambda: (row := world.row("web")) and row.state == "failed" and row, "it fails")
    assert row.message.startswith(
        "deployment: The image nginx:broken cannot be pulled: check its name and tag"
    )
    assert "ImagePull" in row.message
    assert "Pod web-" in row.message


def test_an_idle_instance_costs_no_write(world: World) -> None:
    contract = world.publish(SERVICE)
    up(world, contract, "web")
    queue = world.manager.manager.controllers.queue
    before = {
        kind: world.child(kind, "web", version)
        for kind, version in (("Deployment", "apps/v1"), ("Secret", "v1"))
    }
    instance = world.instance(contract, "web")
    world.cluster.merge("apps/v1", "Deployment", world.namespace, "web", {"metadata": {"labels": {"x": "y"}}})
    wait_for(lambda: queue.idle)
    assert (
        world.instance(contract, "web")["metadata"]["resourceVersion"]
        == instance["metadata"]["resourceVersion"]
    )
    after = world.child("Secret", "web")
    assert after["metadata"]["resourceVersion"] == before["Secret"]["metadata"]["resourceVersion"]
    assert "x" in world.child("Deployment", "web", "apps/v1")["metadata"]["labels"]


def test_a_namespace_that_is_deleted_takes_its_instances_with_it(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one")
    world.cluster.delete("v1", "Namespace", "", world.namespace)
    wait_for(lambda: world.row("one") is None, "the instance is gone", 30)
    wait_for(
        lambda: world.cluster.get("v1", "Namespace", "", world.namespace) is None, "so is the namespace", 30
    )


def test_two_changes_of_one_instance_follow_each_other(world: World) -> None:
    contract = world.publish(PAIR)
    world.create(contract, "one", text="first")
    update(world, contract, "one", text="second")
    update(world, contract, "one", text="third")
    wait_for(lambda: (live := world.child("ConfigMap", "one-first")) and live["data"] == {"text": "third"})
    wait_for(lambda: not Change.objects.exclude(state=ChangeState.DELIVERED).exists())


def test_created_and_deleted_at_once_leaves_nothing(world: World) -> None:
    contract = world.publish(PAIR)
    ready_kind(world, contract)
    world.create(contract, "one")
    propose_deletion(instance=world.row("one"), by=world.user)
    wait_for(lambda: world.row("one") is None, "the row is gone", 20)
    assert world.instance(contract, "one") is None
    assert world.child("ConfigMap", "one-first") is None


def test_a_namespace_of_a_team_is_made_when_it_is_missing(world: World) -> None:
    name = f"fresh-{world.suffix}"
    world.team.namespaces.create(name=name)
    contract = world.publish(PAIR)
    body = world.manifest(contract, "one")
    body["metadata"]["namespace"] = name
    propose_creation(contract=contract, destination=world.destination, manifest=body, by=world.user)
    wait_for(lambda: Instance.objects.filter(namespace=name, state="ready").exists())


def test_a_namespace_of_nobody_is_refused_by_its_name(world: World) -> None:
    contract = world.publish(PAIR)
    body = world.manifest(contract, "one")
    body["metadata"]["namespace"] = "nobodys"
    change = decided(
        propose_creation(contract=contract, destination=world.destination, manifest=body, by=world.user)
    )
    assert change.message == "The namespace nobodys does not exist in the cluster."


def test_an_instance_whose_inventory_was_taken_off_leaves_nothing_behind(world: World) -> None:
    contract = world.publish(PAIR)
    up(world, contract, "one")
    world.manager.stop()
    names = ("tooling", "contains-group-kinds", "additional-namespaces")
    nothing = {"metadata": {"annotations": {f"applyset.kubernetes.io/{name}": None for name in names}}}
    world.cluster.merge(contract.api_version, contract.kind, world.namespace, "one", nothing)
    world.cluster.delete(contract.api_version, contract.kind, world.namespace, "one")
    world.manager.start()
    wait_for(lambda: world.row("one") is None, "it is gone")
    assert world.child("ConfigMap", "one-first") is None
