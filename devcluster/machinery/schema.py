"""Types of objects: OpenAPI schemas converted to `Shape`s that the other modules walk.

Shapes of built-in kinds come from the definitions in the package kubernetes-validate, those of custom kinds
from their CRDs. A shape has the fields, the list items, the keys of lists, and what is atomic. Sources of the
rules: KEP-555 (server-side apply), the CRD documentation on structural schemas.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

DEFINITIONS_VERSION = "v1.37.0-local"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

# Keys of list items of built-in kinds that are absent count as these values, or as zero.
KEY_DEFAULTS = {"protocol": "TCP"}


class Shape:
    """A type. `form` is object, list, scalar or any; `types` are the JSON types that a scalar may have."""

    __slots__ = (
        "atomic",
        "default",
        "embedded",
        "fields",
        "form",
        "format",
        "items",
        "key_defaults",
        "keys",
        "list_type",
        "merge_key",
        "name",
        "nullable",
        "preserve",
        "raw",
        "required",
        "strategies",
        "types",
        "values",
    )  # fmt: skip

    def __init__(self, form: str = "any") -> None:
        self.form = form
        self.types: tuple[str, ...] = ()
        self.fields: dict[str, Shape] = {}
        self.values: Shape | None = None
        self.items: Shape | None = None
        self.atomic = False
        self.list_type = "atomic"
        self.keys: tuple[str, ...] = ()
        self.key_defaults: dict[str, Any] = {}
        self.merge_key = ""
        self.strategies: tuple[str, ...] = ()
        self.required: frozenset[str] = frozenset()
        self.nullable = False
        self.preserve = False
        self.embedded = False
        self.format = ""
        self.name = ""
        self.raw: Mapping[str, Any] = {}
        self.default: Any = None

    def child(self, key: str) -> Shape | None:
        """The shape of a field or of a mapping's value.

        For unknown fields, ANY if they are preserved, else None.
        """
        found = self.fields.get(key)
        if found is not None:
            return found
        if self.values is not None:
            return self.values
        return ANY if self.preserve or self.form == "any" else None


ANY = Shape("any")
ANY.preserve = True
ANY_LIST = Shape("list")
ANY_LIST.atomic = True
ANY_LIST.items = ANY


def deduced(shape: Shape | None, value: Any) -> Shape:
    """The shape to walk a value with: `any` becomes a granular mapping, an atomic list or a scalar."""
    if shape is None or shape.form == "any":
        return ANY_LIST if isinstance(value, list) else ANY
    return shape


@lru_cache(1)
def definitions() -> dict[str, Any]:
    """All definitions of the built-in kinds by name, as JSON schemas."""
    spec = find_spec("kubernetes_validate")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "kubernetes-json-schema" / DEFINITIONS_VERSION
    found: dict[str, Any] = orjson.loads((folder / "_definitions.json").read_bytes())["$defs"]
    return found


@lru_cache(1)
def definition_names() -> dict[tuple[str, str, str], str]:
    """(group, version, kind) → name of the definition. Kinds that are in several groups are omitted."""
    found = {}
    for name, definition in definitions().items():
        gvks = definition.get("x-kubernetes-group-version-kind", [])
        if len(gvks) == 1:
            found[(gvks[0]["group"], gvks[0]["version"], gvks[0]["kind"])] = name
    return found


@lru_cache(None)
def builtin_shape(group: str, version: str, kind: str) -> Shape:
    name = definition_names().get((group, version, kind))
    return named_shape(name) if name else ANY


_named: dict[str, Shape] = {}


def named_shape(name: str) -> Shape:
    """The shape of a definition, created once; definitions may be recursive."""
    found = _named.get(name)
    if found is None:
        found = _named[name] = Shape()
        found.name = name
        _fill(found, definitions()[name])
    return found


def _fill(shape: Shape, schema: Mapping[str, Any]) -> None:
    shape.raw = schema
    types = schema.get("type")
    listed = tuple(types) if isinstance(types, list) else (types,) if types else ()
    shape.nullable = "null" in listed or bool(schema.get("nullable"))
    shape.types = tuple(kind for kind in listed if kind != "null")
    shape.format = schema.get("format", "")
    shape.merge_key = schema.get("x-kubernetes-patch-merge-key", "")
    shape.strategies = tuple(filter(None, schema.get("x-kubernetes-patch-strategy", "").split(",")))
    shape.required = frozenset(schema.get("required", ()))
    if "oneOf" in schema:
        shape.form = "scalar"
        shape.types = tuple({kind for option in schema["oneOf"] for kind in _types(option)} - {"null"})
    elif "object" in shape.types:
        _fill_object(shape, schema)
    elif "array" in shape.types:
        _fill_list(shape, schema)
    elif shape.types:
        shape.form = "scalar"
    if shape.name == "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray":
        shape.form = "any"


def _types(schema: Mapping[str, Any]) -> list[str]:
    types = schema.get("type", [])
    return types if isinstance(types, list) else [types]


def _fill_object(shape: Shape, schema: Mapping[str, Any]) -> None:
    shape.form = "object"
    shape.atomic = schema.get("x-kubernetes-map-type") == "atomic"
    shape.fields = {key: _inner(part) for key, part in schema.get("properties", {}).items()}
    if isinstance(schema.get("additionalProperties"), dict):
        shape.values = _inner(schema["additionalProperties"])
    elif not shape.fields:
        shape.preserve = True


def _fill_list(shape: Shape, schema: Mapping[str, Any]) -> None:
    shape.form = "list"
    shape.items = _inner(schema.get("items", {}))
    shape.list_type = schema.get("x-kubernetes-list-type", "atomic")
    shape.keys = tuple(schema.get("x-kubernetes-list-map-keys", ()))
    shape.atomic = shape.list_type == "atomic"
    for key in shape.keys:
        number = "integer" in shape.items.fields[key].types if key in shape.items.fields else False
        shape.key_defaults[key] = KEY_DEFAULTS.get(key, 0 if number else "")


def _inner(schema: Mapping[str, Any]) -> Shape:
    reference = schema.get("$ref")
    if reference is None:
        shape = Shape()
        _fill(shape, schema)
        return shape
    target = named_shape(reference.rpartition("/")[2])
    if (
        not {"x-kubernetes-patch-merge-key", "x-kubernetes-patch-strategy", "x-kubernetes-map-type"}
        & schema.keys()
    ):
        return target
    shape = Shape()
    for slot in Shape.__slots__:
        setattr(shape, slot, getattr(target, slot))
    if not target.form or target.raw == {}:
        _fill(shape, definitions()[target.name])
    shape.strategies = tuple(filter(None, schema.get("x-kubernetes-patch-strategy", "").split(",")))
    return shape


# ---- custom kinds


def custom_shape(schema: Mapping[str, Any]) -> Shape:
    """The shape of a custom kind's version: its schema with apiVersion, kind and metadata added."""
    root = _structural(schema)
    root.form = "object"
    root.embedded = True
    _embed(root)
    return root


