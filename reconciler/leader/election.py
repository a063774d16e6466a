"""Leader election: one reconciler at a time works on a cluster, by a Lease.

The leader renews the Lease and may write for ``RENEW_DEADLINE`` seconds after each renewal. Any process may
acquire a Lease that was not renewed for ``LEASE_DURATION`` seconds. Both are measured with the local clock,
never compared with another process's, as in client-go. Every write names the version that it changes, so of
two candidates that write at once the server refuses one.
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
from reconciler.leader.identity import LeaderIdentity, parse_identity
from reconciler.objects.accessors import Manifest, version_of
from reconciler.objects.names import LEASE, LEASE_MANAGER

log = logging.getLogger("slipway.reconciler")

LEASE_RESOURCE = Resource("coordination.k8s.io", "v1", "Lease", "leases", namespaced=True)
# Seconds:
LEASE_DURATION = 15  # without a renewal, before another process may acquire the Lease
RENEW_DEADLINE = 10.0  # after a renewal, in which the leader may write; the rest is for writes under way
RENEW_PERIOD, RETRY_PERIOD = 4.0, 1.0
REQUEST_TIMEOUT = 4.0
ATTEMPTS = 3  # to write, when another process writes at the same time


def elapsed() -> float:
    """Seconds of a monotonic clock; it includes time in which the machine is suspended, where one does."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class LeaderElector:
    """Call ``try_acquire_or_renew`` every ``retry_period`` seconds.

    ``standby_reason``: why this process must not work; empty while it leads, or while the cluster does not
    answer and no process can write. An empty ``namespace`` turns leader election off: it permits every write.
    """

    def __init__(
        self, client: Client, namespace: str, me: LeaderIdentity, elapsed: Callable[[], float] = elapsed
    ) -> None:
        self._client, self._namespace, self._me, self._elapsed = client, namespace, me, elapsed
        self._own: Manifest | None = None  # the Lease as this process last wrote it
        self._until = float("-inf")  # when this process must stop writing
        self._observed = ("", 0.0)  # another holder's Lease: its resourceVersion, and since when
        self._failure = ""  # why the Lease could not be read or renewed
        self.standby_reason = ""

    @property
    def name(self) -> str:
        return f"{self._namespace}/{LEASE}"

    @property
    def is_leader(self) -> bool:
        """Whether no other process can hold the Lease right now."""
        return not self._namespace or self._elapsed() < self._until

    @property
    def retry_period(self) -> float:
        return RENEW_PERIOD if self.is_leader else RETRY_PERIOD

    def permit(self) -> None:
        """Call before every write. Raises ``Unreachable`` when another process may be the leader."""
        if not self.is_leader:
            raise Unreachable("The cluster does not answer.", f"the Lease {self.name} is not renewed")

    # -- acquire and renew ------------------------------------------------------------------------------

    async def try_acquire_or_renew(self) -> None:
        """Acquire the Lease, renew it, or observe its holder. Never raises ``KubeError``."""
        if not self._namespace:
            return
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                await self._acquire_or_observe()
        except (Unreachable, TimeoutError) as error:
            self._report_failure(str(error) or "the request timed out")
            await self._client.renew()  # its address may have changed
        except ApiError as error:
            self._report_failure(error.message)
            if error.is_refusal and not self.is_leader:
                self._set_standby_reason(self._refusal_reason(error))
        else:
            self._failure = ""

    async def _acquire_or_observe(self) -> None:
        for _ in range(ATTEMPTS):
            live = self._own or await self._client.get(LEASE_RESOURCE, self._namespace, LEASE)
            holder = self._other_holder(live) if live else ""
            if holder:
                self._until = float("-inf")
                self._set_standby_reason(
                    f"Another reconciler manages this cluster: {holder}. "
                    "This one is on standby until the other one stops."
                )
                return
            try:
                began = self._elapsed()
                self._own = await self._write(live)
            except ApiError as error:
                if not (error.conflict or (live and error.not_found)):
                    raise
                self._own = None  # another process wrote or deleted the Lease: read it again
                continue
            self._until = began + RENEW_DEADLINE
            self._set_standby_reason("")
            return

    async def _write(self, live: Manifest | None) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        before = (live or {}).get("spec") or {}
        spec: dict[str, Any] = {"leaseDurationSeconds": LEASE_DURATION, "renewTime": now}
        if before.get("holderIdentity") != self._me.identity:
            transitions = int(before.get("leaseTransitions") or 0) + 1 if live else 0
            spec |= {"holderIdentity": self._me.identity, "acquireTime": now, "leaseTransitions": transitions}
        if live is not None:
            return await self._patch(live, spec)
        metadata = {"name": LEASE, "namespace": self._namespace}
        body = {
            "apiVersion": LEASE_RESOURCE.api_version,
            "kind": LEASE_RESOURCE.kind,
            "metadata": metadata,
            "spec": spec,
        }
        return await self._client.create(LEASE_RESOURCE, body, manager=LEASE_MANAGER)

    async def _patch(self, live: Manifest, spec: dict[str, Any]) -> dict[str, Any]:
        patch = {"metadata": {"resourceVersion": version_of(live)}, "spec": spec}
        return await self._client.merge(LEASE_RESOURCE, self._namespace, LEASE, patch, manager=LEASE_MANAGER)

    async def release(self) -> None:
        """Let another process acquire the Lease at once, if this process still holds it."""
        own, self._own, self._until = self._own, None, float("-inf")
        if own is None:
            return
        with contextlib.suppress(KubeError, TimeoutError):
            async with asyncio.timeout(REQUEST_TIMEOUT):
                await self._patch(own, {"holderIdentity": None})

    # -- reasons ----------------------------------------------------------------------------------------

    def _other_holder(self, live: Manifest) -> str:
        """The other process that holds the Lease; empty when it is ours or may be acquired."""
        spec = live.get("spec") or {}
        identity = str(spec.get("holderIdentity") or "")
        if identity in ("", self._me.identity):
            return ""
        if self._observed[0] != version_of(live):
            self._observed = (version_of(live), self._elapsed())
        if self._elapsed() - self._observed[1] >= float(spec.get("leaseDurationSeconds") or LEASE_DURATION):
            return ""
        holder = parse_identity(identity)
        if holder is None:
            return f"“{identity}”"
        return "" if holder.is_known_dead(self._me) else holder.display_name

    def _refusal_reason(self, error: ApiError) -> str:
        standby = (
            f"This reconciler is on standby: without the Lease {self.name} it cannot know whether another "
            "one works on this cluster."
        )
        if error.namespace_missing:
            action = (
                f"The namespace {self._namespace} does not exist: "
                "create it, or set SLIPWAY_LEASE_NAMESPACE to another one."
            )
        elif error.not_found:
            action = "The cluster serves no Leases: set SLIPWAY_LEASE=0 if there is only one reconciler."
        elif error.code == 403:
            action = f"Allow it to get, create and patch Leases there. The API server says: {error.message}"
        else:
            action = f"The API server says: {error.message}"
        return f"{standby} {action}"

    def _report_failure(self, failure: str) -> None:
        """Log the failure once for as long as it lasts."""
        if not self._failure:
            log.warning("The Lease %s cannot be read or renewed: %s", self.name, failure)
        self._failure = failure

    def _set_standby_reason(self, standby_reason: str) -> None:
        if standby_reason and standby_reason != self.standby_reason:
            log.warning("%s", standby_reason)
        elif self.standby_reason and not standby_reason:
            log.info("This process holds the Lease %s now.", self.name)
        self.standby_reason = standby_reason
