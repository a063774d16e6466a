"""A namespace gets another owner: who can do what before and after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.test import Client

from catalog.changes import propose_deletion, propose_update
from catalog.models import Change, DeletedInstance, Destination, FormDraft, Instance
from contracts.models import Contract
from portal.accounts.models import Team, TeamNamespace, User
from portal.audit.models import Entry
from portal.live import consumer
from portal.live.subscriptions import subscribe, unsubscribe
from tests.catalog.handover import NEW, OLD, PLATFORM, STRANGER, Stage, move, stage
from tests.pages import squeezed
from tests.portal.test_live import Socket, session_of

__all__ = ["stage"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.backends]

CREATE = "/catalog/service/create/"
FORM = {"_name": "new", "_namespace": "checkout", "/image": "shop:1"}


def release(teams: dict[str, Team]) -> None:
    TeamNamespace.objects.get(name="checkout").delete()


def stay(teams: dict[str, Team]) -> None:
    pass


# -- rights ---------------------------------------------------------------------------------------------

# (list, page, history, edit, delete, API, change over the API, socket, create in the namespace)
READS = {"list": True, "page": 200, "history": 200, "api": 200, "change": 200, "socket": True}
HIDDEN = {"list": False, "page": 404, "history": 404, "api": 404, "change": 404, "socket": False}
OWNER = {**READS, "edit": 200, "delete": 200, "create": 302}
NOTHING = {**HIDDEN, "edit": 404, "delete": 404, "create": 422}
NO_NAMESPACE = {**NOTHING, "create": 403}  # they own no other namespace
# “engineer” maintains the contract, too: in the team that owns it.
MAINTAINER = {**READS, "edit": 200, "delete": 200, "create": 403}
ONLY_READS = {**READS, "edit": 403, "delete": 403, "create": 403}
TABLE: list[tuple[Callable[[dict[str, Team]], None], dict[str, dict[str, Any]]]] = [
    (stay, {OLD: OWNER, NEW: NOTHING, PLATFORM: MAINTAINER, STRANGER: NO_NAMESPACE}),
    (move, {OLD: NOTHING, NEW: OWNER, PLATFORM: MAINTAINER, STRANGER: NO_NAMESPACE}),
    (release, {OLD: NOTHING, NEW: NOTHING, PLATFORM: ONLY_READS, STRANGER: NO_NAMESPACE}),
]
CASES = [(how, who, rights) for how, table in TABLE for who, rights in table.items()]


@pytest.mark.parametrize(("how", "who", "rights"), CASES)
def test_rights_follow_the_owner(
    stage: Stage, how: Callable[[dict[str, Team]], None], who: str, rights: dict[str, Any]
) -> None:
    users, instance = stage.users, stage.instance
    change = propose_update(instance=instance, manifest=instance.manifest, by=users[OLD])
    how(stage.teams)
    client, page, api = stage.sign_in(who), f"/instances/{instance.pk}/", f"/api/v1/instances/{instance.pk}/"
    assert (page.encode() in client.get("/instances/").content) is rights["list"]
    assert (
        any(one["id"] == instance.pk for one in client.get("/api/v1/instances/").json()["results"])
        is (rights["list"])
    )
    for name, path in {
        "page": page,
        "history": f"{page}?tab=history",
        "edit": f"{page}edit/",
        "delete": f"{page}delete/",
        "api": api,
        "change": f"/api/v1/changes/{change.pk}/",
    }.items():
        assert client.get(path).status_code == rights[name], name
    assert client.post(CREATE, {**FORM, "_submission": str(uuid4())}).status_code == rights["create"]
    sent = {200: 302, 403: 403, 404: 404}[rights["delete"]]
    assert client.post(f"{page}delete/", {"name": "shop"}).status_code == sent
    assert Change.objects.filter(action="delete").exists() is (sent == 302)
    accepted = {200: 202, 403: 403, 404: 404}[rights["delete"]]
    assert client.delete(api).status_code == accepted


@pytest.mark.parametrize(
    ("how", "who", "hears"),
    [(how, who, rights["socket"]) for how, who, rights in CASES],
)
async def test_sockets_follow_the_owner(
    stage: Stage, settings: Any, how: Callable[[dict[str, Team]], None], who: str, hears: bool
) -> None:
    users, instance = stage.users, stage.instance
    settings.ALLOWED_HOSTS = ["portal.example"]
    await sync_to_async(how)(stage.teams)
    session = await sync_to_async(session_of)(users[who])
    socket = Socket(session, topics=f"instance.{instance.pk}")
    assert await socket.enters()
    if hears:
        assert (await socket.hear())["topic"] == f"instance.{instance.pk}"
        await socket.leave()
    else:
        assert await socket.close_code() == consumer.NOTHING_ALLOWED


async def test_open_sockets_of_the_old_team_lose_the_instance_at_once(
    users: dict[str, User], teams: dict[str, Team], instance: Instance, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["portal.example"]
    topic = f"instance.{instance.pk}"
    session = await sync_to_async(session_of)(users[OLD])
    alone, page = Socket(session, topics=topic), Socket(session, topics=f"{topic},instances")
    for socket in (alone, page):
        assert await socket.enters()
        assert (await socket.hear())["topic"] == topic
    assert (await page.hear())["topic"] == "instances"
    await sync_to_async(move)(teams)
    assert await alone.close_code() == consumer.NOTHING_ALLOWED
    heard = [await page.hear(), await page.hear()]
    assert {"topic": topic, "version": ""} in heard, "the page requests its content again"
    assert "instances" in [one["topic"] for one in heard], "lists request their rows again"
    await page.leave()


async def test_a_hand_over_wakes_the_reconciler(teams: dict[str, Team]) -> None:
    event = subscribe("teams")
    try:
        await sync_to_async(move)(teams)
        await asyncio.wait_for(event.wait(), 5)
    finally:
        unsubscribe(event)


# -- rows -----------------------------------------------------------------------------------------------


def move_by_update(teams: dict[str, Team]) -> None:
    TeamNamespace.objects.filter(name="checkout").update(team=teams["search"])


def move_by_bulk_update(teams: dict[str, Team]) -> None:
    row = TeamNamespace.objects.get(name="checkout")
    row.team = teams["search"]
    TeamNamespace.objects.bulk_update([row], ["team"])


def move_by_add(teams: dict[str, Team]) -> None:
    teams["search"].namespaces.add(TeamNamespace.objects.get(name="checkout"))


def move_by_update_or_create(teams: dict[str, Team]) -> None:
    TeamNamespace.objects.update_or_create(name="checkout", defaults={"team": teams["search"]})


def release_and_bulk_create(teams: dict[str, Team]) -> None:
    release(teams)
    TeamNamespace.objects.bulk_create([TeamNamespace(name="checkout", team=teams["search"])])


def rename_both(teams: dict[str, Team]) -> None:
    TeamNamespace.objects.filter(name="checkout").update(name="old-checkout")
    TeamNamespace.objects.filter(name="search").update(name="checkout")


def release_by_queryset(teams: dict[str, Team]) -> None:
    TeamNamespace.objects.filter(name="checkout").delete()


def delete_the_team(teams: dict[str, Team]) -> None:
    teams["checkout"].delete()


def release_by_renaming(teams: dict[str, Team]) -> None:
    TeamNamespace.objects.filter(name="checkout").update(name="elsewhere")


WAYS: list[tuple[Callable[[dict[str, Team]], None], str]] = [
    (move, "search"),
    (move_by_update, "search"),
    (move_by_bulk_update, "search"),
    (move_by_add, "search"),
    (move_by_update_or_create, "search"),
    (release_and_bulk_create, "search"),
    (rename_both, "search"),
    (release, ""),
    (release_by_queryset, ""),
    (release_by_renaming, ""),
    (delete_the_team, ""),
]


@pytest.mark.parametrize(("way", "owner"), WAYS)
def test_all_rows_follow_in_the_same_transaction(
    teams: dict[str, Team],
    users: dict[str, User],
    make_instance: Callable[..., Instance],
    way: Callable[[dict[str, Team]], None],
    owner: str,
) -> None:
    instance, gone, elsewhere = make_instance(), make_instance("gone"), make_instance("b", "checkout-staging")
    change = propose_update(instance=instance, manifest=instance.manifest, by=users[OLD])
    ended = propose_deletion(instance=gone, by=users[OLD])
    gone_pk = gone.pk
    gone.delete()
    other = propose_deletion(instance=elsewhere, by=users[OLD])
    entries = {one.pk: one.team_slug for one in Entry.objects.all()}
    version = Instance.objects.get(pk=instance.pk).version

    def owners() -> list[str]:
        teams = (
            Instance.objects.get(pk=instance.pk).team,
            DeletedInstance.objects.get(pk=gone_pk).team,
            Change.objects.get(pk=change.pk).team,
            Change.objects.get(pk=ended.pk).team,
        )
        return [team.slug if team else "" for team in teams]

    with transaction.atomic():
        way(teams)
        assert owners() == [owner] * 4
    assert owners() == [owner] * 4
    assert Instance.objects.get(pk=instance.pk).version > version, "pages request it again"
    if way is not delete_the_team:
        assert Instance.objects.get(pk=elsewhere.pk).team == teams["checkout"]
        assert Change.objects.get(pk=other.pk).team == teams["checkout"]
    assert {one.pk: one.team_slug for one in Entry.objects.filter(pk__in=entries)} == entries


def test_a_hand_over_that_fails_changes_no_row(teams: dict[str, Team], instance: Instance) -> None:
    def move_and_fail() -> None:
        with transaction.atomic():
            move(teams)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        move_and_fail()
    row = Instance.objects.get(pk=instance.pk)
    assert (row.team, row.version) == (teams["checkout"], instance.version)


def test_a_namespace_that_gets_its_first_owner(
    teams: dict[str, Team], make_instance: Callable[..., Instance]
) -> None:
    instance = make_instance(namespace="stray")
    assert instance.team is None
    teams["search"].namespaces.create(name="stray")
    assert Instance.objects.get(pk=instance.pk).team == teams["search"]


# -- pages and the audit log ----------------------------------------------------------------------------


def test_a_portal_admin_moves_a_namespace_and_both_teams_read_it_in_the_audit_log(
    sign_in: Callable[[str], Client], teams: dict[str, Team], instance: Instance
) -> None:
    namespace = TeamNamespace.objects.get(name="checkout")
    path = f"/teams/checkout/namespaces/{namespace.pk}/move/"
    assert "Move checkout" in sign_in("admin").get("/teams/checkout/").content.decode()
    answer = sign_in("admin").post(path, {"team": "search"}, follow=True)
    assert "checkout and its instances now belong to Search." in answer.content.decode()
    assert Instance.objects.get(pk=instance.pk).team == teams["search"]
    entries = Entry.objects.filter(verb="namespace.moved")
    assert sorted(entries.values_list("team_slug", flat=True)) == ["checkout", "search"]
    for entry in entries:
        assert entry.actor_name == "admin"
        assert entry.detail == {"namespace": "checkout", "from": "checkout", "to": "search"}
    again = sign_in("admin").post(path, {"team": "search"}, follow=True)
    assert "This namespace no longer belongs to the team." in again.content.decode()
    assert Entry.objects.filter(verb="namespace.moved").count() == 2


@pytest.mark.parametrize(("who", "status"), [("lead", 403), ("developer", 403), ("engineer", 403), ("", 302)])
def test_only_portal_admins_move_namespaces(
    sign_in: Callable[[str], Client], teams: dict[str, Team], who: str, status: int
) -> None:
    namespace = TeamNamespace.objects.get(name="checkout")
    path = f"/teams/checkout/namespaces/{namespace.pk}/move/"
    assert sign_in(who).post(path, {"team": "search"}).status_code == status
    assert sign_in("admin").get(path).status_code == 405
    assert TeamNamespace.objects.get(name="checkout").team == teams["checkout"]


@pytest.mark.parametrize("target", ["", "missing", "checkout"])
def test_a_namespace_is_moved_to_another_team_only(
    sign_in: Callable[[str], Client], teams: dict[str, Team], target: str
) -> None:
    namespace = TeamNamespace.objects.get(name="checkout")
    answer = sign_in("admin").post(f"/teams/checkout/namespaces/{namespace.pk}/move/", {"team": target})
    assert answer.status_code == 422
    assert "Select the team that gets the namespace." in answer.content.decode()
    assert not Entry.objects.exists()


def test_a_deleted_team_is_named_in_the_audit_log(teams: dict[str, Team]) -> None:
    teams["search"].delete()
    entry = Entry.objects.get(verb="namespace.released")
    assert (entry.actor_name, entry.team_slug) == ("slipway", "search")
    assert entry.detail == {"namespace": "search", "from": "search", "to": ""}


# -- drafts ---------------------------------------------------------------------------------------------


def test_the_draft_of_an_edit_is_kept_and_cannot_be_submitted(
    sign_in: Callable[[str], Client], users: dict[str, User], teams: dict[str, Team], instance: Instance
) -> None:
    FormDraft.save_text(users[OLD], instance.contract, instance, "spec: {image: mine}")
    move(teams)
    client, path = sign_in(OLD), f"/instances/{instance.pk}/edit/"
    page = client.get(path)
    assert page.status_code == 403
    assert "Your draft is kept, but it cannot be submitted." in squeezed(page)
    assert "spec: {image: mine}" in page.content.decode()
    assert client.post(path, {"/image": "shop:2", "_base": "1"}).status_code == 403
    assert not Change.objects.exists()
    assert "image: shop:2" in FormDraft.objects.get().text, "what was typed last"
    assert sign_in(NEW).get(path).status_code == 200
    assert b"image: mine" not in sign_in(NEW).get(path).content
    assert client.post(f"{path}discard/").status_code == 302
    assert not FormDraft.objects.exists()
    assert client.get(path).status_code == 404


def test_the_draft_of_a_creation_is_kept_and_says_why_it_cannot_be_submitted(
    sign_in: Callable[[str], Client], teams: dict[str, Team], contract: Contract, cluster: Destination
) -> None:
    client = sign_in(OLD)
    client.post(f"{CREATE}preview/", {**FORM, "_submission": str(uuid4())}, headers={"HX-Request": "true"})
    move(teams)
    message = "You cannot create instances in checkout."
    resumed = client.get(CREATE)
    assert message in squeezed(resumed)
    assert b"shop:1" in resumed.content
    answer = client.post(CREATE, {**FORM, "_submission": str(uuid4())})
    assert (answer.status_code, message in squeezed(answer)) == (422, True)
    assert "shop:1" in FormDraft.objects.get().text
    assert not Instance.objects.exists()
    TeamNamespace.objects.filter(team=teams["checkout"]).delete()
    refusal = client.get(CREATE)
    assert refusal.status_code == 403
    assert b"shop:1" in refusal.content
