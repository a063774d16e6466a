"""The actions that a controller can return, as values; `execute.py` executes them."""

from __future__ import annotations

from dataclasses import dataclass

from devcluster.controllers.framework.objects import Key, Object


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """Record a core/v1 Event about an object."""

    kind: str
    about: Object
    reason: str
    message: str
    type: str = "Normal"


@dataclass(frozen=True, slots=True)
class Create:
    """Create an object. `event` is recorded on success, with `{name}` replaced by the new name."""

    kind: str
    body: Object
    event: RecordEvent | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Replace an object, without its status; `event` is recorded on success."""

    kind: str
    body: Object
    event: RecordEvent | None = None


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Replace the status of an object."""

    kind: str
    body: Object


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete an object. `grace` is in seconds and applies to pods; 0 deletes at once."""

    key: Key
    grace: int | None = None
    event: RecordEvent | None = None


@dataclass(frozen=True, slots=True)
class RequeueAfter:
    """Reconcile again after so many seconds, even if nothing changes."""

    after: float


Action = RecordEvent | Create | Update | SetStatus | Delete | RequeueAfter
