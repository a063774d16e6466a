"""What a command has to say, and how it reads files and prints problems."""

from __future__ import annotations

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


def text_of(file: Path) -> tuple[str, tuple[Problem, ...]]:
    """The text of a file, or a problem that says why it cannot be read."""
    try:
        return file.read_bytes().decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        message = "This file is not a text in UTF-8."
    except OSError as error:
        message = f"This file cannot be read: {error.strerror or error}."
    return "", (Problem("unreadable-file", message, file=str(file)),)


def in_file(problems: Iterable[Problem], file: Path) -> tuple[Problem, ...]:
    return tuple(replace(problem, file=str(file)) for problem in problems)


def printed(problem: Problem) -> str:
    """``file:line:column path: message hint``, with “warning” before what does not refuse the file."""
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    where = f"{place} {problem.path}".strip()
    word = "" if problem.is_error else "warning: "
    return f"{where}: {word}{problem.message} {problem.hint}".rstrip()


def counted(problems: Iterable[Problem]) -> str:
    number = len(errors(problems))
    return f"{number} error{'' if number == 1 else 's'}."
