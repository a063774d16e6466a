"""The words of a search field."""

from __future__ import annotations

MOST_WORDS, MOST_CHARACTERS = 12, 1000


def search_words(text: str) -> list[str]:
    """The first twelve distinct words of ``text``, without what comes after 1,000 characters.

    Each word is a condition of the query: a database refuses thousands of them, takes long for hundreds, and
    refuses very long ones.
    """
    return list(dict.fromkeys(text[:MOST_CHARACTERS].split()))[:MOST_WORDS]
