"""The three simulated nodes, and the rules by which pods fit them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from devcluster.controllers.framework.actions import Action, Update
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import Object, is_true, labels_of, name_of, timestamp, with_spec

REGION = "sim-1"
ZONES = ("sim-1a", "sim-1b", "sim-1c")
CAPACITY = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "500Gi", "pods": "5000"}


def simulated_nodes(now: datetime) -> list[Object]:
    """Three ready nodes in three zones of one region."""
    return [_node(number, zone, timestamp(now)) for number, zone in enumerate(ZONES, 1)]


def number_of(node_name: str) -> int:
    """The number of a simulated node, for its addresses."""
    return int(node_name.rpartition("-")[2]) if node_name.rpartition("-")[2].isdigit() else 9


def address_of(node_name: str) -> str:
    return f"192.168.49.{10 + number_of(node_name)}"


def second_octet(node_name: str) -> int:
    """The second octet of the pod addresses of a node: 10.128.0.0/11 for the first node."""
    return 128 + 32 * (min(number_of(node_name), 4) - 1)


def pod_address(node_name: str, number: int) -> str:
    """An address in the range of the node, which is large enough that random numbers rarely collide."""
    return f"10.{second_octet(node_name) + number // 62_500 % 32}.{number // 250 % 250}.{number % 250 + 2}"


def _node(number: int, zone: str, now: str) -> Object:
    name = f"node-{number}"
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "simulated",
        "topology.kubernetes.io/region": REGION,
        "topology.kubernetes.io/zone": zone,
    }
    status = {
        "capacity": CAPACITY,
        "allocatable": CAPACITY,
        "conditions": [_condition(*row, now) for row in CONDITIONS],
        "addresses": [
            {"type": "InternalIP", "address": address_of(name)},
            {"type": "Hostname", "address": name},
        ],
        "nodeInfo": {
            "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "simulated",
            "osImage": "Simulated node", "containerRuntimeVersion": "simulated://1",
            "kubeletVersion": "v1.37.0+sim", "kubeProxyVersion": "",
            "operatingSystem": "linux", "architecture": "amd64",
        },
    }  # fmt: skip
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"podCIDR": f"10.{second_octet(name)}.0.0/11", "providerID": f"simulated://{name}"},
        "status": status,
    }


CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def _condition(kind: str, status: str, reason: str, message: str, now: str) -> Object:
    times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
    return {"type": kind, "status": status, **times, "reason": reason, "message": message}


def unfit_reason(pod: Object, node: Object) -> str:
    """The message of the scheduler if the pod does not fit the node, or an empty string."""
    spec = pod["spec"]
    if node["spec"].get("unschedulable") and not _tolerates(spec, UNSCHEDULABLE):
        return "node(s) were unschedulable"
    for taint in node["spec"].get("taints") or ():
        if taint["effect"] in ("NoSchedule", "NoExecute") and not _tolerates(spec, taint):
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    if not (spec.get("nodeSelector") or {}).items() <= labels_of(node).items():
        return NOT_SELECTED
    terms = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(REQUIRED)
    if terms and not any(_term_holds(term, node) for term in terms.get("nodeSelectorTerms") or ()):
        return NOT_SELECTED
    return ""


NOT_SELECTED = "node(s) didn't match Pod's node affinity/selector"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def unschedulable_message(reasons: Sequence[str]) -> str:
    """The message of the scheduler if no node fits: the number of nodes per reason."""
    counted = sorted(f"{reasons.count(reason)} {reason}" for reason in set(reasons))
    number = len(reasons)
    tail = f"preemption: 0/{number} nodes are available: {number} Preemption is not helpful for scheduling."
    return f"0/{number} nodes are available: {', '.join(counted)}. {tail}"


def _tolerates(spec: Object, taint: Object) -> bool:
    return any(_matches_taint(toleration, taint) for toleration in spec.get("tolerations") or ())


def _matches_taint(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if not toleration.get("key"):
        return bool(toleration.get("operator") == "Exists")
    exists = toleration.get("operator") == "Exists"
    return bool(
        toleration["key"] == taint["key"]
        and (exists or toleration.get("value", "") == taint.get("value", ""))
    )


def _term_holds(term: Object, node: Object) -> bool:
    by_label = (_expression_holds(each, labels_of(node)) for each in term.get("matchExpressions") or ())
    by_field = (
        _expression_holds(each, {"metadata.name": name_of(node)}) for each in term.get("matchFields") or ()
    )
    return all(by_label) and all(by_field)


def _expression_holds(expression: Object, labels: dict[str, str]) -> bool:
    operator, values = expression["operator"], list(expression.get("values") or ())
    found = labels.get(expression["key"])
    if operator in ("Gt", "Lt"):
        if found is None or not found.lstrip("-").isdigit():
            return False
        return int(found) > int(values[0]) if operator == "Gt" else int(found) < int(values[0])
    holds: dict[str, bool] = {
        "In": found in values,
        "NotIn": found not in values,
        "Exists": found is not None,
        "DoesNotExist": found is None,
    }
    return holds.get(operator, False)


def least_loaded(nodes: Iterable[Object], load: dict[str, int], siblings: dict[str, int]) -> Object:
    """The node with the fewest pods of the same owner, then the fewest pods. This spreads over the zones."""
    return min(
        nodes, key=lambda node: (siblings.get(name_of(node), 0), load.get(name_of(node), 0), name_of(node))
    )


NOT_READY = "node.kubernetes.io/not-ready"


def reconcile(node: Object, cache: Cache, context: Context) -> Iterator[Action]:
    """Remove the taint not-ready of new nodes once they are ready."""
    taints = node["spec"].get("taints") or []
    kept = [taint for taint in taints if taint["key"] != NOT_READY]
    if is_true(node, "Ready") and kept != taints:
        yield Update("Node", with_spec(node, taints=kept))


CONTROLLER = Controller(name="node-controller", kind="Node", reconcile=reconcile)
