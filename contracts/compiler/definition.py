"""A compiled contract: values that the form, the runtime, the planner and the pages read.

Nothing here computes. ``Definition`` is the whole compiled definition; ``Outline`` is the part of it that is
known while the text still has errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.cel import Expression
from contracts.compiler.reach import NO_REACH, Reach, ReachEntry
from contracts.documents import Span
from contracts.documents.api_versions import group_of, version_of

Path = tuple[str | int, ...]
NodeType = Literal["resource", "collection", "external", "external-collection"]
Scope = Literal["Namespaced", "Cluster"]


UNKNOWN_SPAN = Span()


@dataclass(frozen=True, slots=True)
class Part:
    """One ``${…}`` of a scalar. ``start`` is the offset of its source (after ``${``) in the scalar."""

    source: str
    expression: Expression
    start: int


@dataclass(frozen=True, slots=True)
class Code:
    """A scalar with expressions: one alone (``standalone``, keeps its type), or a string with some (§3.1).

    ``text`` is the scalar as its author wrote it. ``parts`` are strings and expressions in order. ``path``
    starts at the root of what contains the scalar: the template for a node, ``status`` for a status field.
    """

    text: str
    parts: tuple[str | Part, ...]
    path: Path = ()
    span: Span = UNKNOWN_SPAN

    @property
    def standalone(self) -> bool:
        return len(self.parts) == 1

    @property
    def expressions(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if isinstance(part, Part))

    @property
    def source(self) -> str:
        """For messages: only the expression when there is exactly one, else the whole string."""
        found = self.expressions
        return found[0].source.strip() if len(found) == 1 else self.text


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one node needs another: the expression and its position."""

    node: str
    expression: str
    path: str
    position: Literal["template", "forEach", "includeWhen"]
    span: Span = UNKNOWN_SPAN


@dataclass(frozen=True, slots=True)
class Iterator:
    """One forEach dimension: the name, and the expression that returns the list."""

    name: str
    code: Code


@dataclass(frozen=True, slots=True)
class Node:
    """One entry of ``spec.resources``.

    ``template`` is the author's manifest (for external references: apiVersion, kind and metadata).
    ``codes`` are its scalars with expressions, with paths from the template's root.
    ``known`` is false when the kind was checked without a schema; ``plural`` and ``namespaced`` are then a
    guess, and the reconciler asks the cluster's discovery.
    """

    id: str
    type: NodeType
    api_version: str
    kind: str
    plural: str
    namespaced: bool
    template: Mapping[str, Any]
    known: bool = True
    needs: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    codes: tuple[Code, ...] = ()
    for_each: tuple[Iterator, ...] = ()
    include_when: tuple[Code, ...] = ()
    ready_when: tuple[Code, ...] = ()
    value_type: Any = None
    span: Span = UNKNOWN_SPAN

    @property
    def group(self) -> str:
        return group_of(self.api_version)

    @property
    def version(self) -> str:
        return version_of(self.api_version)

    @property
    def is_external(self) -> bool:
        return self.type.startswith("external")

    @property
    def is_many(self) -> bool:
        """Whether the node is a list in expressions."""
        return self.type in ("collection", "external-collection")


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """A field of a node's template, and the fields of the instance that flow into it (`spec.…` paths).

    Maps an error about a child's field back to the form's field.
    """

    node: str
    field: str
    sources: tuple[str, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A compiled contract. Immutable; shared between threads; cached by ``digest``.

    ``allows_breaking_changes``: its author confirms them by kro's annotation (kro §6.9).
    ``withheld`` are the flows of Secrets in its reach that are not granted; what they carry is not computed
    (``contracts.runtime.withholding``). The compiler knows of no grants, so there are none after compiling.
    """

    name: str
    group: str
    version: str
    kind: str
    plural: str
    singular: str
    list_kind: str
    scope: Scope
    spec_schema: Mapping[str, Any]
    status_schema: Mapping[str, Any]
    crd: Mapping[str, Any]
    nodes: tuple[Node, ...]
    order: tuple[str, ...]
    layers: tuple[tuple[str, ...], ...]
    digest: str
    status: tuple[Code, ...] = ()
    conditions: tuple[Code, ...] = ()
    field_mappings: tuple[FieldMapping, ...] = ()
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    printer_columns: tuple[Mapping[str, Any], ...] = ()
    schema_type: Any = None
    allows_breaking_changes: bool = False
    reach: Reach = NO_REACH
    withheld: tuple[ReachEntry, ...] = ()
    program: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}"

    @property
    def crd_name(self) -> str:
        return f"{self.plural}.{self.group}"

    @property
    def namespaced(self) -> bool:
        return self.scope == "Namespaced"

    def node(self, node_id: str) -> Node:
        """Raises ``KeyError``."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)


@dataclass(frozen=True, slots=True)
class OutlineNode:
    """``conditional``: an expression of the node, or of one that it needs, decides whether it has objects."""

    id: str
    type: NodeType
    api_version: str
    kind: str
    span: Span = UNKNOWN_SPAN
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class OutlineEdge:
    """``node`` needs ``needs``."""

    node: str
    needs: str
    expressions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """Nodes and edges as far as the text can be parsed, for the graph while it still has errors."""

    nodes: tuple[OutlineNode, ...] = ()
    edges: tuple[OutlineEdge, ...] = ()
