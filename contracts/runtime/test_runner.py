"""Runs the tests that stand beside a contract: render, pretend, compare (pure; no cluster)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.compiler import Compilation, Definition, validate_spec
from contracts.compiler.contract_document import Case, FieldExpectation
from contracts.documents.paths import MISSING, get, parse_path, print_path
from contracts.problems import Problem, did_you_mean
from contracts.runtime.assertions import shown, unmet
from contracts.runtime.fixtures import shape_fault
from contracts.runtime.previewing import preview
from contracts.runtime.rendering import render
from contracts.runtime.states import NodeState, PreviewNode
from contracts.schema import apply_defaults

METADATA = {
    "name": "example",
    "namespace": "default",
    "uid": "00000000-0000-0000-0000-000000000000",
    "generation": 1,
    "resourceVersion": "1",
    "creationTimestamp": "2026-01-01T00:00:00Z",
}
"""What an API server writes on every object; a test may say otherwise."""
WORDS = {"desired": "present", "ignored": "absent", "pending": "waiting", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one case. ``failures`` are sentences; none means that it passed."""

    case: Case
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.failures

    def problems(self) -> tuple[Problem, ...]:
        place = self.case.place
        return tuple(
            Problem(
                "test-failed",
                f"Test “{self.case.name}”: {failure}",
                f"spec.tests[{self.case.index}]",
                place.line,
                place.column,
                place.end_line,
                place.end_column,
            )
            for failure in self.failures
        )


def run_cases(compilation: Compilation) -> list[Trial]:
    """Run every case; a contract that does not compile has none to run."""
    if compilation.definition is None:
        return []
    definition = compilation.definition
    return [Trial(case, tuple(_failures(definition, case))) for case in compilation.presentation.cases]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What an input came to. ``problems`` are of nodes that failed and of status fields."""

    states: Mapping[str, NodeState | PreviewNode]
    status: Mapping[str, Any]
    problems: Sequence[Problem]

    def manifests(self, node_id: str) -> Sequence[Mapping[str, Any]]:
        return self.states[node_id].manifests


def _failures(definition: Definition, case: Case) -> Iterator[str]:
    unknown = list(_unknown_names(definition, case))
    refused = validate_spec(definition, case.input)
    if unknown or refused:
        yield from unknown
        yield from _compare_problems(case, refused)
        return
    instance = instance_of(definition, case.input, case.metadata)
    outcome = _observed(definition, instance, case) if case.observed else _previewed(definition, instance)
    yield from _compare_problems(case, outcome.problems)
    yield from _compare_states(case, outcome)
    for expectation in case.fields:
        yield from _compare_field(expectation, outcome)
    for path, value in _leaves(case.status, ()):
        have = get(outcome.status, path, MISSING)
        if not _same(have, value):
            yield f"{print_path(('status', *path))} should be {shown(value)}, but it is {shown(have)}."
    names = _names(definition, instance, outcome)
    yield from filter(None, (unmet(text, names) for text in case.assertions))


def _unknown_names(definition: Definition, case: Case) -> Iterator[str]:
    """Nodes that the case names and the contract does not have; observed objects of the wrong shape."""
    nodes = {node.id: node for node in definition.nodes}
    used = [*case.observed, *case.present, *case.absent, *case.waiting, *case.ready]
    for node_id in dict.fromkeys([*used, *(each.node for each in case.fields)]):
        if node_id not in nodes:
            hint = did_you_mean(node_id, nodes) or f"There are {', '.join(nodes) or 'none'}."
            yield f"there is no node “{node_id}”. {hint}"
    for node_id, given in case.observed.items():
        node = nodes.get(node_id)
        if node is None:
            continue
        each_item = node.type == "collection" and isinstance(given, Mapping)
        fault = shape_fault(node, [given] if each_item else given)
        if fault:
            yield f"observed {fault}"


def instance_of(
    definition: Definition, spec: Mapping[str, Any], metadata: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A whole custom resource of a spec, its defaults filled in as the API server would."""
    given = {**METADATA, **(metadata or {})}
    if not definition.namespaced:
        given.pop("namespace", None)
    return {
        "apiVersion": definition.api_version,
        "kind": definition.kind,
        "metadata": given,
        "spec": apply_defaults(definition.spec_schema, spec),
    }


def _compare_problems(case: Case, found: Sequence[Problem]) -> Iterator[str]:
    """Every expected problem is there, and no other one."""
    for wanted in case.problems:
        there = [each for each in found if each.path == wanted.path]
        if not there:
            others = ", ".join(f"{each.path} ({each.code})" for each in found) or "none"
            code = f" ({wanted.code})" if wanted.code else ""
            yield f"a problem at {wanted.path}{code} was expected, but found {others}."
        elif wanted.code and wanted.code not in [each.code for each in there]:
            codes = ", ".join(each.code for each in there)
            yield f"the problem at {wanted.path} should be {wanted.code}, but it is {codes}."
    expected = [each.path for each in case.problems]
    for problem in found:
        if problem.path not in expected:
            yield f"no problem was expected at {problem.path}, but found: {problem.message}"


