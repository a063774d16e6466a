"""One level-based loop for all controllers: changes wake keys, each key is decided and carried out in turn.

Nothing is awaited inside a turn, so a decision is made from the state that it is carried out on. A key waits
at most once in the queue and has at most one timer.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from devcluster.controllers.framework.actions import Action, LookAgain
from devcluster.controllers.framework.cache import View
from devcluster.controllers.framework.clock import Clock, LoopClock, Timer
from devcluster.controllers.framework.controller import Controller, Turn
from devcluster.controllers.framework.execute import Hands
from devcluster.controllers.framework.objects import Key, controller_of, resource_of
from devcluster.controllers.framework.settings import Settings
from devcluster.machinery.errors import ApiError
from devcluster.storage.store import Change, Store

log = logging.getLogger(__name__)

SLICE = 0.005  # seconds of work before other tasks of the event loop have a turn
SHORTEST = 0.001  # of a wait; less than a clock may be able to tell
LONGEST_RETRY = 60.0


class Wake(NamedTuple):
    controller: str
    key: Key


class Controllers:
    """Running controllers. `stop()` ends them; `settle()` is for tests that drive the clock themselves."""

    def __init__(
        self, store: Store, controllers: Iterable[Controller], settings: Settings, clock: Clock | None = None
    ) -> None:
        self.settings, self.clock, self.view = settings, clock or LoopClock(), View()
        self._hands = Hands(store, self.clock)
        self._controllers = {each.name: each for each in controllers}
        self._by_kind, self._by_owned, self._by_related = _wiring(self._controllers.values())
        self._queue: dict[Wake, None] = {}
        self._timers: dict[Wake, Timer] = {}
        self._states: dict[Wake, tuple[str, float]] = {}
        self._failures: dict[Wake, tuple[str, int]] = {}
        read = {kind for each in self._controllers.values() for kind in each.reads}
        kinds = sorted({*self._by_kind, *self._by_owned, *self._by_related, *read})
        self._feed = store.subscribe(*map(resource_of, kinds))
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Start working in the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._work(), name="devcluster controllers")

    def stop(self) -> None:
        """End at once; nothing is written after this."""
        if self._task is not None:
            self._task.cancel()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._feed.close()

    def settle(self) -> None:
        """Work until nothing is due now."""
        self._absorb()
        while self._queue:
            self._one()
            self._absorb()

    async def _work(self) -> None:
        reader = asyncio.get_running_loop().create_task(self._read(), name="devcluster controllers' feed")
        try:
            while True:
                await self._stirred.wait()
                self._stirred.clear()
                end = self.clock.monotonic() + SLICE
                while self._queue and self.clock.monotonic() < end:
                    self._one()
                    self._absorb()
                if self._queue:
                    self._stirred.set()
                    await asyncio.sleep(0)
        finally:
            reader.cancel()

    async def _read(self) -> None:
        async for change in self._feed:
            self._take(change)
            self._absorb()
            self._stirred.set()

    def _absorb(self) -> None:
        for change in self._feed.waiting():
            self._take(change)

    def _take(self, change: Change) -> None:
        self.view.absorb(change)
        for wake in self._woken_by(change):
            self._queue[wake] = None

    def _woken_by(self, change: Change) -> Iterable[Wake]:
        for obj in (change.object, change.before):
            if obj is None:
                continue
            kind, meta = obj["kind"], obj["metadata"]
            for controller in self._by_kind.get(kind, ()):
                yield Wake(controller.name, Key(kind, meta.get("namespace", ""), meta["name"]))
            owner = controller_of(obj)
            for controller in self._by_owned.get(kind, ()):
                if owner is not None and owner["kind"] == controller.kind:
                    yield Wake(
                        controller.name, Key(controller.kind, meta.get("namespace", ""), owner["name"])
                    )
            for controller in self._by_related.get(kind, ()):
                for key in controller.wakes[kind](obj, self.view):
                    yield Wake(controller.name, key)

    def _one(self) -> None:
        wake = next(iter(self._queue))
        del self._queue[wake]
        timer = self._timers.pop(wake, None)
        if timer is not None:
            timer.cancel()
        try:
            again = [self._act(wake, action) for action in self._decide(wake)]
            self._failures.pop(wake, None)
        except ApiError as refusal:
            again = [self._failed(wake, refusal)]
        except Exception:
            log.exception("The simulated %s could not handle %s", *wake)
            return
        soonest = min((after for after in again if after is not None), default=None)
        if soonest is not None:
            self._timers[wake] = self.clock.call_later(max(soonest, SHORTEST), lambda: self._again(wake))

    def _decide(self, wake: Wake) -> Iterable[Action]:
        controller, key = self._controllers[wake.controller], wake.key
        obj = self.view.get(*key)
        if obj is not None:
            return controller.decide(obj, self.view, self._turn(wake))
        actions = controller.gone(key, self.view, self._turn(wake)) if controller.gone else ()
        self._states.pop(wake, None)
        self._failures.pop(wake, None)
        return actions

    def _turn(self, wake: Wake) -> Turn:
        failure = self._failures.get(wake, ("", 0))[0]
        return Turn(self.clock.now(), self.settings, lambda state: self._lasting(wake, state), failure)

    def _lasting(self, wake: Wake, state: str) -> float:
        known, since = self._states.get(wake, ("", 0.0))
        if known != state:
            since = self.clock.monotonic()
            self._states[wake] = (state, since)
        return self.clock.monotonic() - since

    def _act(self, wake: Wake, action: Action) -> float | None:
        if isinstance(action, LookAgain):
            return action.after
        controller = self._controllers[wake.controller]
        self._hands.do(action, controller.name, controller.manager)
        return None

    def _failed(self, wake: Wake, refusal: ApiError) -> float:
        """Remembers why, so that the next decision can say it, and when to try again."""
        known, times = self._failures.get(wake, ("", 0))
        self._failures[wake] = (refusal.message, times + 1)
        if known != refusal.message:
            self._queue[wake] = None
        return float(min(self.settings.speeds.retry * 2**times, LONGEST_RETRY))

    def _again(self, wake: Wake) -> None:
        self._timers.pop(wake, None)
        self._queue[wake] = None
        if self._task is None:
            self.settle()
        else:
            self._stirred.set()


Wiring = dict[str, list[Controller]]


def _wiring(controllers: Iterable[Controller]) -> tuple[Wiring, Wiring, Wiring]:
    """The controllers by the kind they decide about, by the kinds they own, by the kinds that wake them."""
    own, owned, related = defaultdict(list), defaultdict(list), defaultdict(list)
    for controller in controllers:
        own[controller.kind].append(controller)
        for kind in controller.owns:
            owned[kind].append(controller)
        for kind in controller.wakes:
            related[kind].append(controller)
    return own, owned, related
