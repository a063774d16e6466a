"""Sections of the home page: instances by state, those that need attention, recent ones and drafts."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest

from catalog.models import FormDraft, Instance, State
from catalog.state_counts import Health, count_states
from portal.accounts.models import User
from portal.home.sections import HomeSection

MOST_LINES = 8
_TROUBLE = (State.FAILED, State.DEGRADED, State.WAITING)


def home_sections(request: HttpRequest) -> Iterator[HomeSection]:
    user = request.user
    if not isinstance(user, User):
        return
    visible = Instance.objects.visible_to(user)
    health = Health(count_states(visible))
    trouble = visible.filter(state__in=_TROUBLE).order_by("state_since", "pk")
    newest = visible.order_by("-updated_at", "-pk")
    drafts = FormDraft.objects.filter(author=user).select_related("contract", "instance")
    yield HomeSection("catalog/_home_states.html", {"health": health, "states": states_of(health)}, wide=True)
    yield HomeSection(
        "catalog/_home_trouble.html",
        {
            "instances": trouble.lines(MOST_LINES),
            "total": sum(health.counts.get(state, 0) for state in _TROUBLE),
        },
    )
    yield HomeSection(
        "catalog/_home_recent.html", {"instances": newest.lines(MOST_LINES), "drafts": drafts[:5]}
    )


def states_of(health: Health) -> list[tuple[str, str, int]]:
    """(state, label, number) of each state that occurs, in their usual order."""
    return [(state, state.label, health.counts[state]) for state in State if health.counts.get(state)]
