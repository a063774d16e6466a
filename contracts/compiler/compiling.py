"""A compilation: text → documents → shape → schema → nodes → graph → types → status → definition."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from contracts import cel
from contracts.compiler.checks.cluster_controllers import check_cluster_controllers
from contracts.compiler.checks.conditions import check_conditions
from contracts.compiler.checks.dependencies import Use, needs_of, outline_of, report_cycles, uses
from contracts.compiler.checks.endless_instances import check_endless_instances
from contracts.compiler.checks.expression_types import ExpressionChecker, instance_type, node_type
from contracts.compiler.checks.node_types import check_nodes
from contracts.compiler.checks.optional_fields import check_optional_fields
from contracts.compiler.checks.rules import check_rules
from contracts.compiler.checks.status import read_status, status_schema
from contracts.compiler.checks.validation import check_defaults
from contracts.compiler.compilation import Compilation
from contracts.compiler.contract_document import Presentation
from contracts.compiler.crd import CrdHead, build_crd
from contracts.compiler.definition import Definition, Node, Outline, Scope
from contracts.compiler.field_mappings import field_mappings_of
from contracts.compiler.kinds.kind_schemas import KindSchemas, builtin_kinds
from contracts.compiler.parsing.nodes import NodeDraft, read_nodes
from contracts.compiler.parsing.presentation import default_presentation, read_presentation
from contracts.compiler.parsing.rgd_shape import check_shape, wrong_kind_hint
from contracts.compiler.reaching.deriving import with_reach
from contracts.compiler.reporter import Reporter
from contracts.documents import Document, read
from contracts.graph import layers, topological_order
from contracts.problems import Problem, in_reading_order
from contracts.schema import simple_schema

Schema = Mapping[str, Any]
DEFINITION = "ResourceGraphDefinition"
ALLOW_BREAKING_CHANGES = "kro.run/allow-breaking-changes"  # an annotation


RUNNABLE_WITH = frozenset(
    {
        "schema-default",
        "schema-rule",
        "schema-bounds",
        "cel-type",
        "endless-instances",
        "no-overload",
        "status-state",
        "yaml-duplicate-key",
        "when-field",
        "when-value",
    }
)
"""Codes of errors with which a definition can still be run; any other error means that a part is missing."""


def compile_text(text: str, *, kinds: KindSchemas | None = None) -> Compilation:
    """Compile one file: a ResourceGraphDefinition and, if there is one, its ``Contract`` document.

    Never raises on bad text. All problems are returned, in text order; ``definition`` is None when one is an
    error. Schema, outline and presentation are returned as far as they can be determined.
    """
    documents, problems = read(text, salvage=True)
    definition, contract = _sort_documents(documents, problems)
    if definition is None:
        if not any(problem.is_error for problem in problems):
            message = f"The text contains no {DEFINITION}."
            problems.append(Problem("no-definition", message, line=1, column=1))
        return Compilation(None, Presentation(), in_reading_order(problems))
    if definition.partial:
        # Other problems of a partial definition may follow from the syntax error: only that one is reported.
        compiler = _Compiler(definition, [], kinds or builtin_kinds())
        compiler.run()
        presentation = default_presentation(compiler.name, compiler.kind)
        return Compilation(
            None, presentation, in_reading_order(problems), compiler.spec_schema, compiler.outline
        )
    compiler = _Compiler(definition, problems, kinds or builtin_kinds())
    compiled = compiler.run()
    presentation = default_presentation(compiler.name, compiler.kind)
    if contract is not None:
        reporter = Reporter(contract, problems)
        schema = compiler.spec_schema
        presentation = read_presentation(contract.data, compiler.name, compiler.kind, schema, reporter)
    found = in_reading_order(problems)
    failed = any(problem.is_error for problem in found)
    return Compilation(
        None if failed else compiled,
        presentation,
        found,
        form_schema=compiler.spec_schema,
        outline=compiler.outline,
        runnable=compiled,
    )


@lru_cache(maxsize=256)
def _cached(text: str, kinds_digest: str, kinds: _Keyed) -> Compilation:
    return compile_text(text, kinds=kinds.schemas)


@dataclass(frozen=True, slots=True)
class _Keyed:
    """Kind schemas that are equal when their digests are."""

    digest: str
    schemas: KindSchemas

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def compile_cached(text: str, *, kinds: KindSchemas | None = None) -> Compilation:
    """:func:`compile_text`, cached by text and by the digest of ``kinds``. Thread-safe."""
    schemas = kinds or builtin_kinds()
    return _cached(text, schemas.digest, _Keyed(schemas.digest, schemas))


def _sort_documents(
    documents: Sequence[Document], problems: list[Problem]
) -> tuple[Document | None, Document | None]:
    """The definition and the contract; every other document is reported."""
    found: dict[str, Document] = {}
    for document in documents:
        reporter = Reporter(document, [] if document.partial else problems)
        data = document.data
        if not isinstance(data, Mapping):
            reporter.add((), "wrong-type", "A document must be a map with apiVersion and kind.")
            continue
        kind = data.get("kind")
        if kind not in (DEFINITION, "Contract"):
            message = f"This document is neither a {DEFINITION} nor a Contract."
            reporter.add(("kind",), "wrong-document", message, wrong_kind_hint(kind))
        elif kind in found:
            reporter.add(
                ("kind",),
                "wrong-document",
                f"There are two documents of kind {kind}; a file can contain only one.",
            )
        else:
            if kind == DEFINITION and data.get("apiVersion") != "kro.run/v1alpha1":
                message = f"The apiVersion of a {DEFINITION} must be kro.run/v1alpha1."
                reporter.add(("apiVersion",), "bad-kind", message)
            found[kind] = document
    return found.get(DEFINITION), found.get("Contract")


class _Compiler:
    """One compilation. Every step runs, also after errors in earlier ones."""

    def __init__(self, document: Document, problems: list[Problem], kinds: KindSchemas) -> None:
        self.data: Mapping[str, Any] = document.data
        self.reporter = Reporter(document, problems)
        self.kinds = kinds
        self.schema = _map(_map(self.data.get("spec")).get("schema"))
        self.name = _text(_map(self.data.get("metadata")).get("name"))
        self.kind = _text(self.schema.get("kind"))
        self.scope: Scope = "Cluster" if self.schema.get("scope") == "Cluster" else "Namespaced"
        self.spec_schema: Schema | None = None
        self.outline: Outline | None = None

    def run(self) -> Definition | None:
        check_shape(self.data, self.reporter)
        self._read_schema()
        resources = _map(self.data.get("spec")).get("resources")
        drafts = read_nodes(resources, self.scope == "Cluster", self.kinds, self.reporter)
        found = uses(drafts, self.reporter)
        needs = needs_of(drafts, found)
        self.outline = outline_of(drafts, needs, found, self.reporter)
        report_cycles(needs, found, self.reporter)
        return self._finish(drafts, needs, [use for use in found if use.user != use.reason.node])

    def _read_schema(self) -> None:
        at = ("spec", "schema", "spec")
        result = simple_schema(self.schema.get("spec"), self.schema.get("types"), at)
        self.reporter.add_all(result.problems)
        self.spec_schema = result.schema
        if check_rules(self.spec_schema, at, self.reporter):
            check_defaults(self.spec_schema, at, self.reporter)

    def _finish(
        self, drafts: list[NodeDraft], needs: dict[str, list[str]], found: list[Use]
    ) -> Definition | None:
        spec_schema = self.spec_schema or {"type": "object"}
        types = {draft.id: node_type(draft) for draft in drafts if draft.id}
        variables = {"schema": instance_type(spec_schema, self.scope), **_node_variables(drafts, types)}
        names = [*variables, *(name for draft in drafts for name in draft.iterators)]
        checker = ExpressionChecker(names, self.reporter)
        check_nodes(drafts, variables, types, self.scope == "Cluster", checker)
        check_cluster_controllers(drafts, self.reporter)
        own = (_text(self.schema.get("group")) or "kro.run", self.kind)
        check_endless_instances(own, drafts, needs, self.kinds, self.reporter)
        check_optional_fields(spec_schema, drafts, needs, ("spec", "schema", "spec"), self.reporter)
        fields, conditions = read_status(self.schema.get("status"), self.reporter)
        status = status_schema(fields, variables, checker)
        check_conditions(conditions, variables, instance_type(spec_schema, self.scope, status), checker)
        if any(problem.is_error and problem.code not in RUNNABLE_WITH for problem in self.reporter.problems):
            return None
        head = self._head()
        crd = build_crd(head, spec_schema, status)
        definition = Definition(
            name=self.name,
            group=head.group,
            version=head.version,
            kind=head.kind,
            plural=head.plural,
            singular=head.singular,
            list_kind=head.list_kind,
            scope=self.scope,
            spec_schema=spec_schema,
            status_schema=status,
            crd=crd,
            nodes=tuple(_node(draft, needs, found, types, self.reporter) for draft in drafts),
            order=tuple(topological_order(needs)),
            layers=tuple(map(tuple, layers(needs))),
            digest=digest_of(self.data),
            status=tuple(fields),
            conditions=tuple(code for _, code in conditions),
            short_names=head.short_names,
            categories=head.categories,
            printer_columns=head.printer_columns,
            schema_type=variables["schema"],
            allows_breaking_changes=allows_breaking_changes(self.data),
        )
        definition = replace(definition, field_mappings=tuple(field_mappings_of(definition)))
        return with_reach(definition, self.reporter)

    def _head(self) -> CrdHead:
        schema = self.schema
        return CrdHead(
            contract=self.name,
            group=_text(schema.get("group")) or "kro.run",
            version=_text(schema.get("apiVersion")),
            kind=self.kind,
            scope=self.scope,
            short_names=tuple(schema.get("shortNames") or ()),
            categories=tuple(schema.get("categories") or ()),
            columns=tuple(schema.get("additionalPrinterColumns") or ()),
            metadata=_map(schema.get("metadata")),
        )


def _node_variables(drafts: Sequence[NodeDraft], types: Mapping[str, cel.Type]) -> dict[str, cel.Type]:
    """The variable of each node: its object, or a list of objects."""
    many = ("collection", "external-collection")
    return {
        draft.id: cel.ListType(types[draft.id]) if draft.type in many else types[draft.id]
        for draft in drafts
        if draft.id
    }


def _node(
    draft: NodeDraft,
    needs: Mapping[str, Sequence[str]],
    found: Sequence[Use],
    types: Mapping[str, cel.Type],
    reporter: Reporter,
) -> Node:
    return Node(
        id=draft.id,
        type=draft.type,
        api_version=draft.api_version,
        kind=draft.kind,
        plural=draft.plural,
        namespaced=draft.namespaced,
        template=draft.body,
        known=draft.info is not None,
        needs=tuple(needs[draft.id]),
        reasons=tuple(use.reason for use in found if use.user == draft.id),
        codes=tuple(each.code for each in draft.expressions),
        for_each=tuple(draft.for_each),
        include_when=tuple(draft.include_when),
        ready_when=tuple(draft.ready_when),
        value_type=types[draft.id],
        span=reporter.span((*draft.at, "id")),
    )


def allows_breaking_changes(data: Mapping[str, Any]) -> bool:
    annotations = _map(_map(data.get("metadata")).get("annotations"))
    return annotations.get(ALLOW_BREAKING_CHANGES) == "true"


def digest_of(data: Mapping[str, Any]) -> str:
    """SHA-256 of the definition's content: comments, key order and layout do not matter."""
    content = {"metadata": _map(data.get("metadata")).get("name"), "spec": data.get("spec")}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
