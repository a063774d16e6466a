"""Catalog and instance list: searched, filtered, sorted, counted and paged by the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Destination, Instance, State
from catalog.models.destination import HEARTBEAT_TIMEOUT
from catalog.portal_hooks.counts import count_instances
from catalog.portal_hooks.notices import health_facts, notices
from catalog.portal_hooks.search import find
from catalog.state_counts import StateCounts
from contracts.models import Contract
from portal.accounts.models import User
from reconciler.manager.cluster_probe import has_other_reconciler

pytestmark = pytest.mark.backends
OVERDUE = HEARTBEAT_TIMEOUT.total_seconds() + 1


@pytest.fixture
def three(make_instance: Callable[..., Instance]) -> list[Instance]:
    return [
        make_instance("shop", "checkout"),
        make_instance("shop", "checkout-staging", state=State.FAILED, message="Out of quota."),
        make_instance("basket", "checkout", state=State.WAITING),
    ]


def rows(client: Client, query: str) -> list[str]:
    page = client.get(f"/instances/?{query}").context["page"]
    return [f"{row.namespace}/{row.name}" for row in page.object_list]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["checkout/basket", "checkout/shop", "checkout-staging/shop"]),
        ("q=shop", ["checkout/shop", "checkout-staging/shop"]),
        ("q=checkout/shop", ["checkout/shop"]),
        ("q=staging sho", ["checkout-staging/shop"]),
        ("q=Checkout/SHOP", ["checkout/shop"]),
        ("q=50%25", []),
        ("state=failed", ["checkout-staging/shop"]),
        ("namespace=checkout", ["checkout/basket", "checkout/shop"]),
        ("namespace=checkout&state=failed", []),
        ("contract=service&team=checkout&q=bas", ["checkout/basket"]),
        ("team=search", []),
        ("sort=-name", ["checkout-staging/shop", "checkout/shop", "checkout/basket"]),
        ("sort=nonsense&page=99", ["checkout/basket", "checkout/shop", "checkout-staging/shop"]),
    ],
)
def test_the_list_is_filtered_by_the_address(
    sign_in: Callable[[str], Client], three: list[Instance], query: str, found: list[str]
) -> None:
    assert rows(sign_in("developer"), query) == found


def test_states_are_counted_under_the_other_filters(
    sign_in: Callable[[str], Client], three: list[Instance]
) -> None:
    states = sign_in("developer").get("/instances/?namespace=checkout&state=ready").context["states"]
    assert [(one.value, one.count) for one in states] == [("", 2), ("waiting", 1), ("ready", 1)]


@pytest.mark.parametrize(
    ("who", "query", "title"),
    [
        ("developer", "", "No instances yet"),
        ("outsider", "", "You are not in a team"),
    ],
)
def test_an_empty_list_has_a_reason(
    sign_in: Callable[[str], Client], contract: Contract, who: str, query: str, title: str
) -> None:
    assert title in sign_in(who).get(f"/instances/?{query}").content.decode()


def test_an_empty_filtered_list_mentions_the_filters(
    sign_in: Callable[[str], Client], three: list[Instance]
) -> None:
    assert "No instance matches" in sign_in("developer").get("/instances/?q=zzz").content.decode()


def test_states_are_unknown_while_the_cluster_is_unreachable(
    sign_in: Callable[[str], Client], instance: Instance
) -> None:
    instance.destination.reachable = False
    instance.destination.save()
    page = sign_in("developer").get("/instances/").content.decode()
    assert "cannot be reached" in page
    assert 'data-state="unknown"' in page


def test_the_number_of_queries_does_not_grow_with_the_rows(
    sign_in: Callable[[str], Client], make_instance: Callable[..., Instance]
) -> None:
    client = sign_in("developer")
    counts = []
    for number in range(12):
        make_instance(f"shop-{number}")
        if number in (1, 11):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get("/instances/")
            counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 14


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Plain service"]),
        ("q=program", ["Plain service"]),
        ("q=nothing", []),
        ("category=Compute", ["Plain service"]),
        ("category=Data", []),
        ("owner=platform&lifecycle=stable", ["Plain service"]),
        ("lifecycle=beta&lifecycle=stable", ["Plain service"]),
    ],
)
def test_the_catalog_is_filtered_by_the_address(
    sign_in: Callable[[str], Client], contract: Contract, query: str, titles: list[str]
) -> None:
    cards = sign_in("developer").get(f"/catalog/?{query}").context["cards"]
    assert [card.contract.title for card in cards] == titles


def test_a_card_counts_what_the_user_sees(
    sign_in: Callable[[str], Client], three: list[Instance], make_instance: Callable[..., Instance]
) -> None:
    make_instance("index", "search")
    (card,) = sign_in("developer").get("/catalog/").context["cards"]
    assert card.state_counts.summary == "1 ready, 1 waiting, 1 failed"
    (card,) = sign_in("engineer").get("/catalog/").context["cards"]
    assert card.state_counts.total == 4


def test_failures_have_a_minimum_width() -> None:
    bars = list(StateCounts({"ready": 999, "failed": 1}).bars)
    assert [bar.state for bar in bars] == ["ready", "failed"]
    assert bars[1].width > 5
    assert abs(sum(bar.width for bar in bars) - 100) < 0.5


def test_search_and_counts_cover_what_the_user_may_see(users: dict[str, User], three: list[Instance]) -> None:
    assert count_instances(users["developer"]) == 3
    assert count_instances(users["other"]) == 0
    assert [hit.label for hit in find(users["developer"], "basket")] == ["basket"]
    assert {hit.kind for hit in find(users["other"], "plain")} == {"Create", "Catalog"}
    assert list(notices(users["developer"])) == []


@pytest.mark.parametrize(
    ("fields", "age", "title"),
    [
        pytest.param({"reachable": True}, 0, "", id="no-problems"),
        pytest.param(
            {"reachable": False, "message": "It is away."}, 0, "It cannot be reached.", id="unreachable"
        ),
        pytest.param(
            {"reachable": True}, OVERDUE, "The reconciler gives no sign of life.", id="not-responding"
        ),
        pytest.param(
            {"reachable": True, "message": "Another reconciler manages this cluster."},
            0,
            "Nothing is done on It from here.",
            id="on-standby",
        ),
        pytest.param(
            {"reachable": True, "message": "Another reconciler manages this cluster."},
            OVERDUE,
            "The reconciler gives no sign of life.",
            id="on-standby-and-not-responding",
        ),
    ],
)
def test_problems_of_a_cluster_are_shown_on_every_page(
    users: dict[str, User], fields: dict[str, Any], age: float, title: str
) -> None:
    seen = timezone.now() - timedelta(seconds=age)
    Destination.objects.create(slug="it", title="It", seen_at=seen, reconciler_seen_at=seen, **fields)
    assert [notice.title for notice in notices(users["developer"])] == ([title] if title else [])


@pytest.mark.parametrize(("age", "running"), [(OVERDUE - 2, True), (OVERDUE, False), (None, False)])
@pytest.mark.django_db
def test_pages_and_a_reconciler_on_standby_agree_whether_one_is_running(
    users: dict[str, User], age: float | None, running: bool
) -> None:
    seen = None if age is None else timezone.now() - timedelta(seconds=age)
    row = Destination.objects.create(slug="it", title="It", reachable=True, reconciler_seen_at=seen)
    with transaction.atomic():
        assert row.has_reconciler is has_other_reconciler(row.pk, None) is running
    assert bool(list(notices(users["developer"]))) is (age == OVERDUE)


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ([], "not seen yet"),
        ([None], "not seen yet"),
        ([5], "alive"),
        ([5, 600], "silent since 2026-01-01T11:50:00Z"),
        ([5, None], "not seen yet"),
    ],
)
@pytest.mark.django_db
def test_readyz_reports_the_reconciler(
    monkeypatch: pytest.MonkeyPatch, ages: list[int | None], expected: str
) -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    for number, age in enumerate(ages):
        seen = None if age is None else now - timedelta(seconds=age)
        Destination.objects.create(slug=f"it-{number}", title="It", reconciler_seen_at=seen)
    assert health_facts() == {"reconciler": expected}
