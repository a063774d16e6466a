"""What the catalog puts into the shell: counts, search, front page, banners (docs/explanation/pages.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from catalog.health import Health, count_states
from catalog.models import Destination, FormDraft, Instance, State
from contracts.models import Contract
from portal.accounts.models import User
from portal.home.notices import Notice
from portal.home.search import Result
from portal.home.sections import HomeSection

MOST_RESULTS = 6
MOST_LINES = 8
SILENT_AFTER = 90  # seconds without a sign of life after which the reconciler counts as away
_TROUBLE = (State.FAILED, State.DEGRADED, State.WAITING)


def count_contracts(user: User | AnonymousUser) -> int:
    return Contract.objects.visible_to(user).offered().count()


def count_instances(user: User | AnonymousUser) -> int:
    return Instance.objects.visible_to(user).count()


def find(user: User, text: str) -> Iterator[Result]:
    """Instances by name, contracts that can be created."""
    if not text:
        return
    found = (
        Instance.objects.visible_to(user).named_like(text).select_related("contract").order_by("name", "pk")
    )
    for row in found[:MOST_RESULTS]:
        detail = f"{row.contract.title}{f' in {row.namespace}' if row.namespace else ''}"
        yield Result("Instances", row.name, row.get_absolute_url(), row.contract.icon, detail)
    for contract in Contract.objects.visible_to(user).offered().matching(text)[:MOST_RESULTS]:
        yield Result(
            "Create", contract.title, reverse("catalog:create", args=[contract.name]), "plus", contract.name
        )
        yield Result(
            "Catalog",
            contract.title,
            reverse("catalog:offer", args=[contract.name]),
            contract.icon,
            contract.category,
        )


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
    """(state, word, number) of all states that occur, in their usual order."""
    return [(state, state.label, health.counts[state]) for state in State if health.counts.get(state)]


def notices(user: User | AnonymousUser) -> Iterable[Notice]:
    """A cluster that is away, a reconciler that must not work, or is silent."""
    for destination in Destination.objects.all():
        if destination.reachable is False:
            text = "Pages show what was last seen. What you ask for is kept and delivered when it returns."
            title = f"{destination.title} cannot be reached."
            yield Notice(title, text, state="warning", icon="unplug", since=destination.seen_at, stale=True)
        elif destination.message and not is_old(destination.seen_at):
            title = f"Nothing is done on {destination.title} from here."
            yield Notice(title, destination.message, state="warning", icon="unplug", stale=True)
        elif is_old(destination.engine_seen_at):
            text = "Nothing is delivered or refreshed until it runs again. What you ask for is kept."
            title = "The reconciler gives no sign of life."
            yield Notice(
                title, text, state="warning", icon="unplug", since=destination.engine_seen_at, stale=True
            )


def is_old(seen: datetime | None) -> bool:
    return seen is not None and (timezone.now() - seen).total_seconds() > SILENT_AFTER


def health_facts() -> dict[str, str]:
    """How the reconciler is: of several destinations, the one that was served longest ago counts."""
    times = list(Destination.objects.values_list("engine_seen_at", flat=True))
    seen = min((time for time in times if time), default=None)
    if seen is None or None in times:
        return {"reconciler": "not seen yet"}
    return {"reconciler": f"silent since {seen:%Y-%m-%dT%H:%M:%SZ}" if is_old(seen) else "alive"}
