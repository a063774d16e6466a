"""What a pass hands to the database: one instance, as the cluster holds it and as people are shown it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.objects.accessors import Manifest, Reference
from reconciler.status.summary import Summary


class Key(NamedTuple):
    """Names an instance for the engine."""

    group_kind: str
    namespace: str
    name: str

    @property
    def display_name(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A line for an instance's history. ``uid`` makes it be kept once, however often a pass is repeated."""

    reason: str
    message: str
    uid: str
    warning: bool = False
    node: str = ""
    resource: Reference | None = None
    source: str = "slipway"
    at: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    key: Key
    contract: int
    revision: int | None
    instance: Manifest = field(repr=False)
    status: Mapping[str, Any] = field(default_factory=dict, repr=False)
    conditions: tuple[Mapping[str, Any], ...] = ()
    summary: Summary | None = None
    suspended: bool = False
    records: tuple[EventRecord, ...] = ()
    partial: bool = False  # nothing new is known of its resources
