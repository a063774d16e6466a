"""What an instance would create, before anything exists: desired manifests replace observed objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from contracts.compiler import Definition
from contracts.runtime.evaluation import Bindings, Unresolved, Value, evaluator, template_builder
from contracts.runtime.expansion import Unrenderable, manifests
from contracts.runtime.lookups import lookup_of
from contracts.runtime.program import NodeProgram, Walk
from contracts.runtime.states import PreviewNode
from contracts.schema import apply_defaults

UNKNOWN = "‹known after {}›"
UNSET = "‹{} is not set›"


def preview(
    definition: Definition, instance: Mapping[str, Any], observed: Mapping[str, object] | None = None
) -> list[PreviewNode]:
    """Every node in topological order, rendered as far as possible, with the spec's defaults.

    Values that only the cluster knows are placeholders: ``‹known after deployment.status.x›``. ``observed``
    is for an instance that exists: its live objects are then used.
    """
    given = instance.get("spec")
    spec = apply_defaults(definition.spec_schema, given if isinstance(given, Mapping) else {})
    whole = {
        "apiVersion": definition.api_version,
        "kind": definition.kind,
        **instance,
        "metadata": instance.get("metadata") or {},
        "spec": spec,
    }
    return _Preview(definition, whole, observed or {}).run()


class _Preview(Walk):
    def __init__(
        self, definition: Definition, instance: Mapping[str, Any], observed: Mapping[str, object]
    ) -> None:
        super().__init__(definition, instance, observed)
        self.ignored: set[str] = set()

    def run(self) -> list[PreviewNode]:
        return [self._node(node) for node in self.program.nodes.values()]

    def _node(self, node: NodeProgram) -> PreviewNode:
        node_id = node.node.id
        try:
            reason = self._excluded(node)
            if reason:
                self.ignored.add(node_id)
                return PreviewNode(node_id, "ignored", reason=reason)
            return self._external(node) if node.node.is_external else self._resource(node)
        except Unresolved as why:
            reason = f"{_capital(why.reason)}."
            if why.pending and _of_spec(why):
                missing = (why.missing.removeprefix("schema."),)
                return PreviewNode(
                    node_id, "pending", reason=reason, code="schema-field-missing", missing=missing
                )
            if why.pending:
                return PreviewNode(node_id, "pending", reason=reason, code="field-missing")
            return PreviewNode(node_id, "failed", reason=reason, code="expression-failed")
        except Unrenderable as why:
            return PreviewNode(node_id, "failed", reason=why.message, code=why.code)

    def _excluded(self, node: NodeProgram) -> str:
        for need in node.node.needs:
            if need in self.ignored:
                return f"Excluded because “{need}” is excluded."
        for condition in node.include_when:
            if not condition.holds(self.bindings):
                return f"Excluded: {condition.code.source} is not true."
        return ""

    def _resource(self, node: NodeProgram) -> PreviewNode:
        rendered = manifests(self.definition, _with_placeholders(node), self.bindings, self.namespace)
        live = self.observed.get(node.node.id)
        stand_in = live if isinstance(live, list | Mapping) and live else None
        if stand_in is None:
            known = [_known(manifest) for manifest in rendered]
            stand_in = known if node.node.type == "collection" else known[0]
        self.bindings[node.node.id] = node.seen(stand_in)
        missing = tuple(dict.fromkeys(field for manifest in rendered for field in _unset(manifest)))
        return PreviewNode(
            node.node.id,
            "desired",
            tuple(_plain(manifest) for manifest in rendered),
            code="schema-field-missing" if missing else "",
            missing=missing,
        )

    def _external(self, node: NodeProgram) -> PreviewNode:
        node_id = node.node.id
        lookup = lookup_of(node, node.build(self.bindings), self.namespace, self.definition.namespaced)
        live = self.observed.get(node_id)
        if isinstance(live, list | Mapping):
            self.bindings[node_id] = node.seen(live)
            return PreviewNode(node_id, "desired", lookups=(lookup,))
        if node.node.type == "external":
            self.bindings[node_id] = {
                "apiVersion": lookup.api_version,
                "kind": lookup.kind,
                "metadata": {"name": lookup.name, "namespace": lookup.namespace},
            }
            reason = f"Reads the {lookup.kind} “{lookup.name}”, which must exist."
        else:
            reason = f"Reads all {lookup.plural} that its selector matches."
        return PreviewNode(node_id, "pending", reason=reason, lookups=(lookup,))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _with_placeholders(node: NodeProgram) -> NodeProgram:
    """The same node, with placeholders where a value is not known yet, also in names and namespaces."""
    codes = {code.path: _placeholder(evaluator(code)) for code in node.node.codes}
    build = template_builder(node.node.template, codes)
    return replace(node, build=build)


def _placeholder(value: Value) -> Value:
    def tolerant(bindings: Bindings) -> Any:
        try:
            return value(bindings)
        except Unresolved as why:
            if not why.pending:
                raise
            if _of_spec(why):
                return Unset(UNSET.format(field := why.missing.removeprefix("schema.")), field)
            return Unknown(UNKNOWN.format(why.missing or why.code.source))

    return tolerant


class Unknown(str):
    """A placeholder. For expressions that read it, the field is missing."""

    __slots__ = ()


class Unset(Unknown):
    """The placeholder for a value that needs a ``field`` of the instance, which is not set."""

    __slots__ = ("field",)
    field: str

    def __new__(cls, text: str, field: str) -> Unset:
        placeholder = super().__new__(cls, text)
        placeholder.field = field
        return placeholder


def _of_spec(why: Unresolved) -> bool:
    """Whether a field of the instance is missing, which only its user can set."""
    return why.missing.startswith("schema.spec.")


def _unset(value: Any) -> Iterator[str]:
    """The fields of the instance that a manifest waits for."""
    if isinstance(value, Unset):
        yield value.field
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from _unset(child)


def _known(value: Any) -> Any:
    """A manifest without its placeholders, so that nodes that read one wait for it in turn."""
    if isinstance(value, dict):
        return {key: _known(child) for key, child in value.items() if not isinstance(child, Unknown)}
    if isinstance(value, list):
        return [_known(child) for child in value if not isinstance(child, Unknown)]
    return value


def _plain(value: Any) -> Any:
    """A manifest whose placeholders are ordinary strings."""
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return str(value) if isinstance(value, Unknown) else value
