"""Give problems that were found in the database their place in the author's text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from contracts.documents import Document, read
from contracts.documents.paths import parse_path
from contracts.problems import Problem

# Paths of the second document; all others are of the definition.
PRESENTATION_PATHS = ("spec.owner", "spec.title", "spec.category", "spec.icon", "spec.tests")


def placed(text: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    found = list(problems)
    if not found:
        return
    documents, _ = read(text)
    by_kind = {
        document.data.get("kind"): document for document in documents if isinstance(document.data, dict)
    }
    for problem in found:
        shown = problem.path.startswith(PRESENTATION_PATHS)
        document = by_kind.get("Contract" if shown else "ResourceGraphDefinition")
        yield with_place(problem, document) if document and problem.path else problem


def with_place(problem: Problem, document: Document) -> Problem:
    span = document.value_span(parse_path(problem.path))
    if span is None:
        return problem
    return replace(
        problem, line=span.line, column=span.column, end_line=span.end_line, end_column=span.end_column
    )
