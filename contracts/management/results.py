"""The result of a command, and how commands read files and print problems."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from contracts.problems import Problem, errors


@dataclass(frozen=True, slots=True)
class CommandResult:
    """``output`` goes to standard output, ``errors`` to standard error; not ``ok`` means exit status 1."""

    output: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    ok: bool = True
    summary: str = ""


STDIN = Path("-")
"""As a file's name, this is standard input."""


def read_text(file: Path) -> tuple[str, tuple[Problem, ...]]:
    """The text of a file, or a problem that explains why it cannot be read."""
    try:
        data = sys.stdin.buffer.read() if file == STDIN else file.read_bytes()
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        message = "The file is not UTF-8 text."
    except OSError as error:
        message = f"The file cannot be read: {error.strerror or error}."
    return "", (Problem("unreadable-file", message, file=str(file)),)


def with_file(problems: Iterable[Problem], file: Path) -> tuple[Problem, ...]:
    return tuple(replace(problem, file=str(file)) for problem in problems)


def format_problem(problem: Problem) -> str:
    """``file:line:column path: message hint`` on one line; the message of a warning says that it is one."""
    position = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    where = f"{position} {problem.display_path}".strip()
    prefix = "" if problem.is_error else "warning: "
    return f"{where}: {prefix}{one_line(f'{problem.message} {problem.hint}')}"


def one_line(text: str) -> str:
    """Joins lines, so that a problem with a long expression is one line of a pipeline's log."""
    return " ".join(text.split())


def error_summary(problems: Iterable[Problem]) -> str:
    number = len(errors(problems))
    return f"{number} error{'' if number == 1 else 's'}."
