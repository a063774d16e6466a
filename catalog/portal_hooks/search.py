"""Instances and contracts in the command palette (``SEARCH_PROVIDERS``)."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from catalog.models import Instance
from contracts.models import Contract
from portal.accounts.models import User
from portal.home.search import Result

MOST_RESULTS = 6


def find(user: User, text: str) -> Iterator[Result]:
    """Instances by name, and contracts that can be created."""
    if not text:
        return
    found = (
        Instance.objects.visible_to(user).named_like(text).select_related("contract").order_by("name", "pk")
    )
    for row in found[:MOST_RESULTS]:
        detail = f"{row.contract.title}{f' in {row.namespace}' if row.namespace else ''}"
        yield Result("Instances", row.name, row.get_absolute_url(), row.contract.icon, detail)
    for contract in Contract.objects.offered_to(user).matching(text)[:MOST_RESULTS]:
        yield Result(
            "Create", contract.title, reverse("catalog:create", args=[contract.name]), "plus", contract.name
        )
        yield Result(
            "Catalog",
            contract.title,
            reverse("catalog:contract", args=[contract.name]),
            contract.icon,
            contract.category,
        )
