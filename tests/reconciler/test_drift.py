"""What the server writes in another form is no drift; what another client changes is.

Checked with the recorded answers of a real API server, and for every kind whose defaults were recorded.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from devcluster.kinds.kinds import Kinds
from devcluster.registry.local_store import LocalStore
from devcluster.registry.requests import Target, WriteOptions
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Memory
from reconciler.plan.compare import field_differences, last_applied, other_managers
from tests.conftest import REPOSITORY
from tests.reconciler.builders import publish_contract
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import create_ready

RECORDED = REPOSITORY / "tests" / "devcluster" / "recorded"
OURS = "slipway/children"
Object = dict[str, Any]


# -- recorded applies -----------------------------------------------------------------------------------


def recorded_applies() -> Iterator[Any]:
    for path in sorted((RECORDED / "golden").glob("*.json")):
        for step in json.loads(path.read_text())["steps"]:
            request, answer = step.get("request") or {}, step.get("body")
            applied = "apply-patch" in str(request.get("headers")) and step["status"] in (200, 201)
            sent = request.get("body")
            if applied and isinstance(sent, dict) and answer.get("kind") == sent.get("kind"):
                manager = parse_qs(urlsplit(request["path"]).query)["fieldManager"][0]
                yield pytest.param(sent, answer, manager, id=f"{path.stem}: {step['name']}")


@pytest.mark.parametrize(("sent", "answer", "manager"), list(recorded_applies()))
def test_the_answer_to_an_apply_has_no_drift(sent: Object, answer: Object, manager: str) -> None:
    known = last_applied(sent, answer, manager)
    assert known.drift(field_differences(sent, answer, manager)) == []
    touched = copy.deepcopy(answer)
    touched["metadata"].setdefault("annotations", {})["touched"] = "x"
    owned: Object = {"f:metadata": {"f:annotations": {"f:touched": {}}}}
    touched["metadata"].setdefault("managedFields", []).append(
        {"manager": "kubectl-annotate", "operation": "Update", "fieldsV1": owned}
    )
    assert known.drift(field_differences(sent, touched, manager)) == []


# -- every kind -----------------------------------------------------------------------------------------


def kinds() -> list[Any]:
    entries = json.loads((RECORDED / "openapi" / "defaults.json").read_text())
    return [pytest.param(entry["sent"], id=entry["name"]) for entry in entries]


class Server:
    """The simulated API server without HTTP."""

    def __init__(self) -> None:
        self.writes = Writes(Memory(), Kinds())
        self.store = LocalStore(self.writes)
        self.store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})

    def target(self, body: Object) -> Target:
        kind = self.writes.kinds.of(body)
        assert kind is not None
        return Target(kind, "default" if kind.namespaced else "", body["metadata"]["name"])

    def apply(self, body: Object, manager: str = OURS) -> Object:
        target = self.target(body)
        options = WriteOptions(manager, force=True)
        return self.writes.apply(target, copy.deepcopy(body), options)[0]

    def patch(self, body: Object, patch: Object, manager: str = "kubectl-edit") -> Object:
        target = self.target(body)
        return self.store.patch(target.kind.resource, target.namespace, target.name, patch, manager=manager)


def with_nulls(body: Object) -> Object:
    """As generators write it: ``creationTimestamp: null`` in every metadata. A status is never applied."""

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(one) for one in value]
        if not isinstance(value, dict):
            return value
        inner = {key: filled(one) for key, one in value.items()}
        if isinstance(inner.get("metadata"), dict):
            inner["metadata"] = {"creationTimestamp": None, **inner["metadata"]}
        return inner

    found: Object = filled(body)
    return found


@pytest.mark.parametrize("sent", kinds())
def test_nulls_and_empty_values_are_no_drift_when_others_touch_the_object(sent: Object) -> None:
    server, body = Server(), with_nulls(sent)
    if body["kind"] == "Namespace":
        body["metadata"]["name"] = "other"
    known = last_applied(body, server.apply(body))
    touched = server.patch(body, {"metadata": {"annotations": {"note": "x"}}}, "kubectl-annotate")
    assert known.drift(field_differences(body, touched)) == []
    assert server.apply(body)["metadata"]["resourceVersion"] == touched["metadata"]["resourceVersion"]
    edited = server.patch(body, {"metadata": {"labels": {"x": "y"}}}, "kubectl-label")
    assert known.drift(field_differences(body, edited)) == []


def deployment(**spec: Any) -> Object:
    container = {"name": "app", "image": "nginx", "resources": {}, **spec.pop("container", {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [container]}},
            **spec,
        },
    }


def config_map(**data: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, **data}


# What is sent → how another client's change has to be reported (the patch, the fields, their manager).
FORMS: dict[str, tuple[Object, Object, list[str]]] = {
    "quantities in other units": (
        deployment(container={"resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}}),
        {"spec": {"replicas": 3}},
        ["spec.replicas"],
    ),
    "empty maps and lists": (
        deployment(strategy={}, container={"env": [], "args": []}),
        {"spec": {"replicas": 3}},
        ["spec.replicas"],
    ),
    "a null in a map of strings": (
        config_map(data={"x": None, "y": "1"}),
        {"data": {"y": "2"}},
        ["data.y"],
    ),
    "empty data": (config_map(data={}), {"data": {"y": "2"}}, []),
    "a list with keys in another order": (
        deployment(container={"ports": [{"containerPort": 81}, {"containerPort": 80, "protocol": "TCP"}]}),
        {"spec": {"minReadySeconds": 3}},
        [],
    ),
    "metadata that the server sets": (
        {**config_map(data={"y": "1"}), "metadata": {"name": "a", "generation": 7, "selfLink": "x"}},
        {"data": {"y": "2"}},
        ["data.y"],
    ),
    "finalizers, a set": (
        {**config_map(), "metadata": {"name": "a", "finalizers": ["example.com/b", "example.com/a"]}},
        {"metadata": {"finalizers": ["example.com/a", "example.com/b", "example.com/c"]}},
        [],
    ),
}


@pytest.mark.parametrize(("sent", "patch", "fields"), FORMS.values(), ids=FORMS.keys())
def test_forms_of_the_server_are_no_drift_and_changes_are(
    sent: Object, patch: Object, fields: list[str]
) -> None:
    server = Server()
    known = last_applied(sent, server.apply(sent))
    touched = server.patch(sent, {"metadata": {"annotations": {"note": "x"}}}, "kubectl-annotate")
    assert known.drift(field_differences(sent, touched)) == []
    edited = server.patch(sent, patch)
    drift = known.drift(field_differences(sent, edited))
    assert [one.path for one in drift] == fields
    assert {name for one in drift for name in other_managers(edited, one)} <= {"kubectl-edit"}
    restored = server.apply(sent)
    assert known.drift(field_differences(sent, restored)) == []


def test_what_a_webhook_changes_at_admission_is_no_drift_until_it_is_changed_again() -> None:
    """The API server takes such a field from our apply and lets our update own it."""
    server, sent = Server(), deployment()
    server.apply(sent)
    container = [{"name": "app", "image": "mirror.example.com/nginx"}]
    mutated = server.patch(sent, {"spec": {"template": {"spec": {"containers": container}}}}, OURS)
    assert [one.path for one in field_differences(sent, mutated)] == [
        "spec.template.spec.containers[0].image",
    ]
    known = last_applied(sent, mutated)
    touched = server.patch(sent, {"metadata": {"annotations": {"note": "x"}}}, "kubectl-annotate")
    assert known.drift(field_differences(sent, touched)) == []
    container = [{"name": "app", "image": "other"}]
    edited = server.patch(sent, {"spec": {"template": {"spec": {"containers": container}}}})
    (drift,) = known.drift(field_differences(sent, edited))
    assert drift.path == "spec.template.spec.containers[0].image"
    assert other_managers(edited, drift) == ["kubectl-edit"]


def test_a_field_that_is_changed_through_a_subresource_names_it() -> None:
    live = deployment()
    live["metadata"]["managedFields"] = [
        {"manager": OURS, "operation": "Apply", "fieldsV1": {"f:spec": {"f:selector": {}, "f:template": {}}}},
        {
            "manager": "kube-controller-manager",
            "operation": "Update",
            "subresource": "scale",
            "fieldsV1": {"f:spec": {"f:replicas": {}}},
        },
    ]
    (difference,) = field_differences(deployment(), live)
    assert (difference.path, difference.kind) == ("spec.replicas", "unowned")
    assert other_managers(live, difference) == ["kube-controller-manager (scale)"]


# -- with a running reconciler ------------------------------------------------------------------------------

GENERATED = """
- id: app
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: ${schema.metadata.name}
      creationTimestamp: null
    spec:
      replicas: 1
      selector: {matchLabels: {app: "${schema.metadata.name}"}}
      strategy: {}
      template:
        metadata:
          creationTimestamp: null
          labels: {app: "${schema.metadata.name}"}
        spec:
          containers:
            - {name: app, image: nginx, resources: {limits: {cpu: 1000m}}}
    status: {}
"""


def test_touching_an_object_repairs_nothing_and_an_edit_only_what_it_changed(harness: Harness) -> None:
    contract = publish_contract(harness, GENERATED)
    create_ready(harness, contract, "one")
    app = ("apps/v1", "Deployment", harness.namespace, "one")
    harness.cluster.merge(*app, {"metadata": {"annotations": {"note": "x"}}})
    harness.cluster.merge(*app, {"spec": {"replicas": 3}})
    wait_for(lambda: harness.cluster.read(*app)["spec"]["replicas"] == 1, "the edit is repaired")
    events = harness.get_row("one").events.filter(source="slipway")
    wait_for(lambda: events.filter(reason="DriftRepaired").exists())
    assert [one.reason for one in events.order_by("pk")] == ["Created", "DriftRepaired"]
    repair = events.get(reason="DriftRepaired")
    assert repair.message.endswith("by kubectl-edit: spec.replicas.")
