"""Which changes are due, and what becomes of those whose instance no longer exists."""

from __future__ import annotations

import pytest

from catalog.changes import propose_creation, propose_deletion, propose_update
from catalog.models import Change, ChangeState, Destination, Instance
from contracts.models import Contract
from portal.accounts.models import Team, User
from reconciler.changes.outbox import due_changes

pytestmark = pytest.mark.backends
MANIFEST = {"metadata": {"name": "one", "namespace": "apps"}, "spec": {}}


@pytest.fixture
def creation(db: None) -> Change:
    team = Team.objects.create(slug="team", name="Team")
    contract = Contract.objects.create(
        name="pair", group="example.com", version="v1", kind="Pair", plural="pairs", owner=team, title="Pair"
    )
    destination = Destination.objects.create(slug="it", title="It")
    return propose_creation(
        contract=contract, destination=destination, manifest=MANIFEST, by=User.objects.create_user("user")
    )


def test_changes_of_one_instance_are_due_one_after_another(creation: Change) -> None:
    instance = Instance.objects.get()
    user = User.objects.get()
    update = propose_update(instance=instance, manifest=MANIFEST, by=user)
    destination = instance.destination_id
    assert [change.pk for change in due_changes(destination)] == [creation.pk]
    Change.objects.filter(pk=creation.pk).update(state=ChangeState.DELIVERED)
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
        ("create", "refused", "The instance was deleted first."),
        ("update", "refused", "The instance was deleted first."),
        ("delete", "delivered", "It was already deleted."),
    ]
    assert not Change.objects.filter(decided_at=None).exists()
