"""Sections of the home page: instances by state, those that need attention, recent ones and drafts."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest

from catalog.models import FormDraft, Instance, State
from catalog.state_counts import StateCounts, count_states
from portal.accounts.models import User
from portal.home.sections import HomeSection

MOST_LINES = 8
_NEEDS_ATTENTION = (State.FAILED, State.DEGRADED, State.WAITING)


def home_sections(request: HttpRequest) -> Iterator[HomeSection]:
    user = request.user
    if not isinstance(user, User):
        return
    visible = Instance.objects.visible_to(user)
    counts = StateCounts(count_states(visible))
    attention = visible.filter(state__in=_NEEDS_ATTENTION).order_by("state_since", "pk")
    newest = visible.order_by("-updated_at", "-pk")
    drafts = FormDraft.newest_of(user, most=5)
    states = {"state_counts": counts, "states": occurring_states(counts)}
    yield HomeSection("catalog/_home_states.html", states, wide=True)
    yield HomeSection(
        "catalog/_home_attention.html",
        {
            "instances": attention.lines(MOST_LINES),
            "total": sum(counts.by_state.get(state, 0) for state in _NEEDS_ATTENTION),
        },
    )
    yield HomeSection("catalog/_home_recent.html", {"instances": newest.lines(MOST_LINES), "drafts": drafts})


def occurring_states(counts: StateCounts) -> list[tuple[str, str, int]]:
    """(state, label, number) of each state that occurs, in their usual order."""
    return [(state, state.label, counts.by_state[state]) for state in State if counts.by_state.get(state)]
