"""A hand-over of a namespace at the same moment as something else: each row ends with the new owner."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from catalog.changes import cancel_change, propose_creation, propose_deletion, propose_update
from catalog.models import Change, DeletedInstance, Destination, Instance
from contracts.models import Contract
from portal.accounts.models import Team, TeamNamespace, User
from portal.accounts.namespace_owners import namespace_owner_changed
from portal.accounts.permission import can
from portal.audit.models import Entry
from reconciler.projection.instances import project, project_list
from reconciler.status.assess import Assessment
from reconciler.status.snapshot import Key, Listing, Snapshot
from tests.catalog.handover import NEW, OLD, Stage, move, stage
from tests.threads import Pause, run

__all__ = ["stage"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.backends]


def snapshot_of(contract: Contract, namespace: str) -> Snapshot:
    metadata = {"name": "raced", "namespace": namespace, "uid": "u1", "generation": 1, "resourceVersion": "1"}
    key = Key(f"{contract.kind}.{contract.group}", namespace, "raced")
    return Snapshot(key, contract.pk, None, {"metadata": metadata, "spec": {}}, Assessment("ready", "Ready"))


def give(teams: dict[str, Team], namespace: str) -> None:
    TeamNamespace.objects.update_or_create(name=namespace, defaults={"team": teams["search"]})


RACED = ["checkout", "stray"]  # with and without an owner before


@pytest.mark.parametrize("namespace", RACED)
def test_a_row_that_is_projected_first_follows_the_hand_over(
    teams: dict[str, Team], contract: Contract, cluster: Destination, namespace: str
) -> None:
    pause = Pause()

    def projection() -> None:
        with transaction.atomic():
            project(cluster.pk, [snapshot_of(contract, namespace)])
            pause.here()

    first, failed_first = run(projection)
    assert pause.reached.wait(15)
    second, failed_second = run(lambda: give(teams, namespace))
    second.join(0.3)
    assert second.is_alive(), "the hand-over waits for the projection"
    pause.go_on.set()
    for thread in (first, second):
        thread.join(15)
    assert (failed_first, failed_second) == ([], [])
    assert Instance.objects.get(name="raced").team == teams["search"]


@pytest.mark.parametrize("namespace", RACED)
def test_a_row_that_is_projected_during_a_hand_over_gets_the_new_owner(
    teams: dict[str, Team], contract: Contract, cluster: Destination, namespace: str
) -> None:
    pause = Pause()
    namespace_owner_changed.connect(pause.here)
    try:
        first, failed_first = run(lambda: give(teams, namespace))
        assert pause.reached.wait(15)
        second, failed_second = run(lambda: project(cluster.pk, [snapshot_of(contract, namespace)]))
        second.join(0.3)
        assert second.is_alive(), "the projection waits for the hand-over"
        pause.go_on.set()
        for thread in (first, second):
            thread.join(15)
    finally:
        namespace_owner_changed.disconnect(pause.here)
    assert (failed_first, failed_second) == ([], [])
    assert Instance.objects.get(name="raced").team == teams["search"]


def test_an_instance_that_is_deleted_during_a_hand_over_leaves_its_page_to_the_new_owner(
    teams: dict[str, Team], instance: Instance
) -> None:
    pause = Pause()
    namespace_owner_changed.connect(pause.here)
    try:
        first, failed_first = run(lambda: move(teams))
        assert pause.reached.wait(15)
        second, failed_second = run(
            lambda: project_list(instance.destination_id, instance.contract_id, Listing("9", {}))
        )
        second.join(0.3)
        pause.go_on.set()
        for thread in (first, second):
            thread.join(15)
    finally:
        namespace_owner_changed.disconnect(pause.here)
    assert (failed_first, failed_second) == ([], [])
    assert DeletedInstance.objects.get(pk=instance.pk).team == teams["search"]


def request_update(instance: Instance, by: User) -> None:
    propose_update(instance=instance, manifest=instance.manifest, by=by)


def request_deletion(instance: Instance, by: User) -> None:
    propose_deletion(instance=instance, by=by)


@pytest.mark.parametrize("request_it", [request_update, request_deletion])
def test_a_request_that_was_allowed_before_the_hand_over_is_refused_after_it(
    stage: Stage, request_it: Callable[[Instance, User], None]
) -> None:
    read = Instance.objects.get(pk=stage.instance.pk)
    move(stage.teams)
    with pytest.raises(PermissionDenied):
        request_it(read, stage.users[OLD])
    assert not Change.objects.exists()


def test_a_request_of_someone_who_may_belongs_to_the_new_owner(
    users: dict[str, User], teams: dict[str, Team], instance: Instance
) -> None:
    read = Instance.objects.get(pk=instance.pk)
    move(teams)
    change = propose_update(instance=read, manifest=read.manifest, by=users[NEW])
    assert change.team == teams["search"]
    assert Entry.objects.get(verb="instance.update-requested").team_slug == "search"


def test_the_new_owner_cancels_an_open_change_of_the_old_one(stage: Stage) -> None:
    change = propose_update(instance=stage.instance, manifest=stage.instance.manifest, by=stage.users[OLD])
    move(stage.teams)
    seen = Change.objects.visible_to(stage.users[NEW]).get(pk=change.pk)
    assert seen.instance is not None
    assert can(stage.users[NEW], "edit", seen.instance)
    assert not can(stage.users[OLD], "edit", seen.instance)
    cancel_change(seen, by=stage.users[NEW])
    assert Change.objects.get(pk=change.pk).state == "cancelled"
    assert Entry.objects.get(verb="change.cancelled").team_slug == "search"


def test_a_creation_belongs_to_the_owner_at_its_moment(
    users: dict[str, User], teams: dict[str, Team], contract: Contract, cluster: Destination
) -> None:
    move(teams)
    manifest = {"metadata": {"name": "shop", "namespace": "checkout"}, "spec": {}}
    change = propose_creation(contract=contract, destination=cluster, manifest=manifest, by=users[NEW])
    assert change.instance is not None
    assert change.team == change.instance.team == teams["search"]
