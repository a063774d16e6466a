"""The kinds that the server serves: the built-in ones, and those that CRDs define.

A `Kind` is one version of one resource. All versions of a resource share a table of the memory, named by
plural and group (`deployments.apps`), and therefore have the same objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from devcluster.kinds.builtin_resources import RESOURCES
from devcluster.machinery.schema import Shape, builtin_shape

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
READ_WRITE = ("get", "patch", "update")
SHARED_TABLES = {"events.events.k8s.io": "events"}  # one kind in two groups

# Built-in kinds with a metadata.generation that counts changes of the spec.
COUNTED = frozenset(
    [
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "ReplicationController",
        "PodDisruptionBudget",
        "Ingress",
        "NetworkPolicy",
        "CustomResourceDefinition",
        "EndpointSlice",
        "Pod",
        "ValidatingAdmissionPolicy",
        "FlowSchema",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "IngressClass",
        "PriorityLevelConfiguration",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
        "PriorityClass",
        "ResourceSlice",
        "DeviceClass",
    ]
)


@dataclass(frozen=True, slots=True)
class Subresource:
    """`kind` has the group and version of the parent unless it is GROUP/VERSION/KIND."""

    name: str
    kind: str
    verbs: tuple[str, ...]

    def gvk(self, parent: Kind) -> tuple[str, str, str]:
        parts = self.kind.split("/")
        return (
            (parts[0], parts[1], parts[2]) if len(parts) == 3 else (parent.group, parent.version, self.kind)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One served version of a resource.

    `custom` is the version's part of its CRD, None for built-in kinds. `since` is the resourceVersion of the
    CRD: objects that were stored before it may lack defaults of its schema.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    shape: Callable[[], Shape]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: Mapping[str, Subresource] = field(default_factory=dict)
    singular: str = ""
    list_kind: str = ""
    custom: Mapping[str, Any] | None = None
    definition: str = ""  # name of the CRD
    storage_version: str = ""
    since: int = 0

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """The name of the table of its objects."""
        name = f"{self.plural}.{self.group}" if self.group else self.plural
        return SHARED_TABLES.get(name, name)

    @property
    def counted(self) -> bool:
        return self.custom is not None or self.kind in COUNTED

    @property
    def path(self) -> str:
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


class Kinds:
    """The served kinds, in the order of discovery."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], dict[str, Kind]] = {}
        self._by_kind: dict[tuple[str, str, str], Kind] = {}
        self._by_resource: dict[str, Kind] = {}
        self.generation = 0  # incremented with each change, so that documents can be cached
        for kind in builtin_kinds():
            self._add(kind)

    def _add(self, kind: Kind) -> None:
        self._kinds.setdefault((kind.group, kind.version), {})[kind.plural] = kind
        self._by_kind[(kind.group, kind.version, kind.kind)] = kind
        if kind.resource not in self._by_resource or kind.version == kind.storage_version:
            self._by_resource[kind.resource] = kind

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        return self._kinds.get((group, version), {}).get(plural)

    def of(self, manifest: Mapping[str, Any]) -> Kind | None:
        """The kind of an object by its apiVersion and kind."""
        group, _, version = str(manifest.get("apiVersion", "")).rpartition("/")
        return self._by_kind.get((group, version, str(manifest.get("kind"))))

    def of_resource(self, resource: str) -> Kind | None:
        """The version in which the server itself writes the objects of a table."""
        return self._by_resource.get(resource)

    def __iter__(self) -> Iterator[Kind]:
        for resources in self._kinds.values():
            yield from resources.values()

    def group_versions(self) -> dict[str, list[str]]:
        """Versions per group, the preferred one first."""
        found: dict[str, list[str]] = {}
        for group, version in self._kinds:
            found.setdefault(group, []).append(version)
        return found

    def resources(self, group: str, version: str) -> list[Kind]:
        """In alphabetical order, as in discovery."""
        return sorted(self._kinds.get((group, version), {}).values(), key=lambda kind: kind.plural)

    def serve(self, definition: str, kinds: list[Kind]) -> None:
        """Serve exactly these versions of a CRD."""
        self.withdraw(definition)
        for kind in kinds:
            self._add(kind)
        self._order_custom_versions()

    def withdraw(self, definition: str) -> None:
        """Stop serving the kinds of a CRD."""
        self.generation += 1
        for (group, version), resources in list(self._kinds.items()):
            for kind in [entry for entry in resources.values() if entry.definition == definition]:
                del resources[kind.plural]
                self._by_kind.pop((group, version, kind.kind), None)
                self._by_resource.pop(kind.resource, None)
            if not resources:
                del self._kinds[(group, version)]

    def _order_custom_versions(self) -> None:
        custom = {key for key, kinds in self._kinds.items() if any(kind.custom for kind in kinds.values())}
        ordered = sorted(custom, key=lambda key: (key[0], version_rank(key[1])))
        self._kinds = {key: kinds for key, kinds in self._kinds.items() if key not in custom} | {
            key: self._kinds[key] for key in ordered
        }


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sort key by which v2 comes before v1, v1 before v1beta2, and other names last in alphabetic order."""
    match = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if not match:
        return (3, 0, 0, version)
    stage = {None: 0, "beta": 1, "alpha": 2}[match[2]]
    return (stage, -int(match[1]), -int(match[3] or 0), "")


def builtin_kinds() -> Iterator[Kind]:
    group = version = ""
    for line in RESOURCES.split("\n"):
        if line.startswith("["):
            group, _, version = line.strip("[]").rpartition("/")
        elif line:
            yield _builtin(group, version, line.split())


def _builtin(group: str, version: str, columns: list[str]) -> Kind:
    plural, kind, scope, *rest = columns
    lists: dict[str, tuple[str, ...]] = {"short": (), "in": (), "verbs": ALL_VERBS}
    subresources = {}
    for column in rest:
        key, _, value = column.partition("=")
        if key in lists:
            lists[key] = tuple(value.split(","))
        elif key == "+status":
            subresources["status"] = Subresource("status", kind, READ_WRITE)
        elif key == "+scale":
            subresources["scale"] = Subresource("scale", "autoscaling/v1/Scale", READ_WRITE)
        else:
            its_kind, _, verbs = value.rpartition(":")
            subresources[key] = Subresource(key, its_kind, tuple(verbs.split(",")))
    return Kind(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        singular=kind.lower(),
        list_kind=f"{kind}List",
        namespaced=scope == "namespaced",
        shape=lambda: builtin_shape(group, version, kind),
        short_names=lists["short"],
        categories=lists["in"],
        verbs=lists["verbs"],
        subresources=dict(sorted(subresources.items())),
    )
