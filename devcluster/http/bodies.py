"""Bodies of requests: JSON, YAML and protobuf into mappings, with a server's words when they cannot be
read.
"""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

import orjson
import yaml

from devcluster.machinery.errors import bad_request

Manifest = dict[str, Any]

PROTOBUF = "application/vnd.kubernetes.protobuf"
LARGEST = 3 * 1024 * 1024


def parse(raw: bytes, media: str) -> Any:
    """The value in a body. `media` is the bare media type."""
    if media == PROTOBUF:
        from devcluster.http.protobuf import decode

        return decode(raw)
    if media in ("application/yaml", "application/apply-patch+yaml"):
        return parse_yaml(raw)
    return parse_json(raw)


class Body(dict[str, Any]):
    """An object as it was sent, with complaints about keys that it has twice."""

    doubled: tuple[str, ...] = ()
    yaml = False


def yaml_errors(doubled: tuple[str, ...]) -> str:
    return "yaml: unmarshal errors:\n  " + "\n  ".join(doubled)


class _Doubled(dict[str, Any]):
    """A mapping that remembers which of its keys came more than once."""

    keys_twice: tuple[str, ...] = ()


def parse_json(raw: bytes) -> Any:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise bad_request(f"error decoding JSON: {problem}") from None
    if not isinstance(value, dict):
        return value
    body = Body(value)
    body.doubled = tuple(f'duplicate field "{path}"' for path in _doubled(raw))
    return body


def _doubled(raw: bytes) -> list[str]:
    """Paths of keys that stand twice in one mapping; a JSON parser keeps the last and says nothing."""
    found: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> _Doubled:
        made = _Doubled(items)
        if len(made) != len(items):
            seen: set[str] = set()
            made.keys_twice = tuple(key for key, _ in items if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return made

    def walk(node: Any, path: str) -> None:
        if isinstance(node, _Doubled):
            found.extend(f"{path}{key}" for key in node.keys_twice)
            for key, child in node.items():
                walk(child, f"{path}{key}.")
        elif isinstance(node, list):
            for index, item in enumerate(node):
                walk(item, f"{path[:-1]}[{index}].")

    walk(json.loads(raw, object_pairs_hook=pairs), "")
    return found


def parse_yaml(raw: bytes) -> Any:
    """YAML 1.1 as Kubernetes reads it: keys become texts, so that `y` is the key "true"."""
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
    body.doubled = tuple(f'line {line}: key "{key}" already set in map' for line, key in loader.doubled)
    return body


class _Loader(yaml.SafeLoader):
    """YAML 1.1 with the single letters y and n as booleans, and timestamps left as texts."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self.doubled: list[tuple[int, str]] = []

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                self.doubled.append((key.start_mark.line + 1, key.value))
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
