"""What ``manage.py contract`` computes without a cluster, as plain data: check, render, crd, graph, tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.compiler import (
    Compilation,
    Definition,
    KindSchemas,
    Reach,
    builtin_kinds,
    compile_cached,
    compile_text,
    kinds_with,
    validate_spec,
)
from contracts.compiler.kinds.kind_schemas import object_meta
from contracts.documents import Document, Limits, positioned, read
from contracts.documents.paths import parse_path
from contracts.problems import Problem, Rejected, did_you_mean, errors
from contracts.runtime.fixtures import shape_error
from contracts.runtime.rendering import render
from contracts.runtime.states import Rendering
from contracts.runtime.test_runner import ContractTestResult, instance_of, run_tests
from contracts.schema import validate

# The schemas of an operator's kinds are often in one file, which is far longer than a contract.
DEFINITIONS = Limits(size=8 * 1024 * 1024, depth=100, nodes=500_000, documents=500)
RESOURCE_FIELDS = ("apiVersion", "kind", "metadata", "spec", "status")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text, and the name of the file that holds it, for problems."""

    text: str
    name: str = ""

    def mark(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems, with the name of this file."""
        return [replace(problem, file=self.name) for problem in problems]


@dataclass(frozen=True, slots=True)
class RenderedInput:
    """``data`` has ``nodes``, ``status``, ``conditions`` and ``order``; the problems have no file."""

    data: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


def kinds_from(files: Iterable[TextFile]) -> KindSchemas:
    """Kubernetes' kinds and those of CustomResourceDefinitions in YAML files; other documents are ignored.

    Raises :class:`Rejected` for a file that cannot be parsed: its kinds would silently be unknown.
    """
    crds: list[Mapping[str, Any]] = []
    found: list[Problem] = []
    for file in files:
        documents, problems = read(file.text, limits=DEFINITIONS)
        found += file.mark(errors(problems))
        data = [document.data for document in documents if isinstance(document.data, Mapping)]
        crds += [each for each in data if each.get("kind") == "CustomResourceDefinition"]
    if found:
        raise Rejected(found)
    return kinds_with(builtin_kinds(), crds=crds)


def check(file: TextFile, kinds: KindSchemas | None = None) -> list[Problem]:
    """All problems of one file, including its failing tests."""
    compilation = compile_cached(file.text, kinds=kinds)
    failing = (problem for result in run_tests(compilation) for problem in result.problems())
    return file.mark([*compilation.problems, *failing])


def reach_of(file: TextFile, kinds: KindSchemas | None = None) -> Reach:
    """What the contract of one file reaches beyond the namespace of its instances."""
    return compile_cached(file.text, kinds=kinds).reach


def compiled(file: TextFile, kinds: KindSchemas | None = None) -> tuple[Compilation, Definition]:
    """Raises :class:`Rejected` with the file's problems."""
    compilation = compile_text(file.text, kinds=kinds)
    if compilation.definition is None:
        raise Rejected(file.mark(compilation.problems))
    return compilation, compilation.definition


def crd(file: TextFile, kinds: KindSchemas | None = None) -> dict[str, Any]:
    """The CustomResourceDefinition. Raises :class:`Rejected`."""
    _, definition = compiled(file, kinds)
    return dict(definition.crd)


def graph(file: TextFile, kinds: KindSchemas | None = None) -> dict[str, Any]:
    """``nodes``, ``edges`` with the expressions behind them, ``order``, ``layers``. Raises ``Rejected``."""
    compilation, definition = compiled(file, kinds)
    edges = compilation.outline.edges if compilation.outline else ()
    return {
        "nodes": [
            {"id": node.id, "type": node.type, "apiVersion": node.api_version, "kind": node.kind}
            for node in definition.nodes
        ],
        "edges": [
            {"node": edge.node, "needs": edge.needs, "expressions": list(edge.expressions)} for edge in edges
        ],
        "order": list(definition.order),
        "layers": [list(layer) for layer in definition.layers],
    }


def render_input(
    file: TextFile, given: TextFile, observed: TextFile | None = None, kinds: KindSchemas | None = None
) -> RenderedInput:
    """Render an instance: ``nodes`` with ``id``, ``state``, ``reason``, ``manifests``; ``status``,
    ``conditions`` and ``order``. A node with manifests and no reason is ready.

    ``given`` is a whole custom resource, or its spec alone. ``observed`` maps node ids to an object or a list
    of objects. Raises :class:`Rejected` for an invalid contract or input.
    """
    _, definition = compiled(file, kinds)
    instance = _instance(definition, given)
    live = _observed_objects(definition, observed) if observed and observed.text.strip() else {}
    rendering = render(definition, instance, live)
    if definition.conditions:
        rendering = render(definition, instance, live, own_conditions=_expected_conditions(rendering))
    data = {
        "nodes": [
            {
                "id": state.id,
                "state": state.state,
                "reason": state.reason,
                "manifests": [dict(manifest) for manifest in state.manifests],
            }
            for state in rendering.nodes.values()
        ],
        "status": dict(rendering.status),
        "conditions": rendering.conditions or [],
        "order": list(definition.order),
    }
    return RenderedInput(data, rendering.problems)


def run_file_tests(file: TextFile, kinds: KindSchemas | None = None) -> list[ContractTestResult]:
    """Run the contract's own tests. Raises :class:`Rejected` when it does not compile."""
    compilation, _ = compiled(file, kinds)
    return run_tests(compilation)


def _instance(definition: Definition, file: TextFile) -> dict[str, Any]:
    """The custom resource of an input. Raises :class:`Rejected` with everything that is wrong with it."""
    document = _only_document(file)
    given: Mapping[str, Any] = document.data
    own = definition.spec_schema.get("properties") or {}
    whole = {"apiVersion", "kind"} <= given.keys() and not {"apiVersion", "kind"} <= own.keys()
    problems = list(_resource_problems(definition, document)) if whole else []
    spec = given.get("spec") if whole else given
    problems += [_in_document(problem, document, whole) for problem in validate_spec(definition, spec)]
    if problems:
        raise Rejected(file.mark(problems))
    return instance_of(definition, spec or {}, given.get("metadata") if whole else None)


def _resource_problems(definition: Definition, document: Document) -> Iterator[Problem]:
    """What is wrong with the fields of a custom resource other than its spec."""
    given = document.data
    for key, expected in (("apiVersion", definition.api_version), ("kind", definition.kind)):
        if given[key] != expected:
            problem = Problem("wrong-document", f"This contract's {key} is {expected}.", key)
            yield positioned(problem, document.value_span((key,)))
    for key in given:
        if key not in RESOURCE_FIELDS:
            hint = did_you_mean(str(key), RESOURCE_FIELDS)
            problem = Problem("unknown-field", f"Unknown field “{key}”.", str(key), hint=hint)
            yield positioned(problem, document.span_of((key,)))
    metadata = given.get("metadata")
    if metadata is not None:
        for problem in validate(object_meta(), metadata, path=("metadata",)):
            yield _in_document(problem, document, whole=True)


def _expected_conditions(rendering: Rendering) -> list[dict[str, str]]:
    """The reconciler's own conditions as they would be; an author's condition may read them (kro §5.3)."""
    waiting = [f"{state.id}: {state.reason}" for state in rendering.nodes.values() if not state.ready]
    ready = {"status": "True", "reason": "AllResourcesReady", "message": ""}
    if waiting or rendering.fatal:
        ready = {"status": "False", "reason": "NotReady", "message": " ".join(waiting)}
    managed = [
        {"type": kind, "status": "True", "reason": reason, "message": ""}
        for kind, reason in (("InstanceManaged", "Managed"), ("GraphResolved", "Resolved"))
    ]
    return [*managed, {"type": "ResourcesReady", **ready}, {"type": "Ready", **ready}]


def _observed_objects(definition: Definition, file: TextFile) -> Mapping[str, Any]:
    """Live objects by node id. Raises :class:`Rejected` for an unknown node, or one object for a list."""
    document = _only_document(file)
    observed: dict[str, Any] = document.data
    nodes = {node.id: node for node in definition.nodes}
    problems = []
    for node_id, value in observed.items():
        span = document.span_of((node_id,))
        if node_id not in nodes:
            hint = did_you_mean(str(node_id), nodes)
            problem = Problem("unknown-name", f"There is no node “{node_id}”.", str(node_id), hint=hint)
            problems.append(positioned(problem, span))
        elif value is not None and (error := shape_error(nodes[node_id], value)):
            problems.append(positioned(Problem("wrong-type", error, str(node_id)), span))
    if problems:
        raise Rejected(file.mark(problems))
    return observed


def _only_document(file: TextFile) -> Document:
    documents, problems = read(file.text)
    found = errors(problems)
    if not found and (len(documents) != 1 or not isinstance(documents[0].data, Mapping)):
        found = [Problem("wrong-document", "The file must contain exactly one YAML map.", line=1, column=1)]
    if found:
        raise Rejected(file.mark(found))
    return documents[0]


def _in_document(problem: Problem, document: Document, whole: bool) -> Problem:
    """The problem at its position; ``whole`` is false for a document that is only a spec."""
    path = parse_path(problem.path)
    return positioned(problem, document.value_span(path if whole else path[1:]))
