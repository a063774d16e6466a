"""The catalog of contracts, and the page of one contract for developers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.availability import may_create_somewhere, usable_contract
from catalog.forms.fields import field_table
from catalog.graph.view import graph_of_definition
from catalog.models import FormDraft, Instance
from catalog.state_counts import StateCounts, count_states, state_counts_by_contract
from catalog.views.shared import find_contract, signed_in_user
from contracts.models import Contract, Lifecycle
from portal.accounts.permission import PLATFORM, can

SORTS = {"name": "Name", "used": "Most used", "new": "Newest"}
_FACETS = ("category", "owner", "lifecycle")


@dataclass(frozen=True, slots=True)
class Card:
    contract: Contract
    state_counts: StateCounts


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    name: str
    title: str
    options: list[Option]


@require_safe
@login_required
def catalog(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    offered = list(Contract.objects.offered_to(user).select_related("owner", "revision"))
    text = request.GET.get("q", "").strip()
    chosen = {name: request.GET.getlist(name) for name in _FACETS}
    found = {c.pk for c in Contract.objects.available().matching(text)} if text else {c.pk for c in offered}
    matching = [c for c in offered if c.pk in found and all(_fits(c, n, v) for n, v in chosen.items())]
    counts = state_counts_by_contract(Instance.objects.visible_to(user))
    sort = request.GET.get("sort", "name")
    sort = sort if sort in SORTS else "name"
    context = {
        "cards": [Card(c, counts.get(c.pk, StateCounts())) for c in _sorted(matching, sort, counts)],
        "facets": [_facet(name, offered, chosen[name]) for name in _FACETS],
        "text": text,
        "sort": sort,
        "sorts": SORTS,
        "filtered": bool(text or any(chosen.values())),
        "nothing_offered": not offered,
        "may_publish": can(user, "author", PLATFORM),
    }
    template = "catalog/_catalog.html" if _wants_part(request, "catalog-cards") else "catalog/catalog.html"
    return render(request, template, context)


def _wants_part(request: HttpRequest, target: str) -> bool:
    return bool(request.htmx) and request.htmx.target == target  # type: ignore[attr-defined]


def _value(contract: Contract, facet: str) -> tuple[str, str]:
    """(value in the URL, label) of a contract's facet."""
    if facet == "owner":
        return contract.owner.slug, contract.owner.name
    if facet == "lifecycle":
        return contract.lifecycle, Lifecycle(contract.lifecycle).label
    return contract.category, contract.category or "Other"


def _fits(contract: Contract, facet: str, wanted: Sequence[str]) -> bool:
    return not wanted or _value(contract, facet)[0] in wanted


def _facet(name: str, contracts: Iterable[Contract], chosen: Sequence[str]) -> Facet:
    counts = Counter(_value(contract, name) for contract in contracts)
    options = [Option(value, label, n, value in chosen) for (value, label), n in sorted(counts.items())]
    return Facet(name, name.capitalize(), options)


def _sorted(contracts: list[Contract], sort: str, counts: dict[int, StateCounts]) -> list[Contract]:
    if sort == "used":
        return sorted(contracts, key=lambda c: (-counts.get(c.pk, StateCounts()).total, c.title.lower()))
    if sort == "new":
        return sorted(contracts, key=lambda c: c.created_at, reverse=True)
    return sorted(contracts, key=lambda c: c.title.lower())


@require_safe
@login_required
def contract_page(request: HttpRequest, name: str) -> HttpResponse:
    """A contract with its fields, resources, revisions and instances."""
    contract = find_contract(request, name)
    user = signed_in_user(request)
    usable = usable_contract(contract)
    instances = Instance.objects.visible_to(user).filter(contract=contract)
    context = {
        "contract": contract,
        "usable": usable,
        "paragraphs": [text.strip() for text in contract.description.split("\n\n") if text.strip()],
        "fields": field_table(usable.schema, usable.presentation.form) if usable else [],
        "graph": graph_of_definition(usable.definition) if usable else None,
        "revisions": contract.revisions.order_by("-number")[:8],
        "revision_count": contract.revisions.count(),
        "instances": instances.order_by("-updated_at", "-pk").lines(8),
        "state_counts": StateCounts(count_states(instances)),
        "may_create": may_create_somewhere(user, contract),
        "draft": FormDraft.find(user, contract, None),
        "may_publish": can(user, "publish", contract),
    }
    return render(request, "catalog/contract.html", context)
