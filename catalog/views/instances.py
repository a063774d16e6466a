"""The list of instances: searched, filtered, sorted, counted and paged by the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Instance, State
from catalog.models.instance import InstanceQuerySet
from catalog.state_counts import count_states
from catalog.views.shared import signed_in_user
from contracts.models import Contract
from portal.accounts.models import Team
from portal.accounts.permission import roles_of, sees_everything

PER_PAGE = 50
COLUMNS = {
    "name": ("Name", ("name", "pk")),
    "state": ("State", ("state", "name", "pk")),
    "contract": ("Contract", ("contract__title", "name", "pk")),
    "namespace": ("Namespace", ("namespace", "name", "pk")),
    "team": ("Team", ("team__name", "name", "pk")),
    "created": ("Age", ("-created_at", "-pk")),
    "updated": ("Changed", ("-updated_at", "-pk")),
}
FILTERS = ("contract", "team", "namespace", "state")
_FIELDS = {"contract": "contract__name", "team": "team__slug", "namespace": "namespace", "state": "state"}
_KEYS = {"contract": "contract_id", "team": "team_id", "namespace": "namespace"}


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    count: int
    chosen: bool
    query: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    label: str
    query: str
    direction: str  # ascending, descending or empty

    @property
    def icon(self) -> str:
        return {"ascending": "arrow-up", "descending": "arrow-down"}.get(self.direction, "")


@require_safe
@login_required
def instances(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    text = request.GET.get("q", "").strip()
    chosen = {name: request.GET.get(name, "") for name in FILTERS}
    sort = request.GET.get("sort", "name")
    visible = Instance.objects.visible_to(user)
    in_all_states = filtered(visible, text, {**chosen, "state": ""})
    rows = filtered(in_all_states, "", {"state": chosen["state"]})
    states = state_choices(request, in_all_states, chosen["state"])
    number = sum(state.count for state in states if state.chosen)
    page = page_of(rows.order_by(*ordering(sort)), number, request.GET.get("page"))
    context = {
        "page": page,
        "text": text,
        "chosen": chosen,
        "filtered": bool(text or any(chosen.values())),
        "has_no_instances": not page.paginator.count and not visible.exists(),
        "sees_everything": sees_everything(user),
        "has_team": bool(roles_of(user)),
        "states": states,
        "choices": {name: choices(visible, name, chosen[name]) for name in ("contract", "team", "namespace")},
        "columns": columns(request, sort),
        "live_query": request.GET.urlencode(),
    }
    part = request.htmx and request.htmx.target == "instance-list"  # type: ignore[attr-defined]
    return render(request, "catalog/_instances.html" if part else "catalog/instances.html", context)


def page_of(rows: InstanceQuerySet, count: int, number: str | None) -> Page[Any]:
    """One page of ``count`` rows. Keys are paged first, so that rows of other pages are never read."""
    paginator = Paginator(rows.values_list("pk", flat=True), PER_PAGE)
    paginator.count = count  # known already; counting would search every name again
    page: Page[Any] = paginator.get_page(number)
    keys = list(page.object_list)
    found = Instance.objects.select_related("contract", "team", "destination").only(*_SHOWN).in_bulk(keys)
    page.object_list = [found[key] for key in keys if key in found]
    return page


_SHOWN = (
    "name",
    "namespace",
    "uid",
    "state",
    "message",
    "created_at",
    "updated_at",
    "contract__title",
    "team__name",
    "destination__reachable",
)


def filtered(rows: InstanceQuerySet, text: str, chosen: dict[str, str]) -> InstanceQuerySet:
    for name, value in chosen.items():
        if value:
            rows = rows.filter(**{_FIELDS[name]: value})
    return rows.named_like(text) if text else rows


def ordering(sort: str) -> tuple[str, ...]:
    """``-name`` reverses the order of the column."""
    _, fields = COLUMNS.get(sort.removeprefix("-"), COLUMNS["name"])
    if not sort.startswith("-"):
        return fields
    return tuple(field.removeprefix("-") if field.startswith("-") else f"-{field}" for field in fields)


def state_choices(request: HttpRequest, rows: InstanceQuerySet, chosen: str) -> list[Choice]:
    counts = count_states(rows)
    shown = [
        Choice(state, state.label, counts.get(state, 0), chosen == state, query(request, state=state))
        for state in State
        if counts.get(state) or chosen == state
    ]
    every = Choice("", "All", sum(counts.values()), not chosen, query(request, state=""))
    return [every, *shown]


def choices(visible: QuerySet[Instance], name: str, chosen: str) -> list[Choice]:
    """Counts by key, which an index answers; then looks up the few labels."""
    key = _KEYS[name]
    counts = dict(visible.order_by().exclude(**{key: None}).values_list(key).annotate(number=Count("pk")))
    found = [
        Choice(value, label, counts[row], value == chosen)
        for row, value, label in _named(name, counts)
        if value
    ]
    if chosen and not any(choice.chosen for choice in found):
        found.append(Choice(chosen, chosen, 0, True))
    return sorted(found, key=lambda choice: choice.label.lower())


def _named(name: str, keys: Iterable[Any]) -> Iterable[tuple[Any, str, str]]:
    """(key, value in the URL, label) of each key."""
    if name == "contract":
        return Contract.objects.filter(pk__in=keys).values_list("pk", "name", "title")
    if name == "team":
        return Team.objects.filter(pk__in=keys).values_list("pk", "slug", "name")
    return [(key, key, key) for key in keys]


def columns(request: HttpRequest, sort: str) -> dict[str, Column]:
    shown = {}
    for key, (label, _) in COLUMNS.items():
        current = sort.removeprefix("-") == key
        toggled = f"-{key}" if current and not sort.startswith("-") else key
        direction = ("descending" if sort.startswith("-") else "ascending") if current else ""
        shown[key] = Column(key, label, query(request, sort=toggled), direction)
    return shown


def query(request: HttpRequest, **changed: str) -> str:
    """The query of the current URL with some parameters changed and without the page number."""
    current = {key: value for key, value in request.GET.items() if key != "page"}
    return "?" + urlencode({key: value for key, value in {**current, **changed}.items() if value})
