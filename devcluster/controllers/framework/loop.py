"""One level-based loop for all controllers: changes enqueue requests, which are reconciled one by one.

Nothing is awaited while a request is reconciled, so its actions apply to the state that they were decided on.
A request is at most once in the queue and has at most one timer. One that fails, for whatever reason, is
retried after a delay that doubles each time; it never stops the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from devcluster.controllers.framework.actions import Action, RecordEvent, RequeueAfter
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.clock import Clock, LoopClock, Timer
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.execute import Executor
from devcluster.controllers.framework.objects import Key, Object, controller_of, resource_of
from devcluster.controllers.framework.settings import Settings
from devcluster.machinery.errors import ApiError
from devcluster.storage.store import Change, Store

log = logging.getLogger(__name__)

SLICE = 0.005  # seconds of work before other tasks of the event loop run
MIN_DELAY = 0.001  # shorter delays may be below the resolution of the clock
MAX_RETRY = 60.0


class ReconcileRequest(NamedTuple):
    controller: str
    key: Key


class Failure(NamedTuple):
    """The failures of a request in a row. `repeated`: it was repeated at once after the last one."""

    message: str = ""
    times: int = 0
    repeated: bool = False


class ControllerManager:
    """Runs controllers. `run_until_idle()` is for tests that advance the clock."""

    def __init__(
        self, store: Store, controllers: Iterable[Controller], settings: Settings, clock: Clock | None = None
    ) -> None:
        self.settings, self.clock, self.cache = settings, clock or LoopClock(), Cache()
        self._executor = Executor(store, self.clock)
        self._controllers = {each.name: each for each in controllers}
        self._by_kind, self._by_owned, self._by_watched = _index_controllers(self._controllers.values())
        self._queue: dict[ReconcileRequest, None] = {}
        self._timers: dict[ReconcileRequest, Timer] = {}
        self._states: dict[ReconcileRequest, tuple[str, float]] = {}
        self._failures: dict[ReconcileRequest, Failure] = {}
        read = {kind for each in self._controllers.values() for kind in each.reads}
        kinds = sorted({*self._by_kind, *self._by_owned, *self._by_watched, *read})
        self._feed = store.subscribe(*map(resource_of, kinds))
        self._wakeup = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Start in the current event loop."""
        self._task = asyncio.get_running_loop().create_task(self._work(), name="devcluster controllers")

    def stop(self) -> None:
        """Stop at once; nothing is written afterwards."""
        if self._task is not None:
            self._task.cancel()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._feed.close()

    def run_until_idle(self) -> None:
        """Reconcile until the queue is empty."""
        self._process_changes()
        while self._queue:
            self._reconcile_next()
            self._process_changes()

    async def _work(self) -> None:
        reader = asyncio.get_running_loop().create_task(self._read(), name="devcluster controllers' feed")
        try:
            while True:
                await self._wakeup.wait()
                self._wakeup.clear()
                end = self.clock.monotonic() + SLICE
                while self._queue and self.clock.monotonic() < end:
                    self._reconcile_next()
                    self._process_changes()
                if self._queue:
                    self._wakeup.set()
                    await asyncio.sleep(0)
        finally:
            reader.cancel()

    async def _read(self) -> None:
        async for change in self._feed:
            self._handle(change)
            self._process_changes()
            self._wakeup.set()

    def _process_changes(self) -> None:
        for change in self._feed.waiting():
            self._handle(change)

    def _handle(self, change: Change) -> None:
        self.cache.apply(change)
        for request in self._requests_for(change):
            self._queue[request] = None

    def _requests_for(self, change: Change) -> Iterable[ReconcileRequest]:
        for obj in (change.object, change.before):
            if obj is None:
                continue
            kind, meta = obj["kind"], obj["metadata"]
            for controller in self._by_kind.get(kind, ()):
                yield ReconcileRequest(controller.name, Key(kind, meta.get("namespace", ""), meta["name"]))
            owner = controller_of(obj)
            for controller in self._by_owned.get(kind, ()):
                if owner is not None and owner["kind"] == controller.kind:
                    yield ReconcileRequest(
                        controller.name, Key(controller.kind, meta.get("namespace", ""), owner["name"])
                    )
            for controller in self._by_watched.get(kind, ()):
                for key in self._watching(controller, obj):
                    yield ReconcileRequest(controller.name, key)

    def _watching(self, controller: Controller, obj: Object) -> list[Key]:
        """The objects of a controller that a watched object concerns."""
        try:
            return list(controller.watches[obj["kind"]](obj, self.cache))
        except Exception:
            log.exception("The simulated %s could not handle %s", controller.name, obj["metadata"]["name"])
            return []

    def _reconcile_next(self) -> None:
        request = next(iter(self._queue))
        del self._queue[request]
        timer = self._timers.pop(request, None)
        if timer is not None:
            timer.cancel()
        try:
            delays = [self._execute(request, action) for action in self._decide(request)]
            self._failures.pop(request, None)
        except ApiError as error:
            delays = [self._failed(request, error.message)]
        except Exception as error:
            log.exception("The simulated %s could not handle %s", *request)
            delays = [self._failed(request, f"{type(error).__name__}: {error}")]
            self._record_failure(request)
        soonest = min((after for after in delays if after is not None), default=None)
        if soonest is not None:
            self._timers[request] = self.clock.call_later(
                max(soonest, MIN_DELAY), lambda: self._requeue(request)
            )

    def _decide(self, request: ReconcileRequest) -> Iterable[Action]:
        controller, key = self._controllers[request.controller], request.key
        obj = self.cache.get(*key)
        if obj is not None:
            return controller.reconcile(obj, self.cache, self._turn(request))
        actions = controller.on_deleted(key, self.cache, self._turn(request)) if controller.on_deleted else ()
        self._states.pop(request, None)
        self._failures.pop(request, None)
        return actions

    def _turn(self, request: ReconcileRequest) -> Context:
        failure = self._failures.get(request, Failure()).message
        return Context(
            self.clock.now(), self.settings, lambda state: self._seconds_in(request, state), failure
        )

    def _seconds_in(self, request: ReconcileRequest, state: str) -> float:
        known, since = self._states.get(request, ("", 0.0))
        if known != state:
            since = self.clock.monotonic()
            self._states[request] = (state, since)
        return self.clock.monotonic() - since

    def _execute(self, request: ReconcileRequest, action: Action) -> float | None:
        if isinstance(action, RequeueAfter):
            return action.after
        controller = self._controllers[request.controller]
        self._executor.execute(action, controller.name, controller.manager)
        return None

    def _failed(self, request: ReconcileRequest, message: str) -> float:
        """Record the failure for the next reconciliation. Returns the delay before the retry.

        The first reconciliation after a new message runs at once, so that the object reports it. A message
        that differs each time, because it has a random name in it, delays the retry like any other.
        """
        known = self._failures.get(request, Failure())
        repeat = known.message != message and not known.repeated
        self._failures[request] = Failure(message, known.times + 1, repeat)
        if repeat:
            self._queue[request] = None
        return delay_after(known.times, self.settings.durations.retry)

    def _record_failure(self, request: ReconcileRequest) -> None:
        """An Event about the object that a controller cannot handle."""
        about = self.cache.get(*request.key)
        if about is None:
            return
        message = f"The controller failed and is retried: {self._failures[request].message}"
        event = RecordEvent(request.key.kind, about, "ReconcileFailed", message, "Warning")
        try:
            self._executor.execute(event, request.controller, self._controllers[request.controller].manager)
        except Exception:
            log.exception("The Event about %s could not be recorded", request.key)

    def _requeue(self, request: ReconcileRequest) -> None:
        self._timers.pop(request, None)
        self._queue[request] = None
        if self._task is None:
            self.run_until_idle()
        else:
            self._wakeup.set()


def delay_after(failures: int, first: float) -> float:
    """Seconds before the retry after so many earlier failures in a row: doubled each time, up to a minute."""
    doublings = min(failures, 64)  # later ones do not change the result, and would overflow
    return min(first * 2.0**doublings, MAX_RETRY)


ControllerIndex = dict[str, list[Controller]]


def _index_controllers(
    controllers: Iterable[Controller],
) -> tuple[ControllerIndex, ControllerIndex, ControllerIndex]:
    """The controllers by the kind that they reconcile, the kinds that they own, those that they watch."""
    own, owned, related = defaultdict(list), defaultdict(list), defaultdict(list)
    for controller in controllers:
        own[controller.kind].append(controller)
        for kind in controller.owns:
            owned[kind].append(controller)
        for kind in controller.watches:
            related[kind].append(controller)
    return own, owned, related
