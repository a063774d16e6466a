"""Sets of fields as trees, as managedFields store them (KEP-555, FieldsV1).

A tree maps path elements to trees: `f:NAME` a field, `k:{…}` a list item by its keys, `v:…` an element of a
set. Inside this server a path belongs to the set when its tree has the key "."; on the wire a path without
children is written `{}` instead. Trees are shared and never changed after they are created.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Tree = dict[str, Any]

MEMBER: Tree = {".": {}}


def decode(fields: Mapping[str, Any]) -> Tree:
    """The tree of a FieldsV1."""
    return {key: MEMBER if not value else decode(value) for key, value in fields.items() if key != "."} | (
        MEMBER if "." in fields else {}
    )


def encode(tree: Tree) -> dict[str, Any]:
    """The FieldsV1 of a tree, with sorted keys."""
    fields: dict[str, Any] = {}
    for key in sorted(tree):
        if key == ".":
            fields["."] = {}
        else:
            child = tree[key]
            fields[key] = {} if child == MEMBER else encode(child)
    return fields


def union(one: Tree, other: Tree) -> Tree:
    if not one or one is other:
        return other
    if not other:
        return one
    merged = dict(one)
    for key, child in other.items():
        merged[key] = union(merged[key], child) if key in merged and key != "." else child
    return merged


def difference(one: Tree, other: Tree) -> Tree:
    """The members of one that are not in the other. The children of a path are members of their own."""
    if not other:
        return one
    kept: Tree = {}
    for key, child in one.items():
        if key == ".":
            if "." not in other:
                kept["."] = {}
        elif key not in other:
            kept[key] = child
        elif left := difference(child, other[key]):
            kept[key] = left
    return kept


def intersection(one: Tree, other: Tree) -> Tree:
    kept: Tree = {}
    for key, child in one.items():
        if key in other:
            if key == ".":
                kept["."] = {}
            elif both := intersection(child, other[key]):
                kept[key] = both
    return kept


def without(one: Tree, other: Tree) -> Tree:
    """The members of one that are neither in the other nor below a member of the other."""
    kept: Tree = {}
    for key, child in one.items():
        beneath = other.get(key)
        if beneath is None:
            kept[key] = child
        elif key != "." and "." not in beneath and (left := without(child, beneath)):
            kept[key] = left
    return kept


def paths(tree: Tree, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Members in order: those of a level before those below it."""
    elements = sorted(element for element in tree if element != ".")
    for element in elements:
        if "." in tree[element]:
            yield (*prefix, element)
    for element in elements:
        yield from paths(tree[element], (*prefix, element))
