"""``${…}`` in a text: where expressions begin and end, and what they say (kro §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts import cel
from contracts.compiler.definition import Code, Part
from contracts.compiler.parsing.portability import NestedForKro, closing_as_kro, refused_by_kro
from contracts.compiler.reporter import Reporter

MAX_UNCLOSED = 20
"""Unclosed “${” of one text that are looked at; each is a search to its end."""

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
    """The expressions of one scalar; None when it has none, or none that can be read (that is reported).

    ``at`` leads to the scalar from the document's root, ``path`` from where the code will be used.
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
    return Code(text, tuple(parts), tuple(path), reporter.place(at))


def _closing(text: str, start: int, at: Sequence[str | int], reporter: Reporter) -> int | None:
    """Where the expression ends; None when it is text. What kro would miss is a warning (quirk 6)."""
    closing = cel.scan(text, start)
    try:
        as_kro = closing_as_kro(text, start)
    except NestedForKro as nested:
        if closing is None:
            message, where = "An expression begins inside another one.", nested.offset
            reporter.add(at, "cel-syntax", message, NESTED_HINT, start=where, end=where + 2)
        return closing
    if closing is None and as_kro is None:
        reporter.add(
            at,
            "unclosed-expression",
            "This “${” is never closed, so the text is used as it stands.",
            "Add the closing “}”.",
            start=start - 2,
            end=start,
            severity="warning",
        )
    elif closing is not None and closing != as_kro:
        reporter.add(
            at,
            "kro-would-refuse",
            "kro does not see the single quotes around a brace here and would refuse this.",
            "Use double quotes inside the expression.",
            start=start,
            end=closing,
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
            at, "cel-syntax", error.message, error.hint, start=start + offset, end=start + offset + 1
        )
        return None
    for found in refused_by_kro(expression):
        first, last = start + found.start, start + found.end
        reporter.add(
            at, "kro-would-refuse", found.message, found.hint, start=first, end=last, severity="warning"
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
    hint = STANDALONE_HINT if value != value.strip() else "Write all of it inside one “${…}”."
    reporter.add(at, "not-an-expression", f"{what} must be one expression “${{…}}” and nothing else.", hint)
    return None
