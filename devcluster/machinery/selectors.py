"""Label and field selectors, with the error messages of a real server."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from devcluster.machinery.errors import bad_request
from devcluster.machinery.names import label_key_problems, label_value_problems

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Requirement:
    key: str
    operator: str  # in, notin, exists, !, gt, lt
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        if self.operator == "in":
            return value in self.values
        if self.operator == "notin":
            return value not in self.values
        if self.operator == "exists":
            return value is not None
        if self.operator == "!":
            return value is None
        bound = int(next(iter(self.values)))
        if value is None or not re.fullmatch(r"-?\d+", value):
            return False
        return int(value) > bound if self.operator == "gt" else int(value) < bound


TOKEN = re.compile(r"\s*(?:(==|!=|=|!|<|>|\(|\)|,)|([^\s=!<>(),]+))")
END, COMMA, OPEN, CLOSE = "", ",", "(", ")"


class _Tokens:
    def __init__(self, text: str) -> None:
        self.text = text
        self.list: list[str] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                break
            self.list.append(match[1] or match[2])
            at = match.end()
        self.at = 0

    def peek(self) -> str:
        return self.list[self.at] if self.at < len(self.list) else END

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token


def parse_labels(text: str) -> tuple[Requirement, ...]:
    """The requirements of a label selector. Raises ApiError 400."""
    tokens = _Tokens(text)
    found: list[Requirement] = []
    while tokens.peek() != END:
        found.append(_requirement(tokens))
        token = tokens.next()
        if token == END:
            break
        if token != COMMA:
            raise _parse_error(f"found '{token}', expected: ',' or 'end of string'")
        if tokens.peek() in (END, ","):
            raise _parse_error(f"found '{tokens.peek()}', expected: identifier after ','")
    return tuple(found)


def _parse_error(why: str) -> Exception:
    return bad_request(f"unable to parse requirement: {why}")


def _requirement(tokens: _Tokens) -> Requirement:
    negated = tokens.peek() == "!"
    if negated:
        tokens.next()
    key = tokens.next()
    if not key or key in "=!<>(),":
        raise _parse_error(f"found '{key}', expected: !, identifier, or 'end of string'")
    if problems := label_key_problems(key):
        raise _parse_error(f'<nil>: Invalid value: "{key}": {"; ".join(problems)}')
    if negated:
        return Requirement(key, "!")
    operator = tokens.peek()
    if operator in (END, ","):
        return Requirement(key, "exists")
    tokens.next()
    if operator in ("in", "notin"):
        return Requirement(key, operator, _checked(key, _values(tokens)))
    if operator in ("=", "==", "!="):
        return Requirement(
            key, "notin" if operator == "!=" else "in", _checked(key, frozenset({_value(tokens)}))
        )
    if operator in (">", "<"):
        value = _value(tokens)
        if not re.fullmatch(r"-?\d+", value):
            raise _parse_error(
                f"values[0][{key}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value "
                f"must be an integer"
            )
        return Requirement(key, "gt" if operator == ">" else "lt", frozenset({value}))
    raise _parse_error(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")


def _value(tokens: _Tokens) -> str:
    return "" if tokens.peek() in (END, ",") else tokens.next()


def _values(tokens: _Tokens) -> frozenset[str]:
    token = tokens.next()
    if token != OPEN:
        raise _parse_error(f"found '{token}' expected: '('")
    values = set()
    while True:
        token = tokens.next()
        if token == CLOSE:
            break
        if token == END:
            raise _parse_error("found '', expected: ',' or ')'")
        if token == COMMA:
            if tokens.peek() in (",", ")"):
                values.add("")
        else:
            values.add(token)
    return frozenset(values)


def _checked(key: str, values: frozenset[str]) -> frozenset[str]:
    for value in values:
        if problems := label_value_problems(value):
            raise _parse_error(f'values[0][{key}]: Invalid value: "{value}": {"; ".join(problems)}')
    return values


def labels_match(requirements: tuple[Requirement, ...], manifest: Manifest) -> bool:
    labels = manifest["metadata"].get("labels") or {}
    return all(requirement.holds(labels) for requirement in requirements)


# ---- fields


@dataclass(frozen=True, slots=True)
class FieldTerm:
    path: str
    equal: bool
    value: str


COMMON_FIELDS = ("metadata.name", "metadata.namespace")
# The selectable fields besides name and namespace, per resource.
SELECTABLE: Mapping[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
        "reportingComponent", "source", "type",
    ),
    "events.events.k8s.io": (
        "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion",
        "regarding.resourceVersion", "regarding.fieldPath", "reason", "reportingController", "type",
    ),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "services": ("spec.clusterIP", "spec.type"),
    "jobs.batch": ("status.successful",),
    "replicasets.apps": ("status.replicas",),
    "replicationcontrollers": ("status.replicas",),
    "certificatesigningrequests.certificates.k8s.io": ("spec.signerName",),
}  # fmt: skip


def parse_fields(text: str, known: tuple[str, ...], unknown: Callable[[str], str]) -> tuple[FieldTerm, ...]:
    """The terms of a field selector. `unknown` returns the message for a path that is not in `known`."""
    terms = []
    for part in filter(None, _split(text)):
        match = re.match(r"((?:[^\\=!]|\\.)*?)(!=|==|=)(.*)", part, re.S)
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        path, value = match[1], re.sub(r"\\(.)", r"\1", match[3])
        if path not in known:
            raise bad_request(unknown(path))
        terms.append(FieldTerm(path, match[2] != "!=", value))
    return tuple(terms)


def _split(text: str) -> list[str]:
    return re.split(r"(?<!\\),", text)


def fields_match(terms: tuple[FieldTerm, ...], manifest: Manifest) -> bool:
    return all((field_value(manifest, term.path) == term.value) == term.equal for term in terms)


def field_value(manifest: Manifest, path: str) -> str:
    """A field as selectors see it: a string, empty if absent."""
    if path == "source":
        value: Any = (manifest.get("source") or {}).get("component") or manifest.get("reportingComponent")
    elif path == "spec.unschedulable" or path == "spec.hostNetwork":
        value = _at(manifest, path) or False
    elif path == "status.replicas" or path == "status.successful":
        value = _at(manifest, path.replace("successful", "succeeded")) or 0
    elif path.startswith("regarding."):
        value = _at(manifest, path.replace("regarding", "involvedObject"))
    else:
        value = _at(manifest, path)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _at(manifest: Any, path: str) -> Any:
    for step in path.split("."):
        manifest = manifest.get(step) if isinstance(manifest, dict) else None
    return manifest
