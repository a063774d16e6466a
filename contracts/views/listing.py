"""The list of contracts, with the drafts of the current user."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from contracts.models import Contract, ContractQuerySet, Draft
from contracts.views.access import current_user
from portal.accounts.models import Team
from portal.accounts.permission import PLATFORM, can

PER_PAGE = 25
STATES = {
    "published": "Published",
    "withdrawn": "Withdrawn",
    "stable": "Stable",
    "beta": "Beta",
    "deprecated": "Deprecated",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters in the URL; an unknown value matches nothing rather than everything."""

    text: str = ""
    owner: str = ""
    category: str = ""
    state: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Filters:
        given = (query.get(name, "") for name in ("q", "owner", "category", "state"))
        text, owner, category, state = given
        return cls(text.strip()[:200], owner, category, state)

    def __bool__(self) -> bool:
        return any((self.text, self.owner, self.category, self.state))

    def apply(self, contracts: ContractQuerySet) -> ContractQuerySet:
        found = contracts.matching(self.text)
        if self.owner:
            found = found.filter(owner__slug=self.owner)
        if self.category:
            found = found.filter(category=self.category)
        if self.state == "published":
            found = found.filter(withdrawn_at=None)
        elif self.state == "withdrawn":
            found = found.exclude(withdrawn_at=None)
        elif self.state:
            found = found.filter(lifecycle=self.state, withdrawn_at=None)
        return found

    @property
    def query(self) -> str:
        parts = {"q": self.text, "owner": self.owner, "category": self.category, "state": self.state}
        return urlencode({key: value for key, value in parts.items() if value})


@require_safe
@login_required
def contract_list(request: HttpRequest) -> HttpResponse:
    everything = Contract.objects.visible_to(request.user)
    filters = Filters.of(request.GET)
    found = filters.apply(everything).select_related("owner", "revision")
    page = Paginator(found.order_by("title", "name"), PER_PAGE).get_page(request.GET.get("page"))
    author = bool(can(request.user, "author", PLATFORM))
    context = {
        "page": page,
        "uses": uses_of(page.object_list),
        "filters": filters,
        "any": bool(filters) and everything.exists(),
        "author": author,
        "drafts": drafts_of(request) if author and not filters else (),
        "owners": Team.objects.filter(contracts__in=everything).distinct(),
        "categories": categories(everything),
        "states": STATES,
    }
    template = "contracts/_list.html" if getattr(request, "htmx", False) else "contracts/list.html"
    return render(request, template, context)


def uses_of(contracts: Iterable[Contract]) -> dict[int, int]:
    """The number of instances of each contract on the page, counted by primary key to use an index."""
    keys = Contract.objects.filter(pk__in=[contract.pk for contract in contracts]).order_by()
    return dict(keys.values_list("pk").annotate(Count("instances")))


def drafts_of(request: HttpRequest) -> QuerySet[Draft]:
    return Draft.objects.filter(author=current_user(request)).select_related("contract")[:20]


def categories(contracts: ContractQuerySet) -> list[str]:
    names = contracts.exclude(category="").order_by("category").values_list("category", flat=True)
    return list(names.distinct())
