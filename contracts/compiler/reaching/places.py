"""Where the objects of each node are, as far as the text says it, and what the text of that depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contracts.cel import Reference
from contracts.cel.syntax import nodes as cel_nodes
from contracts.compiler.definition import Code, Definition, Node, Part
from contracts.compiler.kinds.kind_table import CLUSTER_SCOPED
from contracts.compiler.reach import EVERY_NAMESPACE, OWN_NAMESPACE
from contracts.documents.paths import MISSING, get

Path = tuple[str | int, ...]
NAME: Path = ("metadata", "name")
NAMESPACE: Path = ("metadata", "namespace")
SELECTOR: Path = ("metadata", "selector")
CONSTRAINTS = ("type", "enum", "pattern", "maxLength", "minimum", "maximum", "x-kubernetes-validations")
MORE_CLUSTER_SCOPED = {"kro.run": frozenset(("ResourceGraphDefinition", "GraphRevision"))}


@dataclass(frozen=True, slots=True)
class Place:
    """``namespace`` and ``name`` as in :class:`~contracts.compiler.reach.ReachEntry`."""

    namespace: str
    name: str
    depends_on_input: bool = False
    fingerprint: str = ""


def cluster_scoped(node: Node) -> bool:
    """Kinds of Kubernetes are known without a schema, in every version."""
    known = CLUSTER_SCOPED.get(node.group, frozenset()) | MORE_CLUSTER_SCOPED.get(node.group, frozenset())
    return node.kind in known or not node.namespaced


class Places:
    """The places of one definition's nodes."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.nodes = {node.id: node for node in definition.nodes}
        self._codes = {(node.id, code.path): code for node in definition.nodes for code in node.codes}
        self._fingerprints: dict[tuple[str, tuple[str, ...]], str] = {}
        self._namespaces: dict[str, str] = {}
        # In dependency order: a recursion along a chain of nodes could be too deep.
        for node_id in definition.order:
            self._namespaces[node_id] = self._namespace(self.nodes[node_id])

    def of(self, node: Node) -> Place:
        namespace = self.namespace(node)
        elsewhere = namespace not in (OWN_NAMESPACE, EVERY_NAMESPACE)
        paths = (NAME, NAMESPACE) if elsewhere else (NAME,)
        codes = [self._codes[node.id, path] for path in paths if (node.id, path) in self._codes]
        selector = get(node.template, SELECTOR)
        fingerprint = self.fingerprint(node, codes, [] if selector is None else [selector])
        depends = elsewhere and (node.id, NAMESPACE if namespace else NAME) in self._codes
        return Place(namespace, self._written(node, NAME), depends, fingerprint)

    def if_cluster_scoped(self, node: Node) -> Place | None:
        """The place of a node whose kind has no schema, if it turns out to be cluster-scoped.

        None if it cannot: the scope is known, or the author wrote a namespace.
        """
        if node.known or cluster_scoped(node) or self._written(node, NAMESPACE):
            return None
        codes = [self._codes[node.id, NAME]] if (node.id, NAME) in self._codes else []
        selector = get(node.template, SELECTOR)
        fingerprint = self.fingerprint(node, codes, [] if selector is None else [selector])
        return Place("", self._written(node, NAME), bool(codes), fingerprint)

    def of_flow(self, node: Node) -> Place:
        """As :meth:`of`, but the scope of a kind counts only if Kubernetes defines it.

        So the place of a value remains the same when the schema of a kind is learned.
        """
        place = self.of(node)
        if place.namespace or node.kind in CLUSTER_SCOPED.get(node.group, ()):
            return place
        return replace(place, namespace=OWN_NAMESPACE if self.definition.namespaced else EVERY_NAMESPACE)

    def _written(self, node: Node, path: Path) -> str:
        """The string at a path of the template, with its expressions in canonical form."""
        code = self._codes.get((node.id, path))
        if code is not None:
            return "".join(map(_canonical, code.parts))
        found = get(node.template, path)
        return found if isinstance(found, str) else ""

    def is_own(self, node: Node) -> bool:
        """Whether its objects are in the namespace of the instance."""
        return self.namespace(node) == OWN_NAMESPACE

    def namespace(self, node: Node) -> str:
        """OWN_NAMESPACE also where an expression is the namespace of another node that is there."""
        return self._namespaces[node.id]

    def _namespace(self, node: Node) -> str:
        if cluster_scoped(node):
            return ""
        written = self._written(node, NAMESPACE)
        if not written:
            if node.type == "external-collection":
                return EVERY_NAMESPACE
            return OWN_NAMESPACE if self.definition.namespaced else EVERY_NAMESPACE
        code = self._codes.get((node.id, NAMESPACE))
        return OWN_NAMESPACE if code is not None and self._is_own(code) else written

    def _is_own(self, code: Code) -> bool:
        """Whether it is only the namespace of the instance, or of a single object that is there.

        A reference to any other field is not: its value in the cluster may be edited.
        """
        if not code.standalone or not self.definition.namespaced:
            return False
        root = _root_of_selection(code.expressions[0].expression.node)
        references = code.expressions[0].expression.references
        if not root or references[0].path != NAMESPACE:
            return False
        other = self.nodes.get(root)
        if other is None:
            return root == "schema"
        return not other.is_many and self.is_own(other)

    def fingerprint(self, node: Node | None, codes: Iterable[Code], values: Sequence[Any] = ()) -> str:
        """Of everything that the codes mean; empty when there are none and no other values."""
        codes = list(codes)
        if not codes and not values:
            return ""
        self._prepare()
        return _digest(
            [[self._meaning(node, code) for code in codes], *(self._value(node, value) for value in values)]
        )

    def _prepare(self) -> None:
        """Computes what every reference depends on, in dependency order."""
        if self._fingerprints:
            return
        read: dict[str, set[tuple[str, ...]]] = {}
        for reference in references_of(self.definition):
            read.setdefault(reference.root, set()).add(reference.path)
        for node_id in self.definition.order:
            for path in read.get(node_id, ()):
                found = self._template_fingerprint(self.nodes[node_id], path)
                self._fingerprints[node_id, path] = found

    def _meaning(self, node: Node | None, code: Code) -> Any:
        parts = list(map(_canonical, code.parts))
        found = {reference: None for part in code.expressions for reference in part.expression.references}
        depends = {str(reference): self._depends_on(node, reference) for reference in found}
        return [parts, sorted(depends.items())]

    def _value(self, node: Node | None, value: Any) -> Any:
        """A part of a template whose scalars may hold expressions."""
        codes = {code.text: code for code in node.codes} if node is not None else {}
        if isinstance(value, Mapping):
            return {str(key): self._value(node, child) for key, child in value.items()}
        if isinstance(value, list):
            return [self._value(node, child) for child in value]
        return self._meaning(node, codes[value]) if isinstance(value, str) and value in codes else value

    def _depends_on(self, node: Node | None, reference: Reference) -> Any:
        for iterator in node.for_each if node is not None else ():
            if iterator.name == reference.root:
                return self._meaning(None, iterator.code)
        other = self.nodes.get(reference.root)
        if other is not None:
            return self._fingerprints[other.id, reference.path]
        return _constraints(self.definition.spec_schema, reference)

    def _template_fingerprint(self, node: Node, path: tuple[str, ...]) -> str:
        """What a field of a node's object depends on: which object it is, and its template there."""
        values = [*(get(node.template, each) for each in (NAME, NAMESPACE, SELECTOR))]
        values.append(_nearest(node.template, path))
        found = [node.api_version, node.kind, *(self._value(node, value) for value in values)]
        found += [self._meaning(None, iterator.code) for iterator in node.for_each]
        return _digest(found)


