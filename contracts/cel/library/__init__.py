"""Every function that an expression can call. Importing this package registers them."""

from __future__ import annotations

from contracts.cel.library import (
    conditions,
    conversions,
    encoders,
    formatting,
    kro,
    kubernetes,
    lists,
    math_and_sets,
    optionals,
    strings,
    timestamps,
)

__all__ = [
    "conditions",
    "conversions",
    "encoders",
    "formatting",
    "kro",
    "kubernetes",
    "lists",
    "math_and_sets",
    "optionals",
    "strings",
    "timestamps",
]
