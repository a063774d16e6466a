"""A creation that reaches the API server after its change has ended leaves no object behind."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.changes import propose_deletion
from catalog.models import Change, Instance
from portal.audit.models import Entry
from reconciler.objects.names import CHANGE, INSTANCE_MANAGER
from reconciler.projection.late_creations import creation_named_by, is_late
from tests.reconciler.contracts import PAIR
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import create_ready, wait_until_decided, wait_until_ready

CREATED, LATER, EARLIER = "2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z", "2025-12-01T10:00:00Z"


def live(manager: str, time: str, operation: str = "Apply", token: str = "7-1") -> dict[str, Any]:
    entry = {"manager": manager, "operation": operation, "time": time}
    annotations = {CHANGE: token} if token else {}
    return {"metadata": {"creationTimestamp": CREATED, "annotations": annotations, "managedFields": [entry]}}


OBJECTS: dict[str, tuple[dict[str, Any], str]] = {
    "created by the change": (live(INSTANCE_MANAGER, CREATED), "7-1"),
    "and edited here since": (live(INSTANCE_MANAGER, LATER), "7-1"),
    "a second was counted up between": (live(INSTANCE_MANAGER, "2026-01-01T09:59:59Z"), "7-1"),
    "restored from a backup": (live(INSTANCE_MANAGER, EARLIER), ""),
    "a copy that kubectl applied": (live("kubectl", CREATED), ""),
    "a copy that kubectl created": (live("kubectl-create", CREATED, "Update"), ""),
    "without the annotation": (live(INSTANCE_MANAGER, CREATED, token=""), ""),
    "nothing is known of its managers": ({"metadata": {"annotations": {CHANGE: "7-1"}}}, ""),
}


@pytest.mark.parametrize(("obj", "token"), OBJECTS.values(), ids=OBJECTS.keys())
def test_which_change_created_an_object(obj: dict[str, Any], token: str) -> None:
    assert creation_named_by(obj) == token


# state of the creation, uid that it is known to have created → late
CREATIONS: dict[tuple[str, str], bool] = {
    ("approved", ""): False,
    ("waiting", ""): False,
    ("waiting", "another"): False,  # it was deleted in the cluster since, and is created again
    ("delivering", ""): False,
    ("delivering", "another"): False,
    ("delivered", ""): False,  # from before uids were saved
    ("delivered", "u1"): False,
    ("delivered", "another"): True,
    ("refused", ""): True,
    ("refused", "u1"): False,  # the cluster keeps not all of its fields
    ("superseded", ""): True,
    ("superseded", "u1"): False,
    ("cancelled", ""): True,
    ("expired", ""): True,
    ("failed", ""): True,
}


@pytest.mark.parametrize(("creation", "late"), CREATIONS.items())
def test_which_objects_are_late(creation: tuple[str, str], late: bool) -> None:
    assert is_late(*creation, "u1") is late


def send_again(harness: Harness, change: Change, manager: str = INSTANCE_MANAGER) -> str:
    """The request that the reconciler sent for the creation arrives once more. Returns the uid."""
    body = {**change.manifest, "metadata": {**change.manifest["metadata"]}}
    body["metadata"]["annotations"] = {CHANGE: change.token}
    return str(harness.cluster.apply(body, manager)["metadata"]["uid"])


def test_a_creation_that_arrives_after_its_deletion_leaves_nothing(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    creation = harness.create(contract, "one")
    wait_until_ready(harness, "one")
    propose_deletion(instance=harness.get_row("one"), by=harness.user)
    wait_for(lambda: harness.row("one") is None, "it is deleted")
    creation.refresh_from_db()
    assert creation.uid
    uid = send_again(harness, creation)
    wait_for(lambda: harness.instance(contract, "one") is None, "the late object is deleted")
    assert harness.row("one") is None
    assert harness.cluster.list("v1", "ConfigMap", harness.namespace, "slipway.dev/node") == []
    entry = Entry.objects.get(verb="change.undone")
    assert (entry.subject_id, entry.team_slug) == (str(creation.pk), harness.team.slug)
    assert entry.detail == {"uid": uid}


def test_a_creation_that_arrives_while_no_reconciler_runs_is_undone_at_its_start(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    creation = harness.create(contract, "one")
    wait_until_ready(harness, "one")
    propose_deletion(instance=harness.get_row("one"), by=harness.user)
    wait_for(lambda: harness.row("one") is None, "it is deleted")
    harness.manager.stop()
    send_again(harness, creation)
    harness.manager.start()
    wait_for(lambda: harness.instance(contract, "one") is None, "the late object is deleted")


def test_a_copy_that_another_tool_applies_is_an_instance(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    creation = harness.create(contract, "one")
    wait_until_ready(harness, "one")
    propose_deletion(instance=harness.get_row("one"), by=harness.user)
    wait_for(lambda: harness.row("one") is None, "it is deleted")
    uid = send_again(harness, creation, "kubectl")
    assert wait_until_ready(harness, "one").uid == uid


def test_a_deletion_that_was_requested_first_never_deletes_another_object_of_the_name(
    harness: Harness,
) -> None:
    """The name was taken in the cluster. The row follows the name; the deletion is about what was created."""
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "ready")  # the kind is served
    harness.manager.stop()
    theirs = harness.cluster.apply(harness.manifest(contract, "one"), "kubectl")
    creation = harness.create(contract, "one")
    deletion = propose_deletion(instance=harness.get_row("one"), by=harness.user)
    row = Instance.objects.filter(name="one")
    row.update(uid=theirs["metadata"]["uid"])  # as the projection does, before the changes are delivered
    harness.manager.start()
    assert wait_until_decided(deletion).state == "delivered"
    creation.refresh_from_db()
    assert creation.state == "superseded"
    assert wait_until_ready(harness, "one").uid == theirs["metadata"]["uid"]
    found = harness.get_instance(contract, "one")
    assert "deletionTimestamp" not in found["metadata"]
