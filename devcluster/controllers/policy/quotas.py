"""ResourceQuotas: count the used resources of a namespace. Quotas are not enforced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from devcluster.controllers.framework.actions import Action, SetStatus
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import KINDS, Key, Object, is_deleting, key_of, with_status
from devcluster.controllers.framework.pods import is_finished
from devcluster.machinery.quantities import canonical, parse

PLURALS = {plural: kind for kind, (_, plural, namespaced) in KINDS.items() if namespaced}
COUNTED = (
    "Pod",
    "Service",
    "PersistentVolumeClaim",
    "ConfigMap",
    "Secret",
    "Deployment",
    "ReplicaSet",
    "Job",
)


def reconcile(quota: Object, cache: Cache, context: Context) -> Iterator[Action]:
    hard = quota["spec"].get("hard") or {}
    if is_deleting(quota):
        return
    used = {name: used_of(name, quota["metadata"]["namespace"], cache) for name in hard}
    status = {"hard": hard, "used": used}
    if status != (quota.get("status") or {}):
        yield SetStatus("ResourceQuota", with_status(quota, status))


def used_of(name: str, namespace: str, cache: Cache) -> str:
    """The used amount of one resource; `0` for a resource that is not simulated."""
    if name.startswith("count/"):
        return str(len(cache.in_namespace(PLURALS.get(name[6:].partition(".")[0], ""), namespace)))
    if name in OBJECTS:
        return str(sum(map(OBJECTS[name], cache.in_namespace(PLURALS[name.partition(".")[0]], namespace))))
    if name == "requests.storage":
        claims = cache.in_namespace("PersistentVolumeClaim", namespace)
        return _total(claim["spec"]["resources"]["requests"].get("storage", "0") for claim in claims)
    side, _, resource = name.rpartition(".")
    pods = [pod for pod in cache.in_namespace("Pod", namespace) if not is_finished(pod)]
    return _total(_requested(pod, side or "requests", resource) for pod in pods)


def _always(obj: Object) -> bool:
    return True


def _of_type(*types: str) -> Callable[[Object], bool]:
    return lambda service: service["spec"].get("type") in types


OBJECTS: dict[str, Callable[[Object], bool]] = {
    "pods": lambda pod: not is_finished(pod),
    "services": _always,
    "services.loadbalancers": _of_type("LoadBalancer"),
    "services.nodeports": _of_type("LoadBalancer", "NodePort"),
    "persistentvolumeclaims": _always,
    "configmaps": _always,
    "secrets": _always,
}


def _requested(pod: Object, side: str, resource: str) -> str:
    containers = pod["spec"].get("containers") or ()
    return _total(((each.get("resources") or {}).get(side) or {}).get(resource, "0") for each in containers)


def _total(amounts: Iterator[str]) -> str:
    """The sum with a binary suffix if the amounts have one and the sum is a multiple."""
    strings = [str(amount) for amount in amounts]
    total = sum((parse(string) or Fraction(0) for string in strings), Fraction(0))
    for suffix in ("Gi", "Mi", "Ki"):
        unit = parse(f"1{suffix}")
        if (
            unit
            and total >= unit
            and (total / unit).denominator == 1
            and any(string.endswith("i") for string in strings)
        ):
            return f"{total / unit}{suffix}"
    exact = f"{int(total * 1000)}m" if total.denominator != 1 else str(total)
    return canonical(exact) or exact


def _quotas_of(obj: Object, cache: Cache) -> Iterator[Key]:
    return (key_of(quota) for quota in cache.in_namespace("ResourceQuota", obj["metadata"]["namespace"]))


CONTROLLER = Controller(
    name="resourcequota-controller",
    kind="ResourceQuota",
    reconcile=reconcile,
    watches=dict.fromkeys(COUNTED, _quotas_of),
)
