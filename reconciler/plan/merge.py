"""Merge what a change touched into a live object. Pure.

A server-side apply removes what its manager applied before and does not send now, and takes over what it
sends. So the fields that a change touched are merged into the set that the manager owns already, and that
whole set is applied. Fields of other managers are neither sent nor taken over. Only a field that the change
removes and that another manager owns too needs a patch: an apply cannot remove it.

The trees of ``metadata.managedFields`` say how the server merges a list: ``k:`` by keys, ``v:`` as a set,
otherwise as one value.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog.touched import TouchedField, is_equal
from contracts.documents.paths import MISSING
from reconciler.objects.accessors import Manifest, metadata_of
from reconciler.plan.compare import is_empty, is_same

Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListItem:
    """One item of a list that is merged: the JSON of its keys (``k:…``), or of the value itself (``v:…``)."""

    name: str

    @property
    def identity(self) -> Any:
        return json.loads(self.name[2:])

    def matches(self, item: Any) -> bool:
        if self.name.startswith("v:"):
            return is_equal(item, self.identity)
        return isinstance(item, Mapping) and all(is_equal(item.get(k), v) for k, v in self.identity.items())


Part = str | ListItem
Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """A touched field that has another value now."""

    path: str
    old: Any
    new: Any
    live: Any


@dataclass(frozen=True, slots=True)
class Merge:
    """``fields``: all that the manager applies. ``patch``: a merge patch that removes fields of others."""

    fields: dict[str, Any]
    patch: dict[str, Any]
    conflicts: tuple[MergeConflict, ...] = ()


@dataclass(frozen=True, slots=True)
class _Touched:
    """A touched field with its parts, items of merged lists included."""

    parts: Parts
    origin: TouchedField
    old: Any
    new: Any


def merge_touched(
    live: Manifest, touched: Iterable[TouchedField], manager: str, *, overwrites: bool = False
) -> Merge:
    """``overwrites``: the new values win over whatever the fields have now."""
    own, others = _trees(live, manager)
    everyone = _union([own, *others])
    fields = [one for field in touched for one in _by_item(field, everyone)]
    conflicts = [] if overwrites else [found for one in fields if (found := _conflict(one, live))]
    wanted: dict[str, Any] = copy.deepcopy(dict(live))
    for one in fields:
        _set(wanted, one.parts, one.new)
    applied: dict[str, Any] = _extract(wanted, own, everyone)
    for one in fields:
        if one.new is not MISSING:
            _set(applied, one.parts, one.new)
    for field in touched:
        _keep_empty(applied, field)
    patch: dict[str, Any] = {}
    for one in fields:
        if _needs_patch(one, live, own, others):
            _add_removal(patch, one.parts, wanted)
    return Merge(applied, patch, tuple(conflicts))


# -- who owns what --------------------------------------------------------------------------------------


def _trees(live: Manifest, manager: str) -> tuple[Tree, list[Tree]]:
    """What the manager applied, and what each other one owns; subresources aside."""
    own: list[Tree] = []
    others: list[Tree] = []
    for entry in metadata_of(live).get("managedFields") or ():
        if not entry.get("subresource"):
            is_own = entry.get("manager") == manager and entry.get("operation") == "Apply"
            (own if is_own else others).append(entry.get("fieldsV1") or {})
    return _union(own), others


def _union(trees: Sequence[Tree]) -> Tree:
    merged: dict[str, Any] = {}
    for tree in trees:
        for key, child in tree.items():
            merged[key] = _union([merged[key], child]) if key in merged else child
    return merged


def _subtree(tree: Tree, parts: Parts) -> Tree | None:
    for part in parts:
        child = tree.get(part.name if isinstance(part, ListItem) else f"f:{part}")
        if child is None:
            return None
        tree = child
    return tree


def _inner(tree: Tree | None) -> list[str]:
    return [key for key in tree or () if key != "."]


def _extract(value: Any, own: Tree, everyone: Tree) -> Any:
    """The part of the value that is owned. A map or list that others own parts of is merged, not atomic."""
    inner = _inner(own)
    if not inner:
        is_merged = bool(_inner(everyone))
        return copy.deepcopy(value) if not is_merged else {} if isinstance(value, Mapping) else []
    if isinstance(value, Mapping):
        return {
            key: _extract(item, own[f"f:{key}"], everyone[f"f:{key}"])
            for key, item in value.items()
            if f"f:{key}" in own
        }
    if isinstance(value, list) and inner[0][:2] in ("k:", "v:"):
        names = [(item, _name_of(item, inner)) for item in value]
        return [_extract_item(item, name, own, everyone) for item, name in names if name is not None]
    return copy.deepcopy(value)


def _extract_item(item: Any, name: str, own: Tree, everyone: Tree) -> Any:
    if name.startswith("v:"):
        return item
    keys: dict[str, Any] = ListItem(name).identity
    return {**keys, **_extract(item, own[name], everyone[name])} if _inner(own[name]) else keys


def _name_of(item: Any, names: Iterable[str]) -> str | None:
    return next((name for name in names if name[:2] in ("k:", "v:") and ListItem(name).matches(item)), None)


# -- touched fields, item by item -----------------------------------------------------------------------


def _by_item(field: TouchedField, everyone: Tree) -> Iterator[_Touched]:
    yield from _split(_Touched(field.path, field, field.old, field.new), _subtree(everyone, field.path))


def _split(one: _Touched, tree: Tree | None) -> Iterator[_Touched]:
    """A list that the server merges becomes its items, and those their fields."""
    names = [name for name in _inner(tree) if name[:2] in ("k:", "v:")]
    lists = all(isinstance(value, list) or is_empty(_plain(value)) for value in (one.old, one.new))
    if not names or not lists:
        yield one
        return
    assert tree is not None
    old, new = (_items(value, names[0]) for value in (one.old, one.new))
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name, MISSING), new.get(name, MISSING)
        item = replace(one, parts=(*one.parts, ListItem(name)), old=before, new=after)
        yield from _split_map(item, tree.get(name))


def _split_map(one: _Touched, tree: Tree | None) -> Iterator[_Touched]:
    if is_equal(one.old, one.new):
        return
    if not isinstance(one.old, Mapping) or not isinstance(one.new, Mapping):
        yield from _split(one, tree)
        return
    for key in dict.fromkeys((*one.old, *one.new)):
        old, new = one.old.get(key, MISSING), one.new.get(key, MISSING)
        inner = replace(one, parts=(*one.parts, key), old=old, new=new)
        yield from _split_map(inner, (tree or {}).get(f"f:{key}"))


def _items(value: Any, pattern: str) -> dict[str, Any]:
    """The items of a list by name. ``pattern``: the name of any item, which has the keys."""
    items = value if isinstance(value, list) else []
    if pattern.startswith("v:"):
        return {f"v:{_compact(item)}": item for item in items}
    keys = sorted(json.loads(pattern[2:]))
    return {
        f"k:{_compact({key: item[key] for key in keys if key in item})}": item
        for item in items
        if isinstance(item, Mapping)
    }


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    return None if value is MISSING else value


# -- conflicts ------------------------------------------------------------------------------------------


def _conflict(one: _Touched, live: Manifest) -> MergeConflict | None:
    now = _get(live, one.parts)
    whole = one.parts == one.origin.path
    accepted = one.origin.accepts if whole else tuple(_get_in(one, value) for value in one.origin.accepts)
    if is_equal(one.old, now) or _is_as_wanted(one.new, now):
        return None
    if any(_is_as_wanted(value, now) for value in accepted):
        return None
    return MergeConflict(_text(one.parts), _plain(one.old), _plain(one.new), _plain(now))


def _get_in(one: _Touched, value: Any) -> Any:
    """The part of another accepted value that is at the place of an item or of its field."""
    return _get(value, one.parts[len(one.origin.path) :])


def _is_as_wanted(value: Any, now: Any) -> bool:
    """The server may have added defaults inside a value, or written a number in another form (1.0)."""
    return is_equal(value, now) or (not is_empty(_plain(value)) and is_same(value, _plain(now)))


def _text(parts: Parts) -> str:
    text = ""
    for part in parts:
        if isinstance(part, ListItem):
            identity = part.identity
            keys = identity.items() if isinstance(identity, Mapping) else [("", identity)]
            text += f"[{','.join(f'{key}={value}' if key else str(value) for key, value in keys)}]"
        elif "." in part or "/" in part:
            text += f'["{part}"]'
        else:
            text += f".{part}" if text else part
    return text


# -- values ---------------------------------------------------------------------------------------------


def _get(value: Any, parts: Parts) -> Any:
    for part in parts:
        if isinstance(part, ListItem):
            items = value if isinstance(value, list) else []
            value = next((item for item in items if part.matches(item)), MISSING)
        else:
            value = value.get(part, MISSING) if isinstance(value, Mapping) else MISSING
    return value


def _set(target: dict[str, Any], parts: Parts, value: Any) -> None:
    """Set or, with ``MISSING``, remove the value; maps, lists and items on the way are created as needed."""
    at: Any = target
    for index, part in enumerate(parts[:-1]):
        empty: Any = [] if isinstance(parts[index + 1], ListItem) else {}
        found = _get(at, (part,))
        if type(found) is not type(empty):
            if value is MISSING:
                return
            found = {**empty, **part.identity} if isinstance(part, ListItem) else empty
            _put(at, part, found)
            found = _get(at, (part,))
        at = found
    _put(at, parts[-1], value)


def _put(at: Any, part: Part, value: Any) -> None:
    if isinstance(part, ListItem):
        index = next((index for index, item in enumerate(at) if part.matches(item)), len(at))
        at[index : index + 1] = [] if value is MISSING else [copy.deepcopy(value)]
    elif value is MISSING:
        at.pop(part, None)
    else:
        at[part] = copy.deepcopy(value)


def _keep_empty(applied: dict[str, Any], field: TouchedField) -> None:
    """A list that a user emptied is sent as empty, although all its items are removed one by one."""
    if field.new == [] and _get(applied, field.path) is MISSING:
        _set(applied, field.path, [])


# -- removals -------------------------------------------------------------------------------------------


def _needs_patch(one: _Touched, live: Manifest, own: Tree, others: Sequence[Tree]) -> bool:
    """Whether a removed field remains after the apply: another manager owns it, or none does."""
    now = _get(live, one.parts)
    if one.new is not MISSING or now is MISSING:
        return False
    if any(_is_as_wanted(value, now) for value in one.origin.accepts):
        return False
    is_owned = _subtree(own, one.parts) is not None
    return not is_owned or any(_subtree(tree, one.parts) is not None for tree in others)


def _add_removal(patch: dict[str, Any], parts: Parts, wanted: Mapping[str, Any]) -> None:
    """A merge patch replaces a list as a whole: the one without the item."""
    plain = parts[: next((i for i, part in enumerate(parts) if isinstance(part, ListItem)), len(parts))]
    value = None if plain == parts else _get(wanted, plain)
    _set(patch, plain, value)
