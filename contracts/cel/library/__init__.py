"""Every function that an expression can call; importing this registers them."""

from __future__ import annotations

from contracts.cel.library import (
    clock,
    conditions,
    conversions,
    encoders,
    extras,
    formatting,
    kro,
    kubernetes_lists,
    lists,
    network,
    optionals,
    quantity,
    regex,
    semver,
    strings,
    urls,
)

__all__ = [
    "clock",
    "conditions",
    "conversions",
    "encoders",
    "extras",
    "formatting",
    "kro",
    "kubernetes_lists",
    "lists",
    "network",
    "optionals",
    "quantity",
    "regex",
    "semver",
    "strings",
    "urls",
]
