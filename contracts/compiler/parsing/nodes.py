"""``spec.resources`` → drafts of nodes: ids, kinds, conditions, iterators, codes (kro §1.2–§1.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.compiler.definition import Code, NodeType
from contracts.compiler.definition import Iterator as Dimension
from contracts.compiler.kinds.kind_schemas import KindInfo, KindSchemas
from contracts.compiler.kinds.plurals import plural_of
from contracts.compiler.parsing.expressions import standalone
from contracts.compiler.parsing.literals import TemplateExpression, TemplateReader
from contracts.compiler.parsing.reserved_words import ID, RESERVED, lower_camel
from contracts.compiler.parsing.template import check_template, kind_of, unknown_schema
from contracts.compiler.reporter import Reporter, key_of

Path = tuple[str | int, ...]
MAX_DIMENSIONS = 10


@dataclass(slots=True)
class NodeDraft:
    """A node that is being checked. ``at`` is the path of its entry, ``body_at`` of its body."""

    id: str
    at: Path
    body_at: Path
    type: NodeType
    body: Mapping[str, Any]
    api_version: str = ""
    kind: str = ""
    info: KindInfo | None = None
    expressions: list[TemplateExpression] = field(default_factory=list)
    for_each: list[Dimension] = field(default_factory=list)
    include_when: list[Code] = field(default_factory=list)
    ready_when: list[Code] = field(default_factory=list)

    @property
    def namespaced(self) -> bool:
        return self.info.namespaced if self.info else True

    @property
    def plural(self) -> str:
        return self.info.plural if self.info else plural_of(self.kind or "object")

    @property
    def iterators(self) -> list[str]:
        return [dimension.name for dimension in self.for_each]


def read_nodes(
    resources: Any, cluster_scoped: bool, kinds: KindSchemas, reporter: Reporter
) -> list[NodeDraft]:
    """Every entry that can be parsed; problems are reported and the rest is still read."""
    if not isinstance(resources, list):
        return []
    drafts: list[NodeDraft] = []
    ids: dict[str, int] = {}
    for index, entry in enumerate(resources):
        if isinstance(entry, Mapping):
            draft = _read_node(entry, ("spec", "resources", index), cluster_scoped, kinds, reporter)
            _check_id(entry.get("id"), draft, ids, reporter)
            drafts.append(draft)
    for draft in drafts:
        _check_iterators(draft, ids, reporter)
    return drafts


def _check_id(value: Any, draft: NodeDraft, ids: dict[str, int], reporter: Reporter) -> None:
    at = (*draft.at, "id")
    if not isinstance(value, str):
        return
    if value in RESERVED:
        reporter.add(at, "reserved-name", f"“{value}” is a reserved word and cannot be an id.")
    elif not ID.match(value):
        name = lower_camel(value)
        hint = f"For example “{name}”." if ID.match(name) else ""
        message = "An id must start with a lowercase letter, followed by letters and digits."
        reporter.add(at, "bad-name", message, hint)
    elif value in ids:
        hint = f"It is also the id of spec.resources[{ids[value]}]."
        reporter.add(at, "duplicate-id", f"Duplicate node id “{value}”.", hint)
    ids.setdefault(value, int(draft.at[-1]))


def _read_node(
    entry: Mapping[str, Any], at: Path, cluster_scoped: bool, kinds: KindSchemas, reporter: Reporter
) -> NodeDraft:
    draft = _draft_of(entry, at, reporter)
    draft.api_version, draft.kind = kind_of(draft.body, draft.body_at, reporter)
    if draft.api_version and draft.kind:
        draft.info = kinds.lookup(draft.api_version, draft.kind)
        if draft.info is None or draft.info.schema is None:
            unknown_schema(draft.api_version, draft.kind, draft.body_at, kinds, reporter)
    if draft.type in ("resource", "collection"):
        check_template(draft.body, draft.body_at, draft.info, cluster_scoped, reporter)
        schema = draft.info.schema if draft.info else None
    else:
        _check_external(draft, cluster_scoped, reporter)
        schema = None
    resolve_ref = draft.info.resolve_ref if draft.info else lambda ref: {}
    reader = TemplateReader(draft.body_at, resolve_ref, reporter)
    skipped = ("apiVersion", "kind")
    inner = {key: value for key, value in draft.body.items() if key not in skipped}
    draft.expressions = list(reader.read(inner, schema))
    _check_definition_template(draft, reporter)
    draft.for_each = list(_dimensions(entry.get("forEach"), draft, reporter))
    draft.include_when = list(_conditions(entry.get("includeWhen"), (*at, "includeWhen"), reporter))
    draft.ready_when = list(_conditions(entry.get("readyWhen"), (*at, "readyWhen"), reporter))
    return draft


def _draft_of(entry: Mapping[str, Any], at: Path, reporter: Reporter) -> NodeDraft:
    node_id = entry.get("id") if isinstance(entry.get("id"), str) else ""
    template, external = entry.get("template"), entry.get("externalRef")
    if template is not None and external is not None:
        reporter.add(
            (*at, "externalRef"),
            "template-or-reference",
            "A node must have either a template or an externalRef, not both.",
        )
    if template is None and external is None:
        message = "A node needs a template (what to create) or an externalRef (what to read)."
        reporter.add(at, "template-or-reference", message)
    if external is not None and template is None:
        body = external if isinstance(external, Mapping) else {}
        metadata = body.get("metadata")
        many = isinstance(metadata, Mapping) and metadata.get("selector") is not None
        node_type: NodeType = "external-collection" if many else "external"
        return NodeDraft(str(node_id), at, (*at, "externalRef"), node_type, body)
    body = template if isinstance(template, Mapping) else {}
    node_type = "collection" if entry.get("forEach") else "resource"
    return NodeDraft(str(node_id), at, (*at, "template"), node_type, body)


def _check_external(draft: NodeDraft, cluster_scoped: bool, reporter: Reporter) -> None:
    metadata = draft.body.get("metadata")
    at = (*draft.body_at, "metadata")
    if not isinstance(metadata, Mapping):
        return
    name, selector = metadata.get("name"), metadata.get("selector")
    if (name is None) == (selector is None):
        message = "An externalRef must have either a name (one object) or a selector (many objects)."
        reporter.add(at, "name-or-selector", message)
    if name == "":
        reporter.add((*at, "name"), "bad-name", "The name is empty.")
    if draft.info and not draft.info.namespaced and metadata.get("namespace"):
        message = f"{draft.kind} has no namespace: it is cluster-scoped."
        reporter.add(key_of((*at, "namespace")), "namespace", message, "Remove this field.")
    needs_namespace = cluster_scoped and draft.info and draft.info.namespaced and selector is None
    if needs_namespace and not _is_set(metadata.get("namespace")):
        message = f"{draft.kind} is namespaced, but a cluster-scoped instance has no namespace."
        reporter.add(at, "namespace", message, "Add metadata.namespace.")


def _is_set(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _check_definition_template(draft: NodeDraft, reporter: Reporter) -> None:
    """A CRD as template is read before values are known; only metadata may have expressions (kro §1.4)."""
    if (draft.api_version, draft.kind) != ("apiextensions.k8s.io/v1", "CustomResourceDefinition"):
        return
    if draft.type.startswith("external"):
        return
    for found in draft.expressions:
        if found.code.path[:1] != ("metadata",):
            message = "In a CustomResourceDefinition, only metadata can contain expressions."
            reporter.add((*draft.body_at, *found.code.path), "expression-in-crd", message)


def _conditions(value: Any, at: Path, reporter: Reporter) -> Iterator[Code]:
    for index, text in enumerate(value if isinstance(value, list) else ()):
        code = standalone(text, (*at, index), reporter, "A condition")
        if code is not None:
            yield code


def _dimensions(value: Any, draft: NodeDraft, reporter: Reporter) -> Iterator[Dimension]:
    at = (*draft.at, "forEach")
    if not isinstance(value, list) or not value:
        return
    if draft.type.startswith("external"):
        reporter.add(
            at,
            "foreach-external",
            "An externalRef cannot have forEach.",
            "Use a selector to read many objects.",
        )
        return
    if len(value) > MAX_DIMENSIONS:
        message = f"forEach has {len(value)} dimensions; the maximum is {MAX_DIMENSIONS}."
        reporter.add(at, "foreach-dimensions", message)
    for index, entry in enumerate(value):
        if not isinstance(entry, Mapping):
            continue
        if len(entry) != 1:
            message = "Each entry of forEach must have exactly one iterator."
            hint = "Write a list: “- region: ${…}”, “- zone: ${…}”." if entry else ""
            reporter.add((*at, index), "foreach-entry", message, hint)
        for name, text in entry.items():
            code = standalone(text, (*at, index, name), reporter, "The list of an iterator")
            if code is not None:
                yield Dimension(name, code)


def _check_iterators(draft: NodeDraft, ids: Mapping[str, int], reporter: Reporter) -> None:
    seen: set[str] = set()
    for path, name in _iterator_names(draft, reporter):
        if not ID.match(name):
            message = "An iterator must start with a lowercase letter, followed by letters and digits."
            hint = f"For example “{lower_camel(name)}”." if ID.match(lower_camel(name)) else ""
            reporter.add(key_of(path), "bad-name", message, hint)
        elif name in RESERVED:
            message = f"“{name}” is a reserved word and cannot be an iterator."
            reporter.add(key_of(path), "reserved-name", message)
        elif name in ids:
            message = f"“{name}” is already the id of a node."
            reporter.add(key_of(path), "duplicate-id", message, "Rename the iterator.")
        elif name in seen:
            reporter.add(key_of(path), "duplicate-id", f"Duplicate iterator “{name}”.")
        seen.add(name)


def _iterator_names(draft: NodeDraft, reporter: Reporter) -> list[tuple[Path, str]]:
    """Path and name of every iterator as written."""
    entry: Any = reporter.document.data
    for part in draft.at:
        entry = entry[part]
    dimensions = entry.get("forEach")
    return [
        ((*draft.at, "forEach", index, name), name)
        for index, names in enumerate(dimensions if isinstance(dimensions, list) else ())
        if isinstance(names, Mapping)
        for name in names
    ]
