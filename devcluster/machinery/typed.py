"""Operations on values by their shape: the fields of a value, comparison, merging and pruning (KEP-555).

Each is one walk with an index per list, so that the cost is linear in the size of the object.
"""

from __future__ import annotations

from typing import Any

import orjson

from devcluster.machinery.fieldsets import MEMBER, Tree, union
from devcluster.machinery.schema import ANY, Shape, deduced

ABSENT: Any = object()


class TypedError(Exception):
    """A value whose mismatch with its shape prevents an apply; the message starts with the path."""


def item_key(item: Any, shape: Shape) -> str:
    """The path element of a list item: by its keys in a map, by its value in a set."""
    if shape.list_type == "set":
        return f"v:{orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode()}"
    if len(shape.keys) == 1 and isinstance(item, dict):  # fast path for most lists: one key, a short string
        value = item.get(shape.keys[0])
        if isinstance(value, str) and value.isascii() and value.replace("-", "a").isalnum():
            return f'k:{{"{shape.keys[0]}":"{value}"}}'
    keys = {}
    for key in sorted(shape.keys):
        value = item.get(key, ABSENT) if isinstance(item, dict) else ABSENT
        if value is ABSENT or value is None:
            value = shape.key_defaults.get(key, ABSENT)
        if value is not ABSENT:
            keys[key] = value
    return f"k:{orjson.dumps(keys).decode()}"


def format_element(element: str) -> str:
    """A path element as conflict messages write it."""
    if element.startswith("f:"):
        return f".{element[2:]}"
    if element.startswith("v:"):
        return f"[={element[2:]}]"
    keys = orjson.loads(element[2:])
    return "[" + ",".join(f"{key}={orjson.dumps(value).decode()}" for key, value in keys.items()) + "]"


def format_path(path: tuple[str, ...]) -> str:
    return "".join(map(format_element, path))


def associative(shape: Shape, value: Any) -> bool:
    return shape.form == "list" and not shape.atomic and isinstance(value, list)


def mapping(shape: Shape, value: Any) -> bool:
    return shape.form in ("object", "any") and not shape.atomic and isinstance(value, dict)


# ---- the fields of an applied object


def fields_of(value: Any, shape: Shape | None, path: str = "") -> Tree:
    """The set of fields in an applied object.

    Raises TypedError for unknown fields, and for list items with duplicate or missing keys.
    """
    shape = deduced(shape, value)
    if mapping(shape, value):
        return _fields_of_mapping(value, shape, path)
    if associative(shape, value):
        return _fields_of_list(value, shape, path)
    if value is not None:
        check_type(value, shape, path)
    return MEMBER


def _fields_of_mapping(value: dict[str, Any], shape: Shape, path: str) -> Tree:
    tree: Tree = {}
    for key, child in value.items():
        inner = shape.child(key)
        where = f"{path}.{key}"
        if inner is None:
            raise TypedError(f"{where}: field not declared in schema")
        below = fields_of(child, inner, where)
        if child is None or child == {} or (key not in shape.fields and "." not in below):
            below = below | MEMBER
        if below:
            tree[f"f:{key}"] = below
    return tree


def _fields_of_list(value: list[Any], shape: Shape, path: str) -> Tree:
    tree: Tree = {}
    for index, item in enumerate(value):
        if shape.list_type == "map" and not isinstance(item, dict):
            raise TypedError(
                f"{path}: element {index}: associative list with keys may not have non-map elements"
            )
        element = item_key(item, shape)
        if element == "k:{}":
            raise TypedError(
                f"{path}: element {index}: associative list with keys has an element that omits all key "
                f"fields {_quoted(shape.keys)} (and doesn't have default values for any key fields)"
            )
        if element in tree:
            raise TypedError(f"{path}: duplicate entries for key {format_element(element)}")
        below = fields_of(item, shape.items, path + format_element(element)) if isinstance(item, dict) else {}
        tree[element] = below | MEMBER
    return tree


