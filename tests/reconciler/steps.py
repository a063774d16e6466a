"""Steps that many tests of the reconciler take: create, update, and wait for what they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.changes import propose_update
from catalog.models import Change, Instance
from catalog.touched import Base
from contracts.models import Contract
from reconciler.objects.accessors import condition_of
from tests.reconciler.harness import Harness, wait_for


def wait_until_ready(harness: Harness, name: str) -> Instance:
    def ready() -> bool:
        row = harness.row(name)
        return row is not None and row.state == "ready"

    wait_for(ready, f"{name} is ready")
    return harness.get_row(name)


def create_ready(harness: Harness, contract: Contract, name: str, **spec: Any) -> Instance:
    harness.create(contract, name, **spec)
    return wait_until_ready(harness, name)


def update(harness: Harness, contract: Contract, name: str, **spec: Any) -> Change:
    row = harness.row(name)
    assert row is not None
    return propose_update(
        instance=row,
        manifest=harness.manifest(contract, name, **spec),
        by=harness.user,
        base=Base(row.manifest),
    )


def wait_until_decided(change: Change) -> Change:
    def ask() -> bool:
        change.refresh_from_db()
        return not change.is_open

    wait_for(ask, "the change is decided")
    return change


def get_condition(obj: dict[str, Any], kind: str) -> Mapping[str, Any]:
    """The condition of this type, which has to exist."""
    found = condition_of(obj, kind)
    assert found is not None, f"there is no condition {kind}"
    return found


def event_reasons(harness: Harness, name: str) -> set[str]:
    row = harness.row(name)
    return {event.reason for event in row.events.all()} if row else set()


def wait_until_served(harness: Harness, contract: Contract) -> None:
    def ask() -> bool:
        contract.refresh_from_db()
        return any(one["type"] == "KindReady" and one["status"] == "True" for one in contract.conditions)

    wait_for(ask, "the kind is served")
