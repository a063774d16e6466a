"""Which changes are due, and what becomes of those whose instance no longer exists."""

from __future__ import annotations

import pytest

from catalog import change_transitions
from catalog.changes import propose_creation, propose_deletion, propose_update
from catalog.models import Change, Destination, Instance
from contracts.models import Contract
from portal.accounts.models import Role, Team, User
from reconciler.changes.outbox import due_changes, start_deliveries

pytestmark = pytest.mark.backends
MANIFEST = {"metadata": {"name": "one", "namespace": "apps"}, "spec": {}}


@pytest.fixture
def creation(db: None) -> Change:
    team, user = Team.objects.create(slug="team", name="Team"), User.objects.create_user("user")
    team.memberships.create(user=user, role=Role.DEVELOPER)
    team.namespaces.create(name="apps")
    contract = Contract.objects.create(
        name="pair", group="example.com", version="v1", kind="Pair", plural="pairs", owner=team, title="Pair"
    )
    destination = Destination.objects.create(slug="it", title="It")
    return propose_creation(contract=contract, destination=destination, manifest=MANIFEST, by=user)


def test_changes_of_one_instance_are_due_one_after_another(creation: Change) -> None:
    instance = Instance.objects.get()
    user = User.objects.get()
    update = propose_update(instance=instance, manifest=MANIFEST, by=user)
    destination = instance.destination_id
    assert [change.pk for change in due_changes(destination)] == [creation.pk]
    assert start_deliveries([creation.pk, update.pk]) == {creation.pk}
    assert [change.pk for change in due_changes(destination)] == [creation.pk]
    creation.refresh_from_db()
    change_transitions.finish(creation)
    assert [change.pk for change in due_changes(destination)] == [update.pk]
    assert due_changes(destination + 1) == []


def test_changes_whose_instance_was_deleted_are_decided(creation: Change) -> None:
    instance, user = Instance.objects.get(), User.objects.get()
    propose_update(instance=instance, manifest=MANIFEST, by=user)
    propose_deletion(instance=instance, by=user)
    instance.delete()
    assert due_changes(Destination.objects.get().pk) == []
    decided = Change.objects.order_by("pk").values_list("action", "state", "message")
    assert list(decided) == [
        ("create", "superseded", ""),
        ("update", "superseded", ""),
        ("delete", "delivered", "It was already deleted."),
    ]
    assert not Change.objects.filter(decided_at=None).exists()


def test_an_update_of_an_instance_that_was_deleted_in_the_cluster_is_refused(creation: Change) -> None:
    instance, user = Instance.objects.get(), User.objects.get()
    update = propose_update(instance=instance, manifest=MANIFEST, by=user)
    instance.delete()
    assert due_changes(Destination.objects.get().pk) == []
    update.refresh_from_db()
    assert (update.state, update.message) == ("refused", "The instance was deleted first.")


def test_a_change_that_was_cancelled_meanwhile_is_not_delivered(creation: Change) -> None:
    due = due_changes(Destination.objects.get().pk)
    change_transitions.cancel(creation, by=User.objects.get())
    assert start_deliveries([one.pk for one in due]) == set()
