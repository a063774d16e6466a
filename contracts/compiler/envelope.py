"""The shape of a ResourceGraphDefinition: which fields there are, and what each takes (kro §1.1–§1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.compiler.reporter import Reporter
from contracts.compiler.words import GROUP, KIND, OBJECT_NAME, SHORT_NAME, VERSION, object_name, upper_camel
from contracts.problems import did_you_mean
from contracts.schema.values import faults

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_TEXT_MAP: Schema = {"type": "object", "additionalProperties": _TEXT}
_ANY: Schema = {"x-kubernetes-preserve-unknown-fields": True}
_FREE: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _fields(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


_COLUMN = _fields(
    ("name", "type", "jsonPath"),
    name=_TEXT,
    type={"type": "string", "enum": ["string", "integer", "number", "boolean", "date"]},
    jsonPath=_TEXT,
    description=_TEXT,
    format=_TEXT,
    priority={"type": "integer"},
)
_EXPRESSION = _fields(
    ("key", "operator"),
    key=_TEXT,
    operator={"type": "string", "enum": ["In", "NotIn", "Exists", "DoesNotExist"]},
    values=_TEXTS,
)
_SELECTOR = _fields(matchLabels=_TEXT_MAP, matchExpressions={"type": "array", "items": _EXPRESSION})
_EXTERNAL = _fields(
    ("apiVersion", "kind", "metadata"),
    apiVersion=_TEXT,
    kind=_TEXT,
    metadata=_fields(name=_TEXT, namespace=_TEXT, selector=_SELECTOR),
)
_RESOURCE = _fields(
    ("id",),
    id=_TEXT,
    template=_FREE,
    externalRef=_EXTERNAL,
    readyWhen={"type": "array", "items": _ANY},
    includeWhen={"type": "array", "items": _ANY},
    forEach={"type": "array", "items": _FREE},
)
_SCHEMA = _fields(
    ("kind", "apiVersion"),
    kind=_TEXT,
    apiVersion=_TEXT,
    group=_TEXT,
    scope={"type": "string", "enum": ["Namespaced", "Cluster"]},
    spec=_ANY,
    types=_ANY,
    status=_ANY,
    additionalPrinterColumns={"type": "array", "items": _COLUMN},
    shortNames={**_TEXTS, "maxItems": 32},
    categories={**_TEXTS, "maxItems": 32},
    metadata=_fields(labels=_TEXT_MAP, annotations=_TEXT_MAP),
)
_DEFINITION = _fields(
    ("spec", "metadata"),
    apiVersion=_TEXT,
    kind=_TEXT,
    metadata={**_fields(("name",), name=_TEXT), "x-kubernetes-preserve-unknown-fields": True},
    spec=_fields(("schema",), schema=_SCHEMA, resources={"type": "array", "items": _RESOURCE}),
    status=_ANY,
)


def check_shape(data: Mapping[str, Any], reporter: Reporter) -> None:
    """Report every field that is missing, unknown or of the wrong kind, and names that cannot be."""
    for path, code, message, hint in faults(_DEFINITION, data, ()):
        reporter.add(path, code, message, hint, at_key=code in ("unknown-field", "required"))
    _check_name(_map(data, "metadata").get("name"), reporter)
    schema = _map(_map(data, "spec"), "schema")
    _check_kind(schema, reporter)
    for name in ("shortNames", "categories"):
        _check_names(schema.get(name), ("spec", "schema", name), reporter)


def _map(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _check_name(name: Any, reporter: Reporter) -> None:
    """The API server's rule for names of objects: a DNS-1123 subdomain."""
    if not isinstance(name, str) or (OBJECT_NAME.match(name) and len(name) <= 253):
        return
    near = object_name(name)
    hint = f"For example “{near}”." if OBJECT_NAME.match(near) else ""
    message = (
        "A name is made of small letters, digits, “-” and “.”, begins and ends with a letter or digit, "
        "and has 253 characters at most."
    )
    reporter.add(("metadata", "name"), "bad-name", message, hint)


def _check_kind(schema: Mapping[str, Any], reporter: Reporter) -> None:
    kind, version, group = schema.get("kind"), schema.get("apiVersion"), schema.get("group")
    at = ("spec", "schema")
    if isinstance(kind, str) and not KIND.match(kind):
        name = upper_camel(kind)[:63]
        hint = f"For example “{name}”." if KIND.match(name) else ""
        message = "A kind begins with a capital letter, followed by letters and digits (at most 63)."
        reporter.add((*at, "kind"), "bad-name", message, hint)
    if isinstance(version, str) and not VERSION.match(version):
        hint = (
            f"Write “{version.rpartition('/')[2]}”; the group is a field of its own."
            if "/" in version
            else ""
        )
        message = "The version is written like v1, v1alpha1 or v2beta3."
        reporter.add((*at, "apiVersion"), "bad-name", message, hint)
    if isinstance(group, str) and (not GROUP.match(group) or len(group) > 253):
        message = "An API group is a domain name in lower case, for example platform.example.com."
        reporter.add((*at, "group"), "bad-name", message)


def _check_names(names: Any, at: tuple[str | int, ...], reporter: Reporter) -> None:
    if not isinstance(names, list):
        return
    for index, name in enumerate(names):
        if not isinstance(name, str):
            continue
        if not SHORT_NAME.match(name) or len(name) > 63:
            message = "This name begins with a small letter, followed by small letters, digits and “-”."
            reporter.add((*at, index), "bad-name", message)
        if name in names[:index]:
            reporter.add((*at, index), "duplicate", f"“{name}” stands in the list twice.")


def wrong_kind_hint(kind: Any) -> str:
    if kind == "ResourceGroup":
        return "kro renamed ResourceGroup to ResourceGraphDefinition."
    return did_you_mean(str(kind), ["ResourceGraphDefinition", "Contract"])
