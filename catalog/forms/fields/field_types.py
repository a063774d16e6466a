"""The type of form field for a schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from contracts.documents.paths import MISSING

Schema = Mapping[str, Any]
FieldType = Literal[
    "text",  # one line
    "lines",  # several lines
    "integer",
    "number",
    "flexible",  # int-or-string
    "quantity",  # 500m, 1Gi
    "secret",  # the name of a Secret, never its value
    "boolean",
    "choice",
    "object",
    "list",
    "map",
    "yaml",  # everything that no other type can show
]

SCALARS: frozenset[FieldType] = frozenset(
    ("text", "lines", "integer", "number", "flexible", "quantity", "secret", "boolean", "choice")
)
DEEPEST = 4  # levels of nesting that are shown as fields; deeper values are edited as YAML

_WIDGETS: dict[str, FieldType] = {
    "textarea": "lines",
    "secret": "secret",
    "quantity": "quantity",
    "yaml": "yaml",
}
_TYPES: dict[str, FieldType] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "array": "list",
    "object": "object",
}


def field_type_of(schema: Schema, *, widget: str = "", depth: int = 0) -> FieldType:
    """``widget`` is the author's hint: ``textarea``, ``secret``, ``quantity``, ``mono``."""
    if schema.get("enum"):
        return "choice"
    if schema.get("x-kubernetes-int-or-string"):
        return "quantity" if widget == "quantity" else "flexible"
    field_type = _TYPES.get(str(schema.get("type", "")), "yaml")
    if field_type == "text":
        return _WIDGETS.get(widget) or ("secret" if schema.get("format") == "password" else "text")
    if field_type == "object":
        field_type = _object_kind(schema)
    if field_type == "list" and field_type_of(schema.get("items") or {}) in ("list", "yaml"):
        return "yaml"
    if depth > DEEPEST and field_type not in SCALARS:
        return "yaml"
    return field_type


def _object_kind(schema: Schema) -> FieldType:
    if schema.get("properties"):
        return "object"
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping) and field_type_of(values) != "yaml":
        return "map"
    return "yaml"


def children_of(schema: Schema) -> Mapping[str, Schema]:
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    return properties


def is_absent(schema: Schema, value: Any) -> bool:
    """Whether the API server would apply the default: a null counts as absent unless it is allowed."""
    return value is MISSING or (value is None and not schema.get("nullable"))


def property_schemas(schema: Schema, value: Any) -> Mapping[str, Schema]:
    """The schemas of an object's fields. For an absent object, its own default sets their defaults."""
    properties = children_of(schema)
    default = schema.get("default")
    if not isinstance(default, Mapping) or not is_absent(schema, value):
        return properties
    return {
        name: {**child, "default": default[name]} if name in default else child
        for name, child in properties.items()
    }


def item_schema(schema: Schema) -> Schema:
    """The schema of one row of a list or map."""
    item: Schema = schema.get("items") or schema.get("additionalProperties") or {}
    return item


_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-_.]+")


def title_of(key: str) -> str:
    """``targetRps`` → ``Target rps``; ``TLSSecret`` → ``TLS secret``; ``cpu`` → ``CPU``."""
    words = [word for word in _WORD_START.split(key) if word]
    spoken = [_ACRONYMS.get(word.lower(), word if word.isupper() else word.lower()) for word in words]
    text = " ".join(spoken)
    return text[:1].upper() + text[1:]


_ACRONYMS = {
    word.lower(): word
    for word in ("CPU", "URL", "TLS", "HTTP", "HTTPS", "ID", "DNS", "IP", "API", "TCP", "UDP", "TTL", "CIDR")
}
