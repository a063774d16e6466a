"""A creation in every order of its events: the API server's answer, the watch, saving the result, and rows.

A scripted API server answers, and sends watch events, when the test says so.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import permutations
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from django.db import connections

from catalog.changes import propose_creation, propose_deletion
from catalog.models import Change, ChangeState, Destination, Instance
from catalog.models.change import OPEN
from contracts.models import Contract
from portal.accounts.models import Role, Team, User
from reconciler.base.db_thread import DatabaseThread
from reconciler.changes.controller import ChangeController
from reconciler.context import ClusterContext
from reconciler.kube import Access, Client, EventHandler, Informer, Resource
from reconciler.kube.informer import Event
from reconciler.objects.accessors import uid_of
from reconciler.status.assess import Assessment
from reconciler.status.snapshot import Key, Snapshot

PAIRS = Resource("example.com", "v1", "Pair", "pairs", namespaced=True)
ONE = Key(PAIRS.group_kind, "apps", "one")
CREATED, DELETED, OTHER_CREATED = 10, 30, 90  # resourceVersions


def pair(name: str, version: int) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "apps", "uid": f"uid-{name}", "resourceVersion": str(version)}
    return {"apiVersion": PAIRS.api_version, "kind": PAIRS.kind, "metadata": metadata, "spec": {}}


class ScriptedServer:
    """Serves Pairs: an empty list, objects in ``live``, applies that are answered later, and one watch."""

    def __init__(self) -> None:
        self.answers = {name: asyncio.Event() for name in ("one", "other")}
        self.live: dict[str, dict[str, Any]] = {}
        self._lines: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._marks = 0

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        app = web.Application()
        app.router.add_get("/apis", self._discovery)
        app.router.add_get("/api", self._empty)
        app.router.add_get("/apis/example.com/v1/pairs", self._list_or_watch)
        app.router.add_get("/apis/example.com/v1/namespaces/apps/pairs/{name}", self._get)
        app.router.add_delete("/apis/example.com/v1/namespaces/apps/pairs/{name}", self._refuse)
        app.router.add_patch("/apis/example.com/v1/namespaces/apps/pairs/{name}", self._apply)
        async with TestServer(app) as server:

            async def access() -> Access:
                return Access(host=str(server.make_url("")).rstrip("/"))

            async with Client(access) as client:
                yield client

    def send(self, kind: str, obj: dict[str, Any]) -> str:
        """A watch event, and after it one of another object, whose name shows when both were received."""
        self._marks += 1
        mark = f"mark-{self._marks}"
        version = int(obj["metadata"]["resourceVersion"])
        for line in ({"type": kind, "object": obj}, {"type": "ADDED", "object": pair(mark, version + 1)}):
            self._lines.put_nowait(line)
        return mark

    async def _empty(self, request: web.Request) -> web.Response:
        return web.json_response({"kind": "APIGroupDiscoveryList", "items": []})

    async def _discovery(self, request: web.Request) -> web.Response:
        entry = {"resource": "pairs", "scope": "Namespaced", "responseKind": {"kind": "Pair"}}
        group = {
            "metadata": {"name": "example.com"},
            "versions": [{"version": "v1", "resources": [entry]}],
        }
        return web.json_response({"kind": "APIGroupDiscoveryList", "items": [group]})

    async def _list_or_watch(self, request: web.Request) -> web.StreamResponse:
        if "sendInitialEvents" in request.query:
            return web.json_response({"kind": "Status", "code": 400, "message": "not here"}, status=400)
        if "watch" not in request.query:
            return web.json_response({"kind": "PairList", "metadata": {"resourceVersion": "5"}, "items": []})
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            line = await self._lines.get()
            await response.write(json.dumps(line).encode() + b"\n")

    async def _refuse(self, request: web.Request) -> web.Response:
        status = {"kind": "Status", "code": 403, "reason": "Forbidden", "message": "protected"}
        return web.json_response(status, status=403)

    async def _get(self, request: web.Request) -> web.Response:
        live = self.live.get(request.match_info["name"])
        if live is not None:
            return web.json_response(live)
        status = {"kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"}
        return web.json_response(status, status=404)

    async def _apply(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        await self.answers[name].wait()
        return web.json_response(pair(name, CREATED if name == "one" else OTHER_CREATED))


class Scene:
    """The parts of the reconciler that take part, and the steps that a test puts into an order."""

    def __init__(self, server: ScriptedServer, client: Client, rows: Rows) -> None:
        self.server, self.rows = server, rows
        self.database = DatabaseThread()
        self.context = ClusterContext(client, self.database, rows.destination.pk)
        self.projection, self.instances = self.context.projection, self.context.instances
        self.informer = Informer(client, PAIRS, EventHandler(self.on_change))
        self.instances.informers[PAIRS.group_kind] = self.informer
        self.seen: set[str] = set()
        self.changes = ChangeController(self.context)

    def on_change(self, event: Event, obj: Any, old: Any) -> None:
        key = self.instances.handle(PAIRS.group_kind, event, obj)
        self.seen.add(key.name)
        if event == "deleted":
            self.projection.deleted(self.rows.contract.pk, key, uid_of(obj))

    # -- steps ------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        """The answer to the creation arrives; its result is not saved, because another one is under way."""
        self.server.answers["one"].set()
        async with asyncio.timeout(10):
            while (key := await self.context.queue.get()) != ONE:
                self.context.queue.done(key)
        self.context.queue.done(ONE)

    async def save(self) -> None:
        self.server.answers["other"].set()
        change = Change.objects.filter(pk=self.rows.change.pk).exclude(state__in=OPEN)
        while not await self.database.call(change.exists):  # noqa: ASYNC110 (the question is about a row)
            await asyncio.sleep(0)

    async def added(self) -> None:
        await self._watched(self.server.send("ADDED", pair("one", CREATED)))

    async def deleted(self) -> None:
        await self._watched(self.server.send("DELETED", pair("one", DELETED)))

    async def _watched(self, mark: str) -> None:
        await until(lambda: mark in self.seen)

    async def listed(self) -> None:
        """A list was completed; the rows are compared with it later."""
        self.projection.listed(
            self.rows.contract.pk, lambda: self.instances.listing(PAIRS.group_kind), lambda _: None
        )

    async def project(self) -> None:
        """What a pass observed, if there is an object, is written to the rows, and all that waits before."""
        live = self.instances.get(ONE)
        if live is not None:
            self.projection.put(Snapshot(ONE, self.rows.contract.pk, None, live, Assessment("ready", "")))
        await self.projection.flush()


async def until(question: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not question():  # noqa: ASYNC110 (the question is about a cache)
            await asyncio.sleep(0)


class Rows:
    def __init__(self) -> None:
        team, user = Team.objects.create(slug="team", name="Team"), User.objects.create_user("user")
        team.memberships.create(user=user, role=Role.DEVELOPER)
        team.namespaces.create(name="apps")
        self.destination = Destination.objects.create(slug="it", title="It")
        self.contract = Contract.objects.create(
            name="pair", group="example.com", version="v1", kind="Pair", plural="pairs", namespaced=True,
            owner=team, title="Pair",
        )  # fmt: skip
        self.change, _ = (
            propose_creation(
                contract=self.contract,
                destination=self.destination,
                manifest={"metadata": {"name": name, "namespace": "apps"}, "spec": {}},
                by=user,
            )
            for name in ("one", "other")
        )

    def uid_of(self, name: str) -> str | None:
        """The uid on the row; None without a row."""
        return Instance.objects.filter(name=name).values_list("uid", flat=True).first()


@pytest.fixture
def rows(transactional_db: None) -> Iterator[Rows]:
    yield Rows()
    connections.close_all()


async def play(rows: Rows, steps: Sequence[str]) -> None:
    server = ScriptedServer()
    async with server.client() as client:
        scene = Scene(server, client, rows)
        tasks = [asyncio.create_task(run()) for run in (scene.informer.run, scene.changes.run)]
        try:
            await scene.informer.synced.wait()
            async with asyncio.timeout(20):
                for step in steps:
                    await getattr(scene, step)()
                await scene.projection.flush()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            scene.database.close()


def orders(*steps: str, before: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Every order of the steps in which the first of each pair comes before the second."""
    return [
        order
        for order in permutations(steps)
        if all(order.index(first) < order.index(second) for first, second in before)
    ]


