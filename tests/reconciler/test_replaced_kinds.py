"""Another tool takes over the definition of a contract: its objects are no instances."""

from __future__ import annotations

from typing import Any

from catalog.changes import propose_deletion
from catalog.models import ChangeState, Instance, WaitReason
from contracts.models import Contract
from reconciler.status.snapshot import Key
from tests.reconciler.contracts import PAIR
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import create_ready, wait_until_decided, wait_until_ready, wait_until_served

CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "")
MANAGED_BY = "app.kubernetes.io/managed-by"


def take_over(harness: Harness) -> None:
    """As kro does with a definition that has no owner any more."""
    labels = {MANAGED_BY: "kro", "kro.run/owned": "true"}
    harness.cluster.merge(*CRD, f"pairs.{harness.group}", {"metadata": {"labels": labels}})


def hand_back(harness: Harness) -> None:
    labels = {MANAGED_BY: "slipway", "kro.run/owned": None}
    harness.cluster.merge(*CRD, f"pairs.{harness.group}", {"metadata": {"labels": labels}})


def create_as_tool(harness: Harness, contract: Contract, name: str) -> dict[str, Any]:
    return harness.cluster.apply(harness.manifest(contract, name, text="theirs"), manager="kro")


def observed(harness: Harness, name: str) -> bool:
    """Whether the reconciler has seen this object, and has nothing left to do."""
    context = harness.running_controllers.context
    is_seen = context.instances.get(Key(f"Pair.{harness.group}", harness.namespace, name)) is not None
    return is_seen and context.queue.idle


def says_who_owns_it(row: Instance) -> bool:
    return row.state == "failed" and "belongs to kro" in row.message


def test_objects_of_a_replaced_kind_are_neither_reconciled_nor_created(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one", text="right")
    take_over(harness)
    wait_for(lambda: says_who_owns_it(harness.get_row("one")), "the page of the instance says why")
    theirs = create_as_tool(harness, contract, "theirs")
    change = harness.create(contract, "two", text="two")
    wait_for(lambda: observed(harness, "theirs"), "it is observed")
    assert harness.get_instance(contract, "theirs") == theirs, "nothing was written on it"
    assert harness.child("ConfigMap", "theirs-first") is None
    assert harness.row("theirs") is None

    def waits() -> bool:
        change.refresh_from_db()
        return (change.state, change.reason) == (ChangeState.WAITING, WaitReason.SCHEMA)

    wait_for(waits, "the creation waits for the kind")
    assert "belongs to kro" in change.message
    assert harness.instance(contract, "two") is None
    harness.cluster.merge("v1", "ConfigMap", harness.namespace, "one-first", {"data": {"text": "wrong"}})
    wait_for(lambda: observed(harness, "one"))
    assert harness.get_child("ConfigMap", "one-first")["data"] == {"text": "wrong"}

    propose_deletion(instance=harness.get_row("one"), by=harness.user)
    wait_for(lambda: harness.instance(contract, "one") is None, "an instance of before can be deleted")
    assert harness.child("ConfigMap", "one-first") is None, "with its resources"
    wait_for(lambda: harness.row("one") is None)

    hand_back(harness)
    assert wait_until_decided(change).state == ChangeState.DELIVERED
    wait_until_ready(harness, "two")


def test_a_kind_that_was_replaced_while_the_reconciler_was_down(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one", text="right")
    wait_until_served(harness, contract)
    harness.manager.stop()
    take_over(harness)
    theirs = create_as_tool(harness, contract, "theirs")
    change = harness.create(contract, "two", text="two")
    harness.manager.start()
    wait_for(lambda: says_who_owns_it(harness.get_row("one")), "the page of the instance says why")
    wait_for(lambda: observed(harness, "theirs"), "it is observed")
    assert harness.get_instance(contract, "theirs") == theirs
    assert harness.instance(contract, "two") is None
    change.refresh_from_db()
    assert change.is_open
