"""How an object is, in one word, one fact and one sentence: the built-in rules per kind.

This is what people are shown. It decides no order: a node without ``readyWhen`` counts as ready for the nodes
behind it as soon as it exists (kro §4.6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.objects.accessors import Manifest, condition_of, finalizers_of, generation_of, is_deleting
from reconciler.objects.reason_messages import in_plain_words

Word = Literal["waiting", "progressing", "ready", "degraded", "failed", "deleting", "unknown"]


@dataclass(frozen=True, slots=True)
class Health:
    """``fact`` fits on a graph node ("2/3"); ``message`` is a sentence, empty when all is well."""

    state: Word
    fact: str = ""
    message: str = ""


Rule = Callable[[Manifest], Health]


def health_of(obj: Manifest) -> Health:
    """Judge a live object by its kind; a kind without a rule by its ``Ready`` condition, if it has one."""
    if is_deleting(obj):
        return Health("deleting", message=why_it_stays(obj))
    group = str(obj.get("apiVersion", "")).rpartition("/")[0]
    return RULES.get((group, str(obj.get("kind"))), by_conditions)(obj)


def why_it_stays(obj: Manifest) -> str:
    """What an object that is being deleted waits for: its finalizers, by name."""
    names = [name for name in finalizers_of(obj) if name not in ("foregroundDeletion", "orphan")]
    if not names:
        return "It is being removed."
    return f"It is being removed and waits for the finalizer {', '.join(sorted(names))}."


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
    """Whether the status tells of an older spec."""
    seen = status_of(obj).get("observedGeneration")
    return isinstance(seen, int) and seen < generation_of(obj)


def condition_text(obj: Manifest, kind: str, status: str) -> str:
    """Reason and message of a condition that has this status, else an empty text."""
    condition = condition_of(obj, kind)
    if condition is None or condition.get("status") != status:
        return ""
    display_name = [str(condition.get("reason") or kind), str(condition.get("message") or "")]
    return ": ".join(word for word in display_name if word)


def plain_text(obj: Manifest, kind: str, status: str) -> str:
    """The same in plain words: for the kinds whose reasons are known."""
    return in_plain_words(condition_text(obj, kind, status))


def deployment(obj: Manifest) -> Health:
    spec, status = spec_of(obj), status_of(obj)
    want, ready = number(spec, "replicas", 1), number(status, "readyReplicas")
    updated, available = number(status, "updatedReplicas"), number(status, "availableReplicas")
    fact = f"{ready}/{want}"
    for text in (plain_text(obj, "ReplicaFailure", "True"), plain_text(obj, "Progressing", "False")):
        if text:
            return Health("failed", fact, text)
    if is_stale(obj) or "observedGeneration" not in status:
        return Health("progressing", fact, "The change has not been taken up yet.")
    if spec.get("paused"):
        return Health("waiting", fact, "Its rollout is paused.")
    old = number(status, "replicas") > updated
    if updated < want and (old or not is_rolled_out(obj)):
        return Health("progressing", fact, f"{updated} of {want} pods run the new version.")
    if old:
        return Health("progressing", fact, "Pods of the old version are being removed.")
    if min(updated, available) < want:
        return Health("progressing", fact, f"{available} of {want} pods are ready.")
    return Health("ready", fact)


def is_rolled_out(obj: Manifest) -> bool:
    """Whether the last rollout is done: pods that are missing now are being scaled up, or were lost."""
    progressing = condition_of(obj, "Progressing")
    return progressing is not None and progressing.get("reason") == "NewReplicaSetAvailable"


def stateful_set(obj: Manifest) -> Health:
    spec, status = spec_of(obj), status_of(obj)
    want, ready = number(spec, "replicas", 1), number(status, "readyReplicas")
    fact = f"{ready}/{want}"
    if is_stale(obj) or "observedGeneration" not in status:
        return Health("progressing", fact, "The change has not been taken up yet.")
    if ready < want:
        return Health("progressing", fact, f"{ready} of {want} pods are ready.")
    rolling = (spec.get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition") or 0
    updated = number(status, "updatedReplicas")
    same = status.get("currentRevision") == status.get("updateRevision")
    if rolling and not same and updated < want - partition:
        return Health("progressing", fact, f"{updated} of {want} pods run the new version.")
    return Health("ready", fact)


def daemon_set(obj: Manifest) -> Health:
    status = status_of(obj)
    want, ready = number(status, "desiredNumberScheduled"), number(status, "numberReady")
    fact = f"{ready}/{want}"
    if is_stale(obj) or "observedGeneration" not in status:
        return Health("progressing", fact, "The change has not been taken up yet.")
    updated = number(status, "updatedNumberScheduled")
    if updated < want:
        return Health("progressing", fact, f"{updated} of {want} pods run the new version.")
    if number(status, "numberAvailable") < want:
        return Health("progressing", fact, f"{ready} of {want} pods are ready.")
    return Health("ready", fact)


def replica_set(obj: Manifest) -> Health:
    want, ready = number(spec_of(obj), "replicas", 1), number(status_of(obj), "readyReplicas")
    failure = plain_text(obj, "ReplicaFailure", "True")
    if failure:
        return Health("failed", f"{ready}/{want}", failure)
    if ready < want:
        return Health("progressing", f"{ready}/{want}", f"{ready} of {want} pods are ready.")
    return Health("ready", f"{ready}/{want}")


def job(obj: Manifest) -> Health:
    spec, status = spec_of(obj), status_of(obj)
    fact = f"{number(status, 'succeeded')}/{number(spec, 'completions', 1)}"
    failure = plain_text(obj, "Failed", "True")
    if failure:
        return Health("failed", fact, failure)
    if plain_text(obj, "Complete", "True"):
        return Health("ready", fact)
    if spec.get("suspend") or plain_text(obj, "Suspended", "True"):
        return Health("waiting", fact, "The job is suspended.")
    tries = number(status, "failed")
    retried = f" {tries} tries failed." if tries else ""
    return Health("progressing", fact, f"The job is running.{retried}")


def cron_job(obj: Manifest) -> Health:
    spec = spec_of(obj)
    fact = str(spec.get("schedule") or "")[:40]
    if spec.get("suspend"):
        return Health("ready", fact, "Its schedule is suspended.")
    return Health("ready", fact)


# Reasons of a waiting container that do not pass by themselves.
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
            said = waiting.get("message") or f"container {container.get('name')} does not start"
            return Health(
                "failed", fact, in_plain_words(f"{waiting['reason']}: {said}", image_of(obj, container))
            )
    phase = status.get("phase") or "Pending"
    if phase == "Failed":
        said = status.get("message") or status.get("reason") or "a container ended with an error"
        return Health("failed", fact, f"The pod failed: {said}")
    if phase == "Succeeded":
        return Health("ready", fact)
    unscheduled = plain_text(obj, "PodScheduled", "False")
    if unscheduled:
        return Health("waiting", fact, unscheduled)
    ready = condition_of(obj, "Ready")
    if ready is not None and ready.get("status") == "True":
        return Health("ready", fact)
    return Health("progressing", fact, f"The pod is {phase.lower()} and not ready yet.")


def image_of(obj: Manifest, container: Mapping[str, Any]) -> str:
    """As the author wrote it; the status may carry a longer name."""
    spec, name = spec_of(obj), container.get("name")
    known = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    desired = next((one.get("image") for one in known if one.get("name") == name), None)
    return str(desired or container.get("image") or "")


def claim(obj: Manifest) -> Health:
    phase = status_of(obj).get("phase") or "Pending"
    if phase == "Bound":
        return Health("ready", str((status_of(obj).get("capacity") or {}).get("storage") or phase)[:40])
    if phase == "Lost":
        return Health("failed", phase, "The volume that it was bound to is lost.")
    return Health("progressing", phase, "It is not bound to a volume yet.")


def addresses(obj: Manifest) -> list[str]:
    entries = (status_of(obj).get("loadBalancer") or {}).get("ingress") or ()
    return [str(entry.get("hostname") or entry.get("ip") or "") for entry in entries]


def service(obj: Manifest) -> Health:
    spec = spec_of(obj)
    if spec.get("type") == "LoadBalancer":
        found = addresses(obj)
        if not found:
            return Health("progressing", "", "It waits for the address of its load balancer.")
        return Health("ready", found[0][:40])
    return Health("ready", str(spec.get("type") or "ClusterIP"))


def ingress(obj: Manifest) -> Health:
    found = addresses(obj)
    if not found:
        return Health("progressing", "", "It waits for an address from the ingress controller.")
    return Health("ready", found[0][:40])


def autoscaler(obj: Manifest) -> Health:
    status = status_of(obj)
    fact = f"{number(status, 'currentReplicas')}/{number(status, 'desiredReplicas')}"
    if not status.get("conditions"):
        return Health("progressing", fact, "It has not looked at what it scales yet.")
    for kind in ("AbleToScale", "ScalingActive"):
        text = plain_text(obj, kind, "False")
        if text and not text.startswith("ScalingDisabled"):  # somebody scaled it to none
            return Health("degraded", fact, text)
    return Health("ready", fact)


def disruption_budget(obj: Manifest) -> Health:
    status = status_of(obj)
    fact = f"{number(status, 'currentHealthy')}/{number(status, 'desiredHealthy')}" if status else ""
    return Health("ready", fact)


def namespace(obj: Manifest) -> Health:
    phase = str(status_of(obj).get("phase") or "Active")
    return Health("ready" if phase == "Active" else "deleting", phase)


def definition(obj: Manifest) -> Health:
    refused = plain_text(obj, "NamesAccepted", "False")
    if refused:
        return Health("failed", message=refused)
    if plain_text(obj, "Established", "True"):
        return Health("ready")
    return Health("progressing", message="The kind is not established yet.")


def by_conditions(obj: Manifest) -> Health:
    """Custom resources: ``Stalled`` and ``Ready`` as most controllers write them; without them, ready."""
    stalled = condition_text(obj, "Stalled", "True")
    if stalled or status_of(obj).get("state") == "ERROR":
        return Health("failed", message=stalled or condition_text(obj, "Ready", "False"))
    ready = condition_of(obj, "Ready")
    if ready is None:
        return Health("ready")
    if is_stale(obj) or stale_condition(obj, ready):
        return Health("progressing", message="The change has not been taken up yet.")
    if ready.get("status") == "True":
        return Health("ready")
    return Health("progressing", message=condition_text(obj, "Ready", str(ready.get("status"))))


def stale_condition(obj: Manifest, condition: Mapping[str, Any]) -> bool:
    seen = condition.get("observedGeneration")
    return isinstance(seen, int) and seen < generation_of(obj)


RULES: dict[tuple[str, str], Rule] = {
    ("apps", "Deployment"): deployment,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "DaemonSet"): daemon_set,
    ("apps", "ReplicaSet"): replica_set,
    ("batch", "Job"): job,
    ("batch", "CronJob"): cron_job,
    ("", "Pod"): pod,
    ("", "PersistentVolumeClaim"): claim,
    ("", "Service"): service,
    ("", "Namespace"): namespace,
    ("networking.k8s.io", "Ingress"): ingress,
    ("autoscaling", "HorizontalPodAutoscaler"): autoscaler,
    ("policy", "PodDisruptionBudget"): disruption_budget,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definition,
}
