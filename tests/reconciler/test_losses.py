"""A child that something else deletes as soon as it exists is no ghost, and is not recreated in a loop."""

from __future__ import annotations

import pytest

from reconciler.cache.losses import FIRST_WAIT, LONGEST_WAIT, TOLERATED, YOUNG, Losses
from tests.reconciler.builders import live_status, publish_contract
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import get_condition

UID, IDENTITY = "instance", ("", "ConfigMap", "home", "one")
OLD = YOUNG + 1.0  # seconds

# How long each of the deleted objects lived, one after the other; then the wait, and whether it is in doubt.
CASES = {
    "never lost": ((), 0.0, False),
    "tolerated": ((0.0,) * TOLERATED, 0.0, False),
    "once more": ((0.0,) * (TOLERATED + 1), FIRST_WAIT, True),
    "and again": ((0.0,) * (TOLERATED + 2), 2 * FIRST_WAIT, True),
    "for a long time": ((0.0,) * 50, LONGEST_WAIT, True),
    "for ever": ((0.0,) * 1100, LONGEST_WAIT, True),
    "old objects are recreated at once": ((OLD,) * 50, 0.0, False),
    "one that lived for a while ends the series": ((0.0,) * 50 + (OLD,), 0.0, False),
}


@pytest.mark.parametrize(("lives", "wait", "doubt"), CASES.values(), ids=CASES.keys())
def test_the_wait_doubles_with_each_loss(lives: tuple[float, ...], wait: float, doubt: bool) -> None:
    now = 0.0
    losses = Losses(lambda: now)
    for life in lives:
        losses.creating(UID, IDENTITY)
        now += life
        losses.deleted(UID, IDENTITY)
        losses.deleted(UID, IDENTITY)  # the watch reports it, and the answer of the creation shows it too
    assert losses.wait(UID, IDENTITY) == wait
    assert bool(losses.doubt(UID, IDENTITY)) is doubt
    now += wait
    assert losses.wait(UID, IDENTITY) == 0.0
    losses.creating(UID, IDENTITY)
    assert bool(losses.doubt(UID, IDENTITY)) is doubt
    now += OLD
    assert losses.doubt(UID, IDENTITY) == ""


@pytest.mark.parametrize("whole", [False, True], ids=["the object", "the instance"])
def test_what_is_not_desired_any_more_is_forgotten(whole: bool) -> None:
    losses = Losses(lambda: 0.0)
    for _ in range(TOLERATED + 1):
        losses.creating(UID, IDENTITY)
        losses.deleted(UID, IDENTITY)
    assert losses.doubt(UID, IDENTITY)
    if whole:
        losses.forget_instance(UID)
    else:
        losses.forget(UID, IDENTITY)
    assert not losses.doubt(UID, IDENTITY)


# The owner does not exist in the namespace of the ConfigMap, so the garbage collector deletes the ConfigMap.
OWNED_ELSEWHERE = """
- id: text
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: ${schema.metadata.name}
      namespace: ${schema.spec.place}
      ownerReferences:
        - apiVersion: GROUP/v1alpha1
          kind: Example
          name: ${schema.metadata.name}
          uid: ${schema.metadata.uid}
    data: {a: b}
"""


def test_a_child_that_is_collected_at_once_is_not_reported_as_present(harness: Harness) -> None:
    place = f"{harness.namespace}-elsewhere"
    harness.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}})
    contract = publish_contract(
        harness, OWNED_ELSEWHERE, spec="place: string", status="seen: ${text.metadata.uid}"
    )
    harness.create(contract, "one", place=place)

    def is_failed() -> bool:
        row = harness.row("one")
        return (
            row is not None
            and row.state == "failed"
            and "each time right after it was created" in row.message
        )

    wait_for(is_failed, "the row says why")
    wait_for(lambda: live_status(harness, contract).get("state") == "ERROR", "and so does the object")
    condition = get_condition(harness.get_instance(contract, "one"), "Ready")
    assert condition["status"] == "False"
    assert f"ConfigMap {place}/one was deleted" in condition["message"]
    identity = ("", "ConfigMap", place, "one")
    uid = harness.get_row("one").uid
    losses = harness.running_controllers.context.reconcile_cache.losses
    wait_for(lambda: losses.wait(uid, identity) > FIRST_WAIT, "it retries, and waits longer each time")
    assert harness.get_row("one").state == "failed"
