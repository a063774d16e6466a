"""A problem in a schema, before its position in the document is known."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.documents.paths import Path
from contracts.problems import Severity


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """``start`` and ``end`` are offsets into the string at ``path``; −1 means all of it."""

    path: Path
    message: str
    code: str
    hint: str = ""
    start: int = -1
    end: int = -1
    severity: Severity = "error"
    at_key: bool = False
