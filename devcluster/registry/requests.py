"""Requests to the registry: the target object and the options."""

from __future__ import annotations

from dataclasses import dataclass, field

from devcluster.kinds.kinds import Kind
from devcluster.storage.memory import Manifest


@dataclass(frozen=True, slots=True)
class Target:
    """An object, or a collection if `name` is empty. `watch` marks the deprecated path `/api/v1/watch/…`."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    watch: bool = False


def target_of(kind: Kind, manifest: Manifest) -> Target:
    metadata = manifest["metadata"]
    return Target(kind, metadata.get("namespace", ""), metadata["name"])


@dataclass(slots=True)
class WriteOptions:
    """Options of a create, update, patch or apply.

    `validation` is Ignore, Warn or Strict. The write adds to `warnings`. `duplicates` are the messages about
    keys that the body contains twice.
    """

    manager: str = "unknown"
    validation: str = "Warn"
    dry_run: bool = False
    force: bool = False
    warnings: list[str] = field(default_factory=list)
    duplicates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """The part of DeleteOptions that is simulated.

    `propagation` is empty, Background, Foreground or Orphan. A `grace` of None means the default of the kind.
    """

    propagation: str = ""
    grace: int | None = None
    uid: str = ""
    version: str = ""
    dry_run: bool = False
