"""Scope, plural and schema of kinds, without a cluster.

Kubernetes' own kinds come from the ``kubernetes-validate`` package, loaded at the first lookup; custom ones
from CustomResourceDefinitions or OpenAPI documents that the caller provides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import orjson

from contracts.compiler.kinds.kind_table import CLUSTER_SCOPED, NOT_OBJECTS, PLURALS
from contracts.compiler.kinds.openapi import embedded, normalised
from contracts.compiler.kinds.plurals import plural_of
from contracts.documents.api_versions import group_of

KUBERNETES = "1.37.0"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One kind. ``schema`` may hold ``$ref``; ``resolve_ref`` returns the target of a reference."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    schema: Schema | None
    resolve_ref: Callable[[str], Schema]

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


GroupKind = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Creation:
    """A kind that each instance of a contract's kind creates.

    ``conditional``: only if an expression of includeWhen or forEach says so.
    """

    api_version: str
    kind: str
    conditional: bool = False

    @property
    def group_kind(self) -> GroupKind:
        return group_of(self.api_version), self.kind


class KindSchemas(Protocol):
    """Looks up kinds. ``digest`` changes when any result may change."""

    @property
    def digest(self) -> str: ...

    def lookup(self, api_version: str, kind: str) -> KindInfo | None: ...

    def names(self) -> Iterable[tuple[str, str]]:
        """Every known ``(apiVersion, kind)``, for hints."""

    def creations(self, group: str, kind: str) -> Sequence[Creation]:
        """What the instances of a contract's kind create; nothing for any other kind."""


class _Builtin:
    """Kubernetes' own kinds."""

    digest = f"kubernetes-{KUBERNETES}"

    def __init__(self) -> None:
        self._definitions = _load_definitions()
        self._converted: dict[str, Schema] = {}
        self._kinds = dict(_served(self._definitions))

    def lookup(self, api_version: str, kind: str) -> KindInfo | None:
        name = self._kinds.get((api_version, kind))
        if name is None:
            return None
        group, _, version = api_version.rpartition("/")
        plural = PLURALS.get(kind) or plural_of(kind)
        namespaced = kind not in CLUSTER_SCOPED.get(group, ())
        return KindInfo(group, version, kind, plural, namespaced, self.resolve(name), self.resolve)

    def names(self) -> Iterable[tuple[str, str]]:
        return self._kinds

    def creations(self, group: str, kind: str) -> Sequence[Creation]:
        return ()

    def resolve(self, ref: str) -> Schema:
        """The definition that ``#/…/name`` points at; an unknown one allows anything."""
        name = ref.rpartition("/")[2]
        if name not in self._converted:
            raw = self._definitions.get(name)
            self._converted[name] = normalised(raw) if raw else {"x-kubernetes-preserve-unknown-fields": True}
        return self._converted[name]


def _load_definitions() -> Mapping[str, Any]:
    """Finds the package's data without importing it, which would load a JSON Schema library."""
    spec = find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The package kubernetes-validate is missing: run “make setup”.")
    package = Path(next(iter(spec.submodule_search_locations)))
    folder = package / "kubernetes-json-schema" / f"v{KUBERNETES}-local"
    definitions: Mapping[str, Any] = orjson.loads((folder / "_definitions.json").read_bytes())["$defs"]
    return definitions


def _served(definitions: Mapping[str, Any]) -> Iterable[tuple[tuple[str, str], str]]:
    for name, schema in definitions.items():
        for served in schema.get("x-kubernetes-group-version-kind") or ():
            group, version, kind = served["group"], served["version"], served["kind"]
            if kind not in NOT_OBJECTS and not kind.endswith("List"):
                yield (f"{group}/{version}" if group else version, kind), name


@cache
def builtin_kinds() -> KindSchemas:
    """The kinds of Kubernetes itself."""
    return _Builtin()


class _Layered:
    """Kinds that take precedence over those of ``base``."""

    def __init__(
        self,
        base: KindSchemas,
        kinds: Mapping[tuple[str, str], KindInfo],
        creations: Mapping[GroupKind, Sequence[Creation]],
        digest: str,
    ) -> None:
        self._base = base
        self._kinds = kinds
        self._creations = creations
        self.digest = f"{base.digest}+{digest}"

    def lookup(self, api_version: str, kind: str) -> KindInfo | None:
        return self._kinds.get((api_version, kind)) or self._base.lookup(api_version, kind)

    def names(self) -> Iterable[tuple[str, str]]:
        return [*self._kinds, *self._base.names()]

    def creations(self, group: str, kind: str) -> Sequence[Creation]:
        return self._creations.get((group, kind)) or self._base.creations(group, kind)


