"""Problems of one document, each at its position in the author's text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from contracts.documents import Document, Span, positioned, print_path
from contracts.documents.paths import get
from contracts.problems import Problem, Severity
from contracts.schema import SchemaProblem

RESOURCES = ("spec", "resources")


@dataclass(frozen=True, slots=True)
class Location:
    """A path from the document's root, or a part of what is there.

    ``at_key`` means the key and not the value; ``start`` and ``end`` count the characters of a string.
    """

    path: Sequence[str | int]
    start: int = -1
    end: int = -1
    at_key: bool = False


def key_of(path: Sequence[str | int]) -> Location:
    return Location(path, at_key=True)


def characters(path: Sequence[str | int], start: int, end: int) -> Location:
    return Location(path, start, end)


class Reporter:
    """Collects the problems of one document."""

    def __init__(self, document: Document, problems: list[Problem]) -> None:
        self.document = document
        self.problems = problems

    def add(
        self,
        at: Location | Sequence[str | int],
        code: str,
        message: str,
        hint: str = "",
        severity: Severity = "error",
    ) -> None:
        path = at.path if isinstance(at, Location) else at
        problem = Problem(
            code, message, print_path(path), severity=severity, hint=hint, node=self._node(path)
        )
        self.problems.append(positioned(problem, self._find(at)))

    def add_all(self, problems: Iterable[SchemaProblem]) -> None:
        for found in problems:
            at = Location(found.path, found.start, found.end, found.at_key)
            self.add(at, found.code, found.message, found.hint, found.severity)

    def _find(self, at: Location | Sequence[str | int]) -> Span | None:
        """Characters of a string, a scalar, the key of anything larger, or the nearest parent that exists."""
        location = at if isinstance(at, Location) else Location(at)
        path = location.path
        if location.start >= 0:
            return self.document.span_within(path, location.start, location.end)
        is_scalar = self.document.has(path) and not isinstance(get(self.document.data, path), Mapping | list)
        if is_scalar and not location.at_key:
            return self.document.value_span(path)
        return self.document.span_of(path)

    def span(self, at: Location | Sequence[str | int]) -> Span:
        return self._find(at) or Span()

    def _node(self, path: Sequence[str | int]) -> str:
        """The id of the node that ``path`` leads into."""
        if tuple(path[:2]) != RESOURCES or len(path) < 3 or not isinstance(path[2], int):
            return ""
        return self._node_ids.get(path[2], "")

    @cached_property
    def _node_ids(self) -> dict[int, str]:
        """The ids of ``spec.resources`` by index; an id that several nodes have names none of them."""
        entries: Any = get(self.document.data, RESOURCES)
        found = {
            index: entry["id"]
            for index, entry in enumerate(entries if isinstance(entries, list) else ())
            if isinstance(entry, Mapping) and isinstance(entry.get("id"), str) and entry["id"]
        }
        times = Counter(found.values())
        return {index: node for index, node in found.items() if times[node] == 1}
