"""What a controller may decide to do. Values only; `carry_out.py` does them."""

from __future__ import annotations

from dataclasses import dataclass

from devcluster.controllers.framework.objects import Key, Object


@dataclass(frozen=True, slots=True)
class Record:
    """Tell people what happened to an object, as a core/v1 Event."""

    kind: str
    about: Object
    reason: str
    message: str
    type: str = "Normal"


@dataclass(frozen=True, slots=True)
class Create:
    """Make an object. `event` is recorded when it worked, with `{name}` replaced by the new name."""

    kind: str
    body: Object
    event: Record | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Replace an object by this one (without its status); `event` is recorded when it worked."""

    kind: str
    body: Object
    event: Record | None = None


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Replace an object's status, and the annotations that belong to it."""

    kind: str
    body: Object


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete an object; `grace` in seconds for pods, where 0 means at once."""

    key: Key
    grace: int | None = None
    event: Record | None = None


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Decide anew after so many seconds, even if nothing changes."""

    after: float


Action = Record | Create | Update | SetStatus | Delete | LookAgain
