"""Sample instances for the demo."""

from __future__ import annotations

import logging
from typing import Any

from catalog.availability import creation_destination, usable_contract
from catalog.changes import propose_creation
from catalog.forms.instance_form import blank_text, from_text
from catalog.models import Change, Instance
from contracts.models import Contract
from portal.accounts.models import User

log = logging.getLogger("slipway.catalog")

SAMPLES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("stateless-service", "checkout", "basket", {"image": "registry.example.com/checkout/basket:1.4.0"}),
    (
        "stateless-service-ha",
        "checkout",
        "payments",
        {"image": "registry.example.com/checkout/payments:2.1.3"},
    ),
    ("stateless-service", "search", "suggest", {"image": "registry.example.com/search/suggest:0.9.0"}),
)
AUTHORS = {"checkout": "developer", "search": "other"}


def load() -> list[Change]:
    """Request the sample instances, once: deleted ones are not created again."""
    if Change.objects.exists() or Instance.objects.exists():
        return []
    return [change for sample in SAMPLES if (change := create_sample(*sample))]


def create_sample(contract_name: str, namespace: str, name: str, spec: dict[str, Any]) -> Change | None:
    contract = (
        Contract.objects.available().select_related("owner", "revision").filter(name=contract_name).first()
    )
    author = User.objects.filter(username=AUTHORS[namespace]).first()
    usable = usable_contract(contract) if contract else None
    if contract is None or author is None or usable is None:
        return None
    form = from_text(usable, blank_text(usable, namespace=namespace, name=name, spec=spec))
    if not form.ok:
        log.warning("the sample %s does not fit its contract: %s", name, form.problems)
        return None
    return propose_creation(
        contract=contract, destination=creation_destination(), manifest=form.manifest, by=author
    )
