"""PodDisruptionBudget: how many of its pods are healthy, and how many may be disturbed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from devcluster.controllers.framework.actions import Action, SetStatus
from devcluster.controllers.framework.cache import View
from devcluster.controllers.framework.controller import Controller, Turn
from devcluster.controllers.framework.objects import (
    Key,
    Object,
    controller_of,
    is_deleting,
    key_of,
    labels_of,
    share,
    with_condition,
    with_status,
)
from devcluster.controllers.framework.pods import is_active, is_ready
from devcluster.controllers.framework.selectors import selects


def decide(budget: Object, view: View, turn: Turn) -> Iterator[Action]:
    if is_deleting(budget):
        return
    namespace = budget["metadata"]["namespace"]
    pods = [pod for pod in view.selected("Pod", namespace, budget["spec"].get("selector")) if is_active(pod)]
    status = status_of(budget, pods, expected(pods, view), turn.now)
    if status != (budget.get("status") or {}):
        yield SetStatus("PodDisruptionBudget", with_status(budget, status))


def expected(pods: Sequence[Object], view: View) -> int:
    """How many pods there should be: the sizes of their owners, and one for each pod without an owner."""
    owners = {}
    for pod in pods:
        reference = controller_of(pod) or {"kind": "Pod", "name": "", "uid": pod["metadata"]["uid"]}
        owner = view.get(reference["kind"], pod["metadata"]["namespace"], reference["name"])
        owners[reference["uid"]] = int(owner["spec"].get("replicas", 1)) if owner else 1
    return sum(owners.values())


def status_of(budget: Object, pods: Sequence[Object], total: int, now: datetime) -> Object:
    spec, healthy = budget["spec"], sum(map(is_ready, pods))
    if spec.get("maxUnavailable") is not None:
        needed = max(total - share(spec["maxUnavailable"], total, up=True), 0)
    else:
        needed = share(spec.get("minAvailable", 1), total, up=True)
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


def _budgets_of(pod: Object, view: View) -> Iterator[Key]:
    for budget in view.inside("PodDisruptionBudget", pod["metadata"]["namespace"]):
        if selects(budget["spec"].get("selector"), labels_of(pod)):
            yield key_of(budget, "PodDisruptionBudget")


CONTROLLER = Controller(
    name="disruption-controller",
    kind="PodDisruptionBudget",
    decide=decide,
    wakes={"Pod": _budgets_of},
    reads=("ReplicaSet", "StatefulSet"),
)
