"""Leader election: which process holds the Lease, which may acquire it, and what the others report."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from django.conf import settings
from django.db import connection
from django.utils import timezone

from catalog.models import Destination, Event, Instance
from reconciler.base.db_thread import DatabaseThread
from reconciler.kube import Access, Client, Unreachable
from reconciler.leader.election import LEASE_DURATION, LEASE_RESOURCE, RENEW_DEADLINE, LeaderElector
from reconciler.leader.identity import LeaderIdentity, parse_identity, this_process
from reconciler.manager.cluster_probe import ClusterProbe
from tests.reconciler.contracts import PAIR
from tests.reconciler.harness import Cluster, Harness, wait_for
from tests.reconciler.processes import STARTS_WITHIN, database_file, reconciler

NAME = "slipway-reconciler"
FIRST, SECOND = LeaderIdentity("one", "here", 11), LeaderIdentity("two", "there", 22)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Election:
    """A cluster, a namespace for the Lease, a clock, and candidates."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.namespace, self.clock = cluster, f"test-{secrets.token_hex(3)}", Clock()
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})

    def candidate(self, identity: LeaderIdentity) -> LeaderElector:
        return LeaderElector(self.cluster.client, self.namespace, identity, self.clock)

    def try_acquire_or_renew(self, *leases: LeaderElector) -> None:
        async def all_at_once() -> None:
            await asyncio.gather(*(lease.try_acquire_or_renew() for lease in leases))

        self.cluster.run(all_at_once())

    def later(self, seconds: float) -> None:
        self.clock.now += seconds

    @property
    def live(self) -> dict[str, Any]:
        found = self.cluster.get(LEASE_RESOURCE.api_version, LEASE_RESOURCE.kind, self.namespace, NAME)
        assert found is not None
        return found


@pytest.fixture
def election(kubeconfig: Path) -> Iterator[Election]:
    cluster = Cluster(kubeconfig)
    yield Election(cluster)
    cluster.close()


def test_the_first_acquires_it_and_the_second_names_the_holder(election: Election) -> None:
    first, second = election.candidate(FIRST), election.candidate(SECOND)
    election.try_acquire_or_renew(first)
    election.try_acquire_or_renew(second)
    assert first.is_leader
    assert not first.standby_reason
    assert not second.is_leader
    assert second.standby_reason == (
        "Another reconciler manages this cluster: process 11 on one. "
        "This one is on standby until the other one stops."
    )
    spec = election.live["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"]) == (FIRST.identity, LEASE_DURATION)


def test_of_many_candidates_at_once_one_acquires_it(election: Election) -> None:
    leases = [election.candidate(LeaderIdentity(f"host{number}", "p", number + 1)) for number in range(6)]
    election.try_acquire_or_renew(*leases)
    assert [lease.is_leader for lease in leases].count(True) == 1
    assert sum(bool(lease.standby_reason) for lease in leases) == 5


@pytest.mark.parametrize(
    ("seconds", "taken"),
    [
        pytest.param([LEASE_DURATION - 0.1], False, id="not-renewed-for-a-while"),
        pytest.param([LEASE_DURATION], True, id="not-renewed-for-too-long"),
    ],
)
def test_it_expires(election: Election, seconds: list[float], taken: bool) -> None:
    first, second = election.candidate(FIRST), election.candidate(SECOND)
    election.try_acquire_or_renew(first)
    election.try_acquire_or_renew(second)
    for some in seconds:
        election.later(some)
        election.try_acquire_or_renew(second)
    assert second.is_leader is taken
    assert election.live["spec"]["leaseTransitions"] == int(taken)


def test_a_renewal_starts_the_duration_again(election: Election) -> None:
    first, second = election.candidate(FIRST), election.candidate(SECOND)
    election.try_acquire_or_renew(first)
    for _ in range(4):
        election.try_acquire_or_renew(second)
        election.later(LEASE_DURATION - 1)
        election.try_acquire_or_renew(first)
    election.try_acquire_or_renew(second)
    assert first.is_leader
    assert second.standby_reason


