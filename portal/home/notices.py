"""What the whole portal has to say above every page, such as a cluster that cannot be reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser

from portal.accounts.models import User
from portal.hooks import hooks


@dataclass(frozen=True, slots=True)
class Notice:
    """``state`` gives the colour: info, warning or error. ``since`` is shown as an age after the text."""

    title: str
    text: str
    state: str = "warning"
    icon: str = "triangle-alert"
    since: datetime | None = None
    url: str = ""
    action: str = ""
    stale: bool = False  # while it lasts, pages do not follow the cluster and are not live


def notices(user: User | AnonymousUser) -> list[Notice]:
    """Everything that the hooks of ``PORTAL_NOTICES`` say; each is called with the user and returns
    Notices."""
    if not user.is_authenticated:
        return []
    return [notice for _, find in hooks("PORTAL_NOTICES") for notice in find(user)]
