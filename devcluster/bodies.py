"""Bodies of requests: JSON, YAML and protobuf into mappings, with a server's words when they cannot be read."""

from __future__ import annotations

import datetime
from typing import Any

import orjson
import yaml

from devcluster.errors import ApiError, bad_request
from devcluster.kinds import Kind

Manifest = dict[str, Any]

PROTOBUF = "application/vnd.kubernetes.protobuf"
LARGEST = 3 * 1024 * 1024


def parse(raw: bytes, media: str) -> Any:
    """The value in a body. `media` is the bare media type."""
    if media == PROTOBUF:
        from devcluster.protobuf import decode

        return decode(raw)
    if media in ("application/yaml", "application/apply-patch+yaml"):
        return parse_yaml(raw)
    return parse_json(raw)


def parse_json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise bad_request(f"error decoding JSON: {problem}") from None


def parse_yaml(raw: bytes) -> Any:
    """YAML 1.1 as Kubernetes reads it: keys become texts, so that `y` is the key "true"."""
    if raw[:1] == b"{":
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            pass
    try:
        return _json_like(yaml.load(raw, _Loader))
    except (yaml.YAMLError, ValueError) as problem:
        raise bad_request(f"error decoding YAML: {problem}") from None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.1 with the single letters y and n as booleans, and timestamps left as texts."""


_Loader.yaml_implicit_resolvers = {
    letter: [entry for entry in entries if entry[0] != "tag:yaml.org,2002:timestamp"]
    for letter, entries in _Loader.yaml_implicit_resolvers.items()
}


def _bool(loader: Any, node: Any) -> bool:
    return str(loader.construct_scalar(node)).lower() in ("y", "yes", "true", "on")


import re  # noqa: E402

_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:y|Y|n|N)$"), list("yYnN"))
_Loader.add_constructor("tag:yaml.org,2002:bool", _bool)


def _json_like(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _json_like(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_json_like(item) for item in value]
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    return value


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return str(key).lower()
    return "null" if key is None else str(key)


def unrecognised(body: Manifest, kind: Kind) -> ApiError:
    """The refusal of an object that does not say what it is."""
    import json

    text = json.dumps(body)
    missing = "Kind" if not body.get("kind") else "apiVersion"
    short = text if len(text) <= 30 else f"{text[:30]} ..."
    label = "Object 'Kind' is missing" if missing == "Kind" else "Object 'apiVersion' is missing"
    return bad_request(
        f"the object provided is unrecognized (must be of type {kind.kind}): {label} in '{text}' ({short})"
    )
