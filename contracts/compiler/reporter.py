"""Problems of one document, each put at its place in the author's text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from contracts.compiler.definition import Place
from contracts.documents import Document, Span, print_path, problem_at
from contracts.documents.paths import get
from contracts.problems import Problem, Severity
from contracts.schema import SchemaProblem


class Reporter:
    """Collects problems. ``path`` always leads from the root of the document."""

    def __init__(self, document: Document, problems: list[Problem]) -> None:
        self.document = document
        self.problems = problems

    def add(
        self,
        path: Sequence[str | int],
        code: str,
        message: str,
        hint: str = "",
        *,
        start: int = -1,
        end: int = -1,
        at_key: bool = False,
        severity: Severity = "error",
    ) -> None:
        """``start`` and ``end`` count characters of the text at ``path``."""
        span = self.span(path, start, end, at_key=at_key)
        self.problems.append(
            problem_at(span, code, message, path=print_path(path), hint=hint, severity=severity)
        )

    def add_all(self, problems: Iterable[SchemaProblem]) -> None:
        for found in problems:
            self.add(
                found.path,
                found.code,
                found.message,
                found.hint,
                start=found.start,
                end=found.end,
                at_key=found.at_key,
                severity=found.severity,
            )

    def span(
        self, path: Sequence[str | int], start: int = -1, end: int = -1, *, at_key: bool = False
    ) -> Span | None:
        """A stretch inside a scalar, a scalar, the key of anything larger, or the nearest parent."""
        if start >= 0:
            return self.document.span_within(path, start, end)
        is_scalar = self.document.has(path) and not isinstance(get(self.document.data, path), Mapping | list)
        if is_scalar and not at_key:
            return self.document.value_span(path)
        return self.document.span_of(path)

    def place(
        self, path: Sequence[str | int], start: int = -1, end: int = -1, *, at_key: bool = False
    ) -> Place:
        span = self.span(path, start, end, at_key=at_key)
        return Place(span.line, span.column, span.end_line, span.end_column) if span else Place()
