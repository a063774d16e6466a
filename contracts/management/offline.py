"""The verbs of ``manage.py contract`` that need no database or cluster: check, render, crd, graph, test.

The results come from :mod:`contracts.runtime.cli_operations`; this module reads files and prints.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import yaml

from contracts.compiler import KindSchemas
from contracts.management.results import STDIN, Answer, counted, one_line, printed, text_of
from contracts.problems import Problem, Rejected, errors
from contracts.runtime import cli_operations

Options = Mapping[str, Any]
NO_TESTS = "There are no tests: they stand under spec.tests of a Contract document."
KEYS = ("file", "line", "column", "path", "code", "severity", "message", "hint")


def refusing(verb: Callable[[Options], Answer]) -> Callable[[Options], Answer]:
    """Let a verb answer with the problems when a file is refused."""

    @wraps(verb)
    def answered(options: Options) -> Answer:
        try:
            read_once(options)
            return verb(options)
        except Rejected as refusal:
            if options["json"]:
                lines = tuple(map(as_problem, refusal.problems))
                return Answer(lines, ok=False, summary=counted(refusal.problems))
            lines = tuple(map(printed, refusal.problems))
            return Answer(complaints=lines, ok=False, summary=counted(refusal.problems))

    return answered


def read_once(options: Options) -> None:
    """Raises ``Rejected`` when standard input would have to be read twice."""
    files = [*options.get("files", ()), *(options.get(name) for name in ("file", "input", "observed"))]
    if files.count(STDIN) > 1:
        message = "Standard input (“-”) can be read only once."
        raise Rejected(
            [Problem("unreadable-file", message, hint="Put the other text into a file.", file="-")]
        )


@refusing
def check_files(options: Options) -> Answer:
    """Every problem of every file, failing tests and warnings too; only errors refuse."""
    kinds = kinds_in(options["crds"])
    found: list[Problem] = []
    good: list[str] = []
    for file in options["files"]:
        text, problems = text_of(file)
        problems = problems or tuple(cli_operations.check(text, file=str(file), kinds=kinds))
        found += problems
        if not problems:
            good.append(f"{file}: nothing is wrong.")
    if options["json"]:
        return Answer(tuple(map(as_problem, found)), ok=not errors(found), summary=counted(found))
    return Answer((*good, *map(printed, found)), ok=not errors(found), summary=counted(found))


@refusing
def render_file(options: Options) -> Answer:
    """What an input gives: per node its state and manifests, then status, conditions and order."""
    observed = read_file(options["observed"]) if options["observed"] else ""
    result = cli_operations.render_files(
        read_file(options["file"]),
        read_file(options["input"]),
        observed,
        file=str(options["file"]),
        input_file=str(options["input"]),
        observed_file=str(options["observed"]),
        kinds=kinds_in(options["crds"]),
    )
    problems = [Problem(**{**each, "file": str(options["file"])}) for each in result.pop("problems", ())]
    failed = any(node["state"] == "failed" for node in result["nodes"]) or bool(errors(problems))
    complaints = tuple(map(printed, problems))
    return Answer((as_text(result, options),), complaints, not failed, "It cannot be rendered as a whole.")


@refusing
def print_crd(options: Options) -> Answer:
    crd = cli_operations.crd(
        read_file(options["file"]), file=str(options["file"]), kinds=kinds_in(options["crds"])
    )
    return Answer((as_text(crd, options),))


@refusing
def print_graph(options: Options) -> Answer:
    """One paragraph per node in order; with ``--json`` nodes, edges, order and layers."""
    text, file = read_file(options["file"]), str(options["file"])
    graph = cli_operations.graph(text, file=file, kinds=kinds_in(options["crds"]))
    return Answer((as_json(graph),) if options["json"] else tuple(graph_lines(graph)))


def graph_lines(graph: Mapping[str, Any]) -> Iterator[str]:
    nodes = {node["id"]: node for node in graph["nodes"]}
    for number, node_id in enumerate(graph["order"], start=1):
        node = nodes[node_id]
        manner = "" if node["type"] == "resource" else f", {node['type']}"
        yield f"{number}. {node_id}: {node['kind']} ({node['apiVersion']}{manner})"
        for edge in graph["edges"]:
            if edge["node"] == node_id:
                yield f"     needs {edge['needs']} for {one_line(', '.join(edge['expressions']))}"


@refusing
def test_file(options: Options) -> Answer:
    """Every test of the Contract document with what came of it; a failing one refuses."""
    text, file = read_file(options["file"]), str(options["file"])
    trials = cli_operations.run_tests(text, file=file, kinds=kinds_in(options["crds"]))
    failed = [trial for trial in trials if not trial.passed]
    if options["json"]:
        shown = [{"name": t.case.name, "passed": t.passed, "failures": list(t.failures)} for t in trials]
        lines: list[str] = [as_json(trial) for trial in shown]
    else:
        lines = [line for trial in trials for line in trial_lines(trial, file)]
        lines.append(f"{len(trials) - len(failed)} of {len(trials)} tests passed." if trials else NO_TESTS)
    return Answer(tuple(lines), ok=not failed, summary=f"{len(failed)} tests failed.")


def trial_lines(trial: Any, file: str) -> Iterator[str]:
    yield f"{'passed' if trial.passed else 'FAILED'}  {trial.case.name}"
    for failure in trial.failures:
        yield f"        {file}:{trial.case.place.line}: {one_line(failure)}"


def read_file(file: Path) -> str:
    """Raises ``Rejected`` when there is nothing to read."""
    text, problems = text_of(file)
    if problems:
        raise Rejected(problems)
    return text


def kinds_in(folder: Path | None) -> KindSchemas | None:
    """Kubernetes' own kinds and those of the CustomResourceDefinitions in a folder, or in one file."""
    if folder is None:
        return None
    return cli_operations.kinds_from({str(file): read_file(file) for file in yaml_files(folder)})


def yaml_files(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        return [folder]
    return sorted(file for file in folder.rglob("*") if file.suffix in (".yaml", ".yml", ".json"))


def as_problem(problem: Problem) -> str:
    return as_json({key: getattr(problem, key) for key in KEYS})


def as_text(data: Any, options: Options) -> str:
    if options["json"]:
        return as_json(data)
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).rstrip()


def as_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, default=str)
