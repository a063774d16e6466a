"""Runs the tests of a Contract document: render, simulate observed objects, compare. Pure; no cluster."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.compiler import Compilation, Definition, Node, validate_spec
from contracts.compiler.contract_document import ContractTest, FieldExpectation
from contracts.documents import positioned
from contracts.documents.paths import MISSING, get, parse_path, print_path
from contracts.problems import Problem, did_you_mean
from contracts.runtime.assertions import explain_assertion, format_value
from contracts.runtime.fixtures import shape_error
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
"""The metadata that an API server sets on every object; a test may override it."""
STATE_NAMES = {"desired": "present", "ignored": "absent", "pending": "waiting", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class ContractTestResult:
    """The result of one test. ``failures`` are sentences; it passed when there are none."""

    test: ContractTest
    failures: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.test.name

    @property
    def passed(self) -> bool:
        return not self.failures

    def problems(self) -> tuple[Problem, ...]:
        path = f"spec.tests[{self.test.index}]"
        return tuple(
            positioned(Problem("test-failed", f"Test “{self.name}”: {failure}", path), self.test.span)
            for failure in self.failures
        )


def run_tests(compilation: Compilation) -> list[ContractTestResult]:
    """Run every test; empty for a contract that does not compile."""
    definition = compilation.definition
    if definition is None:
        return []
    return [
        ContractTestResult(test, tuple(_failures(definition, test)))
        for test in compilation.presentation.contract_tests
    ]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The rendered input. ``problems`` are those of failed nodes and of status fields."""

    states: Mapping[str, NodeState | PreviewNode]
    status: Mapping[str, Any]
    problems: Sequence[Problem]

    def manifests(self, node_id: str) -> Sequence[Mapping[str, Any]]:
        return self.states[node_id].manifests


def _failures(definition: Definition, test: ContractTest) -> Iterator[str]:
    invalid = [*_unknown_nodes(definition, test), *_invalid_observed(definition, test)]
    rejected = validate_spec(definition, test.input)
    if invalid or rejected:
        yield from invalid
        yield from _compare_problems(test, rejected)
        return
    instance = instance_of(definition, test.input, test.metadata)
    outcome = _observed(definition, instance, test) if test.observed else _previewed(definition, instance)
    yield from _compare_problems(test, outcome.problems)
    yield from _compare_states(test, outcome)
    for expectation in test.fields:
        yield from _compare_field(expectation, outcome)
    yield from _compare_status(test, outcome)
    names = _names(definition, instance, outcome)
    yield from filter(None, (explain_assertion(text, names) for text in test.assertions))


def _unknown_nodes(definition: Definition, test: ContractTest) -> Iterator[str]:
    """Nodes that the test names and the contract does not have."""
    nodes = [node.id for node in definition.nodes]
    used = [*test.observed, *test.present, *test.absent, *test.waiting, *test.ready]
    for node_id in dict.fromkeys([*used, *(each.node for each in test.fields)]):
        if node_id not in nodes:
            hint = did_you_mean(node_id, nodes) or f"Nodes: {', '.join(nodes) or 'none'}."
            yield f"there is no node “{node_id}”. {hint}"


def _invalid_observed(definition: Definition, test: ContractTest) -> Iterator[str]:
    """Observed objects of the wrong type."""
    for node in definition.nodes:
        if node.id in test.observed and (error := _observed_error(node, test.observed[node.id])):
            yield f"observed {error}"


def _observed_error(node: Node, given: Any) -> str:
    """A single map given for a collection applies to each of its objects."""
    each_item = node.type == "collection" and isinstance(given, Mapping)
    return shape_error(node, [given] if each_item else given)