ANSWER_FIRST = ("answer", "save")
DELETION = orders(
    "answer", "save", "added", "deleted", "project", before=[ANSWER_FIRST, ("added", "deleted")]
)


@pytest.mark.parametrize("order", DELETION, ids="-".join)
def test_an_instance_that_is_deleted_meanwhile_leaves_no_row(rows: Rows, order: tuple[str, ...]) -> None:
    asyncio.run(play(rows, order))
    rows.change.refresh_from_db()
    assert rows.change.state == ChangeState.DELIVERED
    assert rows.uid_of("one") is None
    assert rows.uid_of("other") == "uid-other"


CREATION = orders("answer", "save", "added", "listed", before=[ANSWER_FIRST])


@pytest.mark.parametrize("order", CREATION, ids="-".join)
def test_a_remaining_instance_has_its_uid_once_the_delivery_is_saved(
    rows: Rows, order: tuple[str, ...]
) -> None:
    asyncio.run(play(rows, order))
    assert rows.uid_of("one") == "uid-one"


async def refuse_deletion(rows: Rows) -> Scene:
    """Deliver a deletion that the API server refuses."""
    server = ScriptedServer()
    server.live["one"] = pair("one", CREATED)
    async with server.client() as client:
        scene = Scene(server, client, rows)
        task = asyncio.create_task(scene.changes.run())
        try:
            async with asyncio.timeout(20):
                assert await scene.context.queue.get() == ONE
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            scene.database.close()
    return scene


def test_a_refused_deletion_is_withdrawn_and_the_instance_assessed_again(rows: Rows) -> None:
    Change.objects.update(state=ChangeState.DELIVERED)
    Instance.objects.filter(name="one").update(uid="uid-one")
    change = propose_deletion(instance=Instance.objects.get(name="one"), by=User.objects.get())
    scene = asyncio.run(refuse_deletion(rows))
    change.refresh_from_db()
    assert (change.state, change.message) == (
        ChangeState.REFUSED,
        "The cluster does not permit this change: protected",
    )
    assert not scene.context.reconcile_cache.previous("uid-one").deletion_requested
