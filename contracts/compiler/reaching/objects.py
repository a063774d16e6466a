"""The objects that a definition creates, binds or reads outside its default reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.compiler.definition import Node
from contracts.compiler.reach import ReachEntry, What
from contracts.compiler.reaching.places import Places
from contracts.compiler.reporter import Reporter, key_of
from contracts.documents import print_path

RIGHTS_GROUPS = frozenset(("authorization.openshift.io", "rbac.authorization.k8s.io"))
ADMISSION_GROUPS = frozenset(("admissionregistration.k8s.io", "apiregistration.k8s.io"))
ADMISSION_KINDS = frozenset((("apiextensions.k8s.io", "CustomResourceDefinition"),))


def object_entries(places: Places, reporter: Reporter) -> Iterator[ReachEntry]:
    for index, node in enumerate(places.definition.nodes):
        what = _what(node, places)
        if what is not None:
            yield _entry(what, node, index, places, reporter)


def _what(node: Node, places: Places) -> What | None:
    if node.is_external:
        return None if places.is_own(node) else "read"
    if gives_rights(node):
        return "bind"
    return None if places.is_own(node) else "create"


def gives_rights(node: Node) -> bool:
    """Kinds that give rights or take part in admission are reach in the own namespace too."""
    in_group = node.group in RIGHTS_GROUPS | ADMISSION_GROUPS
    return in_group or (node.group, node.kind) in ADMISSION_KINDS


def _entry(what: What, node: Node, index: int, places: Places, reporter: Reporter) -> ReachEntry:
    place = places.of(node)
    fingerprint, detail = place.fingerprint, ""
    if what == "bind":
        # Which rights: the whole template, because the labels of a ClusterRole may aggregate it to another.
        fingerprint, detail = places.fingerprint(node, (), (node.template,)), _bound(node.template)
    path, line, column = _position(node, index, reporter)
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


def _position(node: Node, index: int, reporter: Reporter) -> tuple[str, int, int]:
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
