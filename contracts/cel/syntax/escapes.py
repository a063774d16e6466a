"""Kubernetes' escapes: how a property whose name is not an identifier is selected."""

from __future__ import annotations

ESCAPES = {
    "__underscores__": "__",
    "__dot__": ".",
    "__dash__": "-",
    "__slash__": "/",
}


def unescape(name: str) -> str:
    """The property that an escaped name stands for: ``a__dash__b`` is ``a-b`` (Kubernetes' CEL)."""
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
    plain = "".join(found)
    if plain.startswith("__") and plain.endswith("__") and len(plain) > 4:
        return plain[2:-2]
    return plain


def escape(name: str) -> str:
    """A property's name as CEL can select it."""
    for text, escaped in (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__")):
        name = name.replace(text, escaped)
    return name
