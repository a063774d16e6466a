"""Detect drift: compare the desired fields with the live object, so that an idle fleet costs no write.

A server-side apply is due when we do not own a desired field (it was never applied, or another manager
changed it), when its value differs, or when we still own a field that is no longer desired. Fields of other
managers that are not desired are ignored. The comparison follows ``fieldsV1`` of ``metadata.managedFields``,
whose keys say how the server merges each list: ``f:`` field, ``k:`` list item by keys, ``v:`` set member,
``i:`` position.

A server may write a value in another form, drop it or change it at admission. What differs in the answer to
our own apply, and still is as it was then, is therefore no drift (``LastApplied``): no list of kinds and
fields would be complete.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from reconciler.objects.accessors import Manifest, metadata_of
from reconciler.objects.names import CHILDREN_MANAGER

Kind = Literal["unowned", "differs", "undesired"]
Label = str | int
NOT_TRACKED = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"), ("status",))


class Part(NamedTuple):
    """One part of a path: how it is shown, and its key in ``fieldsV1``, empty when that is not known."""

    label: Label
    key: str


Path = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that is not as desired. ``unowned``: another manager owns it, or it was never set.

    ``labels`` is its path in the manifest, ``keys`` that in ``fieldsV1``. ``desired`` and ``live`` are its
    values, None where it has none.
    """

    path: str
    kind: Kind
    labels: tuple[Label, ...] = field(default=(), compare=False, repr=False)
    keys: tuple[str, ...] = field(default=(), compare=False, repr=False)
    desired: Any = field(default=None, compare=False, repr=False)
    live: Any = field(default=None, compare=False, repr=False)


class Settled(NamedTuple):
    """A field that was not as desired right after our apply, and its value then."""

    path: str
    kind: Kind
    live: str


class LastApplied(NamedTuple):
    """What was last applied to an object, as a digest, and what differed in the answer."""

    desired: str
    settled: frozenset[Settled]

    def drift(self, found: Sequence[FieldDifference]) -> list[FieldDifference]:
        """The differences that the server did not leave itself."""
        return [one for one in found if settled(one) not in self.settled] if self.settled else list(found)


def last_applied(desired: Manifest, live: Manifest, manager: str = CHILDREN_MANAGER) -> LastApplied:
    """``live``: the answer to the apply."""
    return LastApplied(digest(desired), frozenset(map(settled, field_differences(desired, live, manager))))


def settled(difference: FieldDifference) -> Settled:
    return Settled(difference.path, difference.kind, digest(difference.live))


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def field_differences(
    desired: Manifest, live: Manifest, manager: str = CHILDREN_MANAGER
) -> list[FieldDifference]:
    """Every field that an apply by ``manager`` would change, in the order of the desired manifest."""
    return list(_map(desired, live, owned_fields(live, manager), ()))


def owned_fields(live: Manifest, manager: str) -> Mapping[str, Any]:
    """What ``manager`` owns through apply on the main resource, as a ``fieldsV1`` tree."""
    for entry in metadata_of(live).get("managedFields") or ():
        applied = entry.get("manager") == manager and entry.get("operation") == "Apply"
        if applied and not entry.get("subresource"):
            fields: Mapping[str, Any] = entry.get("fieldsV1") or {}
            return fields
    return {}


def other_managers(live: Manifest, difference: FieldDifference, manager: str = CHILDREN_MANAGER) -> list[str]:
    """Who else owns the field, as ``manager`` or, through a subresource, ``manager (scale)``."""
    found = []
    for entry in metadata_of(live).get("managedFields") or ():
        name, subresource = str(entry.get("manager") or ""), entry.get("subresource")
        ours = name == manager and entry.get("operation") == "Apply" and not subresource
        if name and not ours and _owns(entry.get("fieldsV1") or {}, difference.keys):
            found.append(f"{name} ({subresource})" if subresource else name)
    return list(dict.fromkeys(found))


