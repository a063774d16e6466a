"""The engine: watches → keys → passes → rows. One event loop; everything slow happens elsewhere.

Its tasks: ``keep_offers`` keeps kinds and instance watches equal to the published contracts,
``deliver_changes`` brings changes to the cluster, workers run passes, ``write_rows`` writes what they
saw, ``pulse`` says whether the cluster answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from catalog.models.change import ChangeState
from reconciler import destinations
from reconciler.engine import delivery, offers, projection, schemas
from reconciler.engine.companions import Companions
from reconciler.engine.database import Database
from reconciler.engine.kinds import CRD, Verdict, ensure_kind
from reconciler.engine.offers import Offer, Published
from reconciler.engine.passes import Memory, Pass, Result
from reconciler.engine.pulse import PULSE_EVERY, Pulse
from reconciler.engine.queue import Queue
from reconciler.engine.snapshot import Key, Note, Snapshot
from reconciler.engine.wake import hear_other_processes, listen, stop_listening, wake
from reconciler.engine.watches import NotSynced, Watched, Watches
from reconciler.kube import Client, Informer, KubeError, NotServed, Unreachable
from reconciler.kube.informer import Event
from reconciler.objects.reading import (
    Manifest,
    generation_of,
    name_of,
    namespace_of,
    uid_of,
    version_of,
)

log = logging.getLogger("slipway.engine")

PASSES_AT_ONCE = 16
WISHES_AT_ONCE = 32
LOOK_AT_ROWS_EVERY = 2.0  # seconds; a safety net, since writes wake the engine
VERSIONS_KEPT = 64
SCHEMAS_SETTLE = 2.0


class Engine:
    """``run`` until cancelled. ``client`` and ``destination`` default to the default destination's."""

    def __init__(self, client: Client | None = None) -> None:
        self.client = client or destinations.connect()
        self.database = Database()
        self.queue: Queue[Key] = Queue()
        self.memory = Memory()
        self.watches = Watches(self.client, self.on_child, self.on_external)
        self.offers: dict[str, Offer] = {}  # Kind.group →
        self.verdicts: dict[int, Verdict] = {}  # what was last written of each contract's kind
        self.instances: dict[str, Informer] = {}
        self.keys_by_uid: dict[str, Key] = {}
        self.generations: dict[Key, OrderedDict[str, int]] = {}
        self.externals: dict[Watched, set[Key]] = {}
        self.externals_of: dict[Key, set[Watched]] = {}
        self.companions = Companions(self.client, self.watches, self.on_news, self.on_note)
        self.notes: dict[str, list[Note]] = {}  # uid of an instance → lines for its history
        self.snapshots: OrderedDict[Key, Snapshot] = OrderedDict()
        self.gone: list[Callable[[], Any]] = []
        self.news = asyncio.Event()
        self.new_kinds = asyncio.Event()
        self.crds: Informer | None = None
        self.destination = 0
        self.pulse = Pulse(self.client, self.database, self.go_on)
        self.started = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; then everything that was started is stopped."""
        self.destination = (await self.database.call(destinations.default_destination)).pk
        self.pulse.destination = self.destination
        self.wanted = listen("contracts")
        tasks = [
            asyncio.create_task(self.guarded(work), name=work.__qualname__)
            for work in (
                self.pulse.run,
                self.keep_offers,
                self.deliver_changes,
                self.write_rows,
                self.keep_schemas,
                hear_other_processes,
            )
        ]
        tasks += [asyncio.create_task(self.work(), name=f"worker {n}") for n in range(PASSES_AT_ONCE)]
        self.started.set()
        log.info("The reconciler is running.")
        try:
            await asyncio.gather(*tasks)
        finally:
            stop_listening(self.wanted)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.watches.close()
            await self.flush_rows()
            await self.client.close()
            self.database.close()
            log.info("The reconciler has stopped.")

    async def guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """A task that must outlive every error: tell of it, wait a little, go on."""
        while True:
            try:
                await work()
            except Exception:
                log.exception("The task %s of the reconciler failed; it goes on.", work.__qualname__)
                await asyncio.sleep(1.0)

    # -- what wakes an instance -------------------------------------------------------------------------

    def on_instance(self, group_kind: str, event: Event, obj: Manifest) -> None:
        key = Key(group_kind, namespace_of(obj), name_of(obj))
        self.keys_by_uid[uid_of(obj)] = key
        if event == "deleted":
            self.keys_by_uid.pop(uid_of(obj), None)
            self.memory.losses.pop(uid_of(obj), None)
            self.generations.pop(key, None)
            self.snapshots.pop(key, None)
            self.follow_externals(key, set())
            offer, uid = self.offers[group_kind], uid_of(obj)
            self.gone.append(
                lambda: projection.project_gone(self.destination, offer.published.contract, key, uid)
            )
            self.news.set()
        else:
            self.remember_version(key, obj)
        self.queue.add(key)

    def remember_version(self, key: Key, obj: Manifest) -> None:
        """Which generation a resourceVersion has: only the spec's changes make an edit conflict."""
        seen = self.generations.setdefault(key, OrderedDict())
        seen[version_of(obj)] = generation_of(obj)
        while len(seen) > VERSIONS_KEPT:
            seen.popitem(last=False)

    def on_child(self, uid: str, event: Event, obj: Manifest, old: Manifest | None) -> None:
        key = self.keys_by_uid.get(uid)
        if key is not None:
            self.queue.add(key)
        if event == "deleted":
            self.memory.settled.pop(uid_of(obj), None)

    def on_external(self, watched: Watched) -> None:
        for key in self.externals.get(watched, ()):
            self.queue.add(key)

    def on_news(self, uid: str) -> None:
        key = self.keys_by_uid.get(uid)
        if key is not None:
            self.queue.add(key)

    def on_note(self, uid: str, note: Note) -> None:
        """An event of the cluster about a resource of this instance."""
        if uid in self.keys_by_uid:
            self.notes.setdefault(uid, []).append(note)
            self.news.set()

    # -- passes -----------------------------------------------------------------------------------------

    async def work(self) -> None:
        while True:
            key = await self.queue.take()
            try:
                await self.attend(key)
            finally:
                self.queue.done(key)

    async def attend(self, key: Key) -> None:
        """Run a pass and take over what it says."""
        informer, offer = self.instances.get(key.group_kind), self.offers.get(key.group_kind)
        instance = informer.get(key.namespace, key.name) if informer else None
        if informer is None or offer is None or instance is None:
            self.queue.forget(key)
            return
        contracts, deeper = self.offers, self.companions.deeper
        work = Pass(self.client, self.watches, self.memory, offer, key, instance, deeper, contracts)
        try:
            result = await work.run()
        except Unreachable:
            self.queue.add_failed(key)  # the destination says so; the rows stay as they are
        except (NotSynced, KubeError) as error:
            at_least = getattr(error, "retry_after", None) or 0.0
            wait = self.queue.add_failed(key, at_least)
            log.warning("%s: %s; again in %.1f s.", key.words, error, wait)
            self.hand_over(work.trouble(f"The cluster does not let Slipway go on: {error}"))
        except Exception:
            wait = self.queue.add_failed(key)
            log.exception("A pass of %s failed; again in %.1f s.", key.words, wait)
            text = "Slipway itself failed at this instance and will try again. Its log says more."
            self.hand_over(work.trouble(text))
        else:
            await self.companions.follow(result.members)
            self.take_over(key, informer, result)

    def take_over(self, key: Key, informer: Informer, result: Result) -> None:
        self.follow_externals(key, result.externals)
        if not self.hand_over(result.snapshot):
            self.queue.succeeded(key)
            return
        informer.learn(dict(result.snapshot.instance))
        self.remember_version(key, result.snapshot.instance)
        if result.failed:
            self.queue.add_failed(key, result.at_least)
            return
        self.queue.succeeded(key)
        if result.again_after is not None:
            self.queue.add_after(key, result.again_after)

    def follow_externals(self, key: Key, now: set[Watched]) -> None:
        """Remember whom each external object wakes; watches that wake nobody any more end."""
        for watched in self.externals_of.get(key, set()) - now:
            keys = self.externals.get(watched, set())
            keys.discard(key)
            if not keys:
                self.externals.pop(watched, None)
                self.watches.stop(watched)
        for watched in now:
            self.externals.setdefault(watched, set()).add(key)
        if now:
            self.externals_of[key] = now
        else:
            self.externals_of.pop(key, None)

    def hand_over(self, snapshot: Snapshot) -> bool:
        """To the rows, with the next batch. False when the object went meanwhile: the watch has told so."""
        key = snapshot.key
        informer = self.instances.get(key.group_kind)
        current = informer.get(key.namespace, key.name) if informer else None
        if current is None or uid_of(current) != uid_of(snapshot.instance):
            return False
        waiting = self.snapshots.pop(key, None)
        if waiting is not None and uid_of(waiting.instance) == uid_of(snapshot.instance):
            snapshot = merged(waiting, snapshot)
        self.snapshots[key] = snapshot
        self.news.set()
        return True

    # -- rows -------------------------------------------------------------------------------------------

    async def write_rows(self) -> None:
        """Whatever came together while the last batch was written is the next batch."""
        while True:
            await self.news.wait()
            self.news.clear()
            await self.flush_rows()

    async def flush_rows(self) -> None:
        batch, self.snapshots = list(self.snapshots.values()), OrderedDict()
        gone, self.gone = self.gone, []
        notes, self.notes = self.notes, {}
        for work in gone:
            await self.database.call(work)
        if batch:
            await self.database.call(projection.project, self.destination, batch)
        if notes:
            await self.database.call(projection.project_notes, self.destination, notes)

    # -- contracts --------------------------------------------------------------------------------------

    async def keep_offers(self) -> None:
        """Compile what was published, make its kind served, watch its instances."""
        await self.watch_definitions()
        while True:
            for published in await self.database.call(offers.published_contracts):
                try:
                    await self.keep_offer(published)
                except KubeError as error:
                    log.warning("contract %s: %s", published.name, error)
            await self.until_woken()

    async def watch_definitions(self) -> None:
        """One watch on the cluster's definitions: a kind that appears, vanishes or is edited is looked at."""
        if self.crds is not None:
            return
        resource = await self.patiently(lambda: self.client.kinds.find(*CRD))
        watched = Watched(resource.group_kind, "", "", "")
        informer = Informer(self.client, resource, on_change=self.on_definition)
        self.crds = self.watches.start(watched, informer)
        await informer.synced.wait()

    def on_definition(self, event: Event, obj: Manifest, old: Manifest | None) -> None:
        self.client.kinds.forget()
        self.wanted.set()
        self.new_kinds.set()
        for informer in self.watches.informers():
            informer.nudge()  # its kind may be the one that came

    async def keep_offer(self, published: Published) -> None:
        known = self.offers.get(published.group_kind)
        if known is None or known.published.digest != published.digest:
            offer = await self.database.call(offers.compile_offer, published)
        else:
            offer = Offer(published, known.definition, known.problem)
        assert self.crds is not None
        served = True
        if offer.definition is not None:
            live = self.crds.get("", offer.definition.crd_name)
            if live is None and published.withdrawn:
                return
            verdict = await ensure_kind(self.client, offer.definition, live)
            served = verdict.served
            if self.verdicts.get(published.contract) != verdict:
                arguments = (published.contract, verdict.status, verdict.reason, verdict.message)
                await self.database.call(offers.save_condition, *arguments)
                self.verdicts[published.contract] = verdict
        self.offers[published.group_kind] = offer
        if served:
            await self.watch_instances(offer)
        if known is None or known.published.digest != published.digest:
            for obj in self.known_instances(published.group_kind):
                self.queue.add(Key(published.group_kind, namespace_of(obj), name_of(obj)))

    async def keep_schemas(self) -> None:
        """Keep the rows of the cluster's own kinds true; definitions come in crowds, so wait a little."""
        while True:
            await self.new_kinds.wait()
            await asyncio.sleep(SCHEMAS_SETTLE)
            self.new_kinds.clear()
            known = await self.database.call(schemas.known_hashes, self.destination)
            own = {offer.published.group_kind for offer in self.offers.values()}
            try:
                rows, wanted = await schemas.changed(self.client, known, own)
            except KubeError:
                self.new_kinds.set()  # the cluster is away: look again when it answers
                await asyncio.sleep(PULSE_EVERY)
                continue
            await self.database.call(schemas.save_schemas, self.destination, rows, wanted)

    def known_instances(self, group_kind: str) -> list[Manifest]:
        informer = self.instances.get(group_kind)
        return informer.all() if informer else []

    async def watch_instances(self, offer: Offer) -> None:
        group_kind = offer.published.group_kind
        if group_kind in self.instances:
            return
        try:
            resource = await self.client.kinds.find(offer.published.api_version, offer.published.kind)
        except NotServed:
            asyncio.get_running_loop().call_later(0.2, self.wanted.set)
            return
        informer = Informer(
            self.client,
            resource,
            on_change=lambda event, obj, _: self.on_instance(group_kind, event, obj),
            on_sync=lambda: self.on_instances_listed(group_kind),
        )
        self.instances[group_kind] = self.watches.start(Watched(group_kind, "", "", "instances"), informer)

    def on_instances_listed(self, group_kind: str) -> None:
        """A whole list was seen: rows of what is not in it are of the past."""
        uids = {uid_of(obj) for obj in self.known_instances(group_kind)}
        contract = self.offers[group_kind].published.contract
        self.gone.append(lambda: projection.project_list(self.destination, contract, uids))
        self.news.set()

    # -- changes ----------------------------------------------------------------------------------------

    async def deliver_changes(self) -> None:
        news = listen("changes")
        try:
            while True:
                wishes = await self.database.call(delivery.open_wishes, self.destination)
                starts = range(0, len(wishes), WISHES_AT_ONCE)
                if any([await self.deliver_some(wishes[at : at + WISHES_AT_ONCE]) for at in starts]):
                    continue  # the next change of the same instance may be due
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AT_ROWS_EVERY):
                        await news.wait()
                news.clear()
        finally:
            stop_listening(news)

    async def deliver_some(self, wishes: list[delivery.Wish]) -> bool:
        """Ask for all at once, write the answers together. True when at least one was decided."""
        answers = await asyncio.gather(*(self.deliver_one(wish) for wish in wishes))
        await self.database.call(delivery.save_deliveries, list(zip(wishes, answers, strict=True)))
        return any(answer.state != ChangeState.APPROVED for answer in answers)

    async def deliver_one(self, wish: delivery.Wish) -> delivery.Delivery:
        key = Key(wish.group_kind, wish.namespace, wish.name)
        answer = await delivery.deliver(self.client, wish, self.generations.get(key, {}))
        informer = self.instances.get(key.group_kind)
        if answer.live is not None and informer is not None:
            informer.learn(answer.live)
            self.on_instance(key.group_kind, "modified", answer.live)
        return answer

    # -- is the cluster there? --------------------------------------------------------------------------

    def go_on(self) -> None:
        """The cluster answers again: nobody waits for the end of a back-off."""
        log.info("The cluster answers again.")
        wake("contracts")
        wake("changes")
        for informer in self.watches.informers():
            informer.nudge()
        for group_kind in self.instances:
            for obj in self.known_instances(group_kind):
                self.queue.add(Key(group_kind, namespace_of(obj), name_of(obj)))

    async def until_woken(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AT_ROWS_EVERY):
                await self.wanted.wait()
        self.wanted.clear()

    async def patiently(self, ask: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Ask until the cluster answers."""
        while True:
            try:
                return await ask()
            except KubeError:
                await asyncio.sleep(0.5)

    async def settle(self, seconds: float = 20.0) -> None:
        """Wait until nothing is due and every row is written: for tests and measurements."""
        deadline = time.monotonic() + seconds
        while not (self.queue.idle and not self.snapshots and not self.gone and not self.notes):
            if time.monotonic() > deadline:
                raise TimeoutError("the engine is still busy")
            await asyncio.sleep(0.01)


def merged(older: Snapshot, newer: Snapshot) -> Snapshot:
    """The newer one, with the notes of one that was not written yet."""
    summary = newer.summary or older.summary
    return replace(newer, notes=older.notes + newer.notes, summary=summary)
