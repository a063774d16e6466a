"""Kubernetes' escapes for properties whose names are not identifiers."""

from __future__ import annotations

ESCAPES = {
    "__underscores__": "__",
    "__dot__": ".",
    "__dash__": "-",
    "__slash__": "/",
}


def unescape(name: str) -> str:
    """The property that an escaped name denotes: ``a__dash__b`` is ``a-b``."""
    if "__" not in name:
        return name
    found: list[str] = []
    position = 0
    while position < len(name):
        for escape, text in ESCAPES.items():
            if name.startswith(escape, position):
                found.append(text)
                position += len(escape)
                break
        else:
            found.append(name[position])
            position += 1
    unescaped = "".join(found)
    if unescaped.startswith("__") and unescaped.endswith("__") and len(unescaped) > 4:
        return unescaped[2:-2]
    return unescaped


def escape(name: str) -> str:
    """The name of a property, escaped so that an expression can select it."""
    for escaped, text in ESCAPES.items():
        name = name.replace(text, escaped)
    return name
