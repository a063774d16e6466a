"""Replaces what differs from run to run by symbols.

Symbols keep equality: one uid is one ``$uid1`` wherever it appears in a case. ``$rv1``, ``$rv2`` … also
keep order. The comparison treats two symbols as equal if renaming the symbols of one case makes them so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
VERSION_IN_JSON_TEXT = re.compile(r'(\\*"?resourceVersion\\*"?: ?\\*")(\d+)')
VERSION_IN_YAML = re.compile(r'^ +resourceVersion: "(\d+)"$', re.M)
VERSION_IN_TEXT = re.compile(
    r"(ResourceVersion in [a-z ]+[:(] ?|too (?:old|large) resource version: |current: )"
    r"(\d+)(?: \((\d+)\))?",
    re.I,
)
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+(:\d+)?")
ADDRESS_KEYS = ("clusterIP", "clusterIPs", "podIP", "hostIP", "ip", "serverAddress")
BUILD_KEYS = ("gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform")
SECRET_KEYS = ("continue", "token")
HASH_LABELS = ("pod-template-hash", "controller-revision-hash")
OWNER_ORDER = ("operation", "manager", "apiVersion", "subresource")
RECORDED_PARTS = ("status", "headers", "body", "events", "ended", "gave_up")
Entry = dict[str, Any]


class Symbols:
    """The symbols of one case, learned from the whole log of its run. A string that the case itself spells
    out (``source``) never becomes a symbol."""

    def __init__(self, log: list[Entry], namespace: str, source: str) -> None:
        self._source = source
        self._numbers = set(re.findall(r"\d+", source))  # whole: version 33 is not spelled out by "1338"
        self._symbols = {namespace: "$ns"}
        self._ports: dict[int, str] = {}
        object_versions: set[str] = set()
        self._list_versions: set[str] = set()
        for entry in log:
            self._learn_generated_names(entry)
            for part in (entry["full"], *_event_objects(entry)):
                self._learn(part)
            for part in (entry.get("body"), *_event_objects(entry)):
                self._collect_versions(part, object_versions)
        ranked = enumerate(sorted(object_versions, key=int), 1)
        self._versions = {text: f"$rv{rank}" for rank, text in ranked}
        longest_first = sorted(self._symbols, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first)))

    def replace(self, entry: Entry) -> Entry:
        """The entry as it is recorded."""
        request = {key: self._value(value) for key, value in entry["request"].items()}
        path = re.sub(r"continue=[\w-]{20,}", "continue=$continue", request["path"])
        request["path"] = re.sub(
            r"(resourceVersion=)(\d+)", lambda match: match[1] + self._version(match[2]), path
        )
        answer = {part: self._value(entry[part]) for part in RECORDED_PARTS if part in entry}
        return {"name": entry["name"], "request": request, **answer}

    # -- learning -----------------------------------------------------------------------------------------

    def _add(self, text: str | None, kind: str) -> None:
        if text and text not in self._symbols and text not in self._source:
            taken = sum(symbol.startswith(f"${kind}") for symbol in self._symbols.values())
            self._symbols[text] = f"${kind}{taken + 1}"

    def _learn(self, node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                self._learn(item)
        elif isinstance(node, str):
            for uuid in re.findall(UUID, node):
                self._add(uuid, "uid")
        elif isinstance(node, dict):
            self._learn_names(node)
            for key, value in node.items():
                self._learn_addresses(key, value)
                self._learn(value)

    def _learn_addresses(self, key: str, value: Any) -> None:
        if key in ADDRESS_KEYS:
            for text in value if isinstance(value, list) else [value]:
                self._add(text if ADDRESS.fullmatch(str(text)) else None, "ip")
        elif _is_node_port(key) and isinstance(value, int) and str(value) not in self._source:
            self._ports.setdefault(value, f"$nodePort{len(self._ports) + 1}")

    def _learn_names(self, node: dict[str, Any]) -> None:
        labels = node.get("labels")
        for label in HASH_LABELS:
            if isinstance(labels, dict) and isinstance(labels.get(label), str):
                self._add(_last(labels[label], "-"), "hash")
        prefix, name = str(node.get("generateName") or ""), str(node.get("name") or "")
        if prefix and name.startswith(prefix) and len(name) == len(prefix) + 5 and name not in self._symbols:
            count = sum("$gen" in symbol for symbol in self._symbols.values()) + 1
            for text, symbol in self._symbols.items():
                prefix = prefix.replace(text, symbol)
            self._symbols[name] = f"{prefix}$gen{count}"

    def _learn_generated_names(self, entry: Entry) -> None:
        """A name generated from a generateName can appear in an error without the object."""
        body = entry["request"].get("body")
        metadata = body.get("metadata") if isinstance(body, dict) else None
        if not isinstance(metadata, dict) or "name" in metadata or not metadata.get("generateName"):
            return
        prefix = metadata["generateName"]
        for name in re.findall(f"{re.escape(prefix)}[a-z0-9]{{5}}", str(entry["full"])):
            self._learn_names({"generateName": prefix, "name": name})

    def _collect_versions(self, node: Any, found: set[str], in_list_metadata: bool = False) -> None:
        if isinstance(node, list):
            for item in node:
                self._collect_versions(item, found)
        elif isinstance(node, dict):
            for key, value in node.items():
                if _last(key) == "resourceVersion" and str(value).isdigit():
                    (self._list_versions if in_list_metadata else found).add(value)
                self._collect_versions(value, found, key == "metadata" and _is_collection(node))
        elif isinstance(node, str):
            found.update(VERSION_IN_YAML.findall(node))

    # -- replacing ----------------------------------------------------------------------------------------

    def _version(self, text: str) -> str:
        if text in self._versions:
            return self._versions[text]
        return "$rvlist" if text in self._list_versions else text

    def _value(self, node: Any, key: str = "") -> Any:
        if isinstance(node, dict):
            return self._mapping(node)
        if isinstance(node, list):
            return [self._value(item, key) for item in node]
        if symbol := _symbol_by_key(node, key):
            return symbol
        if _is_node_port(key) and node:
            return self._ports.get(node, node)
        if _last(key) == "resourceVersion" and node:
            return self._version(node)
        return self._text(node) if isinstance(node, str) else node

    def _mapping(self, node: dict[str, Any]) -> dict[str, Any]:
        node = _with_sorted_causes(node)
        replaced = {self._text(key): self._value(value, key) for key, value in node.items()}
        if _is_collection(node) and str(node["metadata"].get("resourceVersion")).isdigit():
            newest = max((_version_of(item) for item in node.get("items") or ()), default=0)
            fresh = int(node["metadata"]["resourceVersion"]) >= newest
            replaced["metadata"]["resourceVersion"] = "$rvlist" if fresh else "$rvlist-too-old"
        return replaced

    def _text(self, text: str) -> str:
        text = re.sub(r"(.)\1{999,}", lambda match: f"{match[1]}*{len(match[0])}", text)
        text = VERSION_IN_TEXT.sub(self._version_in_text, text)
        text = VERSION_IN_JSON_TEXT.sub(lambda match: match[1] + self._version(match[2]), text)
        text = TIME.sub(_time, self._known.sub(lambda match: self._symbols[match[0]], text))
        text = re.sub(r"hash=[0-9A-F]{32,}", "hash=$hash", text)
        text = re.sub(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "$token", text)
        return re.sub(r":(\d+)/", lambda match: f":{self._ports.get(int(match[1]), match[1])}/", text)

    def _version_in_text(self, match: re.Match[str]) -> str:
        first = match[2] if match[2] in self._numbers else self._versions.get(match[2], "$rv")
        return match[1] + first + (" ($rv)" if match[3] else "")


def sort_owners(node: Any) -> None:
    """Sort managedFields wherever they are: the server's order depends on the second of each change."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if key == "managedFields" and isinstance(value, list):
            value.sort(key=lambda owner: [str(owner.get(part)) for part in OWNER_ORDER])
        if isinstance(value, dict | list):
            sort_owners(value)


