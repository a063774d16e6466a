"""What the command line offers without a cluster, as plain data: check, render, crd, graph, tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from contracts.compiler import (
    Compilation,
    Definition,
    KindSchemas,
    builtin_kinds,
    compile_text,
    kinds_with,
    validate_spec,
)
from contracts.compiler.kinds.kind_schemas import object_meta
from contracts.documents import Document, problem_at, read
from contracts.documents.paths import parse_path
from contracts.problems import Problem, Rejected, did_you_mean, errors
from contracts.runtime.fixtures import shape_fault
from contracts.runtime.rendering import render
from contracts.runtime.states import Rendering
from contracts.runtime.test_runner import Trial, instance_of, run_cases
from contracts.schema import validate

ENVELOPE = ("apiVersion", "kind", "metadata", "spec", "status")


def kinds_from(texts: Mapping[str, str]) -> KindSchemas:
    """Kubernetes' kinds and those of the CRDs in YAML texts by file; other documents are passed over.

    Raises :class:`Rejected` for a text that cannot be read: its kinds would be unknown without a word.
    """
    crds: list[Mapping[str, Any]] = []
    faults: list[Problem] = []
    for file, text in texts.items():
        documents, problems = read(text)
        faults += [replace(problem, file=file) for problem in errors(problems)]
        data = [document.data for document in documents if isinstance(document.data, Mapping)]
        crds += [each for each in data if each.get("kind") == "CustomResourceDefinition"]
    if faults:
        raise Rejected(faults)
    return kinds_with(builtin_kinds(), crds=crds)


def check(
    text: str, *, file: str = "", kinds: KindSchemas | None = None, tests: bool = True
) -> list[Problem]:
    """All problems of one file, its failing tests among them."""
    compilation = compile_text(text, kinds=kinds)
    problems = list(compilation.problems)
    if tests:
        problems += [problem for trial in run_cases(compilation) for problem in trial.problems()]
    return [replace(problem, file=file) for problem in problems]


def compiled(text: str, *, file: str = "", kinds: KindSchemas | None = None) -> Compilation:
    """Raises :class:`Rejected` with the file's problems."""
    compilation = compile_text(text, kinds=kinds)
    if compilation.definition is None:
        raise Rejected(replace(problem, file=file) for problem in compilation.problems)
    return compilation


def crd(text: str, *, file: str = "", kinds: KindSchemas | None = None) -> dict[str, Any]:
    """The CustomResourceDefinition. Raises :class:`Rejected`."""
    definition = compiled(text, file=file, kinds=kinds).definition
    return dict(definition.crd) if definition else {}


def graph(text: str, *, file: str = "", kinds: KindSchemas | None = None) -> dict[str, Any]:
    """``nodes``, ``edges`` with the expressions behind them, ``order``, ``layers``. Raises Rejected."""
    compilation = compiled(text, file=file, kinds=kinds)
    definition, outline = compilation.definition, compilation.outline
    if definition is None or outline is None:
        return {"nodes": [], "edges": [], "order": [], "layers": []}
    return {
        "nodes": [
            {"id": node.id, "type": node.type, "apiVersion": node.api_version, "kind": node.kind}
            for node in outline.nodes
        ],
        "edges": [
            {"node": edge.node, "needs": edge.needs, "expressions": list(edge.expressions)}
            for edge in outline.edges
        ],
        "order": list(definition.order),
        "layers": [list(layer) for layer in definition.layers],
    }


def render_files(
    text: str,
    input_text: str,
    observed_text: str = "",
    *,
    file: str = "",
    input_file: str = "",
    observed_file: str = "",
    kinds: KindSchemas | None = None,
) -> dict[str, Any]:
    """Render an instance: ``nodes`` with ``id``, ``state``, ``reason``, ``manifests``; ``status``,
    ``conditions``, ``order`` and ``problems``. A node with manifests and no reason is ready.

    The input is a whole custom resource, or its spec alone. Observed objects are a map from node id to object
    or list of objects. Raises :class:`Rejected` for a faulty contract or input.
    """
    definition = compiled(text, file=file, kinds=kinds).definition
    if definition is None:
        return {}
    instance = _instance(definition, input_text, input_file)
    observed = _observed(definition, observed_text, observed_file)
    rendering = render(definition, instance, observed)
    if definition.conditions:
        rendering = render(definition, instance, observed, own_conditions=_presumed(rendering))
    return {
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
        "problems": [problem.as_dict() for problem in rendering.problems],
    }


