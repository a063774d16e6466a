"""What a command has to say, and how it reads files and prints problems."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from contracts.problems import Problem, errors


@dataclass(frozen=True, slots=True)
class Answer:
    """``output`` goes to standard output, ``complaints`` to standard error; not ``ok`` ends with 1."""

    output: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()
    ok: bool = True
    summary: str = ""


STDIN = Path("-")
"""As a file's name, this is standard input."""


def text_of(file: Path) -> tuple[str, tuple[Problem, ...]]:
    """The text of a file, or a problem that says why it cannot be read."""
    try:
        data = sys.stdin.buffer.read() if file == STDIN else file.read_bytes()
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        message = "This file is not a text in UTF-8."
    except OSError as error:
        message = f"This file cannot be read: {error.strerror or error}."
    return "", (Problem("unreadable-file", message, file=str(file)),)


def in_file(problems: Iterable[Problem], file: Path) -> tuple[Problem, ...]:
    return tuple(replace(problem, file=str(file)) for problem in problems)


def printed(problem: Problem) -> str:
    """``file:line:column path: message hint`` on one line; “warning” stands before what refuses nothing."""
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    where = f"{place} {problem.path}".strip()
    word = "" if problem.is_error else "warning: "
    return f"{where}: {word}{one_line(f'{problem.message} {problem.hint}')}"


def one_line(text: str) -> str:
    """Expressions of several lines stand in one: a problem is a line of a pipeline's log."""
    return " ".join(text.split())


def counted(problems: Iterable[Problem]) -> str:
    number = len(errors(problems))
    return f"{number} error{'' if number == 1 else 's'}."