def instance_of(
    definition: Definition, spec: Mapping[str, Any], metadata: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A whole custom resource with this spec, with defaults as the API server would set them."""
    given = {**METADATA, **(metadata or {})}
    if not definition.namespaced:
        given.pop("namespace", None)
    return {
        "apiVersion": definition.api_version,
        "kind": definition.kind,
        "metadata": given,
        "spec": apply_defaults(definition.spec_schema, spec),
    }


def _compare_problems(test: ContractTest, found: Sequence[Problem]) -> Iterator[str]:
    """Every expected problem occurs, and no other one."""
    for expected in test.problems:
        same_path = [each for each in found if each.path == expected.path]
        if not same_path:
            others = ", ".join(f"{each.path} ({each.code})" for each in found) or "none"
            code = f" ({expected.code})" if expected.code else ""
            yield f"a problem at {expected.path}{code} was expected, but found {others}."
        elif expected.code and expected.code not in [each.code for each in same_path]:
            codes = ", ".join(each.code for each in same_path)
            yield f"the problem at {expected.path} should be {expected.code}, but it is {codes}."
    expected_paths = [each.path for each in test.problems]
    for problem in found:
        if problem.path not in expected_paths:
            yield f"no problem was expected at {problem.path}, but found: {problem.message}"


def _previewed(definition: Definition, instance: Mapping[str, Any]) -> _Outcome:
    """Everything, including the status, as far as it is known before anything exists."""
    states = {node.id: node for node in preview(definition, instance)}
    rendering = render(definition, instance, {})
    of_status = [problem for problem in rendering.problems if problem.path.startswith("status")]
    return _Outcome(states, rendering.status, [*_failed(states), *of_status])


def _failed(states: Mapping[str, NodeState | PreviewNode]) -> list[Problem]:
    return [
        Problem(state.code, state.reason, f"resources.{node_id}")
        for node_id, state in states.items()
        if state.state == "failed"
    ]


def _observed(definition: Definition, instance: Mapping[str, Any], test: ContractTest) -> _Outcome:
    """Render repeatedly; the observed objects of a node appear once the node is desired."""
    live: dict[str, object] = {
        node.id: test.observed[node.id]
        for node in definition.nodes
        if node.is_external and node.id in test.observed
    }
    rendering = render(definition, instance, live)
    for _ in definition.nodes:
        created = {
            node_id: _live(state, test.observed[node_id])
            for node_id, state in rendering.nodes.items()
            if state.state == "desired" and node_id in test.observed and node_id not in live
        }
        if not created:
            break
        live.update(created)
        rendering = render(definition, instance, live)
    of_status = [problem for problem in rendering.problems if problem.code == "status-failed"]
    return _Outcome(rendering.nodes, rendering.status, [*_failed(rendering.nodes), *of_status])


def _live(state: NodeState, given: Any) -> object:
    if isinstance(given, list):
        return [_merged(manifest, extra) for manifest, extra in zip(state.manifests, given, strict=False)]
    if len(state.manifests) == 1:
        return _merged(state.manifests[0], given)
    return [_merged(manifest, given) for manifest in state.manifests]


def _merged(base: Any, more: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(more, Mapping):
        keys = [*base, *(key for key in more if key not in base)]
        return {
            key: _merged(base.get(key), more[key]) if key in more else copy.deepcopy(base[key])
            for key in keys
        }
    return copy.deepcopy(more)


def _compare_states(test: ContractTest, outcome: _Outcome) -> Iterator[str]:
    for expected, ids in (
        ("present", test.present),
        ("absent", test.absent),
        ("waiting", test.waiting),
        ("ready", test.ready),
    ):
        for node_id in ids:
            state = outcome.states[node_id]
            if not _is(expected, state):
                yield f"“{node_id}” should be {expected}, but it is {_actual(expected, state)}."


def _is(expected: str, state: NodeState | PreviewNode) -> bool:
    if expected == "ready":
        return isinstance(state, NodeState) and state.ready and state.state == "desired"
    return STATE_NAMES[state.state] == expected


def _actual(expected: str, state: NodeState | PreviewNode) -> str:
    actual = STATE_NAMES[state.state]
    if expected == "ready" and state.state == "desired":
        actual = "not ready"
        if isinstance(state, PreviewNode):
            return f"{actual}: the test has nothing under “observed”"
    return f"{actual} ({state.reason.rstrip('.')})" if state.reason else actual


def _compare_field(expectation: FieldExpectation, outcome: _Outcome) -> Iterator[str]:
    node_id, index = expectation.node, expectation.index
    try:
        path = parse_path(expectation.path)
    except ValueError as error:
        yield f"{error}."
        return
    manifests = outcome.manifests(node_id)
    if not 0 <= index < len(manifests):
        state = outcome.states[node_id]
        actual = f"it has {len(manifests)}" if manifests else f"it is {_actual('present', state)}"
        yield f"“{node_id}” should have an object at index {index}, but {actual}."
        return
    actual_value = get(manifests[index], path, MISSING)
    expected_value = MISSING if expectation.absent else expectation.value
    if not _same(actual_value, expected_value):
        yield _difference(f"{node_id}.{expectation.path}", expected_value, actual_value)


def _compare_status(test: ContractTest, outcome: _Outcome) -> Iterator[str]:
    for path, expected in _leaves(test.status, ()):
        actual = get(outcome.status, path, MISSING)
        if not _same(actual, expected):
            yield _difference(print_path(("status", *path)), expected, actual)


def _difference(path: str, expected: Any, actual: Any) -> str:
    return f"{path} should be {format_value(expected)}, but it is {format_value(actual)}."


def _same(actual: Any, expected: Any) -> bool:
    """Equal as JSON: 1 and 1.0 are, 1 and true are not, at any depth."""
    if actual is MISSING or expected is MISSING:
        return actual is expected
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        return actual.keys() == expected.keys() and all(_same(actual[key], expected[key]) for key in actual)
    if isinstance(actual, list) and isinstance(expected, list):
        return len(actual) == len(expected) and all(map(_same, actual, expected))
    return bool(actual == expected) and isinstance(actual, bool) == isinstance(expected, bool)


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, Mapping) and value:
        for key, child in value.items():
            yield from _leaves(child, (*path, key))
    elif path:
        yield path, value


def _names(definition: Definition, instance: Mapping[str, Any], outcome: _Outcome) -> dict[str, object]:
    """The variables of assertions: ids are manifests (lists for collections), ``resources`` all of them."""
    names: dict[str, object] = {"schema": instance, "status": dict(outcome.status)}
    for node in definition.nodes:
        manifests = [dict(manifest) for manifest in outcome.manifests(node.id)]
        if node.is_many:
            names[node.id] = manifests
        elif manifests:
            names[node.id] = manifests[0]
    names["resources"] = [dict(each) for state in outcome.states.values() for each in state.manifests]
    return names
