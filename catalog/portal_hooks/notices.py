"""Notices above every page about clusters and their reconciler, and the same facts for ``/readyz``."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser

from catalog.models import Destination
from catalog.models.destination import is_overdue
from portal.accounts.models import User
from portal.home.notices import Notice


def notices(user: User | AnonymousUser) -> Iterable[Notice]:
    """A cluster that is away, a reconciler that must not work, or is silent."""
    for destination in Destination.objects.all():
        if destination.reachable is False:
            text = "Pages show what was last seen. What you ask for is kept and delivered when it returns."
            title = f"{destination.title} cannot be reached."
            yield Notice(title, text, state="warning", icon="unplug", since=destination.seen_at, stale=True)
        elif destination.message and not is_overdue(destination.seen_at):
            title = f"Nothing is done on {destination.title} from here."
            yield Notice(title, destination.message, state="warning", icon="unplug", stale=True)
        elif is_overdue(destination.reconciler_seen_at):
            text = "Nothing is delivered or refreshed until it runs again. What you ask for is kept."
            title = "The reconciler gives no sign of life."
            yield Notice(
                title, text, state="warning", icon="unplug", since=destination.reconciler_seen_at, stale=True
            )


def health_facts() -> dict[str, str]:
    """How the reconciler is: of several destinations, the one that was served longest ago counts."""
    times = list(Destination.objects.values_list("reconciler_seen_at", flat=True))
    seen = min((time for time in times if time), default=None)
    if seen is None or None in times:
        return {"reconciler": "not seen yet"}
    return {"reconciler": f"silent since {seen:%Y-%m-%dT%H:%M:%SZ}" if is_overdue(seen) else "alive"}
