"""The cells of pods, and strings that the printers of workloads share."""

from __future__ import annotations

from typing import Any

from devcluster.http.printers.ages import age, moment
from devcluster.storage.memory import Manifest

NONE = "<none>"


def format_labels(labels: Manifest | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def format_selector(selector: Manifest | None) -> str:
    """A LabelSelector in the syntax of the command line."""
    selector = selector or {}
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for term in selector.get("matchExpressions") or ():
        operator, key = term["operator"], term["key"]
        if operator in ("In", "NotIn"):
            terms.append(f"{key} {operator.lower()} ({','.join(sorted(term.get('values') or ()))})")
        else:
            terms.append(key if operator == "Exists" else f"!{key}")
    return ",".join(sorted(terms)) or NONE


def containers(spec: Manifest) -> list[Any]:
    """Names and images, each as one string."""
    found = spec.get("containers") or ()
    return [",".join(one.get("name", "") for one in found), ",".join(one.get("image", "") for one in found)]


def pod(manifest: Manifest) -> list[Any]:
    spec, status = manifest.get("spec") or {}, manifest.get("status") or {}
    states = status.get("containerStatuses") or ()
    total = len(spec.get("containers") or ())
    ready = sum(bool(one.get("ready")) for one in states)
    gates = spec.get("readinessGates") or ()
    conditions = {one["type"]: one["status"] for one in status.get("conditions") or ()}
    passed = sum(conditions.get(gate["conditionType"]) == "True" for gate in gates)
    ip = next((one["ip"] for one in status.get("podIPs") or ()), status.get("podIP") or NONE)
    return [
        f"{ready}/{total}",
        reason(manifest),
        _restarts(states),
        ip,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        f"{passed}/{len(gates)}" if gates else NONE,
    ]


def _restarts(states: Any) -> str:
    count = sum(one.get("restartCount") or 0 for one in states)
    ends = [((one.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for one in states]
    last = max((str(text) for text in ends if moment(text)), default="")
    return f"{count} ({age(last)} ago)" if count and last else str(count)


def reason(manifest: Manifest) -> str:
    """The value of the column Status."""
    spec, status = manifest.get("spec") or {}, manifest.get("status") or {}
    status_text = status.get("reason") or status.get("phase") or ""
    conditions = status.get("conditions") or ()
    if any(one["type"] == "PodScheduled" and one.get("reason") == "SchedulingGated" for one in conditions):
        status_text = "SchedulingGated"
    initial = _initial_reason(spec, status)
    if initial:
        status_text = initial
    else:
        status_text = _container_reason(status, status_text)
    if manifest["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return status_text


def _initial_reason(spec: Manifest, status: Manifest) -> str:
    total = len(spec.get("initContainers") or ())
    for index, one in enumerate(status.get("initContainerStatuses") or ()):
        state = one.get("state") or {}
        terminated, waiting = state.get("terminated"), state.get("waiting") or {}
        if terminated and not terminated.get("exitCode"):
            continue
        if one.get("started") and one.get("ready") and state.get("running"):
            continue
        if terminated:
            return f"Init:{terminated.get('reason') or 'ExitCode:' + str(terminated['exitCode'])}"
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{total}"
    return ""


def _container_reason(status: Manifest, status_text: str) -> str:
    running = False
    for one in reversed(status.get("containerStatuses") or ()):
        state = one.get("state") or {}
        terminated, waiting = state.get("terminated"), state.get("waiting") or {}
        if waiting.get("reason"):
            status_text = waiting["reason"]
        elif terminated:
            code = f"ExitCode:{terminated.get('exitCode')}"
            status_text = terminated.get("reason") or (
                f"Signal:{terminated['signal']}" if terminated.get("signal") else code
            )
        elif one.get("ready") and state.get("running"):
            running = True
    if status_text == "Completed" and running:
        ready = any(
            one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions") or ()
        )
        return "Running" if ready else "NotReady"
    return status_text
