"""The shape of a ResourceGraphDefinition: its fields and their types (kro §1.1–§1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.compiler.kinds.plurals import NO_PLURAL_IN_KRO, plural_of
from contracts.compiler.parsing.reserved_words import (
    GROUP,
    KIND,
    LABEL_VALUE,
    OBJECT_NAME,
    QUALIFIED,
    SHORT_NAME,
    VERSION,
    object_name,
    upper_camel,
)
from contracts.compiler.reporter import Location, Reporter, key_of
from contracts.problems import did_you_mean
from contracts.schema.values import faults

Schema = dict[str, Any]

_STRING: Schema = {"type": "string"}
_STRINGS: Schema = {"type": "array", "items": _STRING}
_STRING_MAP: Schema = {"type": "object", "additionalProperties": _STRING}
_ANY: Schema = {"x-kubernetes-preserve-unknown-fields": True}
_FREE: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _fields(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


_COLUMN = _fields(
    ("name", "type", "jsonPath"),
    name={**_STRING, "minLength": 1},
    type={**_STRING, "enum": ["string", "integer", "number", "boolean", "date"]},
    jsonPath={**_STRING, "minLength": 1},
    description=_STRING,
    format={
        **_STRING,
        "enum": ["int32", "int64", "float", "double", "byte", "date", "date-time", "password"],
    },
    priority={"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
)
_EXPRESSION = _fields(
    ("key", "operator"),
    key=_STRING,
    operator={"type": "string", "enum": ["In", "NotIn", "Exists", "DoesNotExist"]},
    values=_STRINGS,
)
_SELECTOR = _fields(matchLabels=_STRING_MAP, matchExpressions={"type": "array", "items": _EXPRESSION})
_EXTERNAL = _fields(
    ("apiVersion", "kind", "metadata"),
    apiVersion=_STRING,
    kind=_STRING,
    metadata=_fields(name=_STRING, namespace=_STRING, selector=_SELECTOR),
)
_RESOURCE = _fields(
    ("id",),
    id=_STRING,
    template=_FREE,
    externalRef=_EXTERNAL,
    readyWhen={"type": "array", "items": _ANY},
    includeWhen={"type": "array", "items": _ANY},
    forEach={"type": "array", "items": _FREE},
)
_SCHEMA = _fields(
    ("kind", "apiVersion"),
    kind=_STRING,
    apiVersion=_STRING,
    group=_STRING,
    scope={"type": "string", "enum": ["Namespaced", "Cluster"]},
    spec=_ANY,
    types=_ANY,
    status=_ANY,
    additionalPrinterColumns={"type": "array", "items": _COLUMN},
    shortNames={**_STRINGS, "maxItems": 32},
    categories={**_STRINGS, "maxItems": 32},
    metadata=_fields(labels=_STRING_MAP, annotations=_STRING_MAP),
)
_DEFINITION = _fields(
    ("spec", "metadata"),
    apiVersion=_STRING,
    kind=_STRING,
    metadata={**_fields(("name",), name=_STRING), "x-kubernetes-preserve-unknown-fields": True},
    spec=_fields(("schema",), schema=_SCHEMA, resources={"type": "array", "items": _RESOURCE}),
    status=_ANY,
)


def check_shape(data: Mapping[str, Any], reporter: Reporter) -> None:
    """Report every field that is missing, unknown or of the wrong type, and invalid names."""
    for path, code, message, hint in faults(_DEFINITION, data, ()):
        reporter.add(Location(path, at_key=code in ("unknown-field", "required")), code, message, hint)
    _check_name(_map(data, "metadata").get("name"), reporter)
    schema = _map(_map(data, "spec"), "schema")
    _check_kind(schema, reporter)
    for name in ("shortNames", "categories"):
        _check_names(schema.get(name), ("spec", "schema", name), reporter)
    _check_columns(schema.get("additionalPrinterColumns"), reporter)
    for name in ("labels", "annotations"):
        _check_metadata(_map(schema, "metadata").get(name), name, reporter)


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
        "A name must have at most 253 characters, consist of lowercase letters, digits, “-” and “.”, "
        "and start and end with a letter or digit."
    )
    reporter.add(("metadata", "name"), "bad-name", message, hint)


def _check_kind(schema: Mapping[str, Any], reporter: Reporter) -> None:
    kind, version, group = schema.get("kind"), schema.get("apiVersion"), schema.get("group")
    at = ("spec", "schema")
    if isinstance(kind, str) and not KIND.match(kind):
        name = upper_camel(kind)[:63]
        hint = f"For example “{name}”." if KIND.match(name) else ""
        message = "A kind must start with an uppercase letter, followed by at most 58 letters and digits."
        reporter.add((*at, "kind"), "bad-name", message, hint)
    elif isinstance(kind, str) and max(len(kind) + len("List"), len(plural_of(kind))) > 63:
        message = "The kind is too long: its list kind and its plural must also fit into 63 characters."
        reporter.add((*at, "kind"), "bad-name", message, "Use at most 59 characters.")
    elif isinstance(kind, str) and kind.lower() in NO_PLURAL_IN_KRO:
        message = "kro generates a plural for this kind that Kubernetes rejects."
        reporter.add((*at, "kind"), "kro-would-refuse", message, severity="warning")
    if isinstance(version, str) and not VERSION.match(version):
        hint = (
            f"Write “{version.rpartition('/')[2]}”; the group is a separate field." if "/" in version else ""
        )
        message = "The version must look like v1, v1alpha1 or v2beta3."
        reporter.add((*at, "apiVersion"), "bad-name", message, hint)
    if isinstance(group, str) and (not GROUP.match(group) or len(group) > 253 or "." not in group):
        message = "An API group must be a lowercase domain name, for example platform.example.com."
        reporter.add((*at, "group"), "bad-name", message)


def _check_names(names: Any, at: tuple[str | int, ...], reporter: Reporter) -> None:
    if not isinstance(names, list):
        return
    for index, name in enumerate(names):
        if not isinstance(name, str):
            continue
        if not SHORT_NAME.match(name) or len(name) > 63:
            message = (
                "This name must start with a lowercase letter, followed by lowercase letters, digits and “-”."
            )
            reporter.add((*at, index), "bad-name", message)
        if name in names[:index]:
            reporter.add((*at, index), "duplicate", f"“{name}” is listed twice.")


def _check_columns(columns: Any, reporter: Reporter) -> None:
    for index, column in enumerate(columns if isinstance(columns, list) else ()):
        path = column.get("jsonPath") if isinstance(column, Mapping) else None
        if isinstance(path, str) and path and not path.startswith("."):
            at = ("spec", "schema", "additionalPrinterColumns", index, "jsonPath")
            hint = f"For example “.{path.strip('{}$').lstrip('.')}”."
            reporter.add(
                at, "pattern", "The JSONPath of a column must start with a dot, without braces.", hint
            )


def _check_metadata(values: Any, word: str, reporter: Reporter) -> None:
    """Labels and annotations of the CustomResourceDefinition, by the API server's rules."""
    for key, value in (values if isinstance(values, Mapping) else {}).items():
        at = ("spec", "schema", "metadata", word, key)
        checked = str(key).lower() if word == "annotations" else str(key)
        if not QUALIFIED.match(checked) or len(str(key).rpartition("/")[0]) > 253:
            message = f"“{key}” is not a valid key for {word}."
            hint = "Use at most 63 letters, digits, “-”, “_” and “.”, as in team or example.com/team."
            reporter.add(key_of(at), "bad-name", message, hint)
        if word == "labels" and isinstance(value, str) and not LABEL_VALUE.match(value):
            message = "A label value must have at most 63 letters, digits, “-”, “_” and “.”."
            reporter.add(at, "bad-name", message, "Use an annotation for a longer value.")


def wrong_kind_hint(kind: Any) -> str:
    if kind == "ResourceGroup":
        return "kro renamed ResourceGroup to ResourceGraphDefinition."
    return did_you_mean(str(kind), ["ResourceGraphDefinition", "Contract"])
