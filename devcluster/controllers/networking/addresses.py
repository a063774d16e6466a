"""External addresses of load balancers and ingresses.

They belong to 203.0.113.0/24 and 198.51.100.0/24, which RFC 5737 reserves for documentation.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from devcluster.controllers.framework.actions import Action, RecordEvent, RequeueAfter, SetStatus
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import Object, is_deleting, uid_of, with_status


def decide_service(service: Object, cache: Cache, context: Context) -> Iterator[Action]:
    if is_deleting(service):
        return
    has_address = bool(((service.get("status") or {}).get("loadBalancer") or {}).get("ingress"))
    if service["spec"].get("type") != "LoadBalancer":
        if has_address:
            yield _with_ingress("Service", service, [])
        return
    if has_address or service["spec"].get("loadBalancerClass"):
        return
    rest = context.settings.durations.address - context.seconds_in("waiting for an address")
    if rest > 0:
        yield RequeueAfter(rest)
        return
    wanted = service["spec"].get("loadBalancerIP") or free_address(
        service, used_addresses(cache.all("Service"))
    )
    yield _with_ingress("Service", service, [{"ip": wanted, "ipMode": "VIP"}])
    yield RecordEvent("Service", service, "EnsuredLoadBalancer", "Ensured load balancer")


def decide_ingress(ingress: Object, cache: Cache, context: Context) -> Iterator[Action]:
    """Ingresses of one class share an address, as with one ingress controller."""
    if is_deleting(ingress) or ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return
    rest = context.settings.durations.address - context.seconds_in("waiting for an address")
    if rest > 0:
        yield RequeueAfter(rest)
        return
    number = zlib.crc32(str(ingress["spec"].get("ingressClassName", "")).encode()) % 250 + 2
    yield _with_ingress("Ingress", ingress, [{"ip": f"198.51.100.{number}"}])
    yield RecordEvent("Ingress", ingress, "Sync", "Scheduled for sync")


def used_addresses(services: Iterable[Object]) -> set[str]:
    """The addresses of load balancers."""
    balancers = ((each.get("status") or {}).get("loadBalancer") or {} for each in services)
    return {entry.get("ip", "") for balancer in balancers for entry in balancer.get("ingress") or ()}


def free_address(service: Object, used: set[str]) -> str:
    """A free address if there is one. The same service usually gets the same address."""
    start = zlib.crc32(uid_of(service).encode())
    candidates = [f"203.0.113.{(start + step) % 250 + 2}" for step in range(250)]
    return next((each for each in candidates if each not in used), candidates[0])


def _with_ingress(kind: str, obj: Object, entries: list[Object]) -> Action:
    return SetStatus(kind, with_status(obj, {"loadBalancer": {"ingress": entries} if entries else {}}))


SERVICES = Controller(name="service-controller", kind="Service", reconcile=decide_service)
INGRESSES = Controller(
    name="ingress-controller", kind="Ingress", reconcile=decide_ingress, manager="ingress-controller"
)
