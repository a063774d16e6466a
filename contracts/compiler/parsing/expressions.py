"""``${…}`` in a string: finds and parses the expressions (kro §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts import cel
from contracts.compiler.definition import Code, Part
from contracts.compiler.parsing.portability import NestedForKro, closing_as_kro, refused_by_kro
from contracts.compiler.reporter import Reporter, characters

MAX_UNCLOSED = 20
"""Unclosed “${” of one string that are examined; each one is searched to the end of the string."""

NESTED_HINT = "Close the outer one with “}” first; inside an expression no “${” is needed."
STANDALONE_HINT = "Use “|-” or “>-” instead of “|” or “>”, which add a line break at the end."


TEMPLATE = cel.Environment(omit=True)
CONDITIONS = cel.Environment(conditions=True)


def extract(
    text: str,
    at: Sequence[str | int],
    path: Sequence[str | int],
    reporter: Reporter,
    environment: cel.Environment = cel.KRO,
) -> Code | None:
    """The expressions of one scalar; None when it has none, or an invalid one (which is reported).

    ``at`` is the scalar's path from the document's root, ``path`` the one that the code will have.
    """
    if "${" not in text:
        return None
    parts: list[str | Part] = []
    literal, position, broken, unclosed = 0, 0, False, 0
    while (opening := text.find("${", position)) >= 0 and unclosed < MAX_UNCLOSED:
        closing = _closing(text, opening + 2, at, reporter)
        if closing is None:
            position = opening + 1
            unclosed += 1
            continue
        if literal < opening:
            parts.append(text[literal:opening])
        part = _read(text[opening + 2 : closing], opening + 2, at, reporter, environment)
        broken = broken or part is None
        if part is not None:
            parts.append(part)
        literal = position = closing + 1
    if literal < len(text):
        parts.append(text[literal:])
    if broken or not any(isinstance(part, Part) for part in parts):
        return None
    return Code(text, tuple(parts), tuple(path), reporter.span(at))


def _closing(text: str, start: int, at: Sequence[str | int], reporter: Reporter) -> int | None:
    """Where the expression ends; None when it is plain text. Warns of what kro would not find (quirk 6)."""
    closing = cel.scan(text, start)
    try:
        as_kro = closing_as_kro(text, start)
    except NestedForKro as nested:
        if closing is None:
            message, where = "An expression starts inside another one.", nested.offset
            reporter.add(characters(at, where, where + 2), "cel-syntax", message, NESTED_HINT)
        return closing
    if closing is None and as_kro is None:
        reporter.add(
            characters(at, start - 2, start),
            "unclosed-expression",
            "This “${” is never closed, so the string is used as is.",
            "Add the closing “}”.",
            severity="warning",
        )
    elif closing is not None and closing != as_kro:
        reporter.add(
            characters(at, start, closing),
            "kro-would-refuse",
            "kro ignores the single quotes around a brace here and would reject this.",
            "Use double quotes inside the expression.",
            severity="warning",
        )
    return closing if closing is not None else as_kro


def _read(
    source: str, start: int, at: Sequence[str | int], reporter: Reporter, environment: cel.Environment
) -> Part | None:
    try:
        expression = cel.parse(source, environment)
    except cel.CelSyntaxError as error:
        offset = min(error.offset, len(source))
        reporter.add(
            characters(at, start + offset, start + offset + 1), "cel-syntax", error.message, error.hint
        )
        return None
    for found in refused_by_kro(expression):
        first, last = start + found.start, start + found.end
        reporter.add(
            characters(at, first, last), "kro-would-refuse", found.message, found.hint, severity="warning"
        )
    return Part(source, expression, start)


def standalone(
    value: Any,
    at: Sequence[str | int],
    reporter: Reporter,
    what: str,
    environment: cel.Environment = cel.KRO,
) -> Code | None:
    """A scalar that must be exactly one expression (kro §3.1)."""
    if not isinstance(value, str):
        reporter.add(at, "not-an-expression", f"{what} must be one expression “${{…}}”.")
        return None
    known = len(reporter.problems)
    code = extract(value, at, (), reporter, environment)
    if code is not None and code.standalone:
        return code
    if any(problem.is_error for problem in reporter.problems[known:]):
        return None
    hint = STANDALONE_HINT if value != value.strip() else "Put everything inside one “${…}”."
    reporter.add(at, "not-an-expression", f"{what} must be one expression “${{…}}” and nothing else.", hint)
    return None
