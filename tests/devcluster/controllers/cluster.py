"""A store with controllers on a clock that the test advances, and builders of objects."""

from __future__ import annotations

import copy
from typing import Any

from devcluster.controllers import INSTANT, Settings
from devcluster.controllers.framework.objects import KINDS, resource_of
from devcluster.controllers.manager import assemble
from devcluster.kinds.kinds import Kinds
from devcluster.registry.local_store import LocalStore
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Memory
from tests.devcluster.controllers.clock import FakeClock

Object = dict[str, Any]


class Cluster:
    """Everything except HTTP. Time passes only in `pass_time`."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.store = LocalStore(Writes(Memory(), Kinds()))
        self.clock = FakeClock()
        self.create(namespace("demo"))
        self.controllers = assemble(self.store, settings or Settings(durations=INSTANT), self.clock)
        self.controllers.run_until_idle()

    def create(self, body: Object) -> Object:
        created = self.store.create(copy.deepcopy(body), manager="test")
        if hasattr(self, "controllers"):
            self.controllers.run_until_idle()
        return created

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def change(self, kind: str, name: str, **spec: Any) -> None:
        """Merge fields into the spec of an object."""
        self.store.patch(resource_of(kind), _namespace(kind), name, {"spec": spec}, manager="test")
        self.controllers.run_until_idle()

    def delete(self, kind: str, name: str, grace: int | None = None) -> None:
        self.store.delete(resource_of(kind), _namespace(kind), name, grace=grace)
        self.controllers.run_until_idle()

    def find(self, kind: str, name: str) -> Object | None:
        return self.store.get(resource_of(kind), _namespace(kind), name)

    def get(self, kind: str, name: str) -> Object:
        found = self.find(kind, name)
        assert found is not None, f"there is no {kind} {name}"
        return found

    def all(self, kind: str) -> list[Object]:
        return self.store.list(resource_of(kind), _namespace(kind))

    def names(self, kind: str) -> list[str]:
        return [each["metadata"]["name"] for each in self.all(kind)]

    def events(self, about: str) -> list[tuple[str, str]]:
        """(reason, message) of the events of one kind of object, oldest first."""
        found = [each for each in self.all("Event") if each["involvedObject"]["kind"] == about]
        found.sort(key=lambda each: int(each["metadata"]["resourceVersion"]))
        return [(each["reason"], each["message"]) for each in found]


def _namespace(kind: str) -> str:
    return "demo" if KINDS[kind][2] else ""


def namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def thing(kind: str, name: str, spec: Object | None = None, **more: Any) -> Object:
    body: Object = {
        "apiVersion": KINDS[kind][0],
        "kind": kind,
        "metadata": {"name": name, "namespace": "demo"},
    }
    return body | ({"spec": spec} if spec is not None else {}) | more


def template(app: str, image: str = "web:1", **spec: Any) -> Object:
    containers = [{"name": "main", "image": image, "ports": [{"containerPort": 8080, "name": "http"}]}]
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": containers, **spec},
    }


def workload(kind: str, name: str, image: str = "web:1", **spec: Any) -> Object:
    """A Deployment, StatefulSet or DaemonSet whose pods are labelled with its name."""
    selector = {"matchLabels": {"app": name}}
    return thing(kind, name, {"selector": selector, "template": template(name, image), **spec})


def job(name: str, image: str = "work:1", **spec: Any) -> Object:
    pod = template(name, image, restartPolicy="Never")
    return thing("Job", name, {"template": pod, **spec})


def condition(obj: Object, kind: str) -> tuple[str, str, str]:
    """(status, reason, message) of a condition."""
    found = [each for each in obj["status"].get("conditions", ()) if each["type"] == kind]
    assert found, f"no condition {kind} in {obj['status']}"
    return found[0]["status"], found[0].get("reason", ""), found[0].get("message", "")
