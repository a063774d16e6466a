"""Detect drift: compare the desired fields with the live object, so that an idle fleet costs no write.

A server-side apply is due when we do not own a desired field (it was never applied, or another manager
changed it), when its value differs, or when we still own a field that is no longer desired. Fields of other
managers that are not desired are ignored. The comparison follows ``fieldsV1`` of ``metadata.managedFields``,
whose keys say how the server merges each list: ``f:`` field, ``k:`` list item by keys, ``v:`` set member,
``i:`` position.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from reconciler.objects.accessors import Manifest, metadata_of
from reconciler.objects.names import CHILDREN_MANAGER

Kind = Literal["unowned", "differs", "undesired"]
NOT_TRACKED = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"), ("status",))


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that is not as desired. ``unowned``: another manager owns it, or it was never set."""

    path: str
    kind: Kind


class LastApplied(NamedTuple):
    """Digests of what was last applied to an object, and of how the object read back."""

    desired: str
    live: str


def last_applied(desired: Manifest, live: Manifest) -> LastApplied:
    return LastApplied(digest(desired), live_digest(live))


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def live_digest(live: Manifest) -> str:
    """Of what users can change in an object: everything but its status and the metadata that the server
    sets.
    """
    metadata = {key: metadata_of(live).get(key) for key in ("labels", "annotations", "finalizers")}
    rest = {key: value for key, value in live.items() if key not in ("metadata", "status")}
    return digest([metadata, rest])


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


def is_empty(value: Any) -> bool:
    return value is None or value == {} or value == []


def _value(
    desired: Any, live: Any, owned: Mapping[str, Any], path: tuple[Any, ...]
) -> Iterator[FieldDifference]:
    inner = [key for key in owned if key != "."]
    if not inner:
        if not is_same(desired, live):
            yield FieldDifference(format_path(path), "differs")
    elif isinstance(desired, Mapping):
        yield from _map(desired, live if isinstance(live, Mapping) else {}, owned, path)
    elif isinstance(desired, list):
        yield from _list(desired, live if isinstance(live, list) else [], owned, path)
    else:
        yield FieldDifference(format_path(path), "differs")


def _map(
    desired: Mapping[str, Any], live: Mapping[str, Any], owned: Mapping[str, Any], path: tuple[Any, ...]
) -> Iterator[FieldDifference]:
    for key, value in desired.items():
        here = (*path, key)
        if here in NOT_TRACKED or value is None:
            continue
        mine = owned.get(f"f:{key}")
        if mine is not None:
            yield from _value(value, live.get(key), mine, here)
        elif not is_empty(value):
            yield from _unowned(value, here)
    for name in owned:
        if name.startswith("f:") and desired.get(name[2:]) is None and (*path, name[2:]) not in NOT_TRACKED:
            yield FieldDifference(format_path((*path, name[2:])), "undesired")


def _unowned(value: Any, path: tuple[Any, ...]) -> Iterator[FieldDifference]:
    """Names the leaves, so that an event says ``spec.replicas`` and not ``spec``."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            if (*path, key) not in NOT_TRACKED and inner is not None:
                yield from _unowned(inner, (*path, key))
    else:
        yield FieldDifference(format_path(path), "unowned")


def _list(
    desired: list[Any], live: list[Any], owned: Mapping[str, Any], path: tuple[Any, ...]
) -> Iterator[FieldDifference]:
    keyed = {name: json.loads(name[2:]) for name in owned if name.startswith("k:")}
    members = [json.loads(name[2:]) for name in owned if name.startswith("v:")]
    if members:
        if any(item not in live for item in desired) or any(item not in desired for item in members):
            yield FieldDifference(format_path(path), "differs")
        return
    if not keyed:  # by position, which is rare: the list is compared as a whole
        if not is_same(desired, live):
            yield FieldDifference(format_path(path), "differs")
        return
    left: dict[str, Any] = dict(keyed)
    for position, item in enumerate(desired):
        name = next((name for name, keys in left.items() if has_keys(item, keys)), None)
        if name is None:
            yield FieldDifference(format_path((*path, position)), "unowned")
            continue
        keys = left.pop(name)
        found: Any = next((other for other in live if has_keys(other, keys)), {})
        implied = {**keys, **item}
        yield from _item(implied, item, found, owned[name], (*path, position))
    for keys in left.values():
        label = ",".join(f"{key}={value}" for key, value in keys.items())
        yield FieldDifference(f"{format_path(path)}[{label}]", "undesired")


def _item(
    implied: Mapping[str, Any],
    item: Any,
    live: Any,
    owned: Mapping[str, Any],
    path: tuple[Any, ...],
) -> Iterator[FieldDifference]:
    """A list item. Merge keys that the server defaulted belong to it, although the manifest lacks them."""
    for field_difference in _value(item, live, owned, path):
        field = field_difference.path.rpartition(".")[2]
        if field_difference.kind == "undesired" and field in implied and field not in item:
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
    if desired == live or (desired == "" and live is None):
        return True
    return (
        isinstance(desired, (str, int, float))
        and isinstance(live, (str, int, float))
        and (same_quantity(desired, live))
    )


SUFFIXES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9, "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15, "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10, "Mi": Decimal(2) ** 20, "Gi": Decimal(2) ** 30, "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50, "Ei": Decimal(2) ** 60,
}  # fmt: skip


def same_quantity(one: str | float, other: str | float) -> bool:
    """``1000m`` and ``1`` are the same quantity; the server stores the canonical form."""
    first, second = quantity(one), quantity(other)
    return first is not None and first == second


def quantity(value: str | float) -> Decimal | None:
    text = str(value)
    number = text.rstrip("numkKMGTPEi")
    suffix = SUFFIXES.get(text[len(number) :])
    if suffix is None or not number.lstrip("+-").replace(".", "", 1).isdigit():
        return None
    return Decimal(number) * suffix


def format_path(path: tuple[Any, ...]) -> str:
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