def test_a_released_lease_can_be_acquired_at_once(election: Election) -> None:
    first, second = election.candidate(FIRST), election.candidate(SECOND)
    election.try_acquire_or_renew(first)
    election.try_acquire_or_renew(second)
    election.cluster.run(first.release())
    assert "holderIdentity" not in election.live["spec"]
    election.try_acquire_or_renew(second)
    assert second.is_leader
    assert not second.standby_reason


def ended_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("host", "host_scope", "pid", "taken"),
    [
        pytest.param("here", "dir", ended_process, True, id="the-same-place-and-it-ended"),
        pytest.param("here", "dir", os.getppid, False, id="the-same-place-and-it-runs"),
        pytest.param("here", "other", ended_process, False, id="another-state-directory"),
        pytest.param("elsewhere", "dir", ended_process, False, id="another-host"),
    ],
)
def test_a_holder_that_is_known_to_be_dead_is_replaced_at_once(
    election: Election, host: str, host_scope: str, pid: Callable[[], int], taken: bool
) -> None:
    election.try_acquire_or_renew(election.candidate(LeaderIdentity(host, host_scope, pid())))
    second = election.candidate(LeaderIdentity("here", "dir", os.getpid()))
    election.try_acquire_or_renew(second)
    assert second.is_leader is taken


def test_a_leader_that_lost_it_stops_at_the_next_renewal(election: Election) -> None:
    first, second = election.candidate(FIRST), election.candidate(SECOND)
    election.try_acquire_or_renew(first)
    taken = {"spec": {"holderIdentity": SECOND.identity}}
    election.cluster.merge(LEASE_RESOURCE.api_version, LEASE_RESOURCE.kind, election.namespace, NAME, taken)
    election.try_acquire_or_renew(second)
    election.try_acquire_or_renew(first)
    assert "process 22 on two" in first.standby_reason
    with pytest.raises(Unreachable):
        first.permit()
    election.cluster.run(first.release())
    assert election.live["spec"]["holderIdentity"] == SECOND.identity


def test_an_unknown_identity_is_quoted(election: Election) -> None:
    election.try_acquire_or_renew(election.candidate(FIRST))
    taken = {"spec": {"holderIdentity": "another program"}}
    election.cluster.merge(LEASE_RESOURCE.api_version, LEASE_RESOURCE.kind, election.namespace, NAME, taken)
    second = election.candidate(SECOND)
    election.try_acquire_or_renew(second)
    assert "this cluster: “another program”." in second.standby_reason


def test_writes_end_before_another_process_may_acquire_it(election: Election) -> None:
    first = election.candidate(FIRST)
    election.try_acquire_or_renew(first)
    election.later(RENEW_DEADLINE - 0.1)
    first.permit()
    election.later(0.1)
    with pytest.raises(Unreachable):
        first.permit()
    assert not first.standby_reason, "no other holder is known"
    election.try_acquire_or_renew(first)
    first.permit()


@pytest.mark.parametrize("edit", ["labelled", "deleted"])
def test_an_edited_or_deleted_lease_is_renewed(election: Election, edit: str) -> None:
    first = election.candidate(FIRST)
    election.try_acquire_or_renew(first)
    if edit == "deleted":
        election.cluster.delete(LEASE_RESOURCE.api_version, LEASE_RESOURCE.kind, election.namespace, NAME)
    else:
        label = {"metadata": {"labels": {"a": "b"}}}
        election.cluster.merge(
            LEASE_RESOURCE.api_version, LEASE_RESOURCE.kind, election.namespace, NAME, label
        )
    election.later(LEASE_DURATION)
    election.try_acquire_or_renew(first)
    assert first.is_leader
    assert election.live["spec"]["holderIdentity"] == FIRST.identity


