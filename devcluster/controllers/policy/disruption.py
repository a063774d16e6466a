"""PodDisruptionBudgets: count healthy pods and allowed disruptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from devcluster.controllers.framework.actions import Action, SetStatus
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import (
    Key,
    Object,
    controller_of,
    int_or_percent,
    is_deleting,
    key_of,
    labels_of,
    with_condition,
    with_status,
)
from devcluster.controllers.framework.pods import is_active, is_ready
from devcluster.controllers.framework.selectors import selects


def reconcile(budget: Object, cache: Cache, context: Context) -> Iterator[Action]:
    if is_deleting(budget):
        return
    namespace = budget["metadata"]["namespace"]
    pods = [pod for pod in cache.selected("Pod", namespace, budget["spec"].get("selector")) if is_active(pod)]
    status = status_of(budget, pods, expected(pods, cache), context.now)
    if status != (budget.get("status") or {}):
        yield SetStatus("PodDisruptionBudget", with_status(budget, status))


def expected(pods: Sequence[Object], cache: Cache) -> int:
    """The expected number of pods: the sizes of their owners, and one for each pod without an owner."""
    owners = {}
    for pod in pods:
        reference = controller_of(pod) or {"kind": "Pod", "name": "", "uid": pod["metadata"]["uid"]}
        owner = cache.get(reference["kind"], pod["metadata"]["namespace"], reference["name"])
        owners[reference["uid"]] = int(owner["spec"].get("replicas", 1)) if owner else 1
    return sum(owners.values())


def status_of(budget: Object, pods: Sequence[Object], total: int, now: datetime) -> Object:
    spec, healthy = budget["spec"], sum(map(is_ready, pods))
    if spec.get("maxUnavailable") is not None:
        needed = max(total - int_or_percent(spec["maxUnavailable"], total, up=True), 0)
    else:
        needed = int_or_percent(spec.get("minAvailable", 1), total, up=True)
    allowed = max(healthy - needed, 0) if total else 0
    reason = (
        {"status": "True", "reason": "SufficientPods"}
        if allowed
        else {"status": "False", "reason": "InsufficientPods"}
    )
    condition = {
        "type": "DisruptionAllowed",
        "observedGeneration": budget["metadata"].get("generation", 1),
        "message": "",
        **reason,
    }
    old = (budget.get("status") or {}).get("conditions") or []
    return {
        "observedGeneration": budget["metadata"].get("generation", 1),
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": needed,
        "expectedPods": total,
        "conditions": with_condition(old, condition, now),
    }


def _budgets_of(pod: Object, cache: Cache) -> Iterator[Key]:
    for budget in cache.in_namespace("PodDisruptionBudget", pod["metadata"]["namespace"]):
        if selects(budget["spec"].get("selector"), labels_of(pod)):
            yield key_of(budget, "PodDisruptionBudget")


CONTROLLER = Controller(
    name="disruption-controller",
    kind="PodDisruptionBudget",
    reconcile=reconcile,
    watches={"Pod": _budgets_of},
    reads=("ReplicaSet", "StatefulSet"),
)
