"""Standard CEL's string functions and cel-go's Strings extension. Indexes count code points."""

from __future__ import annotations

from typing import Any

from contracts.cel.errors import CelError
from contracts.cel.functions import function, method
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import no_overload

WHITESPACE = (
    " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})
UPPER = str.maketrans({chr(code): chr(code - 32) for code in range(ord("a"), ord("z") + 1)})
ESCAPES = str.maketrans(
    {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\\": "\\\\",
        '"': '\\"',
    }
)


@method("string.contains(string): bool")
def contains(budget: Budget, text: str, part: str) -> bool:
    budget.spend(len(text) >> 6)
    return part in text


@method("string.startsWith(string): bool")
def starts_with(budget: Budget, text: str, part: str) -> bool:
    budget.spend(len(part) >> 8)
    return text.startswith(part)


@method("string.endsWith(string): bool")
def ends_with(budget: Budget, text: str, part: str) -> bool:
    budget.spend(len(part) >> 8)
    return text.endswith(part)


def _checked_index(index: int, last: int) -> int:
    if not 0 <= index <= last:
        raise CelError("index out of range")
    return index


@method("string.charAt(int): string")
def char_at(text: str, index: int) -> str:
    _checked_index(index, len(text))
    return text[index : index + 1]


@method("string.indexOf(string): int")
def index_of(budget: Budget, text: str, part: str) -> int:
    budget.spend(len(text) >> 6)
    return text.find(part)


@method("string.indexOf(string, int): int")
def index_of_from(budget: Budget, text: str, part: str, start: int) -> int:
    budget.spend(len(text) >> 6)
    if not part:
        return start
    if not text and start >= 0:
        return -1
    return text.find(part, _checked_index(start, len(text)))


@method("string.lastIndexOf(string): int")
def last_index_of(budget: Budget, text: str, part: str) -> int:
    budget.spend(len(text) >> 6)
    return text.rfind(part)


@method("string.lastIndexOf(string, int): int")
def last_index_of_from(budget: Budget, text: str, part: str, start: int) -> int:
    """The last index at or before ``start``."""
    budget.spend(len(text) >> 6)
    if not part:
        return start
    if not text and start >= 0:
        return -1
    return text.rfind(part, 0, _checked_index(start, len(text)) + len(part))


@method("string.lowerAscii(): string")
def lower_ascii(budget: Budget, text: str) -> str:
    budget.produce(len(text))
    return text.translate(LOWER)


@method("string.upperAscii(): string")
def upper_ascii(budget: Budget, text: str) -> str:
    budget.produce(len(text))
    return text.translate(UPPER)


@method("string.trim(): string")
def trim(budget: Budget, text: str) -> str:
    budget.produce(len(text))
    return text.strip(WHITESPACE)


@method("string.reverse(): string")
def reverse(budget: Budget, text: str) -> str:
    budget.produce(len(text))
    return text[::-1]


@method("string.replace(string, string): string", "string.replace(string, string, int): string")
def replace(budget: Budget, text: str, old: str, new: str, count: int = -1) -> str:
    budget.spend(len(text) >> 4)
    found = text.count(old) if old else len(text) + 1
    if count >= 0:
        found = min(found, count)
    budget.produce(len(text) + found * max(0, len(new) - len(old)))
    return text.replace(old, new, count if count >= 0 else -1)


@method("string.split(string): list(string)", "string.split(string, int): list(string)")
def split(budget: Budget, text: str, separator: str, count: int = -1) -> list[str]:
    budget.produce(len(text))
    if count == 0:
        return []
    if separator:
        return text.split(separator, count - 1 if count > 0 else -1)
    if count < 0 or count >= len(text):
        return list(text)
    return [*text[: count - 1], text[count - 1 :]]


@method("string.substring(int): string", "string.substring(int, int): string")
def substring(budget: Budget, text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    _checked_index(start, len(text))
    _checked_index(end, len(text))
    if start > end:
        raise CelError("invalid substring range: the start is after the end")
    budget.produce(end - start)
    return text[start:end]


@method("list(string).join(): string", "list(string).join(string): string")
def join(budget: Budget, texts: list[Any], separator: str = "") -> str:
    budget.spend(len(texts))
    total = 0
    for text in texts:
        if not isinstance(text, str):
            raise no_overload("join", text)
        total += len(text)
    budget.produce(total + len(separator) * max(0, len(texts) - 1))
    return separator.join(texts)


@function("strings.quote(string): string")
def quote(budget: Budget, text: str) -> str:
    budget.produce(len(text) + 2)
    return f'"{text.translate(ESCAPES)}"'
