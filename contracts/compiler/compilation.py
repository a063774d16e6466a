"""The result of compiling a contract: a definition, or the problems that prevent one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.compiler.contract_document import Presentation
from contracts.compiler.definition import Definition, Outline
from contracts.problems import Problem


@dataclass(frozen=True, slots=True)
class Compilation:
    """What an author gets back. ``definition`` is None as long as any problem is an error.

    ``runnable`` is what a revision that was published once goes on with, when only rules judge it that may be
    younger than it is; nobody's instances stop because a newer Slipway is stricter.
    """

    definition: Definition | None
    presentation: Presentation
    problems: tuple[Problem, ...]
    form_schema: Mapping[str, Any] | None = None
    outline: Outline | None = None
    runnable: Definition | None = None

    @property
    def ok(self) -> bool:
        return self.definition is not None
