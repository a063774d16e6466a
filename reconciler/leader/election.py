"""One reconciler at a time on a cluster, by a Lease: the cluster's own means to agree on that.

The holder renews it and may write for ``TRUSTED`` seconds after each renewal; anybody may take it when it was
not renewed for ``DURATION`` seconds. Both are measured, never read from somebody else's clock, as client-go
does. Every write names the version that it changes, so of two who reach for it one is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from reconciler.kube import ApiError, Client, KubeError, Resource, Unreachable
from reconciler.leader.identity import Holder, read_identity
from reconciler.objects.names import LEASE, LEASE_MANAGER
from reconciler.objects.reading import Manifest, version_of

log = logging.getLogger("slipway.engine")

KIND = Resource("coordination.k8s.io", "v1", "Lease", "leases", namespaced=True)
DURATION = 15  # seconds without a renewal after which it is anybody's
TRUSTED = 10.0  # seconds after a renewal for which its holder writes; the rest is for writes under way
RENEW_EVERY, LOOK_EVERY = 4.0, 1.0
PATIENCE = 4.0  # seconds that one request may take
TRIES = 3  # somebody may be quicker


def elapsed() -> float:
    """Seconds that go on counting while the machine sleeps, where the system has such a clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class Lease:
    """``look`` again after ``pause`` seconds.

    ``obstacle`` says in words why this process must not work; it is empty while it may, or while the cluster
    does not answer and nobody can write. ``namespace`` empty: there is no lease, and everything is permitted.
    """

    def __init__(
        self, client: Client, namespace: str, me: Holder, elapsed: Callable[[], float] = elapsed
    ) -> None:
        self._client, self._namespace, self._me, self._elapsed = client, namespace, me, elapsed
        self._mine: Manifest | None = None  # as it was written last
        self._until = float("-inf")
        self._seen = ("", 0.0)  # somebody else's: its version, and since when it has it
        self._trouble = ""  # why it could not be looked at
        self.obstacle = ""

    @property
    def name(self) -> str:
        return f"{self._namespace}/{LEASE}"

    @property
    def is_certain(self) -> bool:
        """Whether nobody else can hold it right now."""
        return not self._namespace or self._elapsed() < self._until

    @property
    def pause(self) -> float:
        return RENEW_EVERY if self.is_certain else LOOK_EVERY

    def permit(self) -> None:
        """Before every write. Raises ``Unreachable`` when it is not certain that nobody else writes."""
        if not self.is_certain:
            raise Unreachable("The cluster does not answer.", f"the Lease {self.name} is not renewed")

    # -- taking and renewing ----------------------------------------------------------------------------

    async def look(self) -> None:
        """Take it, renew it, or see who has it. Never raises ``KubeError``."""
        if not self._namespace:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._take_or_see()
        except (Unreachable, TimeoutError) as error:
            self._doubt(str(error) or "it takes too long to answer")
            await self._client.renew()  # it may have moved; whoever holds the lease is not known to be gone
        except ApiError as error:
            self._doubt(error.message)
            if error.is_refusal and not error.conflict and not self.is_certain:
                self._turn(self._why_refused(error))
        else:
            self._trouble = ""

    async def _take_or_see(self) -> None:
        for _ in range(TRIES):
            live = self._mine or await self._client.get(KIND, self._namespace, LEASE)
            holder = self._other_holder(live) if live else ""
            if holder:
                self._until = float("-inf")
                self._turn(
                    f"Another reconciler looks after this cluster: {holder}. "
                    "This one does nothing until that one stops."
                )
                return
            try:
                began = self._elapsed()
                self._mine = await self._write(live)
            except ApiError as error:
                if not (error.conflict or (live and error.not_found)):
                    raise
                self._mine = None  # somebody was quicker, or took it away: look again
                continue
            self._until = began + TRUSTED
            self._turn("")
            return

    async def _write(self, live: Manifest | None) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        before = (live or {}).get("spec") or {}
        spec: dict[str, Any] = {"leaseDurationSeconds": DURATION, "renewTime": now}
        if before.get("holderIdentity") != self._me.identity:
            turns = int(before.get("leaseTransitions") or 0) + 1 if live else 0
            spec |= {"holderIdentity": self._me.identity, "acquireTime": now, "leaseTransitions": turns}
        if live is not None:
            return await self._patch(live, spec)
        metadata = {"name": LEASE, "namespace": self._namespace}
        body = {"apiVersion": KIND.api_version, "kind": KIND.kind, "metadata": metadata, "spec": spec}
        return await self._client.create(KIND, body, manager=LEASE_MANAGER)

    async def _patch(self, live: Manifest, spec: dict[str, Any]) -> dict[str, Any]:
        patch = {"metadata": {"resourceVersion": version_of(live)}, "spec": spec}
        return await self._client.merge(KIND, self._namespace, LEASE, patch, manager=LEASE_MANAGER)

    async def release(self) -> None:
        """Let the next one have it at once, if it is still ours."""
        mine, self._mine, self._until = self._mine, None, float("-inf")
        if mine is None:
            return
        with contextlib.suppress(KubeError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._patch(mine, {"holderIdentity": None})

    # -- words ------------------------------------------------------------------------------------------

    def _other_holder(self, live: Manifest) -> str:
        """Who else has it, in words; empty when it is ours or may be taken."""
        spec = live.get("spec") or {}
        identity = str(spec.get("holderIdentity") or "")
        if identity in ("", self._me.identity):
            return ""
        if self._seen[0] != version_of(live):
            self._seen = (version_of(live), self._elapsed())
        if self._elapsed() - self._seen[1] >= float(spec.get("leaseDurationSeconds") or DURATION):
            return ""
        holder = read_identity(identity)
        if holder is None:
            return f"“{identity}”"
        return "" if holder.is_ended(self._me) else holder.words

    def _why_refused(self, error: ApiError) -> str:
        unknown = (
            f"Without the Lease {self.name} nothing tells whether another reconciler is at work, "
            "so this one does nothing."
        )
        if error.namespace_missing:
            todo = (
                f"The namespace {self._namespace} does not exist: "
                "create it, or name another in SLIPWAY_LEASE_NAMESPACE."
            )
        elif error.not_found:
            todo = "The cluster serves no Leases: set SLIPWAY_LEASE=0 if there is but one reconciler."
        elif error.code == 403:
            todo = f"Allow it to get, create and patch leases there. The cluster says: {error.message}"
        else:
            todo = f"The cluster says: {error.message}"
        return f"{unknown} {todo}"

    def _doubt(self, trouble: str) -> None:
        """To the log, once for as long as it lasts."""
        if not self._trouble:
            log.warning("The Lease %s cannot be read or renewed: %s", self.name, trouble)
        self._trouble = trouble

    def _turn(self, obstacle: str) -> None:
        if obstacle and obstacle != self.obstacle:
            log.warning("%s", obstacle)
        elif self.obstacle and not obstacle:
            log.info("The Lease %s is held by this process now.", self.name)
        self.obstacle = obstacle
