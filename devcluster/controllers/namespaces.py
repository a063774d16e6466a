"""Creates the default objects of namespaces: the ServiceAccount `default` and the root certificate."""

from __future__ import annotations

from collections.abc import Iterator

from devcluster.controllers.framework.actions import Action, Create
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
from devcluster.controllers.framework.objects import Key, Object, is_deleting, name_of

ROOT_CERTIFICATE = "kube-root-ca.crt"


def reconcile(namespace: Object, cache: Cache, context: Context) -> Iterator[Action]:
    if is_deleting(namespace) or (namespace.get("status") or {}).get("phase") == "Terminating":
        return
    name = name_of(namespace)
    if cache.get("ServiceAccount", name, "default") is None:
        yield Create("ServiceAccount", {"metadata": {"name": "default", "namespace": name}})
    if cache.get("ConfigMap", name, ROOT_CERTIFICATE) is None:
        metadata = {"name": ROOT_CERTIFICATE, "namespace": name}
        yield Create("ConfigMap", {"metadata": metadata, "data": {"ca.crt": context.settings.certificate}})


def _namespace_of(obj: Object, cache: Cache) -> Iterator[Key]:
    if name_of(obj) in ("default", ROOT_CERTIFICATE):
        yield Key("Namespace", "", obj["metadata"]["namespace"])


CONTROLLER = Controller(
    name="namespace-defaults",
    kind="Namespace",
    reconcile=reconcile,
    watches={"ServiceAccount": _namespace_of, "ConfigMap": _namespace_of},
)
