"""Whether what a user typed can be seen by others."""

from __future__ import annotations

from unicodedata import category

# Letters, numbers, punctuation and symbols. A zero-width joiner is none of them, but may join two emoji.
_VISIBLE = frozenset("LNPS")
# They reverse the text around a name.
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_visible(text: str) -> bool:
    """Whether it has a character that is not blank."""
    return any(category(char)[0] in _VISIBLE for char in text)


def has_controls(text: str) -> bool:
    """Whether it has control characters, or some that change the direction of the text around it."""
    return any(char in _DIRECTIONS or category(char) == "Cc" for char in text)
