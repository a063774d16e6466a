"""What a change touched: which fields, their values before and after. Pure.

A path ends at a value that is not a map, or at a map that was added or removed as a whole. Lists are values;
the merge with a live object compares the items of lists that Kubernetes merges by keys.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.documents.paths import MISSING, get, print_path
from contracts.schema import apply_defaults

Path = tuple[str, ...]
# The parts of a manifest that a user can change.
ROOTS: tuple[Path, ...] = (("spec",), ("metadata", "labels"), ("metadata", "annotations"))


@dataclass(frozen=True, slots=True)
class TouchedField:
    """``old`` and ``new`` are ``MISSING`` where the field is not set.

    ``accepts``: other values that the live object may have without a conflict: the default that a removed
    field gets, and what earlier changes of the same author set.
    """

    path: Path
    old: Any
    new: Any
    accepts: tuple[Any, ...] = field(default=())

    @property
    def path_text(self) -> str:
        return print_path(self.path)

    def as_dict(self) -> dict[str, Any]:
        values = {"old": self.old, "new": self.new}
        return {
            "path": list(self.path),
            **{key: value for key, value in values.items() if value is not MISSING},
            **({"accepts": [_wrapped(value) for value in self.accepts]} if self.accepts else {}),
        }


def _wrapped(value: Any) -> list[Any]:
    """JSON has no value for a missing field: an empty list is one."""
    return [] if value is MISSING else [value]


def read_touched(stored: Iterable[Mapping[str, Any]]) -> list[TouchedField]:
    return [
        TouchedField(
            tuple(one["path"]),
            one.get("old", MISSING),
            one.get("new", MISSING),
            tuple(value[0] if value else MISSING for value in one.get("accepts", ())),
        )
        for one in stored
    ]


@dataclass(frozen=True, slots=True)
class Base:
    """What an edit is based on: the manifest that its author saw, and the OpenAPI schema of its spec.

    ``current``: the manifest as observed, with the defaults that the API server set. With ``overwrites``, the
    new values win, whatever the fields have at delivery.
    """

    manifest: Mapping[str, Any]
    schema: Mapping[str, Any] = field(default_factory=dict)
    current: Mapping[str, Any] = field(default_factory=dict)
    overwrites: bool = False

    def touched_by(self, after: Mapping[str, Any]) -> list[TouchedField]:
        """A field that was not set has its default; one that is removed gets it."""
        full_before, full_after = self._with_defaults(self.manifest), self._with_defaults(after)
        found = []
        for one in touched_fields(self.manifest, after):
            if one.old is MISSING:
                observed = get(self.current, one.path, MISSING)
                old = get(full_before, one.path, MISSING) if observed is MISSING else observed
                one = replace(one, old=old)
            default = get(full_after, one.path, MISSING)
            if one.new is MISSING and default is not MISSING:
                one = replace(one, accepts=(default,))
            found.append(one)
        return found

    def _with_defaults(self, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self.schema:
            return manifest
        return {**manifest, "spec": apply_defaults(self.schema, manifest.get("spec") or {})}


def touched_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[TouchedField]:
    """The differences between two manifests: those of spec, labels and annotations."""
    return [found for root in ROOTS for found in _differences(get(before, root), get(after, root), root)]


def _differences(before: Any, after: Any, path: Path) -> Iterator[TouchedField]:
    if path in ROOTS:  # an empty root is as good as none
        before, after = before or {}, after or {}
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from _differences(before.get(key, MISSING), after.get(key, MISSING), (*path, key))
    elif not is_equal(before, after):
        yield TouchedField(path, before, after)


def is_equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: ``1``, ``1.0`` and ``true`` differ; no value is null."""
    one, other = (None if value is MISSING else value for value in (one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = {key for both in (one, other) for key, value in both.items() if value is not None}
        return all(is_equal(one.get(key), other.get(key)) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_equal, one, other))
    return type(one) is type(other) and bool(one == other)


def reapply(manifest: Mapping[str, Any], touched: Iterable[TouchedField]) -> dict[str, Any]:
    """A copy of the manifest with the new values. A map that loses its last field remains, empty."""
    result = copy.deepcopy(dict(manifest))
    for one in touched:
        set_value(result, one.path, one.new)
    return result


def set_value(target: dict[str, Any], path: Path, value: Any) -> None:
    """Set or, with ``MISSING``, remove the value; maps on the way are created as needed."""
    *parents, last = path
    for key in parents:
        inner = target.get(key)
        if not isinstance(inner, dict):
            if value is MISSING:
                return
            inner = target[key] = {}
        target = inner
    if value is MISSING:
        target.pop(last, None)
    else:
        target[last] = copy.deepcopy(value)
