"""The health of a live object by built-in rules per kind: a state, a fact and a message.

Health is what the page and the ``Ready`` condition report. It has no influence on the order of applies: for
its dependents, a node without ``readyWhen`` is ready as soon as it exists (kro §4.6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from contracts.documents.api_versions import group_of
from reconciler.objects.accessors import (
    Manifest,
    condition_of,
    finalizers_of,
    generation_of,
    is_deleting,
)
from reconciler.objects.reason_messages import explained

State = Literal["waiting", "progressing", "ready", "degraded", "failed", "deleting", "unknown"]


NOT_OBSERVED = "The latest change has not been observed yet."


@dataclass(frozen=True, slots=True)
class Health:
    """``fact`` is short enough for a graph node ("2/3"); ``message`` is a sentence, empty when healthy."""

    state: State
    fact: str = ""
    message: str = ""


Rule = Callable[[Manifest], Health]


def health_of(obj: Manifest) -> Health:
    """By the rule of its kind; for a kind without a rule, by its ``Ready`` condition."""
    if is_deleting(obj):
        return Health("deleting", message=deletion_message(obj))
    group = group_of(str(obj.get("apiVersion", "")))
    return RULES.get((group, str(obj.get("kind"))), by_conditions)(obj)


def deletion_message(obj: Manifest, subject: str = "") -> str:
    """Names the finalizers that an object being deleted waits for."""
    start = f"{subject} is being deleted" if subject else "Being deleted"
    names = sorted(name for name in finalizers_of(obj) if name not in ("foregroundDeletion", "orphan"))
    return f"{start}; waiting for the finalizer {', '.join(names)}." if names else f"{start}."


def status_of(obj: Manifest) -> Mapping[str, Any]:
    status = obj.get("status")
    return status if isinstance(status, Mapping) else {}


def spec_of(obj: Manifest) -> Mapping[str, Any]:
    spec = obj.get("spec")
    return spec if isinstance(spec, Mapping) else {}


def number(fields: Mapping[str, Any], name: str, default: int = 0) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) else default


def is_stale(obj: Manifest) -> bool:
    """Whether the status is of an older generation."""
    observed = status_of(obj).get("observedGeneration")
    return isinstance(observed, int) and observed < generation_of(obj)


def condition_text(obj: Manifest, kind: str, status: str) -> str:
    """``Reason: message`` of a condition that has this status, else an empty string."""
    condition = condition_of(obj, kind)
    if condition is None or condition.get("status") != status:
        return ""
    parts = [str(condition.get("reason") or kind), str(condition.get("message") or "")]
    return ": ".join(part for part in parts if part)


def explained_condition(obj: Manifest, kind: str, status: str) -> str:
    """The same with an explanation, for kinds whose reasons are known."""
    return explained(condition_text(obj, kind, status))


def deployment(obj: Manifest) -> Health:
    spec, status = spec_of(obj), status_of(obj)
    desired, ready = number(spec, "replicas", 1), number(status, "readyReplicas")
    updated, available = number(status, "updatedReplicas"), number(status, "availableReplicas")
    fact = f"{ready}/{desired}"
    for text in (
        explained_condition(obj, "ReplicaFailure", "True"),
        explained_condition(obj, "Progressing", "False"),
    ):
        if text:
            return Health("failed", fact, text)
    if is_stale(obj) or "observedGeneration" not in status:
        return Health("progressing", fact, NOT_OBSERVED)
    if spec.get("paused"):
        return Health("waiting", fact, "The rollout is paused.")
    old = number(status, "replicas") > updated
    if updated < desired and (old or not is_rolled_out(obj)):
        return Health("progressing", fact, f"{updated} of {desired} pods run the new version.")
    if old:
        return Health("progressing", fact, "Pods of the old version are being removed.")
    if min(updated, available) < desired:
        return Health("progressing", fact, f"{available} of {desired} pods are ready.")
    return Health("ready", fact)


def is_rolled_out(obj: Manifest) -> bool:
    """Whether the last rollout is complete: pods that are missing now are being added, or were lost."""
    progressing = condition_of(obj, "Progressing")
    return progressing is not None and progressing.get("reason") == "NewReplicaSetAvailable"


def stateful_set(obj: Manifest) -> Health:
    spec, status = spec_of(obj), status_of(obj)
    desired, ready = number(spec, "replicas", 1), number(status, "readyReplicas")
    fact = f"{ready}/{desired}"
    if is_stale(obj) or "observedGeneration" not in status:
        return Health("progressing", fact, NOT_OBSERVED)
    if ready < desired:
        return Health("progressing", fact, f"{ready} of {desired} pods are ready.")
    rolling = (spec.get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition") or 0
    updated = number(status, "updatedReplicas")
    same = status.get("currentRevision") == status.get("updateRevision")
    if rolling and not same and updated < desired - partition:
        return Health("progressing", fact, f"{updated} of {desired} pods run the new version.")
    return Health("ready", fact)


def daemon_set(obj: Manifest) -> Health:
    status = status_of(obj)
    desired, ready = number(status, "desiredNumberScheduled"), number(status, "numberReady")
    fact = f"{ready}/{desired}"
    if is_stale(obj) or "observedGeneration" not in status:
        return Health("progressing", fact, NOT_OBSERVED)
    updated = number(status, "updatedNumberScheduled")
    if updated < desired:
        return Health("progressing", fact, f"{updated} of {desired} pods run the new version.")
    if number(status, "numberAvailable") < desired:
        return Health("progressing", fact, f"{ready} of {desired} pods are ready.")
    return Health("ready", fact)


def replica_set(obj: Manifest) -> Health:
    desired, ready = number(spec_of(obj), "replicas", 1), number(status_of(obj), "readyReplicas")
    failure = explained_condition(obj, "ReplicaFailure", "True")
    if failure:
        return Health("failed", f"{ready}/{desired}", failure)
    if ready < desired:
        return Health("progressing", f"{ready}/{desired}", f"{ready} of {desired} pods are ready.")
    return Health("ready", f"{ready}/{desired}")


def job(obj: Manifest) -> Health:
    spec, status = spec_of(obj), status_of(obj)
    fact = f"{number(status, 'succeeded')}/{number(spec, 'completions', 1)}"
    failure = explained_condition(obj, "Failed", "True")
    if failure:
        return Health("failed", fact, failure)
    if explained_condition(obj, "Complete", "True"):
        return Health("ready", fact)
    if spec.get("suspend") or explained_condition(obj, "Suspended", "True"):
        return Health("waiting", fact, "The job is suspended.")
    attempts = number(status, "failed")
    retried = f" {attempts} attempts failed." if attempts else ""
    return Health("progressing", fact, f"The job is running.{retried}")


def cron_job(obj: Manifest) -> Health:
    spec = spec_of(obj)
    fact = str(spec.get("schedule") or "")[:40]
    if spec.get("suspend"):
        return Health("ready", fact, "The schedule is suspended.")
    return Health("ready", fact)


# Reasons of a waiting container that do not resolve by themselves.
STUCK = frozenset(
    [
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "ErrImageNeverPull",
        "CrashLoopBackOff",
        "RunContainerError",
        "CreateContainerConfigError",
        "CreateContainerError",
    ]
)


def pod(obj: Manifest) -> Health:
    status = status_of(obj)
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    main = status.get("containerStatuses") or ()
    total = len(spec_of(obj).get("containers") or ())
    fact = f"{sum(bool(one.get('ready')) for one in main)}/{total}"
    for container in containers:
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in STUCK:
            message = waiting.get("message") or f"container {container.get('name')} does not start"
            return Health(
                "failed", fact, explained(f"{waiting['reason']}: {message}", image_of(obj, container))
            )
    phase = status.get("phase") or "Pending"
    if phase == "Failed":
        message = status.get("message") or status.get("reason") or "a container ended with an error"
        return Health("failed", fact, f"The pod failed: {message}")
    if phase == "Succeeded":
        return Health("ready", fact)
    unscheduled = explained_condition(obj, "PodScheduled", "False")
    if unscheduled:
        return Health("waiting", fact, unscheduled)
    ready = condition_of(obj, "Ready")
    if ready is not None and ready.get("status") == "True":
        return Health("ready", fact)
    return Health("progressing", fact, f"The pod is {phase.lower()} and not ready yet.")


def image_of(obj: Manifest, container: Mapping[str, Any]) -> str:
    """The image as the author wrote it; the status may have a longer name."""
    spec, name = spec_of(obj), container.get("name")
    known = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    written = next((one.get("image") for one in known if one.get("name") == name), None)
    return str(written or container.get("image") or "")


def persistent_volume_claim(obj: Manifest) -> Health:
    phase = status_of(obj).get("phase") or "Pending"
    if phase == "Bound":
        return Health("ready", str((status_of(obj).get("capacity") or {}).get("storage") or phase)[:40])
    if phase == "Lost":
        return Health("failed", phase, "The bound volume is lost.")
    return Health("progressing", phase, "Not bound to a volume yet.")


def addresses(obj: Manifest) -> list[str]:
    entries = (status_of(obj).get("loadBalancer") or {}).get("ingress") or ()
    return [str(entry.get("hostname") or entry.get("ip") or "") for entry in entries]


def service(obj: Manifest) -> Health:
    spec = spec_of(obj)
    if spec.get("type") == "LoadBalancer":
        found = addresses(obj)
        if not found:
            return Health("progressing", "", "Waiting for the address of the load balancer.")
        return Health("ready", found[0][:40])
    return Health("ready", str(spec.get("type") or "ClusterIP"))


def ingress(obj: Manifest) -> Health:
    found = addresses(obj)
    if not found:
        return Health("progressing", "", "Waiting for an address from the ingress controller.")
    return Health("ready", found[0][:40])


def horizontal_pod_autoscaler(obj: Manifest) -> Health:
    status = status_of(obj)
    fact = f"{number(status, 'currentReplicas')}/{number(status, 'desiredReplicas')}"
    if not status.get("conditions"):
        return Health("progressing", fact, "The autoscaler has not evaluated its target yet.")
    for kind in ("AbleToScale", "ScalingActive"):
        text = explained_condition(obj, kind, "False")
        if text and not text.startswith("ScalingDisabled"):  # the target is scaled to zero
            return Health("degraded", fact, text)
    return Health("ready", fact)


def pod_disruption_budget(obj: Manifest) -> Health:
    status = status_of(obj)
    fact = f"{number(status, 'currentHealthy')}/{number(status, 'desiredHealthy')}" if status else ""
    return Health("ready", fact)


def namespace(obj: Manifest) -> Health:
    phase = str(status_of(obj).get("phase") or "Active")
    return Health("ready" if phase == "Active" else "deleting", phase)


def custom_resource_definition(obj: Manifest) -> Health:
    refused = explained_condition(obj, "NamesAccepted", "False")
    if refused:
        return Health("failed", message=refused)
    if explained_condition(obj, "Established", "True"):
        return Health("ready")
    return Health("progressing", message="The kind is not established yet.")


def by_conditions(obj: Manifest) -> Health:
    """Custom resources: by ``Stalled`` and ``Ready``, as most controllers set them; ready without them."""
    stalled = condition_text(obj, "Stalled", "True")
    if stalled or status_of(obj).get("state") == "ERROR":
        return Health("failed", message=stalled or condition_text(obj, "Ready", "False"))
    ready = condition_of(obj, "Ready")
    if ready is None:
        return Health("ready")
    if is_stale(obj) or is_stale_condition(obj, ready):
        return Health("progressing", message=NOT_OBSERVED)
    if ready.get("status") == "True":
        return Health("ready")
    return Health("progressing", message=condition_text(obj, "Ready", str(ready.get("status"))))


def is_stale_condition(obj: Manifest, condition: Mapping[str, Any]) -> bool:
    observed = condition.get("observedGeneration")
    return isinstance(observed, int) and observed < generation_of(obj)


RULES: dict[tuple[str, str], Rule] = {
    ("apps", "Deployment"): deployment,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "DaemonSet"): daemon_set,
    ("apps", "ReplicaSet"): replica_set,
    ("batch", "Job"): job,
    ("batch", "CronJob"): cron_job,
    ("", "Pod"): pod,
    ("", "PersistentVolumeClaim"): persistent_volume_claim,
    ("", "Service"): service,
    ("", "Namespace"): namespace,
    ("networking.k8s.io", "Ingress"): ingress,
    ("autoscaling", "HorizontalPodAutoscaler"): horizontal_pod_autoscaler,
    ("policy", "PodDisruptionBudget"): pod_disruption_budget,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): custom_resource_definition,
}
