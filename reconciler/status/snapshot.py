"""What a pass passes on to the database: an instance as the cluster holds it, with its assessment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from reconciler.objects.accessors import Manifest, Reference
from reconciler.status.assess import Assessment


class Key(NamedTuple):
    """Names an instance."""

    group_kind: str
    namespace: str
    name: str

    @property
    def display_name(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Listing:
    """A complete list of the instances of a kind: the version that it is of, and uid → object."""

    version: str
    objects: Mapping[str, Manifest]


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event of an instance. It is stored once per ``uid``, however often a pass is repeated.

    ``repeats``: another record with the ``uid`` is another occurrence, and is counted. ``first``: the time of
    the first of ``count`` occurrences, if that is known.
    """

    reason: str
    message: str
    uid: str
    warning: bool = False
    node: str = ""
    resource: Reference | None = None
    source: str = "slipway"
    at: str = ""
    count: int = 1
    first: str = ""
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class WrittenStatus:
    """The author's fields, and all conditions."""

    fields: Mapping[str, Any]
    conditions: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``written``: None when the pass did not write the status. ``shown_secrets``: keys of the entries of the
    contract's reach that let it show a value of a Secret, because they are granted.
    """

    key: Key
    contract: int
    revision: int | None
    instance: Manifest = field(repr=False)
    assessment: Assessment
    written: WrittenStatus | None = field(default=None, repr=False)
    records: tuple[EventRecord, ...] = ()
    shown_secrets: frozenset[str] = frozenset()

    def merged_into(self, newer: Snapshot) -> Snapshot:
        """A newer snapshot of the instance, with what only this one observed."""
        return replace(
            newer,
            assessment=newer.assessment.completed_by(self.assessment),
            written=newer.written or self.written,
            records=self.records + newer.records,
            shown_secrets=self.shown_secrets | newer.shown_secrets,
        )
