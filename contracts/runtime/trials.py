"""Runs the tests that stand beside a contract: render, pretend, compare (pure; no cluster)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts import cel
from contracts.compiler import Compilation, Definition, validate_spec
from contracts.compiler.cases import Case, FieldExpectation
from contracts.paths import MISSING, get, parse_path
from contracts.problems import Problem
from contracts.runtime.previewing import preview
from contracts.runtime.rendering import render
from contracts.runtime.states import NodeState, PreviewNode
from contracts.schema import apply_defaults

METADATA = {"name": "example", "namespace": "default", "uid": "00000000-0000-0000-0000-000000000000"}


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
                "spec.tests",
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
    states: Mapping[str, NodeState | PreviewNode]
    status: Mapping[str, Any]

    def manifests(self, node_id: str) -> Sequence[Mapping[str, Any]]:
        return self.states[node_id].manifests


def _failures(definition: Definition, case: Case) -> Iterator[str]:
    found = validate_spec(definition, case.input)
    if found or case.problems:
        yield from _compare_problems(case, found)
        return
    instance = instance_of(definition, case.input, case.metadata)
    outcome = _observed(definition, instance, case) if case.observed else _previewed(definition, instance)
    yield from _compare_states(definition, case, outcome)
    for expectation in case.fields:
        yield from _compare_field(expectation, outcome)
    for path, value in _leaves(case.status, ()):
        have = get(outcome.status, path, MISSING)
        if have is MISSING or not _same(have, value):
            yield f"status.{'.'.join(map(str, path))} is {_shown(have)}, not {_shown(value)}."
    for text in case.assertions:
        yield from _assert(text, definition, instance, outcome)


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
    for wanted in case.problems:
        if not any(wanted.path == each.path and wanted.code in ("", each.code) for each in found):
            code = f" ({wanted.code})" if wanted.code else ""
            yield f"expected a problem at {wanted.path}{code}, and there is none."
    expected = [each.path for each in case.problems]
    for problem in found:
        if problem.path not in expected:
            yield f"the input is refused: {problem.path}: {problem.message}"


def _previewed(definition: Definition, instance: Mapping[str, Any]) -> _Outcome:
    return _Outcome({node.id: node for node in preview(definition, instance)}, {})


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
    return _Outcome(rendering.nodes, rendering.status)


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


def _compare_states(definition: Definition, case: Case, outcome: _Outcome) -> Iterator[str]:
    for word, ids in (
        ("present", case.present),
        ("absent", case.absent),
        ("waiting", case.waiting),
        ("ready", case.ready),
    ):
        for node_id in ids:
            state = outcome.states.get(node_id)
            if state is None:
                known = ", ".join(node.id for node in definition.nodes)
                yield f"there is no node “{node_id}”; there are {known}."
            elif not _is(word, state):
                because = f" ({state.reason})" if state.reason else ""
                yield f"“{node_id}” should be {word}, but it is {state.state}{because}."


def _is(word: str, state: NodeState | PreviewNode) -> bool:
    match word:
        case "present":
            return state.state == "desired"
        case "absent":
            return state.state == "ignored"
        case "waiting":
            return state.state == "pending"
    return isinstance(state, NodeState) and state.ready and state.state == "desired"


def _compare_field(expectation: FieldExpectation, outcome: _Outcome) -> Iterator[str]:
    node_id = expectation.node
    if node_id not in outcome.states or expectation.index >= len(outcome.manifests(node_id)):
        yield f"“{node_id}” has no object to look at."
        return
    try:
        path = parse_path(expectation.path)
    except ValueError as error:
        yield f"{error}."
        return
    have = get(outcome.manifests(node_id)[expectation.index], path, MISSING)
    if expectation.absent:
        if have is not MISSING:
            yield f"{node_id}.{expectation.path} is {_shown(have)}, and should be absent."
    elif have is MISSING or not _same(have, expectation.value):
        yield f"{node_id}.{expectation.path} is {_shown(have)}, not {_shown(expectation.value)}."


def _same(have: Any, want: Any) -> bool:
    return bool(have == want) and isinstance(have, bool) == isinstance(want, bool)


def _shown(value: Any) -> str:
    return "absent" if value is MISSING else repr(value)[:200]


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, Mapping) and value:
        for key, child in value.items():
            yield from _leaves(child, (*path, key))
    elif path:
        yield path, value


def _assert(
    text: str, definition: Definition, instance: Mapping[str, Any], outcome: _Outcome
) -> Iterator[str]:
    """CEL over what was rendered: ids are manifests (lists for collections), ``resources`` all of them."""
    source = text.strip()
    source = source[2:-1] if source.startswith("${") and source.endswith("}") else source
    names: dict[str, object] = {"schema": instance, "status": dict(outcome.status)}
    for node in definition.nodes:
        made = [dict(manifest) for manifest in outcome.manifests(node.id)]
        if node.is_many:
            names[node.id] = made
        elif made:
            names[node.id] = made[0]
    names["resources"] = [dict(each) for state in outcome.states.values() for each in state.manifests]
    try:
        holds = cel.parse(source).evaluate(names)
    except cel.CelSyntaxError as error:
        yield f"“{source}” cannot be read: {error.message}"
        return
    except cel.CelError as error:
        yield f"“{source}” cannot be judged: {error.message}."
        return
    if holds is not True:
        yield f"“{source}” is not true."
