"""Parses bodies of requests (JSON, YAML, protobuf), with the errors of a real API server."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import yaml

from devcluster.http.protobuf import decode_protobuf
from devcluster.machinery.errors import bad_request

Manifest = dict[str, Any]

PROTOBUF = "application/vnd.kubernetes.protobuf"
MAX_BODY_BYTES = 3 * 1024 * 1024


def parse(raw: bytes, media: str) -> Any:
    """The value of a body. `media` is the media type without parameters."""
    if media == PROTOBUF:
        return decode_protobuf(raw)
    if media in ("application/yaml", "application/apply-patch+yaml"):
        return parse_yaml(raw)
    return parse_json(raw)


class Body(dict[str, Any]):
    """A parsed object, with messages about duplicate keys."""

    duplicates: tuple[str, ...] = ()
    yaml = False


def yaml_errors(duplicates: tuple[str, ...]) -> str:
    return "yaml: unmarshal errors:\n  " + "\n  ".join(duplicates)


class _Mapping(dict[str, Any]):
    """A mapping that remembers its duplicate keys."""

    duplicates: tuple[str, ...] = ()


def parse_json(raw: bytes) -> Any:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise bad_request(f"error decoding JSON: {problem}") from None
    if not isinstance(value, dict):
        return value
    body = Body(value)
    body.duplicates = tuple(f'duplicate field "{path}"' for path in _duplicate_fields(raw))
    return body


def _repeated(keys: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            yield key
        seen.add(key)


def _duplicate_fields(raw: bytes) -> list[str]:
    """Paths of duplicate keys; a JSON parser silently keeps the last one."""
    found: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> _Mapping:
        mapping = _Mapping(items)
        if len(mapping) != len(items):
            mapping.duplicates = tuple(_repeated(key for key, _ in items))
        return mapping

    def walk(node: Any, path: str) -> None:
        if isinstance(node, _Mapping):
            found.extend(f"{path}{key}" for key in node.duplicates)
            for key, child in node.items():
                walk(child, f"{path}{key}.")
        elif isinstance(node, list):
            for index, item in enumerate(node):
                walk(item, f"{path[:-1]}[{index}].")

    walk(json.loads(raw, object_pairs_hook=pairs), "")
    return found


def parse_yaml(raw: bytes) -> Any:
    """YAML 1.1 as Kubernetes reads it: keys become strings, so that `y` is the key "true"."""
    if raw[:1] == b"{":
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            pass
    loader = _Loader(raw)
    try:
        value = _json_like(loader.get_single_data())
    except (yaml.YAMLError, ValueError) as problem:
        raise bad_request(f"error decoding YAML: {problem}") from None
    finally:
        loader.dispose()
    if not isinstance(value, dict):
        return value
    body = Body(value)
    body.yaml = True
    body.duplicates = tuple(f'line {line}: key "{key}" already set in map' for line, key in loader.duplicates)
    return body


class _Loader(yaml.SafeLoader):
    """YAML 1.1 with the single letters y and n as booleans, and timestamps left as strings."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self.duplicates: list[tuple[int, str]] = []

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                self.duplicates.append((key.start_mark.line + 1, key.value))
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    letter: [entry for entry in entries if entry[0] != "tag:yaml.org,2002:timestamp"]
    for letter, entries in _Loader.yaml_implicit_resolvers.items()
}


def _bool(loader: Any, node: Any) -> bool:
    return str(loader.construct_scalar(node)).lower() in ("y", "yes", "true", "on")


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
