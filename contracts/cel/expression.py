"""An expression, from its text to its value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput

from contracts.cel import compiling, grammar, printing, references
from contracts.cel.errors import CelError, CelSyntaxError, LimitExceeded
from contracts.cel.limits import DEFAULT, MAX_SOURCE, Budget, Limits
from contracts.cel.names import KRO, Environment
from contracts.cel.nodes import Node
from contracts.cel.references import Reference
from contracts.cel.tree import Builder, Rejection

_building = Lock()


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

    def unparse(self) -> str:
        """The expression in one canonical form: same meaning, uniform blanks, quotes and brackets."""
        return printing.unparse(self.node)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


@lru_cache(maxsize=4096)
def parse(source: str, environment: Environment = KRO) -> Expression:
    """Read an expression. Raises CelSyntaxError with its place; the result is cached by text."""
    if len(source) > MAX_SOURCE:
        raise CelSyntaxError(f"The expression is longer than {MAX_SOURCE} characters.", source, MAX_SOURCE)
    try:
        node = _parser().parse(source)
    except Rejection as error:
        raise CelSyntaxError(error.message, source, error.offset, error.hint) from None
    except UnexpectedInput as error:
        raise _unexpected(error, source) from None
    if not isinstance(node, Node):
        raise CelSyntaxError("This is not an expression.", source, 0)
    return Expression(source, node, environment)


@lru_cache(maxsize=1)
def _tables() -> Lark:
    return grammar.parser(Builder())


def _parser() -> Lark:
    """The parser's tables take a tenth of a second to build, so only the first expression pays for them."""
    with _building:
        return _tables()


def _unexpected(error: UnexpectedInput, source: str) -> CelSyntaxError:
    if not source.strip():
        return CelSyntaxError("The expression is empty.", source, 0)
    token = getattr(error, "token", None)
    if isinstance(error, UnexpectedCharacters):
        offset = error.pos_in_stream or 0
        character = source[offset : offset + 1]
        if character in "\"'`":
            return CelSyntaxError("This text is not closed.", source, offset, f"Add the closing {character}.")
        return CelSyntaxError(f"Unexpected “{character}”.", source, offset, _hint(character, source, offset))
    if isinstance(token, Token) and token.type != "$END":
        offset = token.start_pos or 0
        return CelSyntaxError(
            f"Unexpected “{_short(token)}”.", source, offset, _hint(str(token), source, offset)
        )
    return CelSyntaxError("The expression ends too early.", source, len(source.rstrip()), _unclosed(source))


def _short(token: Token) -> str:
    return str(token) if len(token) <= 30 else str(token)[:30] + "…"


def _hint(text: str, source: str, offset: int) -> str:
    following = source[offset : offset + 3]
    if text in ("&", "|"):
        return f"Write “{text}{text}”."
    if text == "=":
        return "Compare with “==”."
    if text == "$":
        return "An expression inside an expression needs no “${”."
    if text in ("?", ":") and following.startswith("?:"):
        return "Write “a ? b : c”, or “a.?b.orValue(c)”."
    return ""


def _unclosed(source: str) -> str:
    for opening, closing in ("()", "[]", "{}"):
        if source.count(opening) > source.count(closing):
            return f"Is a “{closing}” missing?"
    return ""
