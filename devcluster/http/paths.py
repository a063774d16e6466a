"""Parses API paths into kind, namespace, name and subresource."""

from __future__ import annotations

from devcluster.kinds.kinds import Kinds
from devcluster.registry.requests import Target


def parse_path(kinds: Kinds, path: str) -> Target | None:
    """The target of an API path, or None if nothing is served there."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) >= 3:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) >= 4:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    watch = rest[0] == "watch" and len(rest) > 1
    return _target(kinds, group, version, rest[1:] if watch else rest, watch)


def _target(kinds: Kinds, group: str, version: str, rest: list[str], watch: bool) -> Target | None:
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3:
        kind = kinds.find(group, version, rest[2])
        if kind is not None and kind.namespaced:
            namespace, rest = rest[1], rest[2:]
    kind = kinds.find(group, version, rest[0])
    if kind is None or len(rest) > 3:
        return None
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    if name and kind.namespaced and not namespace:
        return None
    return Target(kind, namespace, name, subresource, watch)
