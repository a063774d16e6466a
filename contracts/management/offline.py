"""The verbs of ``manage.py contract`` that need no database or cluster: check, render, crd, graph, test.

:mod:`contracts.runtime.cli_operations` computes the results; this module reads files and prints.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import yaml

from contracts.compiler import KindSchemas, ReachEntry
from contracts.management.results import (
    STDIN,
    CommandResult,
    error_summary,
    format_problem,
    one_line,
    read_text,
    with_file,
)
from contracts.problems import Problem, Rejected, errors
from contracts.runtime import ContractTestResult, cli_operations
from contracts.runtime.cli_operations import TextFile

Options = Mapping[str, Any]
NO_TESTS = "No tests. Add them under spec.tests of a Contract document."
KEYS = ("file", "line", "column", "path", "display_path", "node", "code", "severity", "message", "hint")


def report_rejection(verb: Callable[[Options], CommandResult]) -> Callable[[Options], CommandResult]:
    """Turn a ``Rejected`` file into a failed result that lists the problems."""

    @wraps(verb)
    def run(options: Options) -> CommandResult:
        try:
            check_stdin(options)
            return verb(options)
        except Rejected as rejection:
            summary = error_summary(rejection.problems)
            if options["json"]:
                return CommandResult(tuple(map(problem_json, rejection.problems)), ok=False, summary=summary)
            return CommandResult(
                errors=tuple(map(format_problem, rejection.problems)), ok=False, summary=summary
            )

    return run


def check_stdin(options: Options) -> None:
    """Raises ``Rejected`` when standard input would have to be read twice."""
    files = [*options.get("files", ()), *(options.get(name) for name in ("file", "input", "observed"))]
    if files.count(STDIN) > 1:
        message = "Standard input (“-”) can be read only once."
        raise Rejected([Problem("unreadable-file", message, hint="Save the other text to a file.", file="-")])


@report_rejection
def check_files(options: Options) -> CommandResult:
    """Every problem of every file, including failing tests and warnings, and what the contracts reach.

    Only errors fail the command; only the portal in which they are published knows what is granted.
    """
    kinds = kinds_in(options["crds"])
    found: list[Problem] = []
    good: list[str] = []
    reach: list[tuple[Path, ReachEntry]] = []
    for path in options["files"]:
        text, problems = read_text(path)
        problems = problems or tuple(cli_operations.check(TextFile(text, str(path)), kinds))
        found += problems
        reach += [(path, entry) for entry in cli_operations.reach_of(TextFile(text), kinds).entries]
        if not problems:
            good.append(f"{path}: no problems.")
    ok, summary = not errors(found), error_summary(found)
    if options["json"]:
        lines = (*map(problem_json, found), *(reach_json(path, entry) for path, entry in reach))
        return CommandResult(lines, ok=ok, summary=summary)
    reached = (format_reach(path, entry) for path, entry in reach)
    return CommandResult((*good, *map(format_problem, found), *reached), ok=ok, summary=summary)


def format_reach(path: Path, entry: ReachEntry) -> str:
    return f"{path}:{entry.line}:{entry.column}: needs a grant: {one_line(entry.description)}"


def reach_json(path: Path, entry: ReachEntry) -> str:
    return to_json({"file": str(path), **entry.as_dict()})


@report_rejection
def render_file(options: Options) -> CommandResult:
    """What an input renders to: each node's state and manifests, then status, conditions and order."""
    rendered = cli_operations.render_input(
        read_file(options["file"]),
        read_file(options["input"]),
        read_file(options["observed"]) if options["observed"] else None,
        kinds_in(options["crds"]),
    )
    problems = with_file(rendered.problems, options["file"])
    failed = any(node["state"] == "failed" for node in rendered.data["nodes"]) or bool(errors(problems))
    lines = tuple(map(format_problem, problems))
    return CommandResult(
        (to_text(rendered.data, options),), lines, not failed, "Not all nodes can be rendered."
    )


@report_rejection
def print_crd(options: Options) -> CommandResult:
    crd = cli_operations.crd(read_file(options["file"]), kinds_in(options["crds"]))
    return CommandResult((to_text(crd, options),))


@report_rejection
def print_graph(options: Options) -> CommandResult:
    """One paragraph per node in order; with ``--json`` nodes, edges, order and layers."""
    graph = cli_operations.graph(read_file(options["file"]), kinds_in(options["crds"]))
    return CommandResult((to_json(graph),) if options["json"] else tuple(graph_lines(graph)))


def graph_lines(graph: Mapping[str, Any]) -> Iterator[str]:
    nodes = {node["id"]: node for node in graph["nodes"]}
    for number, node_id in enumerate(graph["order"], start=1):
        node = nodes[node_id]
        node_type = "" if node["type"] == "resource" else f", {node['type']}"
        yield f"{number}. {node_id}: {node['kind']} ({node['apiVersion']}{node_type})"
        for edge in graph["edges"]:
            if edge["node"] == node_id:
                yield f"     needs {edge['needs']} for {one_line(', '.join(edge['expressions']))}"


@report_rejection
def test_file(options: Options) -> CommandResult:
    """The result of every test of the Contract document; a failing one fails the command."""
    file = read_file(options["file"])
    results = cli_operations.run_file_tests(file, kinds_in(options["crds"]))
    failed = [result for result in results if not result.passed]
    if options["json"]:
        lines = [
            to_json({"name": result.name, "passed": result.passed, "failures": list(result.failures)})
            for result in results
        ]
    else:
        lines = [line for result in results for line in result_lines(result, file.name)]
        lines.append(f"{len(results) - len(failed)} of {len(results)} tests passed." if results else NO_TESTS)
    return CommandResult(tuple(lines), ok=not failed, summary=f"{len(failed)} tests failed.")


def result_lines(result: ContractTestResult, file: str) -> Iterator[str]:
    yield f"{'passed' if result.passed else 'FAILED'}  {result.name}"
    for failure in result.failures:
        yield f"        {file}:{result.test.span.line}: {one_line(failure)}"


def read_file(path: Path) -> TextFile:
    """Raises ``Rejected`` when the file cannot be read."""
    text, problems = read_text(path)
    if problems:
        raise Rejected(problems)
    return TextFile(text, str(path))


def kinds_in(folder: Path | None) -> KindSchemas | None:
    """Kubernetes' own kinds and those of the CustomResourceDefinitions in a folder, or in one file."""
    if folder is None:
        return None
    return cli_operations.kinds_from(map(read_file, yaml_files(folder)))


def yaml_files(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        return [folder]
    return sorted(file for file in folder.rglob("*") if file.suffix in (".yaml", ".yml", ".json"))


def problem_json(problem: Problem) -> str:
    return to_json({key: getattr(problem, key) for key in KEYS})


def to_text(data: Any, options: Options) -> str:
    if options["json"]:
        return to_json(data)
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).rstrip()


def to_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, default=str)
