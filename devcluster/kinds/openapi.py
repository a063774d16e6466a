"""OpenAPI v3 documents per group and version, which kubectl uses for validation, `explain` and patches."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import orjson

from devcluster.kinds.kinds import Kind, Kinds
from devcluster.machinery.schema import OBJECT_META, definition_names, definitions

Document = dict[str, Any]
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
INFO = {"title": "Kubernetes", "version": "v1.36.2"}
MEDIA = ("application/json", "application/yaml")
KIND_DESCRIPTION = (
    "Kind is a string value representing the REST resource this object represents. Servers may infer this "
    "from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds"
)
VERSION_DESCRIPTION = (
    "APIVersion defines the versioned schema of this representation of an object. Servers should convert "
    "recognized schemas to the latest internal value, and may reject unrecognized values. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources"
)
METADATA_DESCRIPTION = (
    "Standard object's metadata. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
)


class Documents:
    """The documents, created on demand and cached until the kinds change."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._cache: dict[tuple[int, str, str], bytes] = {}

    def document(self, group: str, version: str) -> bytes | None:
        found = self._kinds.resources(group, version)
        if not found:
            return None
        generation = self._kinds.generation if any(kind.custom for kind in found) else 0
        key = (generation, group, version)
        if key not in self._cache:
            self._cache[key] = orjson.dumps(_document(found))
        return self._cache[key]

    def index(self) -> Document:
        """The paths of all documents with a hash of their content."""
        names = ["api", "apis", "version"]
        for group, versions in self._kinds.group_versions().items():
            custom = any(kind.custom for kind in self._kinds.resources(group, versions[0]))
            names += [f"apis/{group}"] if group and not custom else []
            names += [f"apis/{group}/{version}" if group else f"api/{version}" for version in versions]
        return {"paths": {name: {"serverRelativeURL": self.url(name)} for name in sorted(names)}}

    def url(self, name: str) -> str:
        """The path of a document in the index, with the hash of its current content."""
        parts = name.split("/")
        whole = len(parts) == 3 or name == "api/v1"
        group, version = (parts[1], parts[2]) if len(parts) == 3 else ("", parts[-1])
        return f"/openapi/v3/{name}?hash={self.hash(group, version) if whole else self.hash(name, '')}"

    def stub(self, name: str) -> bytes | None:
        """The documents of discovery and version, which contain only their paths."""
        parts = name.split("/")
        if name not in ("api", "apis", "version") and not (
            len(parts) == 2 and self._kinds.group_versions().get(parts[1])
        ):
            return None
        return orjson.dumps(
            {"openapi": "3.0.0", "info": INFO, "paths": {f"/{name}/": {}}, "components": {"schemas": {}}}
        )

    def hash(self, group: str, version: str) -> str:
        """The hash of the content for custom groups, of the name for built-in ones, which never change."""
        found = self._kinds.resources(group, version)
        content = f"{group}/{version}".encode()
        if any(kind.custom for kind in found):
            content = self.document(group, version) or b""
        return hashlib.sha512(content).hexdigest().upper()[:128]


def _document(kinds: list[Kind]) -> Document:
    schemas: Document = {}
    paths: Document = {}
    for kind in kinds:
        name = schema_name(kind)
        if kind.custom is not None:
            schemas[name] = _custom_schema(kind)
            schemas[f"{name}List"] = _list_schema(kind, name)
            _collect(schemas, OBJECT_META)
        else:
            _collect(schemas, name)
            _collect(schemas, f"{name}List")
        paths |= _paths(kind, name)
    for extra in ("ListMeta", "DeleteOptions", "Patch", "Status", "WatchEvent"):
        _collect(schemas, META + extra)
    schemas.setdefault(
        META + "Patch",
        {
            "type": "object",
            "description": "Patch is provided to give a concrete name and type to the Kubernetes PATCH "
            "request body.",
        },
    )
    return {
        "openapi": "3.0.0",
        "info": INFO,
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def schema_name(kind: Kind) -> str:
    if kind.custom is None:
        return definition_names().get(
            (kind.group, kind.version, kind.kind), f"{kind.group}.{kind.version}.{kind.kind}"
        )
    return ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])


def _collect(schemas: Document, name: str) -> None:
    """Add a definition and all that it refers to, in the form of OpenAPI v3."""
    if name in schemas or name not in definitions():
        return
    references: set[str] = set()
    schemas[name] = _rewritten(definitions()[name], references)
    for reference in references:
        _collect(schemas, reference)