def _quoted(keys: tuple[str, ...]) -> str:
    return "[" + " ".join(f'"{key}"' for key in keys) + "]"


EXPECTED = {
    "string": "string",
    "integer": "numeric (int or float)",
    "number": "numeric (int or float)",
    "boolean": "boolean",
}


def check_type(value: Any, shape: Shape, path: str) -> None:
    """Raises TypedError for a wrong form, such as a list for a mapping, or a wrong type of a scalar."""
    if shape.form == "object" and not isinstance(value, dict):
        raise TypedError(f"{path}: expected map, got {_got(value)}")
    if shape.form == "list" and not isinstance(value, list):
        raise TypedError(f"{path}: expected list, got {_got(value)}")
    if shape.form == "scalar" and shape.types:
        fits = any(_is(value, kind) for kind in shape.types)
        if not fits and len(shape.types) == 1:
            raise TypedError(f"{path}: expected {EXPECTED[shape.types[0]]}, got {_got(value)}")


def _is(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _got(value: Any) -> str:
    return f"&{{{_go(value)}}}" if not isinstance(value, dict | list) else _go(value)


def _go(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "&{" + "map[" + " ".join(f"{key}:{_plain(item)}" for key, item in sorted(value.items())) + "]}"
    if isinstance(value, list):
        return "&{[" + " ".join(map(_plain, value)) + "]}"
    return str(value)


def go_format(value: Any) -> str:
    """A value as Go prints it with %v: map[a:1 b:[x y]]."""
    return _plain(value)


def _plain(value: Any) -> str:
    return _go(value).removeprefix("&{").removesuffix("}") if isinstance(value, dict | list) else _go(value)


# ---- comparison


class Comparison:
    """The sets of added, modified and removed fields."""

    __slots__ = ("added", "modified", "removed")

    def __init__(self) -> None:
        self.added: Tree = {}
        self.modified: Tree = {}
        self.removed: Tree = {}

    @property
    def changed(self) -> Tree:
        return union(self.added, self.modified)


def compare(old: Any, new: Any, shape: Shape) -> Comparison:
    found = Comparison()
    found.added, found.modified, found.removed = _compare(old, new, shape)
    return found


def _compare(old: Any, new: Any, shape: Shape | None) -> tuple[Tree, Tree, Tree]:
    if old is new:
        return {}, {}, {}
    shape = deduced(shape, old if old is not ABSENT and old is not None else new)
    if _leaf(old, new, shape):
        if old is ABSENT:
            return MEMBER, {}, {}
        if new is ABSENT:
            return {}, {}, MEMBER
        return {}, {} if same(old, new) else MEMBER, {}
    if isinstance(old, list) or isinstance(new, list):
        added, modified, removed = _compare_lists(old, new, shape)
    else:
        added, modified, removed = _compare_mappings(old, new, shape)
    if old is ABSENT:
        added = added | MEMBER
    elif new is ABSENT:
        removed = removed | MEMBER
    return added, modified, removed


def same(old: Any, new: Any) -> bool:
    """Equality where 1 and true differ, but 1 and 1.0 do not."""
    if isinstance(old, bool) != isinstance(new, bool):
        return False
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(same(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(same, old, new))
    return bool(old == new)


def _leaf(old: Any, new: Any, shape: Shape) -> bool:
    present = [value for value in (old, new) if value is not ABSENT and value is not None]
    if not present or not all(_is_container(value) for value in present):
        return True
    if all(not value for value in present):
        return True
    if len({type(value) for value in present}) > 1 or shape.atomic:
        return True
    if isinstance(present[0], list):
        return shape.form != "list" or shape.atomic
    return shape.form not in ("object", "any")


def _is_container(value: Any) -> bool:
    return isinstance(value, dict | list)


def _compare_mappings(old: Any, new: Any, shape: Shape) -> tuple[Tree, Tree, Tree]:
    one = old if isinstance(old, dict) else {}
    other = new if isinstance(new, dict) else {}
    pairs = (
        (f"f:{key}", one.get(key, ABSENT), other.get(key, ABSENT), shape.child(key)) for key in one | other
    )
    return _gather(pairs)


def _compare_lists(old: Any, new: Any, shape: Shape) -> tuple[Tree, Tree, Tree]:
    one = {item_key(item, shape): item for item in old} if isinstance(old, list) else {}
    other = {item_key(item, shape): item for item in new} if isinstance(new, list) else {}
    pairs = ((key, one.get(key, ABSENT), other.get(key, ABSENT), shape.items) for key in one | other)
    return _gather(pairs)


def _gather(pairs: Any) -> tuple[Tree, Tree, Tree]:
    trees: tuple[Tree, Tree, Tree] = ({}, {}, {})
    for element, old, new, inner in pairs:
        for tree, found in zip(trees, _compare(old, new, inner), strict=True):
            if found:
                tree[element] = found
    return trees


# ---- merge of an applied configuration into the live object


def merge(live: Any, applied: Any, shape: Shape | None) -> Any:
    """The applied value where it sets something, the live one elsewhere. New list items are appended."""
    if live is ABSENT or live is None:
        return applied
    shape = deduced(shape, applied)
    if mapping(shape, applied) and isinstance(live, dict):
        merged = dict(live)
        for key, value in applied.items():
            merged[key] = merge(live.get(key, ABSENT), value, shape.child(key) or ANY)
        return merged
    if associative(shape, applied) and isinstance(live, list):
        return _merge_lists(live, applied, shape)
    return applied


def _merge_lists(live: list[Any], applied: list[Any], shape: Shape) -> list[Any]:
    present = {item_key(item, shape): item for item in live}
    wanted = {item_key(item, shape): item for item in applied}
    order = _merged_order(list(present), list(wanted))
    return [
        merge(present.get(key, ABSENT), wanted[key], shape.items) if key in wanted else present[key]
        for key in order
    ]


def _merged_order(live: list[str], applied: list[str]) -> list[str]:
    """Both lists in one order: shared items as in the applied list, others next to their neighbours."""
    wanted, present = set(applied), set(live)
    shared = iter([key for key in applied if key in present])
    following = next(shared, None)
    order: list[str] = []
    placed: set[str] = set()
    left = right = 0
    while left < len(live) or right < len(applied):
        if left < len(live) and right < len(applied):
            if live[left] == applied[right]:
                order.append(live[left])
                placed.add(live[left])
                left, right, following = left + 1, right + 1, next(shared, None)
                continue
            if live[left] in wanted and following is not None and following != live[left]:
                left += 1
                continue
        if left < len(live):
            if live[left] not in wanted:
                order.append(live[left])
                left += 1
                continue
            if live[left] in placed:
                left += 1
        if right < len(applied):
            key = applied[right]
            order.append(key)
            placed.add(key)
            right += 1
            if key == following:
                following = next(shared, None)
    return order


# ---- pruning of fields that their owner no longer applies


def prune(value: Any, shape: Shape | None, last: Tree, owned: Tree) -> Any:
    """The value without the fields in `last` that have no owner any more, themselves or below.

    The topmost such field is removed with everything below it, so that a list item never loses only its key.
    """
    shape = deduced(shape, value)
    if mapping(shape, value):
        kept = dict(value)
        for key, child in value.items():
            element = f"f:{key}"
            if element not in last:
                continue
            if element not in owned:
                del kept[key]
            else:
                kept[key] = prune(child, shape.child(key), last[element], owned[element])
        return kept
    if associative(shape, value):
        items = []
        for item in value:
            element = item_key(item, shape)
            if element in last and element not in owned:
                continue
            if element in last and isinstance(item, dict):
                item = prune(item, shape.items, last[element], owned[element])
            items.append(item)
        return items
    return value