def kinds_with(
    base: KindSchemas | None = None,
    crds: Iterable[Mapping[str, Any]] = (),
    openapi: Iterable[Mapping[str, Any]] = (),
    scopes: Mapping[tuple[str, str], tuple[str, bool]] | None = None,
    creations: Mapping[GroupKind, Sequence[Creation]] | None = None,
) -> KindSchemas:
    """The kinds of CRD objects and of a cluster's OpenAPI v3 documents, in front of those of ``base``.

    OpenAPI documents do not have reliable plurals and scopes; ``scopes`` maps ``(apiVersion, kind)`` to
    ``(plural, namespaced)`` from the cluster's discovery. Objects that are not CRDs are ignored.
    ``creations``: for kinds of contracts, what their instances create.
    """
    base = base or builtin_kinds()
    crds, openapi = list(crds), list(openapi)
    if not crds and not openapi and not creations:
        return base
    kinds: dict[tuple[str, str], KindInfo] = {}
    for document in openapi:
        for info in _from_openapi(document, scopes or {}):
            kinds[info.api_version, info.kind] = info
    for crd in crds:
        for info in _from_crd(crd, base):
            kinds[info.api_version, info.kind] = info
    facts = [sorted(map(str, (given or {}).items())) for given in (scopes, creations)]
    content = json.dumps([crds, openapi, facts], sort_keys=True, default=str)
    return _Layered(base, kinds, creations or {}, hashlib.sha256(content.encode()).hexdigest()[:16])


def _from_crd(crd: Mapping[str, Any], base: KindSchemas) -> Iterable[KindInfo]:
    spec = crd.get("spec")
    if crd.get("kind") != "CustomResourceDefinition" or not isinstance(spec, Mapping):
        return
    names = spec.get("names") or {}
    kind, group = str(names.get("kind", "")), str(spec.get("group", ""))
    meta = _object_meta(base)
    for version in spec.get("versions") or ():
        raw = (version.get("schema") or {}).get("openAPIV3Schema")
        schema = embedded(normalised(raw), kind, meta) if isinstance(raw, Mapping) else None
        yield KindInfo(
            group,
            str(version.get("name", "")),
            kind,
            str(names.get("plural") or plural_of(kind)),
            spec.get("scope", "Namespaced") != "Cluster",
            schema,
            lambda ref: {"x-kubernetes-preserve-unknown-fields": True},
        )


def _from_openapi(
    document: Mapping[str, Any], scopes: Mapping[tuple[str, str], tuple[str, bool]]
) -> Iterable[KindInfo]:
    schemas: Mapping[str, Any] = (document.get("components") or {}).get("schemas") or {}

    @cache
    def resolve(ref: str) -> Schema:
        raw = schemas.get(ref.rpartition("/")[2])
        return normalised(raw) if raw else {"x-kubernetes-preserve-unknown-fields": True}

    for (api_version, kind), name in _served(schemas):
        group, _, version = api_version.rpartition("/")
        guess = (PLURALS.get(kind) or plural_of(kind), kind not in CLUSTER_SCOPED.get(group, ()))
        plural, namespaced = scopes.get((api_version, kind), guess)
        yield KindInfo(group, version, kind, plural, namespaced, resolve(name), resolve)


def _object_meta(base: KindSchemas) -> Schema:
    """ObjectMeta with its references resolved, so that it can be part of a schema without references."""
    pod = base.lookup("v1", "Pod") or builtin_kinds().lookup("v1", "Pod")
    if pod is None:
        return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    inlined: Schema = _inlined(pod.resolve_ref(OBJECT_META), pod.resolve_ref)
    return inlined


def _inlined(schema: Any, resolve_ref: Callable[[str], Schema]) -> Any:
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            return _inlined(resolve_ref(str(schema["$ref"])), resolve_ref)
        return {key: _inlined(value, resolve_ref) for key, value in schema.items()}
    return schema


@cache
def object_meta() -> Schema:
    """The schema of every object's ``metadata``, without references."""
    return _object_meta(builtin_kinds())