def _embed(shape: Shape) -> None:
    for key in ("apiVersion", "kind"):
        shape.fields[key] = _scalar("string")
    shape.fields["metadata"] = named_shape(OBJECT_META)


def _scalar(kind: str) -> Shape:
    shape = Shape("scalar")
    shape.types = (kind,)
    return shape


def _structural(schema: Mapping[str, Any]) -> Shape:
    shape = Shape()
    shape.raw = schema
    shape.nullable = bool(schema.get("nullable"))
    shape.default = schema.get("default")
    shape.required = frozenset(schema.get("required") or ())
    shape.preserve = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    shape.embedded = bool(schema.get("x-kubernetes-embedded-resource"))
    shape.format = schema.get("format", "")
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        shape.form, shape.types = "scalar", ("integer", "string")
    elif kind == "object":
        _structural_object(shape, schema)
    elif kind == "array":
        _structural_list(shape, schema)
    elif kind:
        shape.form, shape.types = "scalar", (kind,)
    else:
        shape.form, shape.preserve = "any", True
    return shape


def _structural_object(shape: Shape, schema: Mapping[str, Any]) -> None:
    shape.form, shape.types = "object", ("object",)
    shape.atomic = schema.get("x-kubernetes-map-type") == "atomic"
    shape.fields = {key: _structural(part) for key, part in (schema.get("properties") or {}).items()}
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        shape.values = _structural(additional)
    elif additional is True:
        shape.values = ANY
    if shape.embedded:
        _embed(shape)


def _structural_list(shape: Shape, schema: Mapping[str, Any]) -> None:
    shape.form, shape.types = "list", ("array",)
    shape.items = _structural(schema.get("items") or {})
    shape.list_type = schema.get("x-kubernetes-list-type", "atomic")
    shape.keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    shape.atomic = shape.list_type == "atomic"
    for key in shape.keys:
        field = shape.items.fields.get(key)
        if field is not None and field.default is not None:
            shape.key_defaults[key] = field.default
