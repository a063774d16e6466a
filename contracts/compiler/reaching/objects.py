"""The objects that a definition creates, binds or reads outside its default reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from contracts.compiler.definition import Node
from contracts.compiler.reach import ReachEntry, What
from contracts.compiler.reaching.places import Place, Places
from contracts.compiler.reporter import Reporter, key_of
from contracts.documents import print_path

RIGHTS_GROUPS = frozenset(("authorization.openshift.io", "rbac.authorization.k8s.io"))
ADMISSION_GROUPS = frozenset(("admissionregistration.k8s.io", "apiregistration.k8s.io"))
ADMISSION_KINDS = frozenset((("apiextensions.k8s.io", "CustomResourceDefinition"),))


Position = tuple[str, int, int]
"""Path, line, column."""


def object_entries(places: Places, reporter: Reporter) -> Iterator[ReachEntry]:
    for index, node in enumerate(places.definition.nodes):
        what = _what(node, places)
        position = _position(node, index, reporter)
        if what is not None:
            yield _entry(what, node, places, places.of(node), position)
        scoped = places.if_cluster_scoped(node)
        if scoped is not None:
            entry = _entry(_what_there(node), node, places, scoped, position)
            yield replace(entry, if_cluster_scoped=True)


def _what(node: Node, places: Places) -> What | None:
    what = _what_there(node)
    return None if what != "bind" and places.is_own(node) else what


def _what_there(node: Node) -> What:
    """What it reaches in a place that is not its own."""
    if node.is_external:
        return "read"
    return "bind" if gives_rights(node) else "create"


def gives_rights(node: Node) -> bool:
    """Kinds that give rights or take part in admission are reach in the own namespace too."""
    in_group = node.group in RIGHTS_GROUPS | ADMISSION_GROUPS
    return in_group or (node.group, node.kind) in ADMISSION_KINDS


def _entry(what: What, node: Node, places: Places, place: Place, position: Position) -> ReachEntry:
    fingerprint, detail = place.fingerprint, ""
    if what == "bind":
        # Which rights: the whole template, because the labels of a ClusterRole may aggregate it to another.
        fingerprint, detail = places.fingerprint(node, (), (node.template,)), _bound(node.template)
    path, line, column = position
    return ReachEntry(
        what=what,
        node=node.id,
        group=node.group,
        kind=node.kind,
        namespace=place.namespace,
        name=place.name,
        detail=detail,
        depends_on_input=place.depends_on_input,
        fingerprint=fingerprint,
        path=path,
        line=line,
        column=column,
    )


def _position(node: Node, index: int, reporter: Reporter) -> Position:
    """That of the namespace, which is what makes it reach, or of the kind."""
    body = ("spec", "resources", index, "externalRef" if node.is_external else "template")
    path: tuple[str | int, ...] = (*body, "metadata", "namespace")
    if gives_rights(node) or not reporter.document.has(path):
        path = (*body, "kind")
    span = reporter.span(key_of(path))
    return print_path(path), span.line, span.column


def _bound(template: Mapping[str, Any]) -> str:
    """“the ClusterRole edit to the Group developers”, for bindings."""
    role = template.get("roleRef")
    if role is None:
        return ""
    to = template.get("subjects")
    subjects = [_subject(each) for each in to] if isinstance(to, list) else [str(to)] if to else []
    return f"{_role(role)} to {' and '.join(subjects)}" if subjects else _role(role)


def _role(role: Any) -> str:
    return (
        f"the {role.get('kind', 'role')} {role.get('name', '')}" if isinstance(role, Mapping) else str(role)
    )


def _subject(subject: Any) -> str:
    if not isinstance(subject, Mapping):
        return str(subject)
    namespace = f" of the namespace {subject['namespace']}" if subject.get("namespace") else ""
    return f"the {subject.get('kind', 'subject')} {subject.get('name', '')}{namespace}"