def test_without_leader_election_every_write_is_permitted(election: Election) -> None:
    lease = LeaderElector(election.cluster.client, "", FIRST, election.clock)
    election.try_acquire_or_renew(lease)
    lease.permit()


def test_a_missing_namespace(election: Election) -> None:
    lease = LeaderElector(election.cluster.client, "nowhere", FIRST, election.clock)
    election.try_acquire_or_renew(lease)
    assert lease.standby_reason.endswith(
        "The namespace nowhere does not exist: create it, or set SLIPWAY_LEASE_NAMESPACE to another one."
    )


def test_an_unreachable_cluster_is_no_standby_but_nothing_is_written(tmp_path: Path) -> None:
    async def ask() -> None:
        async with Client(lambda: nowhere()) as client:
            lease = LeaderElector(client, "default", FIRST)
            await lease.try_acquire_or_renew()
            assert not lease.standby_reason
            with pytest.raises(Unreachable):
                lease.permit()

    async def nowhere() -> Access:
        raise Unreachable("The cluster does not answer.")

    asyncio.run(ask())


FORBIDDEN = 'leases.coordination.k8s.io "slipway-reconciler" is forbidden'


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(
            web.json_response,
            f"Allow it to get, create and patch Leases there. The API server says: {FORBIDDEN}",
            id="no-right",
        ),
        pytest.param(
            web.Response,
            "The cluster serves no Leases: set SLIPWAY_LEASE=0 if there is only one reconciler.",
            id="no-such-api",
        ),
    ],
)
def test_without_the_lease_it_is_on_standby(answer: Any, message: str) -> None:
    async def serve(request: web.Request) -> web.StreamResponse:
        if answer is web.json_response:
            status = {"kind": "Status", "status": "Failure", "message": FORBIDDEN, "code": 403}
            return web.Response(text=json.dumps(status), content_type="application/json", status=403)
        return web.Response(text="404 page not found", status=404)

    async def ask() -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", serve)
        async with TestServer(app) as server:

            async def access() -> Access:
                return Access(host=str(server.make_url("")).rstrip("/"))

            async with Client(access) as client:
                lease = LeaderElector(client, "default", FIRST)
                await lease.try_acquire_or_renew()
                assert not lease.is_leader
                return lease.standby_reason

    assert asyncio.run(ask()) == (
        "This reconciler is on standby: without the Lease default/slipway-reconciler it cannot know whether "
        f"another one works on this cluster. {message}"
    )


def test_an_identity_can_be_parsed(tmp_path: Path) -> None:
    me = this_process(tmp_path)
    assert parse_identity(me.identity) == me
    assert me.is_alive
    assert this_process(tmp_path / "other").host_scope != me.host_scope
    assert str(tmp_path) not in me.identity
    assert parse_identity("controller-7f-abc_12") is None


# -- what pages show ------------------------------------------------------------------------------------

REASON = "Another reconciler manages this cluster."
LEADS, STANDBY, OTHER = "leads", "standby", "another reconciler's heartbeat"


class Probed:
    """A probe of the cluster, its row, and another reconciler that may work for the same database."""

    def __init__(self, harness: Harness) -> None:
        self._database = DatabaseThread()
        self._destination = harness.destination
        self.returns = 0
        self.probe = ClusterProbe(harness.cluster.client, self._database, self._count)
        self.probe.destination = self._destination.pk

    def _count(self) -> None:
        self.returns += 1

    @property
    def row(self) -> Destination:
        self._destination.refresh_from_db()
        return self._destination

    def other_heartbeat(self) -> None:
        Destination.objects.update(reconciler_seen_at=timezone.now(), message="")

    def close(self) -> None:
        self._database.close()