def _with_sorted_causes(node: dict[str, Any]) -> dict[str, Any]:
    """A Status with its causes sorted, also in its message: their order may be that of a hash map."""
    causes = (node.get("details") or {}).get("causes") if node.get("kind") == "Status" else None
    if not isinstance(causes, list) or len(causes) < 2:
        return node
    causes = sorted(causes, key=lambda cause: [str(cause.get(key)) for key in ("field", "message", "reason")])
    before, bracket, listed = node["message"].partition(": [")
    texts = list(dict.fromkeys(f"{cause.get('field')}: {cause.get('message')}" for cause in causes))
    if len(", ".join(texts)) + 1 == len(listed):
        node = node | {"message": f"{before}{bracket}{', '.join(texts)}]"}
    return node | {"details": node["details"] | {"causes": causes}}


def _symbol_by_key(node: Any, key: str) -> str:
    if _last(key) == "cells" and isinstance(node, str) and re.fullmatch(r"(\d+[dhmsy])+", node):
        return "$age"
    is_secret = key in SECRET_KEYS and isinstance(node, str) and len(node) > 20
    return f"${key}" if key in BUILD_KEYS or is_secret else ""


def _time(match: re.Match[str]) -> str:
    """Times that the server set become ``$time``; those that a case sent stay."""
    age = datetime.now(UTC) - datetime.fromisoformat(match[0])
    if abs(age.days) > 2:
        return match[0]
    return "$microtime" if "." in match[0] else "$time"


def _event_objects(entry: Entry) -> Iterator[Any]:
    return (event["object"] for event in entry.get("events", ()))


def _version_of(item: Any) -> int:
    metadata = (item.get("metadata") if isinstance(item, dict) else None) or {}
    text = str(metadata.get("resourceVersion"))
    return int(text) if text.isdigit() else 0


def _last(text: str, separator: str = ".") -> str:
    return text.rpartition(separator)[2]


def _is_node_port(key: str) -> bool:
    return _last(key).endswith("odePort")


def _is_collection(node: dict[str, Any]) -> bool:
    """Whether its resourceVersion says how fresh the answer is, not which version an object has."""
    metadata = node.get("metadata")
    return isinstance(metadata, dict) and "name" not in metadata
