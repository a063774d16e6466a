"""The result of compiling a contract: a definition, or the problems that prevent one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.compiler.contract_document import Presentation
from contracts.compiler.definition import Definition, Outline
from contracts.compiler.reach import NO_REACH, Reach
from contracts.problems import Problem


@dataclass(frozen=True, slots=True)
class Compilation:
    """The result of a compilation. ``definition`` is None as long as any problem is an error.

    ``runnable`` is set when all errors come from checks that may be newer than a published revision: its
    instances continue to be reconciled under a stricter version of Slipway.
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

    @property
    def reach(self) -> Reach:
        """That of the definition, also with errors that let it be derived."""
        return self.runnable.reach if self.runnable else NO_REACH