@pytest.fixture
def probed(stopped_harness: Harness) -> Iterator[Probed]:
    made = Probed(stopped_harness)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("history", "message"),
    [
        pytest.param([STANDBY], REASON, id="from-the-start"),
        pytest.param([STANDBY, LEADS], "", id="until-it-leads"),
        pytest.param([LEADS, STANDBY], REASON, id="its-own-heartbeat-does-not-count"),
        pytest.param([OTHER, LEADS, STANDBY], REASON, id="nor-one-from-before-it-led"),
        pytest.param([LEADS, STANDBY, LEADS, STANDBY], REASON, id="again-in-each-term"),
        pytest.param([OTHER, STANDBY], "", id="another-one-works-for-this-database"),
        pytest.param([LEADS, OTHER, STANDBY], "", id="another-one-took-over-for-this-database"),
        pytest.param([STANDBY, OTHER, STANDBY], "", id="another-one-started-later"),
    ],
)
def test_the_row_says_that_it_is_on_standby(
    stopped_harness: Harness, probed: Probed, history: list[str], message: str
) -> None:
    for event in history:
        if event == OTHER:
            probed.other_heartbeat()
            continue
        probed.probe.set_standby_reason(REASON if event == STANDBY else "")
        stopped_harness.cluster.run(probed.probe.probe())
    assert probed.row.message == message


def test_the_row_says_it_again_at_every_probe(stopped_harness: Harness, probed: Probed) -> None:
    """Whatever wrote the row meanwhile, or if an earlier write was lost."""
    probed.probe.set_standby_reason(REASON)
    for _ in range(2):
        stopped_harness.cluster.run(probed.probe.probe())
        assert probed.row.message == REASON
        Destination.objects.update(message="")


def test_nothing_is_saved_before_it_is_known_which_process_leads(
    stopped_harness: Harness, probed: Probed
) -> None:
    """A heartbeat of a process that turns out to be on standby would hide that from its own pages."""
    cluster = stopped_harness.cluster

    async def start() -> asyncio.Task[None]:
        task = asyncio.create_task(probed.probe.run())
        for _ in range(5):  # a probe is one request: it would have ended before the last of these
            await cluster.client.version()
        probed.probe.set_standby_reason(REASON)
        return task

    async def stop(task: asyncio.Task[None]) -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    task = cluster.run(start())
    try:
        wait_for(lambda: probed.row.message == REASON, "the row says that it is on standby")
        assert probed.row.reconciler_seen_at is None
    finally:
        cluster.run(stop(task))


def test_a_cluster_that_returns_wakes_the_controllers_even_if_the_row_cannot_be_saved(
    stopped_harness: Harness, probed: Probed
) -> None:
    probed.probe.set_standby_reason(REASON)
    probed.probe.reachable = False
    probed.probe.destination = -1  # no such row
    with pytest.raises(Destination.DoesNotExist):
        stopped_harness.cluster.run(probed.probe.probe())
    assert probed.returns == 1


# -- a manager -----------------------------------------------------------------------------------------


