"""Every function that an expression can call; importing this registers them."""

from __future__ import annotations

from contracts.cel.library import (
    clock,
    conditions,
    conversions,
    encoders,
    extras,
    formatting,
    kubernetes_lists,
    lists,
    optionals,
    regex,
    strings,
)

__all__ = [
    "clock",
    "conditions",
    "conversions",
    "encoders",
    "extras",
    "formatting",
    "kubernetes_lists",
    "lists",
    "optionals",
    "regex",
    "strings",
]
