"""An expression: parsed once, evaluated many times."""

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
from contracts.cel.syntax.parsing import parse_node

FAULT = "the expression could not be evaluated"


class Expression:
    """A parsed expression. It holds no evaluation state, so threads may share it."""

    def __init__(self, source: str, node: Node, environment: Environment) -> None:
        self.source = source
        self.node = node
        self.environment = environment

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The free names with the selections that follow them, in source order."""
        return references.references(self.node)

    @cached_property
    def functions(self) -> frozenset[str]:
        """Names of the functions, methods and macros that the expression calls."""
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
            # A bug in this package. Python's own messages quote values, so they must not be passed on.
            raise CelError(FAULT) from None

    def unparse(self) -> str:
        """The expression in canonical form: same meaning, uniform spaces, quotes and brackets."""
        return printing.unparse(self.node)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


@lru_cache(maxsize=4096)
def parse(source: str, environment: Environment = KRO) -> Expression:
    """Parse an expression. Raises CelSyntaxError. Results are cached by source and environment."""
    return Expression(source, parse_node(source), environment)