def test_a_manager_that_lost_it_does_nothing_until_it_leads_again(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    harness.create(contract, "one")
    wait_for(lambda: (row := harness.row("one")) and row.state == "ready")
    manager = harness.manager.manager
    assert manager is not None
    set_holder(harness, SECOND.identity)
    wait_for(lambda: manager.controllers is None, "its controllers have stopped")
    assert "process 22 on two" in manager.elector.standby_reason
    with pytest.raises(Unreachable):
        manager.elector.permit()
    harness.cluster.delete("v1", "ConfigMap", harness.namespace, "one-first")
    change = harness.create(contract, "two")
    set_holder(harness, None)
    wait_for(lambda: harness.child("ConfigMap", "one-first"), "the drift is repaired")
    wait_for(lambda: (row := harness.row("two")) and row.state == "ready")
    change.refresh_from_db()
    assert change.attempts == 1, "no attempt was made on standby"


def set_holder(harness: Harness, identity: str | None) -> None:
    spec = {"spec": {"holderIdentity": identity}}
    where = (LEASE_RESOURCE.api_version, LEASE_RESOURCE.kind, settings.LEASE_NAMESPACE, NAME)
    harness.cluster.merge(*where, spec)


# -- processes ------------------------------------------------------------------------------------------


def holder(harness: Harness) -> int:
    """The PID in the Lease; 0 when it has no holder."""
    where = (LEASE_RESOURCE.api_version, LEASE_RESOURCE.kind, settings.LEASE_NAMESPACE, NAME)
    live = harness.cluster.get(*where)
    found = parse_identity(((live or {}).get("spec") or {}).get("holderIdentity") or "")
    return found.pid if found else 0


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_the_next_one_takes_over(
    stopped_harness: Harness, kubeconfig: Path, tmp_path: Path, ending: signal.Signals
) -> None:
    """On one machine at once: long before the lease runs out."""
    harness = stopped_harness
    contract = harness.publish(PAIR)
    with reconciler(kubeconfig, tmp_path) as first:
        wait_for(lambda: holder(harness) == first.pid, "the first one leads", STARTS_WITHIN)
        log = tmp_path / "second.log"
        with reconciler(kubeconfig, tmp_path, log=log) as second:
            harness.create(contract, "one")
            wait_for(lambda: (row := harness.row("one")) and row.state == "ready", seconds=STARTS_WITHIN)
            wait_for(
                lambda: f"process {first.pid} on" in log.read_text(),
                "the second one is on standby",
                STARTS_WITHIN,
            )
            first.send_signal(ending)
            first.wait(10)
            if ending == signal.SIGTERM:
                assert holder(harness) in (0, second.pid), "it was released"
            wait_for(lambda: holder(harness) == second.pid, "the second one leads", LEASE_DURATION - 5)
            harness.create(contract, "two")
            wait_for(lambda: (row := harness.row("two")) and row.state == "ready", seconds=STARTS_WITHIN)
    created = Event.objects.filter(reason="Created").values_list("instance__name", "resource")
    assert len(created) == len(set(created)) == 4
    assert Instance.objects.count() == 2


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_second_portal_is_on_standby_and_its_pages_name_the_leader(
    stopped_harness: Harness, kubeconfig: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "second.sqlite3"
    database_file()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(copy)])

    def message() -> str:
        with closing(sqlite3.connect(copy)) as rows:
            return str(rows.execute("select message from catalog_destination").fetchone()[0])

    with reconciler(kubeconfig, tmp_path / "a") as first:
        wait_for(lambda: holder(stopped_harness) == first.pid, "the first one leads", STARTS_WITHIN)
        log = tmp_path / "second.log"
        with reconciler(kubeconfig, tmp_path / "b", copy, log) as second:
            wait_for(
                lambda: f"process {first.pid} on" in log.read_text(), "it has read the Lease", STARTS_WITHIN
            )
            wait_for(lambda: f"process {first.pid} on" in message(), "the page names the leader", 30)
            wait_for(lambda: Destination.objects.get().reconciler_seen_at, "the first one leads")
            assert not Destination.objects.get().message
            first.terminate()
            wait_for(
                lambda: holder(stopped_harness) == second.pid, "the second one leads", LEASE_DURATION - 5
            )
            wait_for(lambda: message() == "", "and the message is removed")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_standby_on_the_same_database_reports_nothing(
    stopped_harness: Harness, kubeconfig: Path, tmp_path: Path
) -> None:
    """Two reconcilers on one database: the one on standby reports no problem."""
    with reconciler(kubeconfig, tmp_path) as first:
        wait_for(lambda: Destination.objects.get().reconciler_seen_at, "the first one leads", STARTS_WITHIN)
        log = tmp_path / "second.log"
        with reconciler(kubeconfig, tmp_path, log=log):
            wait_for(
                lambda: f"process {first.pid} on" in log.read_text(),
                "the second one has read the Lease",
                STARTS_WITHIN,
            )
            seen = Destination.objects.get().reconciler_seen_at
            wait_for(lambda: Destination.objects.get().reconciler_seen_at != seen, "another heartbeat")
            assert not Destination.objects.get().message
            assert holder(stopped_harness) == first.pid
