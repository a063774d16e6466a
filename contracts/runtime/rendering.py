"""The desired objects of an instance, from its contract and what is observed (kro §4.3–§4.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts import cel
from contracts.compiler import Definition
from contracts.documents import positioned
from contracts.problems import Problem
from contracts.runtime.evaluation import Unresolved
from contracts.runtime.expansion import (
    Identity,
    Unrenderable,
    describe_identity,
    identity,
    in_desired_order,
    manifests,
)
from contracts.runtime.lookups import lookup_of
from contracts.runtime.program import NodeProgram, Walk
from contracts.runtime.readiness import READY, Readiness, of_many, of_one, of_selected
from contracts.runtime.states import NodeState, Rendering
from contracts.runtime.status_projection import author_conditions, project_status
from contracts.runtime.withholding import withheld_reason
from contracts.schema import apply_defaults


def render(
    definition: Definition,
    instance: Mapping[str, Any],
    observed: Mapping[str, object],
    *,
    own_conditions: Sequence[Mapping[str, Any]] = (),
) -> Rendering:
    """Per node: its manifests or why there are none, ready or why not; then the author's status, conditions.

    ``observed`` maps node ids to live objects, or lists for collections and selections; a missing key means
    that it was not observed. Dependents see only observed objects, so a chain advances one link per pass.
    Defaults that the instance lacks are set: it may be older than the revision that has them.
    ``own_conditions`` are the reconciler's, which author conditions may read. Has no side effects.
    """
    return _Pass(definition, with_defaults(definition, instance), observed).run(own_conditions)


def with_defaults(definition: Definition, instance: Mapping[str, Any]) -> dict[str, Any]:
    """The instance as an API server that serves this definition would read it."""
    spec = apply_defaults(definition.spec_schema, instance.get("spec"))
    return {**instance, "spec": spec} if spec is not None else dict(instance)


class _Pass(Walk):
    def __init__(
        self, definition: Definition, instance: Mapping[str, Any], observed: Mapping[str, object]
    ) -> None:
        super().__init__(definition, instance, observed)
        self.states: dict[str, NodeState] = {}
        self.owners: dict[Identity, str] = {}
        self.problems: list[Problem] = []
        self.fatal = False

    def run(self, own_conditions: Sequence[Mapping[str, Any]]) -> Rendering:
        for node_id, node in self.program.nodes.items():
            self.states[node_id] = self._node(node)
        status = project_status(self.definition, self.program, self.bindings, self.problems)
        conditions, complete = None, True
        if self.program.conditions:
            visible = {**self.instance, "status": {"conditions": [dict(each) for each in own_conditions]}}
            names = {**self.bindings, "schema": cel.wrap(visible, self.program.schema_with_status)}
            conditions, complete = author_conditions(self.definition, self.program, names, self.problems)
        return Rendering(self.states, status, conditions, tuple(self.problems), self.fatal, complete)

    def _node(self, node: NodeProgram) -> NodeState:
        excluded = self._excluded(node)
        if excluded is not None:
            return excluded
        withheld = withheld_reason(self.definition, node.node.id)
        if withheld:
            return NodeState(node.node.id, "failed", reason=withheld, code="needs-grant")
        waiting = self._blocked(node, node.node.needs)
        if waiting is not None:
            return waiting
        try:
            if node.node.is_external:
                return self._external(node)
            return self._resource(node)
        except Unresolved as why:
            return self._unresolved(node, why)
        except Unrenderable as why:
            return self._failed(node, why.code, why.message)

    def _excluded(self, node: NodeProgram) -> NodeState | None:
        """The state of a node that includeWhen or an ignored need excludes; else None (kro §4.5)."""
        node_id = node.node.id
        for need in node.node.needs:
            if self.states[need].state == "ignored":
                reason = f"Excluded because “{need}” is excluded."
                return NodeState(node_id, "ignored", ready=True, reason=reason, code="dependency-ignored")
        for condition in node.include_when:
            waiting = self._blocked(node, condition.nodes)
            if waiting is not None:
                return waiting
            try:
                if not condition.holds(self.bindings):
                    reason = f"Excluded: {condition.code.source} is not true."
                    return NodeState(node_id, "ignored", ready=True, reason=reason, code="excluded")
            except Unresolved as why:
                if why.pending and not condition.nodes:
                    message = (
                        f"includeWhen needs a field that is not set: {why.missing or condition.code.source}."
                    )
                    return self._failed(node, "schema-field-missing", f"{message} Test it with has(…) first.")
                return self._unresolved(node, why)
        return None

    def _blocked(self, node: NodeProgram, needs: Sequence[str]) -> NodeState | None:
        """Pending on the first needs that are not ready; ignored ones do not block."""
        blockers = [need for need in needs if not self.states[need].ready]
        if not blockers:
            return None
        format_value = ", ".join(f"“{blocker}”" for blocker in blockers)
        reason = f"Waiting for {format_value}."
        if len(blockers) == 1:
            root = self._root(self.states[blockers[0]])
            deeper = f", which is waiting for “{root.id}”" if root.id != blockers[0] else ""
            reason = f"Waiting for {format_value}{deeper}: {root.reason}"
        return NodeState(
            node.node.id,
            "pending",
            reason=reason,
            waiting_for=tuple(blockers),
            code="dependency-not-ready",
        )

    def _root(self, state: NodeState) -> NodeState:
        """The first node of a chain of waiting nodes, following the first need of each."""
        while state.code == "dependency-not-ready":
            state = self.states[state.waiting_for[0]]
        return state

    def _unresolved(self, node: NodeProgram, why: Unresolved) -> NodeState:
        if not why.pending:
            return self._failed(node, "expression-failed", f"{why.reason}.", why)
        waiting = (why.missing,) if why.missing else ()
        reason = f"Waiting: {why.reason}."
        return NodeState(node.node.id, "pending", reason=reason, waiting_for=waiting, code="field-missing")

    def _failed(self, node: NodeProgram, code: str, reason: str, why: Unresolved | None = None) -> NodeState:
        self.fatal = True
        span = why.code.span if why else node.node.span
        path = f"resources.{node.node.id}"
        self.problems.append(positioned(Problem(code, reason, path, node=node.node.id), span))
        return NodeState(node.node.id, "failed", reason=reason, code=code)

    def _resource(self, node: NodeProgram) -> NodeState:
        desired = manifests(self.definition, node, self.bindings, self.namespace)
        for manifest in desired:
            object_id = identity(manifest)
            other = self.owners.setdefault(object_id, node.node.id)
            if other != node.node.id:
                message = (
                    f"“{node.node.id}” and “{other}” are the same object: {describe_identity(object_id)}."
                )
                return self._failed(node, "identity-collision", message)
        found = self._live(node, desired)
        return NodeState(
            node.node.id,
            "desired",
            tuple(desired),
            found.ready,
            found.reason,
            found.waiting_for,
            found.code,
        )

    def _live(self, node: NodeProgram, desired: list[dict[str, Any]]) -> Readiness:
        """Readiness of the observed objects, which expressions of other nodes can use from now on."""
        observed = self.observed.get(node.node.id)
        if node.node.type == "collection":
            live = in_desired_order(desired, observed if isinstance(observed, list) else [])
            self.bindings[node.node.id] = node.seen(live)
            return of_many(node, desired, live)
        if not isinstance(observed, Mapping):
            return of_one(node, None)
        self.bindings[node.node.id] = node.seen(observed)
        return of_one(node, observed)

    def _external(self, node: NodeProgram) -> NodeState:
        node_id = node.node.id
        lookup = lookup_of(node, node.build(self.bindings), self.namespace, self.definition.namespaced)
        observed = self.observed.get(node_id)
        if node.node.type == "external-collection":
            if not isinstance(observed, list):
                reason = f"The {lookup.plural} have not been observed yet."
                return NodeState(node_id, "pending", reason=reason, code="not-observed", lookups=(lookup,))
            found = of_selected(node, observed)
        elif not isinstance(observed, Mapping):
            place = f" in namespace {lookup.namespace}" if lookup.namespace else ""
            reason = f"Waiting for the {lookup.kind} “{lookup.name}”{place}, which does not exist."
            waiting = (f"{lookup.kind}/{lookup.name}",)
            return NodeState(
                node_id,
                "pending",
                reason=reason,
                waiting_for=waiting,
                code="external-missing",
                lookups=(lookup,),
            )
        else:
            found = of_one(node, observed) if node.ready_when else READY
        self.bindings[node.node.id] = node.seen(observed)
        return NodeState(
            node_id, "desired", (), found.ready, found.reason, found.waiting_for, found.code, (lookup,)
        )
