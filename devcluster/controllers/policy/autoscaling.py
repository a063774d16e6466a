"""HorizontalPodAutoscalers: keep targets within their limits. No load is simulated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from devcluster.controllers.framework.actions import Action, RecordEvent, RequeueAfter, SetStatus, Update
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import (
    Key,
    Object,
    is_deleting,
    key_of,
    name_of,
    timestamp,
    with_condition,
    with_spec,
    with_status,
    without_zeros,
)

TARGETS = ("Deployment", "StatefulSet", "ReplicaSet")
UTILIZATION = 10  # of every simulated pod, in percent of its request


def reconcile(scaler: Object, cache: Cache, context: Context) -> Iterator[Action]:
    if is_deleting(scaler):
        return
    rest = context.settings.durations.autoscale - context.seconds_in("watching")
    if rest > 0:
        yield RequeueAfter(rest)
        return
    reference = scaler["spec"]["scaleTargetRef"]
    namespace, name = scaler["metadata"]["namespace"], reference["name"]
    target = cache.get(reference["kind"], namespace, name) if reference["kind"] in TARGETS else None
    status = status_of(scaler, target, context.now)
    if target is not None and status.get("desiredReplicas", 0) != _size(target):
        why = "below" if _size(target) < status["desiredReplicas"] else "above"
        message = f"New size: {status['desiredReplicas']}; reason: Current number of replicas {why} its limit"
        event = RecordEvent("HorizontalPodAutoscaler", scaler, "SuccessfulRescale", message)
        yield Update(reference["kind"], with_spec(target, replicas=status["desiredReplicas"]), event)
    if status != (scaler.get("status") or {}):
        yield SetStatus("HorizontalPodAutoscaler", with_status(scaler, status))


def status_of(scaler: Object, target: Object | None, now: datetime) -> Object:
    """The status, with the size of the target in `desiredReplicas`."""
    old, spec = scaler.get("status") or {}, scaler["spec"]
    conditions = old.get("conditions") or []
    if target is None:
        reference = spec["scaleTargetRef"]
        message = (
            f"the HPA controller was unable to get the target's current scale: {reference['name']} not found"
        )
        failed = {"type": "AbleToScale", "status": "False", "reason": "FailedGetScale", "message": message}
        return {
            "desiredReplicas": 0,
            "currentMetrics": None,
            "conditions": with_condition(conditions, failed, now),
        }
    current = _size(target)
    desired = desired_size(spec, current)
    for condition in _conditions(spec, current, desired):
        conditions = with_condition(conditions, condition, now)
    status = {
        "observedGeneration": scaler["metadata"].get("generation"),
        "lastScaleTime": timestamp(now) if desired != current else old.get("lastScaleTime"),
        "currentReplicas": (target.get("status") or {}).get("replicas", 0),
        "desiredReplicas": desired,
        "currentMetrics": [
            _measured(metric) for metric in spec.get("metrics") or () if metric["type"] == "Resource"
        ],
        "conditions": conditions,
    }
    return without_zeros(status, keep=("desiredReplicas", "currentMetrics"))


def desired_size(spec: Object, current: int) -> int:
    """The size of the target within the limits; a target that is scaled to zero stays so."""
    if current == 0:
        return 0
    return min(max(current, int(spec.get("minReplicas", 1))), int(spec["maxReplicas"]))


def _conditions(spec: Object, current: int, desired: int) -> list[Object]:
    if current == 0:
        message = "scaling is disabled since the replica count of the target is zero"
        return [{"type": "ScalingActive", "status": "False", "reason": "ScalingDisabled", "message": message}]
    able = {"reason": "ReadyForNewScale", "message": "recommended size matches current size"}
    if desired != current:
        able = {
            "reason": "SucceededRescale",
            "message": f"the HPA controller was able to update the size to {desired}",
        }
    active = {
        "reason": "ValidMetricFound",
        "message": "the HPA was able to successfully calculate a replica count from cpu (simulated)",
    }
    limited = {
        "status": "False",
        "reason": "DesiredWithinRange",
        "message": "the desired count is within the range",
    }
    if desired == int(spec.get("minReplicas", 1)):
        message = "the desired replica count is less than the minimum replica count"
        limited = {"status": "True", "reason": "TooFewReplicas", "message": message}
    return [
        {"type": "AbleToScale", "status": "True", **able},
        {"type": "ScalingActive", "status": "True", **active},
        {"type": "ScalingLimited", **limited},
    ]


def _measured(metric: Object) -> Object:
    current = {"averageUtilization": UTILIZATION, "averageValue": "10m"}
    return {"type": "Resource", "resource": {"name": metric["resource"]["name"], "current": current}}


def _size(target: Object) -> int:
    return int(target["spec"].get("replicas", 1))


def _scalers_of(target: Object, cache: Cache) -> Iterator[Key]:
    for scaler in cache.in_namespace("HorizontalPodAutoscaler", target["metadata"]["namespace"]):
        reference = scaler["spec"]["scaleTargetRef"]
        if (reference["kind"], reference["name"]) == (target["kind"], name_of(target)):
            yield key_of(scaler, "HorizontalPodAutoscaler")


CONTROLLER = Controller(
    name="horizontal-pod-autoscaler",
    kind="HorizontalPodAutoscaler",
    reconcile=reconcile,
    watches=dict.fromkeys(TARGETS, _scalers_of),
)