def references_of(definition: Definition) -> Iterator[Reference]:
    """Those of templates, lists of forEach, status fields and conditions."""
    codes = [*definition.status, *definition.conditions]
    for node in definition.nodes:
        codes += [*node.codes, *(iterator.code for iterator in node.for_each)]
    for code in codes:
        for part in code.expressions:
            yield from part.expression.references


def _canonical(part: str | Part) -> str:
    return part if isinstance(part, str) else f"${{{part.expression.unparse()}}}"


def _root_of_selection(node: cel_nodes.Node) -> str:
    """The name at the root of ``a.b.c`` or ``a["b"].c``; empty for every other expression."""
    while True:
        match node:
            case cel_nodes.Select(optional=False) | cel_nodes.Index(optional=False, key=cel_nodes.Literal()):
                node = node.operand
            case cel_nodes.Ident():
                return node.name
            case _:
                return ""


def _nearest(template: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The part of a template at a path of names, or the last one before it that is not a map.

    What the template does not name, a controller may compute from any part of it: then it is the whole.
    """
    found: Any = template
    for name in path:
        if not isinstance(found, Mapping):
            return found
        found = found.get(name, MISSING)
        if found is MISSING:
            return template
    return found


def _constraints(schema: Mapping[str, Any], reference: Reference) -> Any:
    """What restricts an input: a grant for some values does not cover others."""
    if reference.root != "schema" or reference.path[:1] != ("spec",):
        return None
    for name in reference.path[1:]:
        properties = schema.get("properties") or {}
        found = properties.get(name) or schema.get("additionalProperties") or schema.get("items")
        if not isinstance(found, Mapping):
            break
        schema = found
    return {name: schema[name] for name in CONSTRAINTS if name in schema}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:32]
