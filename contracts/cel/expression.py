"""An expression, from its text to its value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from contracts.cel import references
from contracts.cel.environment import KRO, Environment
from contracts.cel.errors import CelError, LimitExceeded
from contracts.cel.evaluate import compiling
from contracts.cel.limits import DEFAULT, Budget, Limits
from contracts.cel.references import Reference
from contracts.cel.syntax import printing
from contracts.cel.syntax.nodes import Node
from contracts.cel.syntax.parsing import read

FAULT = "the expression could not be evaluated"


class Expression:
    """A text that parsed. Holds no state of an evaluation, so it may be shared between threads."""

    def __init__(self, source: str, node: Node, environment: Environment) -> None:
        self.source = source
        self.node = node
        self.environment = environment

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """What it reads: free names with the chains that follow them, in reading order."""
        return references.references(self.node)

    @cached_property
    def functions(self) -> frozenset[str]:
        """Names of the functions, methods and macros that it calls."""
        return references.functions(self.node)

    @cached_property
    def _program(self) -> compiling.Program:
        return compiling.program(self.node, self.environment)

    def evaluate(self, bindings: Mapping[str, object], *, limits: Limits = DEFAULT) -> object:
        """The value, as a raw CEL value (see ``to_json``). Raises CelError and nothing else."""
        run, slots = self._program
        frame: list[Any] = [bindings, Budget(limits), *slots]
        try:
            return run(frame)
        except CelError as error:
            raise error.locate(self.source) from None
        except (RecursionError, MemoryError):
            raise LimitExceeded("the expression or its data is nested too deeply") from None
        except Exception:
            # A fault of ours: Python's own errors quote values, so nothing of them may get out.
            raise CelError(FAULT) from None

    def unparse(self) -> str:
        """The expression in one canonical form: same meaning, uniform blanks, quotes and brackets."""
        return printing.unparse(self.node)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


@lru_cache(maxsize=4096)
def parse(source: str, environment: Environment = KRO) -> Expression:
    """Read an expression. Raises CelSyntaxError with its place; the result is cached by text."""
    return Expression(source, read(source), environment)
