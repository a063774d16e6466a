"""What the command line offers without a cluster, as plain data: check, render, crd, graph, tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from contracts.compiler import (
    Compilation,
    KindSchemas,
    builtin_kinds,
    compile_text,
    kinds_with,
    validate_spec,
)
from contracts.documents import Document, problem_at, read
from contracts.paths import parse_path
from contracts.problems import Problem, Rejected, errors
from contracts.runtime.rendering import render
from contracts.runtime.trials import Trial, instance_of, run_cases


def kinds_from(texts: Iterable[str]) -> KindSchemas:
    """Kubernetes' kinds and those of the CRDs in YAML texts; other documents are passed over."""
    documents = [document.data for text in texts for document in read(text)[0]]
    crds = [
        data
        for data in documents
        if isinstance(data, Mapping) and data.get("kind") == "CustomResourceDefinition"
    ]
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
    kinds: KindSchemas | None = None,
) -> dict[str, Any]:
    """Render an instance: ``nodes`` with ``id``, ``state``, ``reason``, ``manifests``; ``status``,
    ``conditions``, ``order`` and ``problems``.

    The input is a whole custom resource, or its spec alone. Observed objects are a map from node id to object
    or list of objects. Raises :class:`Rejected` for a faulty contract or input.
    """
    definition = compiled(text, file=file, kinds=kinds).definition
    if definition is None:
        return {}
    document = _only_document(input_text, input_file)
    given = document.data
    whole = given.get("kind") == definition.kind and "apiVersion" in given
    spec = given.get("spec") if whole else given
    found = validate_spec(definition, spec)
    if found:
        raise Rejected(_placed(problem, document, input_file, whole) for problem in found)
    metadata = given.get("metadata") if whole else None
    instance = instance_of(definition, spec or {}, metadata)
    observed = _only_document(observed_text, "observed").data if observed_text.strip() else {}
    rendering = render(definition, instance, observed)
    return {
        "nodes": [
            {
                "id": state.id,
                "state": state.state,
                "ready": state.ready,
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


def run_tests(text: str, *, file: str = "", kinds: KindSchemas | None = None) -> list[Trial]:
    """Run the contract's own tests. Raises :class:`Rejected` when it does not compile."""
    return run_cases(compiled(text, file=file, kinds=kinds))


def _only_document(text: str, file: str) -> Document:
    documents, problems = read(text)
    faults = errors(problems)
    if not faults and (len(documents) != 1 or not isinstance(documents[0].data, Mapping)):
        faults = [Problem("wrong-document", "The file must hold one YAML map.", line=1, column=1)]
    if faults:
        raise Rejected(replace(problem, file=file) for problem in faults)
    return documents[0]


def _placed(problem: Problem, document: Document, file: str, whole: bool) -> Problem:
    path = parse_path(problem.path)
    span = document.value_span(path if whole else path[1:])
    placed = problem_at(span, problem.code, problem.message, path=problem.path, hint=problem.hint)
    return replace(placed, file=file)
