"""A definition prepared for evaluation: closures per node, computed once and cached in the definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts import cel
from contracts.compiler import Code, Definition, Node
from contracts.compiler.checks.expression_types import instance_type
from contracts.runtime.evaluation import Bindings, Value, evaluator, raw, template_builder


@dataclass(frozen=True, slots=True)
class Condition:
    """An includeWhen or readyWhen entry. ``nodes`` are the node ids that it reads."""

    code: Code
    value: Value
    nodes: tuple[str, ...]

    def holds(self, bindings: Bindings) -> bool:
        """An empty optional counts as false. Raises ``Unresolved``."""
        found = self.value(bindings)
        if isinstance(found, cel.OptionalValue):
            found = found.value if found.has_value else False
        return found is True


@dataclass(frozen=True, slots=True)
class NodeProgram:
    node: Node
    build: Value
    iterators: tuple[tuple[str, Value], ...]
    include_when: tuple[Condition, ...]
    ready_when: tuple[Condition, ...]
    item_type: Any
    fields_read: frozenset[str] | None = None
    """Top-level fields that other nodes read; None when one may read the whole object."""

    def seen(self, observed: object) -> object:
        """An observed object, or a list of them, for expressions: only fields that are read are wrapped."""
        if isinstance(observed, list):
            return [cel.wrap(item, self.item_type) for item in observed]
        if self.fields_read is None or not isinstance(self.item_type, cel.StructType):
            return cel.wrap(observed, self.item_type)
        fields = self.item_type.fields
        whole = dict(observed) if isinstance(observed, Mapping) else {}
        for name in self.fields_read & whole.keys():
            if whole[name] is None:
                del whole[name]
            elif name in fields:
                whole[name] = cel.wrap(whole[name], fields[name])
        return whole


@dataclass(frozen=True, slots=True)
class Program:
    nodes: Mapping[str, NodeProgram]
    status: tuple[tuple[Code, Value], ...]
    conditions: tuple[tuple[Code, Value], ...]
    schema_type: Any
    schema_with_status: Any


def program_of(definition: Definition) -> Program:
    """The definition's program, created at the first use. Two threads may both create it."""
    program = definition.program.get("program")
    if not isinstance(program, Program):
        program = definition.program["program"] = _program(definition)
    return program


def _program(definition: Definition) -> Program:
    ids = {node.id for node in definition.nodes}
    read = _fields_read(definition)
    nodes = {node.id: _node_program(node, ids, read.get(node.id, frozenset())) for node in definition.nodes}
    with_status = instance_type(definition.spec_schema, definition.scope, definition.status_schema)
    return Program(
        nodes={node_id: nodes[node_id] for node_id in definition.order},
        status=tuple((code, evaluator(code)) for code in definition.status),
        conditions=tuple((code, raw(code)) for code in definition.conditions),
        schema_type=definition.schema_type,
        schema_with_status=with_status,
    )


def _fields_read(definition: Definition) -> dict[str, frozenset[str] | None]:
    """The fields of each node that expressions read, other than its own readyWhen."""
    codes = [*definition.status, *definition.conditions]
    for node in definition.nodes:
        codes += [*node.codes, *node.include_when, *(each.code for each in node.for_each)]
    read: dict[str, frozenset[str] | None] = {}
    for code in codes:
        for part in code.expressions:
            for ref in part.expression.references:
                before = read.get(ref.root, frozenset())
                whole = before is None or not ref.path or ref.path[0] == "[]"
                read[ref.root] = None if whole or before is None else before | {ref.path[0]}
    return read


def _node_program(node: Node, ids: set[str], fields_read: frozenset[str] | None) -> NodeProgram:
    return NodeProgram(
        node=node,
        build=template_builder(node.template, {code.path: evaluator(code) for code in node.codes}),
        iterators=tuple((each.name, raw(each.code)) for each in node.for_each),
        include_when=tuple(_condition(code, ids) for code in node.include_when),
        ready_when=tuple(_condition(code, ids | {"each"}) for code in node.ready_when),
        item_type=node.value_type,
        fields_read=fields_read,
    )


def _condition(code: Code, names: set[str]) -> Condition:
    roots = (ref.root for part in code.expressions for ref in part.expression.references)
    return Condition(code, raw(code), tuple(dict.fromkeys(root for root in roots if root in names)))


class Walk:
    """The start of a walk over the nodes of an instance: the instance, observed objects, and names."""

    def __init__(
        self, definition: Definition, instance: Mapping[str, Any], observed: Mapping[str, object]
    ) -> None:
        self.definition = definition
        self.program = program_of(definition)
        self.instance = instance
        self.observed = observed
        self.namespace = str((instance.get("metadata") or {}).get("namespace") or "")
        self.bindings: dict[str, object] = instance_bindings(self.program, instance)


def instance_bindings(program: Program, instance: Mapping[str, Any]) -> dict[str, object]:
    """``schema``: the instance without its status (kro §3.3)."""
    visible = {key: value for key, value in instance.items() if key != "status"}
    visible.setdefault("spec", {})
    return {"schema": cel.wrap(visible, program.schema_type)}