def _instance(definition: Definition, text: str, file: str) -> dict[str, Any]:
    """The custom resource of an input. Raises :class:`Rejected` with all that is wrong with it."""
    document = _only_document(text, file)
    given: Mapping[str, Any] = document.data
    own = definition.spec_schema.get("properties") or {}
    whole = {"apiVersion", "kind"} <= given.keys() and not {"apiVersion", "kind"} <= own.keys()
    faults = list(_envelope_faults(definition, document)) if whole else []
    spec = given.get("spec") if whole else given
    faults += [_placed(problem, document, whole) for problem in validate_spec(definition, spec)]
    if faults:
        raise Rejected(replace(fault, file=file) for fault in faults)
    return instance_of(definition, spec or {}, given.get("metadata") if whole else None)


def _envelope_faults(definition: Definition, document: Document) -> Iterator[Problem]:
    """What is wrong around the spec of a custom resource."""
    given = document.data
    for key, wanted in (("apiVersion", definition.api_version), ("kind", definition.kind)):
        if given[key] != wanted:
            message = f"This contract's {key} is {wanted}."
            yield problem_at(document.value_span((key,)), "wrong-document", message, path=key)
    for key in given:
        if key not in ENVELOPE:
            hint = did_you_mean(str(key), ENVELOPE)
            message = f"There is no field “{key}”."
            yield problem_at(document.span_of((key,)), "unknown-field", message, path=str(key), hint=hint)
    metadata = given.get("metadata")
    if metadata is not None:
        for problem in validate(object_meta(), metadata, path=("metadata",)):
            yield _placed(problem, document, whole=True)


def _presumed(rendering: Rendering) -> list[dict[str, str]]:
    """The reconciler's own conditions as they would be, which an author's may read (kro §5.3)."""
    waiting = [f"{state.id}: {state.reason}" for state in rendering.nodes.values() if not state.ready]
    ready = {"status": "True", "reason": "AllResourcesReady", "message": ""}
    if waiting or rendering.fatal:
        ready = {"status": "False", "reason": "NotReady", "message": " ".join(waiting)}
    fine = {"InstanceManaged": "Managed", "GraphResolved": "Resolved"}
    managed = [
        {"type": kind, "status": "True", "reason": reason, "message": ""} for kind, reason in fine.items()
    ]
    return [*managed, {"type": "ResourcesReady", **ready}, {"type": "Ready", **ready}]


def run_tests(text: str, *, file: str = "", kinds: KindSchemas | None = None) -> list[Trial]:
    """Run the contract's own tests. Raises :class:`Rejected` when it does not compile."""
    return run_cases(compiled(text, file=file, kinds=kinds))


def _observed(definition: Definition, text: str, file: str) -> Mapping[str, Any]:
    """Live objects by node id. Raises :class:`Rejected` for an unknown node, or one object for many."""
    if not text.strip():
        return {}
    document = _only_document(text, file)
    observed: dict[str, Any] = document.data
    nodes = {node.id: node for node in definition.nodes}
    faults = []
    for node_id, value in observed.items():
        place = document.span_of((node_id,))
        if node_id not in nodes:
            message, hint = f"There is no node “{node_id}”.", did_you_mean(str(node_id), nodes)
            faults.append(problem_at(place, "unknown-name", message, path=str(node_id), hint=hint))
        elif value is not None and (fault := shape_fault(nodes[node_id], value)):
            faults.append(problem_at(place, "wrong-type", fault, path=str(node_id)))
    if faults:
        raise Rejected(replace(fault, file=file) for fault in faults)
    return observed


def _only_document(text: str, file: str) -> Document:
    documents, problems = read(text)
    faults = errors(problems)
    if not faults and (len(documents) != 1 or not isinstance(documents[0].data, Mapping)):
        faults = [Problem("wrong-document", "The file must hold one YAML map.", line=1, column=1)]
    if faults:
        raise Rejected(replace(problem, file=file) for problem in faults)
    return documents[0]


def _placed(problem: Problem, document: Document, whole: bool) -> Problem:
    path = parse_path(problem.path)
    span = document.value_span(path if whole else path[1:])
    return problem_at(span, problem.code, problem.message, path=problem.path, hint=problem.hint)
