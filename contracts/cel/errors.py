"""The two ways an expression fails: it cannot be read, or it cannot be evaluated.

No message ever holds a value of the input: inputs may be secrets, and messages end in logs and on pages.
Names that stand in the author's own text (fields, functions, variables) may be named.
"""

from __future__ import annotations


def place(source: str, offset: int) -> tuple[int, int]:
    """Line and column, both counted from 1, of an offset into ``source``."""
    offset = max(0, min(offset, len(source)))
    line = source.count("\n", 0, offset) + 1
    return line, offset - (source.rfind("\n", 0, offset) + 1) + 1


class CelSyntaxError(Exception):
    """The text is not an expression. ``line`` and ``column`` count from 1 inside the expression."""

    def __init__(self, message: str, source: str, offset: int, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        self.offset = max(0, min(offset, len(source)))
        self.line, self.column = place(source, self.offset)
        super().__init__(f"{self.line}:{self.column}: {message}" + (f" {hint}" if hint else ""))


class CelError(Exception):
    """Evaluation failed.

    ``pending`` says that a value is not there yet, so that asking again later may succeed (kro §3.7): a
    missing key, field or variable, or an index out of bounds. ``path`` is the chain of names that led to
    the gap, when it is known (``deployment.status.url``). ``offset`` is -1, and line and column 0, when the
    place is not known.
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
        """Remember where it happened; the innermost place wins."""
        if self.offset < 0:
            self.offset = offset
        return self

    def locate(self, source: str) -> CelError:
        """Work out line and column from the offset."""
        if self.offset >= 0:
            self.line, self.column = place(source, self.offset)
        return self


class LimitExceeded(CelError):
    """The expression asked for more work or more space than it may have. Never pending."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
