"""Schemas that the form tests share."""

from typing import Any

from contracts.compiler import FieldGroup, FieldHint, FormHints

IMMUTABLE = [{"rule": "self == oldSelf", "message": "field is immutable"}]

SERVICE: dict[str, Any] = {
    "type": "object",
    "required": ["image", "ports"],
    "properties": {
        "image": {"type": "string", "minLength": 3, "description": "Repository with a tag."},
        "region": {"type": "string", "x-kubernetes-validations": IMMUTABLE},
        "size": {"type": "string", "enum": ["small", "medium", "custom"], "default": "small"},
        "cpu": {"x-kubernetes-int-or-string": True},
        "replicas": {"type": "integer", "minimum": 1, "maximum": 50, "default": 2},
        "ratio": {"type": "number"},
        "debug": {"type": "boolean", "default": False},
        "public": {"type": "boolean"},
        "ports": {
            "type": "array",
            "minItems": 1,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "required": ["name", "port"],
                "properties": {
                    "name": {"type": "string"},
                    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                    "open": {"type": "boolean", "default": True},
                },
            },
        },
        "hosts": {"type": "array", "items": {"type": "string"}},
        "env": {"type": "object", "additionalProperties": {"type": "string"}},
        "volumes": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["mountPath"],
                "properties": {"mountPath": {"type": "string"}, "readOnly": {"type": "boolean"}},
            },
        },
        "probe": {
            "type": "object",
            "properties": {"path": {"type": "string", "default": "/healthz"}, "period": {"type": "integer"}},
            "default": {},
        },
        "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}

HINTS = FormHints(
    fields={
        "image": FieldHint("image", title="Container image", widget="mono", wide=True, order=1),
        "cpu": FieldHint("cpu", widget="quantity", when={"size": "custom"}),
        "debug": FieldHint("debug", advanced=True),
        "env": FieldHint("env", group="Settings"),
        "ports[].open": FieldHint("ports[].open", title="Open to the world"),
    },
    groups=(FieldGroup("Settings", "What the program reads."),),
)
NO_HINTS = FormHints()
