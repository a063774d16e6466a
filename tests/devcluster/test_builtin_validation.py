"""Pod templates and changes that Kubernetes refuses, with its reason and its messages, for every kind."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from devcluster.kinds.kinds import Kinds
from devcluster.machinery.errors import ApiError
from devcluster.registry.local_store import LocalStore
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Memory
from tests.devcluster.controllers.cluster import Cluster, job, namespace, thing

Object = dict[str, Any]
Edit = Callable[[Object], Any]


@pytest.fixture
def store() -> LocalStore:
    store = LocalStore(Writes(Memory(), Kinds()))
    store.create(namespace("demo"))
    return store


def pod_template(policy: str) -> Object:
    container = {
        "name": "main",
        "image": "web:1",
        "ports": [{"containerPort": 80, "name": "http"}],
        "env": [{"name": "A", "value": "a"}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 80}},
        "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}},
    }
    spec = {
        "restartPolicy": policy,
        "containers": [container],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }
    return {"metadata": {"labels": {"app": "web"}}, "spec": spec}


def workload(kind: str) -> Object:
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": pod_template("Always")}
    return thing(kind, "web", spec)


# The kind → an object, and where its pod template is.
KINDS: dict[str, tuple[Object, str]] = {
    **{
        kind: (workload(kind), "spec.template")
        for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
    },
    "Job": (thing("Job", "web", {"template": pod_template("Never")}), "spec.template"),
    "CronJob": (
        thing(
            "CronJob",
            "web",
            {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": pod_template("Never")}}},
        ),
        "spec.jobTemplate.spec.template",
    ),
    "Pod": (thing("Pod", "web", pod_template("Always")["spec"]), ""),
}


def template_of(body: Object, path: str) -> Object:
    for part in path.split(".") if path else ():
        body = body[part]
    return body


def container(template: Object) -> Object:
    found: Object = template["spec"]["containers"][0]
    return found


def port(**fields: Any) -> Edit:
    return lambda template: container(template).update(ports=[{"containerPort": 80, **fields}])


def variable(**fields: Any) -> Edit:
    return lambda template: container(template).update(env=[{"name": "A", **fields}])


def probe(name: str = "livenessProbe", **fields: Any) -> Edit:
    return lambda template: container(template).update({name: fields})


def get_probe(name: str = "livenessProbe", **fields: Any) -> Edit:
    return probe(name, httpGet={"path": "/", "port": 80}, **fields)


def resources(**fields: Any) -> Edit:
    return lambda template: container(template).update(resources=fields)


LONG, UPPER = "x" * 64, "Web"
LABEL = "a lowercase RFC 1123 label must consist of"
RANGE = "must be between 1 and 65535, inclusive"
# What is wrong with the template → the field below it, and the start of the message.
TEMPLATES: dict[str, tuple[Edit, str, str]] = {
    "no container": (lambda t: t["spec"].update(containers=[]), "spec.containers", "Required value"),
    "no name": (lambda t: container(t).pop("name"), "spec.containers[0].name", "Required value"),
    "a name with capitals": (
        lambda t: container(t).update(name=UPPER),
        "spec.containers[0].name",
        f'Invalid value: "Web": {LABEL}',
    ),
    "a long name": (
        lambda t: container(t).update(name=LONG),
        "spec.containers[0].name",
        f'Invalid value: "{LONG}": must be no more than 63 characters',
    ),
    "two of one name": (
        lambda t: t["spec"]["containers"].append({"name": "main", "image": "web:1"}),
        "spec.containers[1].name",
        'Duplicate value: "main"',
    ),
    "an init container of the same name": (
        lambda t: t["spec"].update(initContainers=[{"name": "main", "image": "web:1"}]),
        "spec.initContainers[0].name",
        'Duplicate value: "main"',
    ),
    "no image": (lambda t: container(t).update(image=""), "spec.containers[0].image", "Required value"),
    "an image with a space": (
        lambda t: container(t).update(image=" web"),
        "spec.containers[0].image",
        'Invalid value: " web": must not have leading or trailing whitespace',
    ),
    "a port out of range": (
        port(containerPort=70000),
        "spec.containers[0].ports[0].containerPort",
        f"Invalid value: 70000: {RANGE}",
    ),
    "a port without a number": (
        port(containerPort=0),
        "spec.containers[0].ports[0].containerPort",
        "Required value",
    ),
    "a port's long name": (
        port(name="a-very-long-port-name"),
        "spec.containers[0].ports[0].name",
        'Invalid value: "a-very-long-port-name": must be no more than 15 characters',
    ),
    "a port's name without a letter": (
        port(name="80"),
        "spec.containers[0].ports[0].name",
        'Invalid value: "80": must contain at least one letter (a-z)',
    ),
    "two ports of one name": (
        lambda t: container(t)["ports"].append({"containerPort": 81, "name": "http"}),
        "spec.containers[0].ports[1].name",
        'Duplicate value: "http"',
    ),
    "an unknown protocol": (
        port(protocol="HTTP"),
        "spec.containers[0].ports[0].protocol",
        'Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
    ),
    "a variable without a name": (variable(name=""), "spec.containers[0].env[0].name", "Required value"),
    "a variable's name with =": (
        variable(name="A=B"),
        "spec.containers[0].env[0].name",
        'Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII',
    ),
    "a variable with value and source": (
        variable(value="a", valueFrom={"secretKeyRef": {"name": "s", "key": "k"}}),
        "spec.containers[0].env[0].valueFrom",
        'Invalid value: "": may not be specified when `value` is not empty',
    ),
    "a variable from no key": (
        variable(valueFrom={"secretKeyRef": {"name": "s", "key": ""}}),
        "spec.containers[0].env[0].valueFrom.secretKeyRef.key",
        "Required value",
    ),
    "a mount without its volume": (
        lambda t: container(t)["volumeMounts"].append({"name": "gone", "mountPath": "/gone"}),
        "spec.containers[0].volumeMounts[1].name",
        'Not found: "gone"',
    ),
    "two mounts at one path": (
        lambda t: container(t)["volumeMounts"].append({"name": "data", "mountPath": "/data"}),
        "spec.containers[0].volumeMounts[1].mountPath",
        'Invalid value: "/data": must be unique',
    ),
    "a volume's bad name": (
        lambda t: t["spec"]["volumes"].append({"name": "My_Data", "emptyDir": {}}),
        "spec.volumes[1].name",
        f'Invalid value: "My_Data": {LABEL}',
    ),
    "two volumes of one name": (
        lambda t: t["spec"]["volumes"].append({"name": "data", "emptyDir": {}}),
        "spec.volumes[1].name",
        'Duplicate value: "data"',
    ),
    "a volume of two types": (
        lambda t: t["spec"]["volumes"].append(
            {"name": "two", "emptyDir": {}, "configMap": {"name": "c"}}
        ),
        "spec.volumes[1].configMap",
        "Forbidden: may not specify more than 1 volume type",
    ),
    "requests over limits": (
        resources(requests={"cpu": "1500m"}, limits={"cpu": "1"}),
        "spec.containers[0].resources.requests",
        'Invalid value: "1500m": must be less than or equal to cpu limit of 1',
    ),
    "a negative amount": (
        resources(limits={"memory": "-1Gi"}),
        "spec.containers[0].resources.limits[memory]",
        'Invalid value: "-1Gi": must be greater than or equal to 0',
    ),
    "an unknown resource": (
        resources(limits={"cores": "1"}),
        "spec.containers[0].resources.limits[cores]",
        'Invalid value: "cores": must be a standard resource type or fully qualified',
    ),
    "a probe that does nothing": (
        probe(periodSeconds=3),
        "spec.containers[0].livenessProbe",
        "Required value: must specify a handler type",
    ),
    "a probe that does two things": (
        get_probe(tcpSocket={"port": 80}),
        "spec.containers[0].livenessProbe.tcpSocket",
        "Forbidden: may not specify more than 1 handler type",
    ),
    "a probe's port": (
        probe(tcpSocket={"port": 0}),
        "spec.containers[0].livenessProbe.tcpSocket.port",
        f"Invalid value: 0: {RANGE}",
    ),
    "a liveness probe that has to succeed twice": (
        get_probe(successThreshold=2),
        "spec.containers[0].livenessProbe.successThreshold",
        "Invalid value: 2: must be 1",
    ),
    "a negative delay": (
        get_probe("readinessProbe", initialDelaySeconds=-1),
        "spec.containers[0].readinessProbe.initialDelaySeconds",
        "Invalid value: -1: must be greater than or equal to 0",
    ),
    "a bad service account": (
        lambda t: t["spec"].update(serviceAccountName="My Account"),
        "spec.serviceAccountName",
        'Invalid value: "My Account": a lowercase RFC 1123 subdomain',
    ),
    "a bad restart policy": (
        lambda t: t["spec"].update(restartPolicy="Sometimes"),
        "spec.restartPolicy",
        'Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ),
}  # fmt: skip
TEMPLATE_METADATA: dict[str, tuple[Edit, str, str]] = {
    "a label's value": (
        lambda t: t["metadata"]["labels"].update(tier=LONG),
        "labels",
        f'Invalid value: "{LONG}": must be no more than 63 characters',
    ),
    "a label's key": (
        lambda t: t["metadata"]["labels"].update({"a b": "c"}),
        "labels",
        'Invalid value: "a b": name part must consist of',
    ),
    "an annotation's key": (
        lambda t: t["metadata"].update(annotations={"a b": "c"}),
        "annotations",
        'Invalid value: "a b": name part must consist of',
    ),
}


def refused(store: LocalStore, body: Object) -> list[tuple[str, str]]:
    """The fields and messages of the refusal."""
    with pytest.raises(ApiError) as refusal:
        store.create(copy.deepcopy(body))
    error = refusal.value
    assert (error.code, error.reason) == (422, "Invalid")
    assert error.details is not None
    return [(cause["field"], cause["message"]) for cause in error.details["causes"]]


def has(found: list[tuple[str, str]], field: str, message: str) -> bool:
    return any(where == field and text.startswith(message) for where, text in found)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_object_is_created(store: LocalStore, kind: str) -> None:
    store.create(copy.deepcopy(KINDS[kind][0]))


@pytest.mark.parametrize("what", TEMPLATES)
def test_a_bad_pod_is_refused_in_every_kind(store: LocalStore, what: str) -> None:
    edit, field, message = TEMPLATES[what]
    for sound, path in KINDS.values():
        body = copy.deepcopy(sound)
        edit(template_of(body, path))
        found = refused(store, body)
        assert has(found, f"{path}.{field}" if path else field, message), (body["kind"], found)


@pytest.mark.parametrize("what", TEMPLATE_METADATA)
def test_the_metadata_of_a_template_is_checked(store: LocalStore, what: str) -> None:
    edit, field, message = TEMPLATE_METADATA[what]
    for sound, path in KINDS.values():
        if path:
            body = copy.deepcopy(sound)
            edit(template_of(body, path))
            assert has(refused(store, body), f"{path}.{field}", message)


@pytest.mark.parametrize(
    ("kind", "policy", "message"),
    [
        ("Deployment", "Never", 'Unsupported value: "Never": supported values: "Always"'),
        ("StatefulSet", "OnFailure", 'Unsupported value: "OnFailure": supported values: "Always"'),
        ("Job", "Always", 'Required value: valid values: "OnFailure", "Never"'),
        ("CronJob", "Always", 'Required value: valid values: "OnFailure", "Never"'),
    ],
)
def test_which_restart_policies_a_kind_permits(
    store: LocalStore, kind: str, policy: str, message: str
) -> None:
    body, path = copy.deepcopy(KINDS[kind][0]), KINDS[kind][1]
    template_of(body, path)["spec"]["restartPolicy"] = policy
    assert refused(store, body) == [(f"{path}.spec.restartPolicy", message)]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"])
def test_a_selector_has_to_match_the_template(store: LocalStore, kind: str) -> None:
    body = copy.deepcopy(KINDS[kind][0])
    body["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    message = 'Invalid value: {"app":"web"}: `selector` does not match template `labels`'
    assert refused(store, body) == [("spec.template.metadata.labels", message)]


def test_a_job_with_a_long_name_is_refused_and_the_others_continue() -> None:
    """Its name would become the value of a label."""
    cluster, name = Cluster(), "a" * 64
    with pytest.raises(ApiError) as refusal:
        cluster.create({**job(name), "metadata": {"name": name, "namespace": "demo", "labels": {"a": "b"}}})
    assert refusal.value.message == (
        f'Job.batch "{name}" is invalid: spec.template.labels: Invalid value: "{name}": '
        "must be no more than 63 characters"
    )
    with pytest.raises(ApiError, match="must be no more than 52 characters"):
        cluster.create(
            {**copy.deepcopy(KINDS["CronJob"][0]), "metadata": {"name": "a" * 53, "namespace": "demo"}}
        )
    cluster.create(job("a" * 63))
    cluster.pass_time(3)
    assert cluster.get("Job", "a" * 63)["status"]["succeeded"] == 1


# ---- changes


def claim(**spec: Any) -> Object:
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    return thing("PersistentVolumeClaim", "data", {**wanted, "storageClassName": "standard", **spec})


def binding(kind: str) -> Object:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "b", **({"namespace": "demo"} if kind == "RoleBinding" else {})},
        "roleRef": reference,
    }


STORAGE_CLASS: Object = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "fast"},
    "provisioner": "example.com/a",
}
FIXED: Object = {**thing("ConfigMap", "fixed"), "data": {"a": "1"}, "immutable": True}
# What is created → the patch, and field and message of the refusal.
CHANGES: dict[str, tuple[Object, Object, str, str]] = {
    "a Deployment's selector": (
        KINDS["Deployment"][0],
        {"spec": {"selector": {"matchLabels": {"app": "web", "x": "y"}},
                  "template": {"metadata": {"labels": {"x": "y"}}}}},
        "spec.selector",
        'Invalid value: {"matchLabels":{"app":"web","x":"y"}}: field is immutable',
    ),
    "a StatefulSet's service": (
        KINDS["StatefulSet"][0],
        {"spec": {"serviceName": "other"}},
        "spec",
        "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template',",
    ),
    "a Job's template": (
        KINDS["Job"][0],
        {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 3}}}},
        "spec.template",
        "Invalid value: ",
    ),
    "a Job's completions": (
        KINDS["Job"][0],
        {"spec": {"completions": 7}},
        "spec.completions",
        "Invalid value: 7: field is immutable",
    ),
    "a Job's selector": (
        KINDS["Job"][0],
        {"spec": {"selector": {"matchLabels": {"app": "web"}}}},
        "spec.selector",
        'Invalid value: {"matchLabels":',
    ),
    "a claim's access modes": (
        claim(),
        {"spec": {"accessModes": ["ReadWriteMany"]}},
        "spec",
        "Forbidden: spec is immutable after creation except resources.requests",
    ),
    "an unbound claim's size": (
        claim(),
        {"spec": {"resources": {"requests": {"storage": "3Gi"}}}},
        "spec",
        "Forbidden: spec is immutable after creation except resources.requests",
    ),
    "a Pod's command": (
        KINDS["Pod"][0],
        {"spec": {"hostname": "other"}},
        "spec",
        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`",
    ),
    "an immutable ConfigMap": (
        FIXED,
        {"data": {"a": "2"}},
        "data",
        "Forbidden: field is immutable when `immutable` is set",
    ),
    "a Secret's type": (
        thing("Secret", "s", type="Opaque"),
        {"type": "example.com/other"},
        "type",
        'Invalid value: "example.com/other": field is immutable',
    ),
    "a Service's address": (
        thing("Service", "s", {"ports": [{"port": 80}], "clusterIP": "10.96.9.9"}),
        {"spec": {"clusterIP": "10.96.9.8"}},
        "spec.clusterIPs[0]",
        'Invalid value: ["10.96.9.8"]: may not change once set',
    ),
    "a StorageClass' provisioner": (
        STORAGE_CLASS,
        {"provisioner": "example.com/b"},
        "provisioner",
        "Forbidden: updates to provisioner are forbidden.",
    ),
    "a RoleBinding's role": (
        binding("RoleBinding"),
        {"roleRef": {"name": "edit"}},
        "roleRef",
        "Invalid value: ",
    ),
    "a ClusterRoleBinding's role": (
        binding("ClusterRoleBinding"),
        {"roleRef": {"name": "edit"}},
        "roleRef",
        "Invalid value: ",
    ),
}  # fmt: skip


def patch(store: LocalStore, body: Object, change: Object) -> Object:
    kind = Kinds().of(body)
    assert kind is not None
    metadata = body["metadata"]
    return store.patch(kind.resource, metadata.get("namespace", ""), metadata["name"], change)


@pytest.mark.parametrize(("body", "change", "field", "message"), CHANGES.values(), ids=CHANGES.keys())
def test_what_cannot_change_is_refused(
    store: LocalStore, body: Object, change: Object, field: str, message: str
) -> None:
    store.create(copy.deepcopy(body))
    with pytest.raises(ApiError) as refusal:
        patch(store, body, change)
    error = refusal.value
    assert (error.code, error.reason) == (422, "Invalid")
    causes = (error.details or {})["causes"]
    assert has([(cause["field"], cause["message"]) for cause in causes], field, message), causes
    patch(store, body, {"metadata": {"labels": {"x": "y"}}})


MAY_CHANGE: dict[str, tuple[Object, Object]] = {
    "a Deployment's image": (
        KINDS["Deployment"][0],
        {"spec": {"replicas": 3, "template": {"metadata": {"annotations": {"a": "b"}}}}},
    ),
    "a StatefulSet's replicas": (KINDS["StatefulSet"][0], {"spec": {"replicas": 3}}),
    "a Job's parallelism": (KINDS["Job"][0], {"spec": {"parallelism": 3, "suspend": True}}),
    "the node selector of a suspended Job": (
        thing("Job", "web", {"suspend": True, "template": pod_template("Never")}),
        {"spec": {"template": {"spec": {"nodeSelector": {"zone": "a"}}}}},
    ),
    "a ConfigMap": (thing("ConfigMap", "c", data={"a": "1"}), {"data": {"a": "2"}}),
}


@pytest.mark.parametrize(("body", "change"), MAY_CHANGE.values(), ids=MAY_CHANGE.keys())
def test_what_may_change(store: LocalStore, body: Object, change: Object) -> None:
    store.create(copy.deepcopy(body))
    patch(store, body, change)


def test_the_request_of_a_bound_claim_may_only_grow() -> None:
    cluster = Cluster()
    cluster.create(claim())
    cluster.pass_time(1)
    cluster.change("PersistentVolumeClaim", "data", resources={"requests": {"storage": "3Gi"}})
    with pytest.raises(
        ApiError, match=r"spec\.resources\.requests\.storage: Forbidden: field can not be less"
    ):
        cluster.change("PersistentVolumeClaim", "data", resources={"requests": {"storage": "1Gi"}})


def test_a_stored_object_that_is_invalid_by_newer_rules_can_be_deleted(store: LocalStore) -> None:
    kind = Kinds().of(KINDS["Job"][0])
    assert kind is not None
    created = store.create({**copy.deepcopy(KINDS["Job"][0]), "metadata": {
        "name": "web", "namespace": "demo", "finalizers": ["example.com/hold"]}})  # fmt: skip
    created["spec"]["template"]["spec"]["containers"][0]["name"] = UPPER
    store._writes.rewrite(kind, created)
    store.delete(kind.resource, "demo", "web")
    patch(store, created, {"metadata": {"finalizers": None}})
    assert store.get(kind.resource, "demo", "web") is None