def _previewed(definition: Definition, instance: Mapping[str, Any]) -> _Outcome:
    """Everything as far as it can be known before anything exists; the status too."""
    states = {node.id: node for node in preview(definition, instance)}
    early = render(definition, instance, {})
    told = [problem for problem in early.problems if problem.path.startswith("status")]
    return _Outcome(states, early.status, [*_failed(states), *told])


def _failed(states: Mapping[str, NodeState | PreviewNode]) -> list[Problem]:
    return [
        Problem(state.code, state.reason, f"resources.{node_id}")
        for node_id, state in states.items()
        if state.state == "failed"
    ]


def _observed(definition: Definition, instance: Mapping[str, Any], case: Case) -> _Outcome:
    """Render again and again, letting the pretended objects come up as their nodes are wanted."""
    live: dict[str, object] = {
        node.id: case.observed[node.id]
        for node in definition.nodes
        if node.is_external and node.id in case.observed
    }
    rendering = render(definition, instance, live)
    for _ in definition.nodes:
        fresh = {
            node_id: _live(state, case.observed[node_id])
            for node_id, state in rendering.nodes.items()
            if state.state == "desired" and node_id in case.observed and node_id not in live
        }
        if not fresh:
            break
        live.update(fresh)
        rendering = render(definition, instance, live)
    told = [problem for problem in rendering.problems if problem.code == "status-failed"]
    return _Outcome(rendering.nodes, rendering.status, [*_failed(rendering.nodes), *told])


def _live(state: NodeState, given: Any) -> object:
    if isinstance(given, list):
        return [_merged(made, extra) for made, extra in zip(state.manifests, given, strict=False)]
    if len(state.manifests) == 1:
        return _merged(state.manifests[0], given)
    return [_merged(made, given) for made in state.manifests]


def _merged(base: Any, more: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(more, Mapping):
        keys = [*base, *(key for key in more if key not in base)]
        return {
            key: _merged(base.get(key), more[key]) if key in more else copy.deepcopy(base[key])
            for key in keys
        }
    return copy.deepcopy(more)


def _compare_states(case: Case, outcome: _Outcome) -> Iterator[str]:
    for word, ids in (
        ("present", case.present),
        ("absent", case.absent),
        ("waiting", case.waiting),
        ("ready", case.ready),
    ):
        for node_id in ids:
            state = outcome.states[node_id]
            if not _is(word, state):
                yield f"“{node_id}” should be {word}, but it is {_found(word, state)}."


def _is(word: str, state: NodeState | PreviewNode) -> bool:
    if word == "ready":
        return isinstance(state, NodeState) and state.ready and state.state == "desired"
    return WORDS[state.state] == word


def _found(word: str, state: NodeState | PreviewNode) -> str:
    have = WORDS[state.state]
    if word == "ready" and state.state == "desired":
        have = "not ready"
        if isinstance(state, PreviewNode):
            return f"{have}: the test gives nothing under “observed”"
    return f"{have} ({state.reason.rstrip('.')})" if state.reason else have


def _compare_field(expectation: FieldExpectation, outcome: _Outcome) -> Iterator[str]:
    node_id, index = expectation.node, expectation.index
    try:
        path = parse_path(expectation.path)
    except ValueError as error:
        yield f"{error}."
        return
    made = outcome.manifests(node_id)
    if not 0 <= index < len(made):
        have = f"it has {len(made)}" if made else f"it is {_found('present', outcome.states[node_id])}"
        yield f"“{node_id}” should have an object at index {index}, but {have}."
        return
    value = get(made[index], path, MISSING)
    wanted = MISSING if expectation.absent else expectation.value
    if not _same(value, wanted):
        yield f"{node_id}.{expectation.path} should be {shown(wanted)}, but it is {shown(value)}."


def _same(have: Any, want: Any) -> bool:
    """Equal as JSON: 1 and 1.0 are, 1 and true are not, at any depth."""
    if have is MISSING or want is MISSING:
        return have is want
    if isinstance(have, Mapping) and isinstance(want, Mapping):
        return have.keys() == want.keys() and all(_same(have[key], want[key]) for key in have)
    if isinstance(have, list) and isinstance(want, list):
        return len(have) == len(want) and all(map(_same, have, want))
    return bool(have == want) and isinstance(have, bool) == isinstance(want, bool)


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, Mapping) and value:
        for key, child in value.items():
            yield from _leaves(child, (*path, key))
    elif path:
        yield path, value


def _names(definition: Definition, instance: Mapping[str, Any], outcome: _Outcome) -> dict[str, object]:
    """What assertions see: ids are manifests (lists for collections), ``resources`` all of them."""
    names: dict[str, object] = {"schema": instance, "status": dict(outcome.status)}
    for node in definition.nodes:
        made = [dict(manifest) for manifest in outcome.manifests(node.id)]
        if node.is_many:
            names[node.id] = made
        elif made:
            names[node.id] = made[0]
    names["resources"] = [dict(each) for state in outcome.states.values() for each in state.manifests]
    return names
