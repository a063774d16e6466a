"""Find the positions in the author's text of problems that the database revealed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contracts.documents import Document, positioned, read
from contracts.documents.paths import parse_path
from contracts.problems import Problem

# Paths in the Contract document; all others are in the definition.
PRESENTATION_PATHS = ("spec.owner", "spec.title", "spec.category", "spec.icon", "spec.tests")


def with_positions(text: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    found = list(problems)
    if not found:
        return
    documents, _ = read(text)
    by_kind = {
        document.data.get("kind"): document for document in documents if isinstance(document.data, dict)
    }
    for problem in found:
        presentation = problem.path.startswith(PRESENTATION_PATHS)
        document = by_kind.get("Contract" if presentation else "ResourceGraphDefinition")
        yield with_position(problem, document) if document and problem.path else problem


def with_position(problem: Problem, document: Document) -> Problem:
    return positioned(problem, document.value_span(parse_path(problem.path)))
