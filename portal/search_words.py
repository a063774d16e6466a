"""The words of a search field."""

from __future__ import annotations

MOST_WORDS = 12


def search_words(text: str) -> list[str]:
    """The first twelve distinct words of ``text``; its length is limited with the query (``input_limits``).

    Each word is a condition of the query: a database takes long for hundreds of them.
    """
    return list(dict.fromkeys(text.split()))[:MOST_WORDS]
