"""The content of an instance's page, and who may subscribe to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.graph.view import ROOT, GraphNode, graph_of_instance, lay_out
from catalog.live_topics import InstanceTopic
from catalog.models import Change, Destination, Instance, State
from catalog.status_banner import banner_for, worst_first
from portal.accounts.models import User


def test_the_page_shows_state_graph_status_and_simulation(
    sign_in: Callable[[str], Client], instance: Instance
) -> None:
    Destination.objects.update(simulated=True)
    page = sign_in("developer").get(f"/instances/{instance.pk}/").content.decode()
    assert 'href="https://shop.example.com"' in page
    assert 'data-node="deployment"' in page
    assert "stored on disk" in page
    assert f'data-live="instance.{instance.pk}"' in page


@pytest.mark.parametrize("query", ["?tab=resources", "?node=deployment"])
def test_every_resource_links_to_its_live_manifest(
    sign_in: Callable[[str], Client], instance: Instance, query: str
) -> None:
    page = sign_in("developer").get(f"/instances/{instance.pk}/{query}").content.decode()
    resource = instance.resources.filter(node="deployment").get()
    address = f"/instances/{instance.pk}/resources/{resource.pk}/manifest/"
    assert f'href="{address}?format=yaml"' in page
    assert f'hx-get="{address}"' in page
    assert 'id="live-manifest"' in page


def test_htmx_gets_the_live_part_only(sign_in: Callable[[str], Client], instance: Instance) -> None:
    headers = {"HX-Request": "true", "HX-Target": "instance-live"}
    part = sign_in("developer").get(f"/instances/{instance.pk}/?tab=events", headers=headers).content.decode()
    assert part.lstrip().startswith('<div id="instance-live"')
    assert "?tab=events" in part


def test_markup_in_values_is_escaped(
    sign_in: Callable[[str], Client], make_instance: Callable[..., Instance]
) -> None:
    evil = "<script>alert(1)</script>"
    row = make_instance(
        message=evil,
        state=State.FAILED,
        status={"url": f"javascript:{evil}", "x": evil},
        spec={"image": evil},
    )
    for tab in ("overview", "manifest"):
        page = sign_in("developer").get(f"/instances/{row.pk}/?tab={tab}").content.decode()
        assert evil not in page
        assert 'href="javascript:' not in page


@pytest.mark.parametrize(
    ("fields", "change", "title", "state"),
    [
        ({"state": "ready"}, None, None, None),
        ({"state": "failed", "message": "Quota."}, None, "Action required", "failed"),
        (
            {"state": "waiting"},
            {"state": "approved", "action": "create"},
            "Creation requested",
            "progressing",
        ),
        (
            {"state": "waiting"},
            {"state": "approved", "action": "update", "attempts": 2},
            "Change requested",
            "waiting",
        ),
        ({"state": "ready"}, {"state": "refused", "action": "update"}, "Change refused", "failed"),
        ({"state": "ready"}, {"state": "delivered", "action": "update"}, None, None),
        ({"state": "deleting"}, {"state": "delivered", "action": "delete"}, "Deleting", "deleting"),
    ],
)
def test_the_banner_shows_the_most_important_reason(
    fields: dict[str, Any], change: dict[str, Any] | None, title: str | None, state: str | None
) -> None:
    found = banner_for(
        Instance(**fields), Change(**change) if change else None, Destination(title="It", reachable=True)
    )
    assert (found.title if found else None, found.state if found else None) == (title, state)


def test_the_banner_names_the_node_that_its_message_is_about() -> None:
    row = Instance(state="failed", message="web: no image", reason_node="web")
    found = banner_for(row, None, Destination(title="It", reachable=True))
    assert found is not None
    assert (found.text, found.node) == ("web: no image", "web")


def test_an_undeliverable_change_has_a_reason() -> None:
    standing_by = Destination(title="It", reachable=True, message="Another reconciler looks after it.")
    found = banner_for(Instance(state="waiting"), Change(state="approved", action="create"), standing_by)
    assert found is not None
    assert (found.state, found.text) == ("waiting", "Another reconciler looks after it.")


def test_failing_conditions_come_first() -> None:
    given = [
        {"type": "A", "status": "True"},
        {"type": "B", "status": "Unknown"},
        {"type": "C", "status": "False", "reason": "Pending"},
        {"type": "D", "status": "False", "reason": "ApplyFailed"},
        {"type": "FieldConflict", "status": "True", "reason": "RepeatedRepairs"},
    ]
    assert [(one["type"], one["state"]) for one in worst_first(given)] == [
        ("D", "failed"),
        ("FieldConflict", "failed"),
        ("C", "waiting"),
        ("B", "unknown"),
        ("A", "ready"),
    ]


def test_the_graph_starts_at_the_instance_and_folds_collections(instance: Instance) -> None:
    instance.nodes = [
        {"id": "zones", "kind": "Deployment", "state": "progressing", "total": 3, "ready": 2, "needs": []},
        {"id": "front", "kind": "Service", "state": "pending", "reason": "waits", "needs": ["zones"]},
    ]
    graph = graph_of_instance(instance, [], None)
    assert [(node.id, node.fact) for node in graph.nodes] == [
        (ROOT, "0 of 2"),
        ("zones", "2/3"),
        ("front", "waits"),
    ]
    assert {(edge.upper, edge.lower): edge.style for edge in graph.edges} == {
        (ROOT, "zones"): "done",
        ("zones", "front"): "pending",
    }


def test_a_graph_that_is_too_large_is_a_list() -> None:
    assert not lay_out([GraphNode(f"n{number}", "", "Pod") for number in range(200)]).drawable


@pytest.mark.parametrize(
    ("who", "may"),
    [("developer", True), ("viewer", True), ("engineer", True), ("other", False), ("outsider", False)],
)
def test_readers_of_an_instance_may_subscribe_even_after_it_is_deleted(
    users: dict[str, User], instance: Instance, who: str, may: bool
) -> None:
    topic, key = InstanceTopic(), str(instance.pk)
    assert topic.may_listen(users[who], key) is may
    assert topic.version(users[who], key) == "1"
    instance.delete()
    assert topic.may_listen(users[who], key) is may
    assert topic.version(users[who], key) == "deleted"


@pytest.mark.parametrize("argument", ["", "x", "-1", "9" * 30])
def test_malformed_topics_are_refused(users: dict[str, User], argument: str) -> None:
    assert not InstanceTopic().may_listen(users["engineer"], argument)


def test_a_touch_increments_the_version(instance: Instance) -> None:
    before = instance.version
    instance.touch()
    assert instance.version == before + 1
    assert instance.updated_at <= timezone.now()
