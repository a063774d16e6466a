"""Addresses from outside: load balancers and ingresses get one, after as long as a cloud would need.

They are of 203.0.113.0/24 and 198.51.100.0/24, which RFC 5737 reserves for documentation: nothing answers
there.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from devcluster.controllers.framework.actions import Action, LookAgain, Record, SetStatus
from devcluster.controllers.framework.cache import View
from devcluster.controllers.framework.controller import Controller, Turn
from devcluster.controllers.framework.objects import Object, is_deleting, uid_of, with_status


def decide_service(service: Object, view: View, turn: Turn) -> Iterator[Action]:
    if is_deleting(service):
        return
    has_address = bool(((service.get("status") or {}).get("loadBalancer") or {}).get("ingress"))
    if service["spec"].get("type") != "LoadBalancer":
        if has_address:
            yield _with_ingress("Service", service, [])
        return
    if has_address or service["spec"].get("loadBalancerClass"):
        return
    rest = turn.settings.speeds.address - turn.lasting("waiting for an address")
    if rest > 0:
        yield LookAgain(rest)
        return
    wanted = service["spec"].get("loadBalancerIP") or free_address(service, taken(view.all("Service")))
    yield _with_ingress("Service", service, [{"ip": wanted, "ipMode": "VIP"}])
    yield Record("Service", service, "EnsuredLoadBalancer", "Ensured load balancer")


def decide_ingress(ingress: Object, view: View, turn: Turn) -> Iterator[Action]:
    """All ingresses of one class share an address, as behind one controller."""
    if is_deleting(ingress) or ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return
    rest = turn.settings.speeds.address - turn.lasting("waiting for an address")
    if rest > 0:
        yield LookAgain(rest)
        return
    number = zlib.crc32(str(ingress["spec"].get("ingressClassName", "")).encode()) % 250 + 2
    yield _with_ingress("Ingress", ingress, [{"ip": f"198.51.100.{number}"}])
    yield Record("Ingress", ingress, "Sync", "Scheduled for sync")


def taken(services: Iterable[Object]) -> set[str]:
    """The addresses that load balancers have."""
    balancers = ((each.get("status") or {}).get("loadBalancer") or {} for each in services)
    return {entry.get("ip", "") for balancer in balancers for entry in balancer.get("ingress") or ()}


def free_address(service: Object, used: set[str]) -> str:
    """An address nobody has, where there is one; the same service tends to get the same one."""
    start = zlib.crc32(uid_of(service).encode())
    candidates = [f"203.0.113.{(start + step) % 250 + 2}" for step in range(250)]
    return next((each for each in candidates if each not in used), candidates[0])


def _with_ingress(kind: str, obj: Object, entries: list[Object]) -> Action:
    return SetStatus(kind, with_status(obj, {"loadBalancer": {"ingress": entries} if entries else {}}))


SERVICES = Controller(name="service-controller", kind="Service", decide=decide_service)
INGRESSES = Controller(
    name="ingress-controller", kind="Ingress", decide=decide_ingress, manager="ingress-controller"
)
