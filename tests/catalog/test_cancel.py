"""Cancelling a change: who may, when, and what becomes of its instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalog import change_transitions
from catalog.changes import propose_creation, propose_deletion, propose_update
from catalog.models import Change, DeletedInstance, Destination, Instance, State
from contracts.models import Contract
from portal.accounts.models import APIToken, User
from portal.audit.models import Entry
from tests.pages import squeezed


@pytest.fixture
def change(instance: Instance, users: dict[str, User]) -> Change:
    manifest = {**instance.manifest, "spec": {**instance.spec, "image": "shop:2"}}
    return propose_update(instance=instance, manifest=manifest, by=users["developer"])


def page_url(change: Change) -> str:
    return f"/instances/{change.instance_id}/changes/{change.pk}/cancel/"


@pytest.mark.parametrize(
    ("who", "status", "state"),
    [
        ("developer", 302, "cancelled"),
        ("teammate", 302, "cancelled"),
        ("lead", 302, "cancelled"),
        ("viewer", 403, "approved"),
        ("engineer", 403, "approved"),
        ("other", 404, "approved"),
        ("outsider", 404, "approved"),
        ("", 302, "approved"),
    ],
)
def test_the_author_and_the_owner_of_the_namespace_may(
    sign_in: Callable[[str], Client], change: Change, who: str, status: int, state: str
) -> None:
    assert sign_in(who).post(page_url(change)).status_code == status
    change.refresh_from_db()
    assert change.state == state
    assert Entry.objects.filter(verb="change.cancelled").exists() == (state == "cancelled")


def test_the_page_has_a_button_while_it_is_possible(sign_in: Callable[[str], Client], change: Change) -> None:
    developer, viewer = sign_in("developer"), sign_in("viewer")
    for query in ("", "?tab=history"):
        path = f"/instances/{change.instance_id}/{query}"
        assert page_url(change) in developer.get(path).content.decode()
        assert page_url(change) not in viewer.get(path).content.decode()
    assert developer.get(page_url(change)).status_code == 405
    change_transitions.start_delivery(change)
    assert page_url(change) not in developer.get(f"/instances/{change.instance_id}/").content.decode()


def test_the_history_distinguishes_changes(
    sign_in: Callable[[str], Client], change: Change, users: dict[str, User]
) -> None:
    """By their numbers and what they change, also for screen readers; cancelling one stays in the history."""
    instance = change.instance
    assert instance is not None
    second = {**change.manifest, "spec": {**change.manifest["spec"], "image": "x" * 200 + "<b>"}}
    later = propose_update(instance=instance, manifest=second, by=users["developer"])
    developer, history = sign_in("developer"), f"/instances/{instance.pk}/?tab=history"
    page = squeezed(developer.get(history))
    for one, before, after in ((change, "shop:1", "shop:2"), (later, "shop:2", "x" * 79 + "…")):
        assert f"<code>spec.<wbr>image</code> {before} → {after} </div>".replace(":", ":<wbr>") in page
        assert f'aria-label="Cancel change {one.pk}: Update by developer"' in page
    answer = developer.post(f"{page_url(later)}?tab=history")
    assert answer.headers["Location"] == history
    again = squeezed(developer.post(f"{page_url(later)}?tab=history", follow=True))
    assert "is cancelled; it is too late to cancel it." in again


def test_a_change_that_is_being_delivered_cannot_be_cancelled(
    sign_in: Callable[[str], Client], change: Change, users: dict[str, User]
) -> None:
    change_transitions.start_delivery(change)
    page = sign_in("developer").post(page_url(change), follow=True).content.decode()
    assert "is delivering" in page
    _, token = APIToken.issue(users["developer"], "test")
    answer = Client(headers={"Authorization": f"Bearer {token}"}).post(f"/api/v1/changes/{change.pk}/cancel/")
    assert answer.status_code == 409
    change.refresh_from_db()
    assert change.state == "delivering"


@pytest.mark.parametrize(("who", "status"), [("developer", 200), ("viewer", 403), ("other", 404)])
def test_over_the_api(change: Change, users: dict[str, User], who: str, status: int) -> None:
    _, token = APIToken.issue(users[who], "test")
    client = Client(headers={"Authorization": f"Bearer {token}"})
    answer = client.post(f"/api/v1/changes/{change.pk}/cancel/")
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["state"] == "cancelled"


@pytest.mark.parametrize("sent", [False, True])
def test_a_cancelled_creation_leaves_no_instance_unless_it_was_sent(
    users: dict[str, User],
    contract: Contract,
    cluster: Destination,
    sign_in: Callable[[str], Client],
    sent: bool,
) -> None:
    manifest = {"metadata": {"name": "one", "namespace": "checkout"}, "spec": {"image": "shop:1"}}
    creation = propose_creation(
        contract=contract, destination=cluster, manifest=manifest, by=users["developer"]
    )
    if sent:
        change_transitions.start_delivery(creation)
        change_transitions.wait_for_cluster(creation, "It is away.")
    assert sign_in("developer").post(page_url(creation)).status_code == 302
    assert Instance.objects.exists() == sent
    assert DeletedInstance.objects.exists() != sent


def test_a_cancelled_deletion_is_shown_as_such(
    instance: Instance, users: dict[str, User], sign_in: Callable[[str], Client]
) -> None:
    deletion: Any = propose_deletion(instance=instance, by=users["developer"])
    sign_in("developer").post(page_url(deletion))
    instance.refresh_from_db()
    assert instance.state == State.PROGRESSING
