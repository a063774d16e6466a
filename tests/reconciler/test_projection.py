"""Snapshots → rows, and what a restarted reconciler reads back from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catalog.changes import propose_deletion
from catalog.models import Change, ChangeState, DeletedInstance, Destination, Instance
from contracts.grants import revoke
from contracts.models import Contract, Grant
from portal.accounts.models import Role, Team, User
from portal.audit.models import Entry
from reconciler.cache.reconcile_cache import ReconcileCache
from reconciler.objects.accessors import Reference
from reconciler.objects.health import Health
from reconciler.projection.instances import LOST, project, project_deleted, project_list
from reconciler.projection.resources import load_previous
from reconciler.status.assess import Assessment, Previous
from reconciler.status.baseline import ReadyBaseline
from reconciler.status.nodes import NodeStatus
from reconciler.status.resources import ResourceStatus
from reconciler.status.snapshot import Key, Listing, Snapshot, WrittenStatus

pytestmark = pytest.mark.django_db

KEY = Key("Pair.example.com", "apps", "one")
WEB = ResourceStatus(
    "web",
    0,
    Reference("apps/v1", "Deployment", "apps", "web"),
    Health("ready", "3/3"),
    uid="web-1",
    baseline=ReadyBaseline("web-1", 1, 0),
)
READY = Assessment(
    "ready",
    "AllResourcesReady",
    was_ready=True,
    generation=1,
    nodes=(NodeStatus("web", "Deployment", "ready"),),
    resources=(WEB,),
)
FAILED = Assessment("failed", "ResourceFailed", "web: no image", node="web", was_ready=True, generation=1)


class Rows:
    def __init__(self) -> None:
        team = Team.objects.create(slug="team", name="Team")
        self.user = User.objects.create_user("user")
        team.memberships.create(user=self.user, role=Role.DEVELOPER)
        team.namespaces.create(name="apps")
        self.destination = Destination.objects.create(slug="it", title="It")
        self.contract = Contract.objects.create(
            name="pair",
            group="example.com",
            version="v1",
            kind="Pair",
            plural="pairs",
            namespaced=True,
            owner=team,
            title="Pair",
        )

    def snapshot(self, assessment: Assessment, version: int, **fields: Any) -> Snapshot:
        metadata = {"name": "one", "namespace": "apps", "uid": "u1", "generation": 1}
        live = {"metadata": {**metadata, "resourceVersion": str(version)}, "spec": {"version": version}}
        return Snapshot(KEY, self.contract.pk, None, live, assessment, **fields)

    def project(self, assessment: Assessment, version: int = 1, **fields: Any) -> Instance:
        project(self.destination.pk, [self.snapshot(assessment, version, **fields)])
        return Instance.objects.get()

    def previous(self) -> dict[str, Previous]:
        return load_previous(self.destination.pk)


@pytest.fixture
def rows(db: None) -> Rows:
    return Rows()


def shown(row: Instance) -> tuple[str, str, str, str]:
    return (row.state, row.reason, row.message, row.reason_node)


def test_a_row_is_a_copy_of_the_assessment(rows: Rows) -> None:
    row = rows.project(FAILED, written=WrittenStatus({"url": "x"}, ({"type": "Ready"},)))
    assert shown(row) == ("failed", "ResourceFailed", "web: no image", "web")
    assert (row.was_ready, row.generation, row.observed_generation, row.suspended) == (True, 1, 1, False)
    assert (row.status, row.conditions, row.nodes) == ({"url": "x"}, [{"type": "Ready"}], [])


def test_what_a_pass_did_not_observe_remains(rows: Rows) -> None:
    before = rows.project(READY, written=WrittenStatus({"url": "x"}, ({"type": "Ready"},)))
    after = rows.project(Assessment("unknown", "ReconcileFailed", "Forbidden."), 2)
    assert shown(after) == ("unknown", "ReconcileFailed", "Forbidden.", "")
    assert (after.nodes, after.status, after.conditions) == (before.nodes, before.status, before.conditions)
    assert after.resources.get().uid == "web-1"


def test_the_time_of_the_state_changes_only_with_the_state(rows: Rows) -> None:
    first = rows.project(FAILED).state_since
    assert rows.project(replace(FAILED, message="web: quota"), 2).state_since == first
    assert rows.project(READY, 3).state_since > first


def test_an_older_version_does_not_overwrite_a_newer_one(rows: Rows) -> None:
    rows.project(FAILED, 2)
    assert shown(rows.project(READY, 1))[0] == "failed"


@pytest.mark.parametrize("assessment", [READY, FAILED, Assessment("unknown", "ReconcileFailed", "No.")])
def test_a_requested_deletion_is_not_overwritten_by_an_assessment_from_before(
    rows: Rows, assessment: Assessment
) -> None:
    propose_deletion(instance=rows.project(READY), by=rows.user)
    row = rows.project(assessment, 2)
    assert shown(row) == ("deleting", "DeletionRequested", "Deletion requested.", "")
    assert row.spec == {"version": 2}
    Change.objects.update(state=ChangeState.REFUSED)
    assert shown(rows.project(assessment, 3))[:2] == (assessment.state, assessment.reason)


def test_what_the_cluster_reports_of_a_deletion_is_shown(rows: Rows) -> None:
    propose_deletion(instance=rows.project(READY), by=rows.user)
    row = rows.project(Assessment("deleting", "Deleting", "Two resources are left.", generation=1), 2)
    assert shown(row) == ("deleting", "Deleting", "Two resources are left.", "")


def test_a_restarted_reconciler_knows_what_the_one_before_knew(rows: Rows) -> None:
    remembered = Previous().followed_by(READY)
    rows.project(READY)
    assert rows.previous() == {"u1": remembered}
    degraded = replace(READY, state="degraded", reason="ResourceNotReady")
    rows.project(degraded, 2)
    assert rows.previous() == {"u1": remembered.followed_by(degraded)}
    propose_deletion(instance=Instance.objects.get(), by=rows.user)
    assert rows.previous()["u1"].deletion_requested


def test_the_cache_starts_from_the_rows_and_follows_the_passes(rows: Rows) -> None:
    rows.project(READY)
    propose_deletion(instance=Instance.objects.get(), by=rows.user)
    cache = ReconcileCache()
    cache.seed(rows.previous())
    assert cache.previous("u1").deletion_requested
    assert cache.withdraw_deletion("u1")
    assert not cache.withdraw_deletion("u1")
    assert not cache.previous("u1").deletion_requested
    cache.request_deletion("u1")
    cache.save("u1", FAILED)
    known = cache.previous("u1")
    assert (known.state, known.deletion_requested, len(known.resources)) == ("failed", True, 1)
    cache.forget_instance("u1")
    assert cache.previous("u1") == Previous()


def test_a_pass_that_showed_a_secret_under_a_revoked_grant_writes_nothing(rows: Rows) -> None:
    grant = Grant.objects.create(
        contract_name="pair",
        owner=rows.contract.owner,
        from_revision=1,
        keys=["flow"],
        descriptions=["shows it"],
    )
    shown = WrittenStatus({"password": "hunter2"}, ())
    granted = rows.project(READY, 1, written=shown, shown_secrets=frozenset({"flow"}))
    assert granted.status == {"password": "hunter2"}
    revoke(grant, by=None, reason="No longer")
    rows.project(READY, 2, written=shown, shown_secrets=frozenset())
    Instance.objects.update(status={})
    late = rows.project(FAILED, 3, written=shown, shown_secrets=frozenset({"flow"}))
    assert (late.status, late.state, late.resource_version) == ({}, "ready", "2")


# -- a list ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "returned", "events"),
    [
        pytest.param(5, False, 0, id="as-it-is"),
        pytest.param(7, False, 0, id="newer"),
        pytest.param(4, True, 1, id="older-because-the-cluster-was-restored"),
    ],
)
def test_a_list_wins_over_the_row(rows: Rows, listed: int, returned: bool, events: int) -> None:
    row = rows.project(FAILED, 5)
    live = rows.snapshot(READY, listed).instance
    for _ in range(2):  # the second list finds nothing to do
        result = project_list(rows.destination.pk, rows.contract.pk, Listing(str(listed), {"u1": live}))
        assert result.returned == (frozenset({"u1"}) if returned else frozenset())
        returned = False
    assert row.events.filter(reason="ClusterRestored").count() == events
    assert rows.project(READY, listed).state == "ready"


def test_a_list_says_which_deletions_are_still_requested(rows: Rows) -> None:
    live = rows.snapshot(READY, 1).instance
    listing = Listing("1", {"u1": live})
    propose_deletion(instance=rows.project(READY), by=rows.user)
    assert project_list(rows.destination.pk, rows.contract.pk, listing).deletions == {"u1"}
    Change.objects.update(state=ChangeState.DELIVERED)
    assert project_list(rows.destination.pk, rows.contract.pk, listing).deletions == set()


@pytest.mark.parametrize(("version", "message"), [("9", ""), ("4", LOST)], ids=["deleted", "lost"])
def test_the_page_of_an_instance_that_is_not_listed(rows: Rows, version: str, message: str) -> None:
    rows.project(READY, 5)
    project_list(rows.destination.pk, rows.contract.pk, Listing(version, {}))
    assert DeletedInstance.objects.get().message == message
    assert Entry.objects.filter(verb="instance.lost").count() == bool(message)


def test_an_object_that_was_deleted_and_is_back_says_so(rows: Rows) -> None:
    """Its uid is the same, so the cluster was restored; another object of its name is a new instance."""
    rows.project(READY, 5)
    project_deleted(rows.destination.pk, rows.contract.pk, KEY, "u1")
    row = rows.project(READY, 4)
    assert [event.reason for event in row.events.all()] == ["ClusterRestored"]
    Instance.objects.get().delete()
    DeletedInstance.objects.update(uid="u0")
    assert not rows.project(READY, 6).events.exists()
