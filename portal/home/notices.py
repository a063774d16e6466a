"""Notices above every page, such as an unreachable cluster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser

from portal.accounts.models import User
from portal.hooks import hooks


@dataclass(frozen=True, slots=True)
class Notice:
    """``state`` sets the colour: info, warning or error. ``since`` is shown as an age after the text."""

    title: str
    text: str
    state: str = "warning"
    icon: str = "triangle-alert"
    since: datetime | None = None
    url: str = ""
    action: str = ""
    stale: bool = False  # pages do not show the current state of the cluster


def notices(user: User | AnonymousUser) -> list[Notice]:
    """The notices of all hooks in ``PORTAL_NOTICES``."""
    if not user.is_authenticated:
        return []
    return [notice for _, find in hooks("PORTAL_NOTICES") for notice in find(user)]
