"""What every namespace has of its own: the ServiceAccount `default` and the certificate that pods trust."""

from __future__ import annotations

from collections.abc import Iterator

from devcluster.controllers.framework.actions import Action, Create
from devcluster.controllers.framework.cache import View
from devcluster.controllers.framework.controller import Controller, Turn
from devcluster.controllers.framework.objects import Key, Object, is_deleting, name_of

ROOT_CERTIFICATE = "kube-root-ca.crt"


def decide(namespace: Object, view: View, turn: Turn) -> Iterator[Action]:
    if is_deleting(namespace) or (namespace.get("status") or {}).get("phase") == "Terminating":
        return
    name = name_of(namespace)
    if view.get("ServiceAccount", name, "default") is None:
        yield Create("ServiceAccount", {"metadata": {"name": "default", "namespace": name}})
    if view.get("ConfigMap", name, ROOT_CERTIFICATE) is None:
        metadata = {"name": ROOT_CERTIFICATE, "namespace": name}
        yield Create("ConfigMap", {"metadata": metadata, "data": {"ca.crt": turn.settings.certificate}})


def _namespace_of(obj: Object, view: View) -> Iterator[Key]:
    if name_of(obj) in ("default", ROOT_CERTIFICATE):
        yield Key("Namespace", "", obj["metadata"]["namespace"])


CONTROLLER = Controller(
    name="namespace-furnisher",
    kind="Namespace",
    decide=decide,
    wakes={"ServiceAccount": _namespace_of, "ConfigMap": _namespace_of},
)
