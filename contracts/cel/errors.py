"""The two ways in which an expression fails: it cannot be parsed, or it cannot be evaluated.

No message contains a value of the input: inputs may be secrets, and messages end up in logs and on pages.
Names from the source of the expression (fields, functions, variables) may appear.
"""

from __future__ import annotations


def line_and_column(source: str, offset: int) -> tuple[int, int]:
    """Line and column, both counted from 1, of an offset into ``source``."""
    offset = max(0, min(offset, len(source)))
    line = source.count("\n", 0, offset) + 1
    return line, offset - (source.rfind("\n", 0, offset) + 1) + 1


class CelSyntaxError(Exception):
    """The source is not an expression. ``line`` and ``column`` count from 1 inside the expression."""

    def __init__(self, message: str, source: str, offset: int, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        self.offset = max(0, min(offset, len(source)))
        self.line, self.column = line_and_column(source, self.offset)
        super().__init__(f"{self.line}:{self.column}: {message}" + (f" {hint}" if hint else ""))


class CelError(Exception):
    """Evaluation failed.

    ``pending`` means that a value does not exist yet, so that a later evaluation may succeed (kro §3.7): a
    missing key, field or variable, or an index out of bounds. ``path`` is the chain of names that leads to
    the missing value, if it is known (``deployment.status.url``). ``offset`` is -1, and line and column are
    0, if the position is not known.
    """

    def __init__(self, message: str, *, pending: bool = False, path: str = "", offset: int = -1) -> None:
        super().__init__(message)
        self.message = message
        self.pending = pending
        self.path = path
        self.offset = offset
        self.line = 0
        self.column = 0

    def at(self, offset: int) -> CelError:
        """Set the position of the error, unless an inner node has set it."""
        if self.offset < 0:
            self.offset = offset
        return self

    def locate(self, source: str) -> CelError:
        """Compute line and column from the offset."""
        if self.offset >= 0:
            self.line, self.column = line_and_column(source, self.offset)
        return self


class LimitExceeded(CelError):
    """The expression exceeds its limit of steps, size or depth. Never pending."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
