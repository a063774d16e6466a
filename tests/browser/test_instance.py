"""The page of an instance: graph and list, the panel of a node, the live manifest, the menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from catalog.changes import propose_update
from catalog.models import Instance, InstanceResource
from portal.accounts.models import User
from reconciler.objects.names import INSTANCE_ID

Visit = Callable[..., Page]
Check = Callable[[Page], list[str]]


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the cluster returns for a resource; empty: it has none of that name."""
    answers: dict[str, Any] = {"replicas": 1}

    async def read(row: InstanceResource) -> dict[str, Any] | None:
        metadata = {"name": row.name, "labels": {INSTANCE_ID: row.instance.uid}}
        found = {"kind": row.kind, "metadata": metadata, "spec": dict(answers)}
        return found if answers else None

    monkeypatch.setattr("reconciler.views.read", read)
    return answers


def test_a_narrow_screen_shows_the_list_first_and_a_wide_one_the_graph(
    visit: Visit, axe: Check, developer: User, instance: Instance
) -> None:
    wide = visit(developer, f"/instances/{instance.pk}/")
    expect(wide.locator("[data-node=deployment]")).to_be_visible()
    expect(wide.get_by_role("columnheader", name="Depends on")).to_be_hidden()
    narrow = visit(developer, f"/instances/{instance.pk}/", width=390)
    expect(narrow.locator("[data-node=deployment]")).to_be_hidden()
    expect(narrow.get_by_role("link", name="shop", exact=True).first).to_be_visible()
    assert axe(narrow) == []
    narrow.get_by_role("link", name="Graph", exact=True).click()
    expect(narrow.locator("[data-node=deployment]")).to_be_visible()
    expect(narrow.get_by_role("link", name="Graph", exact=True)).to_have_attribute("aria-current", "true")


def test_a_long_kind_does_not_truncate_the_details_of_a_card(
    visit: Visit, developer: User, instance: Instance
) -> None:
    nodes = [{"id": "scaler", "kind": "HorizontalPodAutoscaler", "state": "ready", "total": 12, "ready": 11}]
    Instance.objects.filter(pk=instance.pk).update(nodes=nodes)
    page = visit(developer, f"/instances/{instance.pk}/")
    fact = page.locator("[data-node=scaler] em")
    expect(fact).to_have_text("11/12")
    assert fact.evaluate("one => one.scrollWidth <= one.clientWidth")
    expect(page.locator("[data-node=scaler]")).to_have_attribute(
        "title", "HorizontalPodAutoscaler scaler: ready, 11/12"
    )


def test_a_node_names_its_neighbours(visit: Visit, developer: User, instance: Instance) -> None:
    page = visit(developer, f"/instances/{instance.pk}/?node=deployment")
    page.locator("#node-panel").get_by_role("link", name="service").click()
    expect(page.locator("#node-title")).to_have_text("service")
    expect(page.locator("#node-panel").get_by_role("link", name="deployment")).to_be_visible()


@pytest.fixture
def page_of_instance(visit: Visit, developer: User, instance: Instance) -> Page:
    return visit(developer, f"/instances/{instance.pk}/")


@pytest.mark.parametrize("query", ["?node=deployment", "?tab=resources"])
def test_the_live_manifest_stays_open_follows_the_cluster_and_closes(
    page_of_instance: Page, axe: Check, instance: Instance, live: dict[str, Any], query: str
) -> None:
    page = page_of_instance
    page.goto(f"/instances/{instance.pk}/{query}")
    expect(page.locator("[data-live-label]")).to_have_text("Live")
    opener = page.get_by_role("link", name="Live manifest of shop").first
    opener.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Deployment shop")
    expect(panel).to_contain_text("replicas: 1")
    expect(panel).to_be_focused()
    assert axe(page) == []
    live["replicas"] = 2
    instance.message = "It grows."
    instance.save(update_fields=["message"])
    instance.touch()
    expect(panel).to_contain_text("replicas: 2")
    panel.get_by_role("button", name="Close manifest").click()
    expect(panel).to_have_count(0)
    expect(opener).to_be_focused()
    instance.touch()
    expect(page.locator("#instance-live")).to_have_attribute("data-version", str(instance.version))
    expect(panel).to_have_count(0)


def test_the_panel_shows_why_a_manifest_cannot_be_read(
    visit: Visit, axe: Check, developer: User, instance: Instance, live: dict[str, Any]
) -> None:
    live.clear()
    page = visit(developer, f"/instances/{instance.pk}/?node=deployment")
    page.get_by_role("link", name="Live manifest of shop").click()
    note = page.locator("#live-manifest").get_by_role("alert")
    expect(note).to_contain_text("does not exist in the cluster")
    expect(page.locator(".toast")).to_have_count(0)
    panel, inside = page.locator("#live-manifest").bounding_box(), note.bounding_box()
    assert panel
    assert inside
    assert inside["x"] - panel["x"] >= 10, "the note touches the edge of the panel"
    assert axe(page) == []


def test_a_change_is_cancelled_and_every_window_shows_it(
    visit: Visit, axe: Check, developer: User, instance: Instance
) -> None:
    """The buttons are distinct, also after going back."""
    changes = [
        propose_update(
            instance=instance, manifest={**instance.manifest, "spec": {"image": image}}, by=developer
        )
        for image in ("shop:2", "shop:3")
    ]
    history = f"/instances/{instance.pk}/?tab=history"
    page, other = visit(developer, history), visit(developer, history, width=390)
    expect(other.locator("[data-live-label]")).to_have_text("Live")
    assert axe(page) == []
    name = f"Cancel change {changes[1].pk}: Update by developer"
    page.get_by_role("button", name=name).press("Enter")
    expect(page.get_by_text("Change cancelled.")).to_be_visible()
    for window in (page, other):
        expect(window.get_by_role("button", name=name)).to_have_count(0)
        expect(window.get_by_role("button", name=f"Cancel change {changes[0].pk}")).to_have_count(1)
        expect(window.get_by_role("main")).to_contain_text("Cancelled")
    page.go_back()
    expect(page.get_by_role("button", name=name)).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_menu_opens_inside_the_window(
    visit: Visit, developer: User, instance: Instance, width: int
) -> None:
    page = visit(developer, f"/instances/{instance.pk}/", width=width)
    page.get_by_label("More").click()
    box = page.locator("details.menu[open] > ul").bounding_box()
    assert box
    assert 0 <= box["x"] <= width - box["width"]
    page.keyboard.press("Escape")
    expect(page.get_by_label("More")).to_be_focused()
