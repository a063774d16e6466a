"""The verbs of ``manage.py contract`` that need neither database nor cluster: check, render, crd, graph, test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from contracts.compiler import (
    Compilation,
    Definition,
    KindSchemas,
    builtin_kinds,
    compile_text,
    kinds_with,
    validate_spec,
)
from contracts.documents import Document, read
from contracts.management.answers import Answer, counted, in_file, printed, text_of
from contracts.paths import parse_path
from contracts.problems import Problem, Rejected, errors
from contracts.runtime import Rendering, render
from contracts.schema import apply_defaults

Options = Mapping[str, Any]


def check_files(options: Options) -> Answer:
    """Every problem of every file, warnings too; only errors refuse."""
    found: list[Problem] = []
    for file in options["files"]:
        found += compiled(file, options)[1]
    wrong = errors(found)
    if options["json"]:
        output = tuple(as_json(shown(problem)) for problem in found)
        return Answer(output, ok=not wrong, summary=counted(found))
    good = [f"{file}: nothing is wrong." for file in options["files"] if not concerns(file, found)]
    return Answer((*good, *map(printed, found)), ok=not wrong, summary=counted(found))


def concerns(file: Path, problems: list[Problem]) -> bool:
    return any(problem.file == str(file) for problem in problems)


def shown(problem: Problem) -> dict[str, Any]:
    """``file``, ``line``, ``column``, ``path``, ``code``, ``severity``, ``message``, ``hint``."""
    keys = ("file", "line", "column", "path", "code", "severity", "message", "hint")
    return {key: getattr(problem, key) for key in keys}


def print_crd(options: Options) -> Answer:
    with_definition = definition_of(options)
    if isinstance(with_definition, Answer):
        return with_definition
    return Answer((as_text(dict(with_definition.crd), options),))


def print_graph(options: Options) -> Answer:
    """One line per node in order, or JSON with nodes, order and layers."""
    definition = definition_of(options)
    if isinstance(definition, Answer):
        return definition
    if options["json"]:
        return Answer((as_json(graph_of(definition)),))
    return Answer(tuple(graph_lines(definition)))


def graph_of(definition: Definition) -> dict[str, Any]:
    nodes = [
        {
            "id": node.id,
            "type": node.type,
            "apiVersion": node.api_version,
            "kind": node.kind,
            "needs": [
                {"node": need, "because": sorted({r.path for r in node.reasons if r.node == need})}
                for need in node.needs
            ],
        }
        for node in definition.nodes
    ]
    return {
        "nodes": nodes,
        "order": list(definition.order),
        "layers": [list(layer) for layer in definition.layers],
    }


def graph_lines(definition: Definition) -> Iterator[str]:
    for number, node_id in enumerate(definition.order, start=1):
        node = definition.node(node_id)
        kind = f"{node.kind} ({node.type})" if node.type != "resource" else node.kind
        yield f"{number}. {node.id}: {kind}"
        for reason in dict.fromkeys((reason.node, reason.expression) for reason in node.reasons):
            yield f"     needs {reason[0]} for {reason[1]}"


def render_file(options: Options) -> Answer:
    """What an input gives: per node its state and manifests, the status, and the order."""
    definition = definition_of(options)
    if isinstance(definition, Answer):
        return definition
    try:
        instance = instance_from(options["input"], definition)
        observed = observed_from(options["observed"]) if options["observed"] else {}
    except Rejected as refusal:
        return refused(refusal.problems, options)
    rendering = render(definition, instance, observed)
    answer = rendered(definition, rendering)
    failed = rendering.fatal or bool(errors(rendering.problems))
    complaints = tuple(map(printed, rendering.problems))
    return Answer((as_text(answer, options),), complaints, not failed, "It cannot be rendered.")


def rendered(definition: Definition, rendering: Rendering) -> dict[str, Any]:
    nodes = [
        {"id": state.id, "state": state.state, "ready": state.ready, "reason": state.reason}
        | {"manifests": [dict(manifest) for manifest in state.manifests]}
        for state in rendering.nodes.values()
    ]
    return {
        "nodes": nodes,
        "status": dict(rendering.status),
        "conditions": rendering.conditions or [],
        "order": list(definition.order),
    }


def instance_from(file: Path, definition: Definition) -> dict[str, Any]:
    """The input as a whole custom resource with its defaults; a bare ``spec`` gets a name. Raises ``Rejected``."""
    data = document_of(file)
    given = data if {"apiVersion", "kind"} & data.keys() else {"spec": data.get("spec", data)}
    problems = list(wrong_kind(given, definition)) + validate_spec(definition, given.get("spec"))
    if problems:
        raise Rejected(located(problems, file))
    metadata = {"name": "example", **({"namespace": "default"} if definition.namespaced else {})}
    return {
        **given,
        "apiVersion": definition.api_version,
        "kind": definition.kind,
        "metadata": {**metadata, **(given.get("metadata") or {})},
        "spec": apply_defaults(definition.spec_schema, given.get("spec") or {}),
    }


def wrong_kind(given: Mapping[str, Any], definition: Definition) -> Iterator[Problem]:
    for key, wanted in (("apiVersion", definition.api_version), ("kind", definition.kind)):
        if given.get(key, wanted) != wanted:
            message = f"This contract makes {wanted}, but the input says {given[key]}."
            yield Problem("wrong-kind", message, key)


def located(problems: list[Problem], file: Path) -> tuple[Problem, ...]:
    """The problems with their lines in the input file, which may be a whole instance or only its spec."""
    documents, _ = read(text_of(file)[0])
    if not documents:
        return in_file(problems, file)
    document = documents[0]
    whole = document.has(("spec",))
    return in_file((place(problem, document, whole=whole) for problem in problems), file)


def place(problem: Problem, document: Document, *, whole: bool) -> Problem:
    if not problem.path:
        return problem
    path = parse_path(problem.path)
    span = document.span_of(path if whole else path[1:])
    return replace(problem, line=span.line, column=span.column) if span else problem


def observed_from(file: Path) -> dict[str, Any]:
    """Node id → the object, or the list of objects, that the cluster is said to hold."""
    return document_of(file)


def document_of(file: Path) -> dict[str, Any]:
    text, unreadable = text_of(file)
    if unreadable:
        raise Rejected(unreadable)
    documents, problems = read(text)
    if errors(problems):
        raise Rejected(in_file(problems, file))
    data = documents[0].data if documents else {}
    if not isinstance(data, dict):
        raise Rejected(
            [Problem("wrong-type", "This file must hold a map.", line=1, column=1, file=str(file))]
        )
    return data


def test_file(options: Options) -> Answer:
    definition = definition_of(options)
    if isinstance(definition, Answer):
        return definition
    return Answer(("There are no tests.",))


def definition_of(options: Options) -> Definition | Answer:
    """The compiled file, or the answer that says why there is none."""
    compilation, problems = compiled(options["file"], options)
    if compilation is None or compilation.definition is None:
        return refused(problems, options)
    return compilation.definition


def refused(problems: tuple[Problem, ...], options: Options) -> Answer:
    if options["json"]:
        return Answer(
            tuple(as_json(shown(problem)) for problem in problems), ok=False, summary=counted(problems)
        )
    return Answer(complaints=tuple(map(printed, problems)), ok=False, summary=counted(problems))


def compiled(file: Path, options: Options) -> tuple[Compilation | None, tuple[Problem, ...]]:
    text, unreadable = text_of(file)
    if unreadable:
        return None, unreadable
    try:
        kinds = kinds_from(options["crds"])
    except Rejected as refusal:
        return None, refusal.problems
    compilation = compile_text(text, kinds=kinds)
    return compilation, in_file(compilation.problems, file)


@cache
def kinds_from(folder: Path | None) -> KindSchemas:
    """Kubernetes' own kinds and those of the CustomResourceDefinitions in a folder, or in one file."""
    if folder is None:
        return builtin_kinds()
    files = sorted(folder.rglob("*.y*ml")) if folder.is_dir() else [folder]
    crds: list[Mapping[str, Any]] = []
    for file in files:
        text, unreadable = text_of(file)
        if unreadable:
            raise Rejected(unreadable)
        crds += [document.data for document in read(text)[0] if is_crd(document.data)]
    return kinds_with(builtin_kinds(), crds=crds)


def is_crd(data: Any) -> bool:
    return isinstance(data, dict) and data.get("kind") == "CustomResourceDefinition"


def as_text(data: Any, options: Options) -> str:
    return (
        as_json(data)
        if options["json"]
        else yaml.safe_dump(data, sort_keys=False, allow_unicode=True).rstrip()
    )


def as_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, default=str)
