"""Decodes the protobuf bodies that kubectl 1.32 and newer sends with `create KIND` and `auth`.

Responses are always JSON. A body is `k8s` and a zero byte, then a runtime.Unknown: the type (apiVersion,
kind) and the bytes of the object.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from devcluster.http.protobuf_fields import MESSAGES, OTHER_VERSIONS
from devcluster.machinery.errors import ApiError

MAGIC = b"k8s\x00"


class Field(NamedTuple):
    name: str
    type: str
    many: str  # "", "*" for a list, "%" for a mapping


def decode_protobuf(raw: bytes) -> dict[str, Any]:
    """The object in a body. Raises 400 for a malformed body, 415 for a kind that is not supported."""
    try:
        if raw[:4] != MAGIC:
            raise ValueError("it does not start with k8s")
        unknown = dict(_fields(raw[4:]))
        type_meta = dict(_fields(unknown.get(1, b"")))
        api_version, kind = type_meta.get(1, b"").decode(), type_meta.get(2, b"").decode()
        if kind not in MESSAGES:
            message = f"protobuf bodies of kind {kind} are not simulated: send JSON"
            raise ApiError(415, "UnsupportedMediaType", message)
        found = _message(unknown.get(2, b""), kind, api_version)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as problem:
        raise ApiError(400, "BadRequest", f"the body is no Kubernetes protobuf: {problem}") from None
    return {"apiVersion": api_version, "kind": kind, "metadata": {}, **found}


@lru_cache(None)
def _layout(message: str, api_version: str) -> dict[int, Field]:
    text = OTHER_VERSIONS.get((api_version, message)) or MESSAGES[message]
    found = {}
    for part in text.split(", "):
        number, name, *kind = part.split(" ")
        written = kind[0] if kind else ""
        many = written[:1] if written[:1] in ("*", "%") else ""
        found[int(number)] = Field(name, written.removeprefix(many) if many else written, many)
    return found


def _fields(raw: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of each field: an integer or bytes."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(raw, at)
            yield tag >> 3, value
        elif wire == 2:
            size, at = _varint(raw, at)
            if at + size > len(raw):
                raise ValueError("a field is longer than the body")
            yield tag >> 3, raw[at : at + size]
            at += size
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")


def _message(raw: bytes, name: str, api_version: str) -> dict[str, Any]:
    """A message as in JSON. Empty strings and messages count as absent."""
    found: dict[str, Any] = {}
    layout = _layout(name, api_version)
    for number, value in _fields(raw):
        field = layout.get(number)
        if field is None:
            continue
        if field.name == ".":
            found |= _message(value, field.type, api_version)
        elif field.many == "%":
            entry = dict(_fields(value))
            key = entry.get(1, b"").decode()
            found.setdefault(field.name, {})[key] = _value(entry.get(2, b""), field.type, api_version)
        elif field.many == "*":
            found.setdefault(field.name, []).append(_value(value, field.type, api_version))
        else:
            shown = _value(value, field.type, api_version)
            if shown not in ("", None) and shown != {}:
                found[field.name] = shown
    return found


def _value(value: Any, kind: str, api_version: str) -> Any:
    if kind == "":
        return value.decode()
    if kind == "int":
        return value - (1 << 64) if value >= 1 << 63 else value
    if kind == "bool":
        return bool(value)
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "quantity":
        return dict(_fields(value)).get(1, b"").decode()
    if kind == "intstr":
        parts = dict(_fields(value))
        return parts.get(3, b"").decode() if parts.get(1) else parts.get(2, 0)
    if kind == "time":
        return None
    return _message(value, kind, api_version)
