"""Helpers for tests of pages."""

from __future__ import annotations

from typing import Any


def squeezed(response: Any) -> str:
    """The HTML of a response with single spaces, as formatted templates contain more."""
    return " ".join(response.content.decode().split())