def _rewritten(node: Any, references: set[str]) -> Any:
    if isinstance(node, list):
        return [_rewritten(item, references) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        target = node["$ref"].rpartition("/")[2]
        references.add(target)
        reference = {"$ref": f"#/components/schemas/{target}"}
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return {**rest, "allOf": [reference]} if rest else reference
    found = {}
    for key, value in node.items():
        if key == "type" and isinstance(value, list):
            found[key] = next(kind for kind in value if kind != "null")
        elif key == "enum" and "type" in node:
            continue
        else:
            found[key] = _rewritten(value, references)
    return found


def _custom_schema(kind: Kind) -> Document:
    assert kind.custom is not None
    schema = copy.deepcopy((kind.custom.get("schema") or {}).get("openAPIV3Schema") or {})
    schema.setdefault("type", "object")
    properties: Document = {
        "apiVersion": {"description": VERSION_DESCRIPTION, "type": "string"},
        "kind": {"description": KIND_DESCRIPTION, "type": "string"},
        "metadata": {
            "description": METADATA_DESCRIPTION,
            "allOf": [{"$ref": f"#/components/schemas/{OBJECT_META}"}],
        },
    }
    if "properties" in schema or not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema["properties"] = (schema.get("properties") or {}) | properties
    schema["x-kubernetes-group-version-kind"] = [_gvk(kind)]
    return schema


def _gvk(kind: Kind) -> Document:
    return {"group": kind.group, "kind": kind.kind, "version": kind.version}


def _list_schema(kind: Kind, name: str) -> Document:
    reference = f"#/components/schemas/{name}"
    return {
        "description": f"{kind.list_kind} is a list of {kind.kind}",
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"description": VERSION_DESCRIPTION, "type": "string"},
            "items": {
                "description": f"List of {kind.plural}. More info: "
                f"https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md",
                "type": "array",
                "items": {"$ref": reference},
            },
            "kind": {"description": KIND_DESCRIPTION, "type": "string"},
            "metadata": {
                "description": "Standard list metadata. More info: "
                "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
                "allOf": [{"$ref": f"#/components/schemas/{META}ListMeta"}],
            },
        },
        "x-kubernetes-group-version-kind": [
            {"group": kind.group, "kind": kind.list_kind, "version": kind.version}
        ],
    }


QUERY = {"dryRun": "string", "fieldManager": "string", "fieldValidation": "string", "force": "boolean"}


def _paths(kind: Kind, name: str) -> Document:
    base = (
        f"{kind.path}/namespaces/{{namespace}}/{kind.plural}"
        if kind.namespaced
        else f"{kind.path}/{kind.plural}"
    )
    one = f"{base}/{{name}}"
    found: Document = {base: _operations(kind, name, ("get", "post", "delete"), "")}
    found[one] = _operations(kind, name, ("get", "put", "patch", "delete"), "")
    for sub in kind.subresources:
        if sub == "status":
            found[f"{one}/{sub}"] = _operations(kind, name, ("get", "put", "patch"), sub)
    return found


VERBS = {"get": "get", "post": "create", "put": "update", "patch": "patch", "delete": "delete"}
ACTIONS = {"post": "post", "put": "put", "patch": "patch", "delete": "delete", "get": "get"}


def _operations(kind: Kind, name: str, methods: tuple[str, ...], sub: str) -> Document:
    gvk = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    found: Document = {}
    for method in methods:
        if VERBS[method] not in kind.verbs:
            continue
        operation: Document = {
            "x-kubernetes-action": ACTIONS[method],
            "x-kubernetes-group-version-kind": gvk,
            "parameters": _parameters(method),
            "responses": {"200": {"description": "OK", "content": _content(name)}},
        }
        if method == "patch":
            operation["requestBody"] = _patch_body(kind)
        elif method in ("post", "put"):
            operation["requestBody"] = {"content": _content(name), "required": True}
        found[method] = operation
    return found


def _parameters(method: str) -> list[Document]:
    wanted = [] if method in ("get", "delete") else list(QUERY)
    if method == "delete":
        wanted = ["dryRun"]
    if method in ("post", "put"):
        wanted.remove("force")
    return [
        {"name": name, "in": "query", "schema": {"type": QUERY[name], "uniqueItems": True}} for name in wanted
    ]


def _content(name: str) -> Document:
    return {media: {"schema": {"$ref": f"#/components/schemas/{name}"}} for media in MEDIA}


def _patch_body(kind: Kind) -> Document:
    media = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]
    if kind.custom is None:
        media.append("application/strategic-merge-patch+json")
    schema = {"schema": {"$ref": f"#/components/schemas/{META}Patch"}}
    return {"content": dict.fromkeys(media, schema), "required": True}