def _owns(fields: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    """Whether a ``fieldsV1`` tree has the field, or a field that contains it and is owned as a whole."""
    for key in keys:
        if key not in fields:
            return False
        fields = fields[key]
        if not fields:
            return True
    return bool(keys)


def is_empty(value: Any) -> bool:
    return value is None or value == {} or value == []


def _difference(path: Path, kind: Kind, desired: Any = None, live: Any = None) -> FieldDifference:
    labels, keys = tuple(part.label for part in path), tuple(part.key for part in path)
    return FieldDifference(format_path(labels), kind, labels, keys, desired, live)


def _value(desired: Any, live: Any, owned: Mapping[str, Any], path: Path) -> Iterator[FieldDifference]:
    inner = [key for key in owned if key != "."]
    if not inner:
        if not is_same(desired, live):
            yield _difference(path, "differs", desired, live)
    elif isinstance(desired, Mapping):
        yield from _map(desired, live if isinstance(live, Mapping) else {}, owned, path)
    elif isinstance(desired, list):
        yield from _list(desired, live if isinstance(live, list) else [], owned, path)
    else:
        yield _difference(path, "differs", desired, live)


def _map(
    desired: Mapping[str, Any], live: Mapping[str, Any], owned: Mapping[str, Any], path: Path
) -> Iterator[FieldDifference]:
    for key, value in desired.items():
        here = _below(path, key)
        if _is_untracked(here) or value is None:
            continue
        mine = owned.get(f"f:{key}")
        if mine is not None:
            yield from _value(value, live.get(key), mine, here)
        elif not is_empty(value):
            yield from _unowned(value, live.get(key), here)
    for name in owned:
        if not name.startswith("f:"):
            continue
        key, here = name[2:], _below(path, name[2:])
        is_null = key in desired and live.get(key) is None  # a null is owned and has no value
        if desired.get(key) is None and not is_null and not _is_untracked(here):
            yield _difference(here, "undesired", None, live.get(key))


def _below(path: Path, key: str) -> Path:
    return (*path, Part(key, f"f:{key}"))


def _is_untracked(path: Path) -> bool:
    return len(path) <= 2 and tuple(part.label for part in path) in NOT_TRACKED


def _unowned(value: Any, live: Any, path: Path) -> Iterator[FieldDifference]:
    """Names the leaves, so that an event says ``spec.replicas`` and not ``spec``."""
    if isinstance(value, Mapping) and value:
        inside = live if isinstance(live, Mapping) else {}
        for key, inner in value.items():
            here = _below(path, key)
            if not _is_untracked(here) and inner is not None:
                yield from _unowned(inner, inside.get(key), here)
    else:
        yield _difference(path, "unowned", value, live)


def _list(
    desired: list[Any], live: list[Any], owned: Mapping[str, Any], path: Path
) -> Iterator[FieldDifference]:
    keyed = {name: json.loads(name[2:]) for name in owned if name.startswith("k:")}
    members = [json.loads(name[2:]) for name in owned if name.startswith("v:")]
    if members:
        if any(item not in live for item in desired) or any(item not in desired for item in members):
            yield _difference(path, "differs", desired, live)
        return
    if not keyed:  # by position, which is rare: the list is compared as a whole
        if not is_same(desired, live):
            yield _difference(path, "differs", desired, live)
        return
    left: dict[str, Any] = dict(keyed)
    for position, item in enumerate(desired):
        name = next((name for name, keys in left.items() if has_keys(item, keys)), None)
        if name is None:
            yield _difference((*path, Part(position, "")), "unowned", item)
            continue
        keys = left.pop(name)
        found: Any = next((other for other in live if has_keys(other, keys)), {})
        implied = {**keys, **item}
        yield from _item(implied, item, found, owned[name], (*path, Part(position, name)))
    for name, keys in left.items():
        label = ",".join(f"{key}={value}" for key, value in keys.items())
        found = next((other for other in live if has_keys(other, keys)), None)
        gone = _difference((*path, Part(label, name)), "undesired", None, found)
        yield replace(gone, path=f"{format_path(gone.labels[:-1])}[{label}]")


def _item(
    implied: Mapping[str, Any], item: Any, live: Any, owned: Mapping[str, Any], path: Path
) -> Iterator[FieldDifference]:
    """A list item. Merge keys that the server defaulted belong to it, although the manifest lacks them."""
    for field_difference in _value(item, live, owned, path):
        name = field_difference.path.rpartition(".")[2]
        if field_difference.kind == "undesired" and name in implied and name not in item:
            continue
        yield field_difference


def has_keys(item: Any, keys: Mapping[str, Any]) -> bool:
    """Whether a list item has these merge keys; a key that it omits may have been defaulted."""
    return isinstance(item, Mapping) and all(
        key not in item or item[key] == value for key, value in keys.items()
    )


def is_same(desired: Any, live: Any) -> bool:
    """Whether a value is as desired; the server may have added defaults inside it."""
    if is_empty(desired):
        return is_empty(live) or isinstance(live, Mapping)
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and all(
            is_same(value, live.get(key)) for key, value in desired.items()
        )
    if isinstance(desired, list):
        return (
            isinstance(live, list)
            and len(desired) == len(live)
            and all(is_same(mine, other) for mine, other in zip(desired, live, strict=True))
        )
    if isinstance(desired, bool) or isinstance(live, bool):
        return desired is live or (desired is False and live is None)
    return bool(desired == live) or (desired == "" and live is None)


def format_path(path: Sequence[Label]) -> str:
    """``spec.containers[0].image``; a key with dots is quoted in brackets."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif "." in part or "/" in part:
            text += f'["{part}"]'
        else:
            text += f".{part}" if text else part
    return text
