"""Grants: what publishing needs, who gives and revokes them, and what no other account can obtain."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from contracts import demo
from contracts.compiler import Reach
from contracts.contract_templates import SAMPLES
from contracts.grants import give, granted_keys, revoke
from contracts.known_kinds import compile_known
from contracts.models import Contract, Draft, Grant, InvalidReason
from contracts.problems import Rejected
from contracts.publishing import PublishRequest, publish, publish_request
from portal.accounts.models import PortalRole, Team, User
from portal.audit.models import Entry
from tests.contracts.conftest import SMALL, Browser, Users

REACHING = SMALL.replace("  name: ${schema.metadata.name}\n", "  name: shared\n          namespace: search\n")
FURTHER = REACHING.replace("namespace: search", "namespace: kube-system")


@pytest.fixture(autouse=True)
def texts() -> None:
    assert REACHING != SMALL


def publish_granting(text: str, by: User | None, reason: str = "asked for") -> Contract:
    return publish_request(PublishRequest(text, by=by, grant_reason=reason)).contract


def compile_reach(text: str) -> Reach:
    return compile_known(text).reach


def codes(text: str, by: User | None) -> list[str]:
    with pytest.raises(Rejected) as refusal:
        publish(text, by=by)
    return [problem.code for problem in refusal.value.problems]


def test_reach_beyond_the_default_needs_a_grant(users: Users) -> None:
    for by in (users.engineer, None):
        assert codes(REACHING, by) == ["needs-grant"]
    assert not Contract.objects.exists()


def test_a_granted_reach_publishes_and_more_needs_another_grant(users: Users) -> None:
    contract = Contract(name="note", owner=users.platform)
    grant = give(contract, compile_reach(REACHING), by=users.root, reason="agreed")
    assert grant is not None
    assert (grant.from_revision, grant.reason, grant.given_by_name) == (1, "agreed", "root")
    entry = Entry.objects.get(verb="grant.given")
    assert (entry.actor_name, entry.reason, entry.team_slug) == ("root", "agreed", "platform")
    assert entry.detail["reach"] == ["creates the ConfigMap shared in the namespace search"]
    assert publish(REACHING, by=users.engineer).revision.number == 1
    assert publish(REACHING.replace("A note", "Another"), by=users.teammate).revision.number == 2
    assert codes(FURTHER, users.engineer) == ["needs-grant"]
    assert publish(SMALL, by=users.engineer).revision.number == 3


def test_a_revoked_grant_covers_no_further_revision(users: Users) -> None:
    contract = publish_granting(REACHING, users_admin_engineer(users))
    grant = Grant.objects.get()
    assert revoke(grant, by=users.root, reason="no longer")
    assert not revoke(grant, by=users.root, reason="again")
    assert granted_keys("note", users.platform) == frozenset()
    assert codes(REACHING.replace("A note", "Another"), users.engineer) == ["needs-grant"]
    assert not publish(REACHING, by=users.engineer).new
    contract.refresh_from_db()
    assert contract.revision is not None
    assert contract.revision.number == 1
    assert [entry.reason for entry in Entry.objects.filter(verb="grant.revoked")] == ["no longer"]


def users_admin_engineer(users: Users) -> User:
    """An engineer of the owning team who is a portal admin too."""
    User.objects.filter(pk=users.teammate.pk).update(portal_role=PortalRole.ADMIN)
    users.teammate.refresh_from_db()
    return users.teammate


def test_a_grant_is_for_one_owner(users: Users) -> None:
    """A name that another team takes, or a contract that passes to another team, has no grant."""
    give(Contract(name="note", owner=users.platform), compile_reach(REACHING), by=None, reason="agreed")
    assert codes(REACHING.replace("owner: platform", "owner: search"), users.other) == ["needs-grant"]
    assert publish(REACHING, by=users.engineer).new


@pytest.mark.parametrize("name", ["engineer", "teammate", "other", "developer", "viewer"])
def test_only_portal_admins_give_and_revoke(users: Users, name: str) -> None:
    user: User = getattr(users, name)
    for role in (PortalRole.NONE, PortalRole.ENGINEER):
        user.portal_role = role
        contract = Contract(name="note", owner=users.platform)
        with pytest.raises(PermissionDenied):
            give(contract, compile_reach(REACHING), by=user, reason="mine")
        with pytest.raises(PermissionDenied):
            publish_granting(REACHING, user)
        assert not Grant.objects.exists()
    grant = give(contract, compile_reach(REACHING), by=None, reason="agreed")
    assert grant is not None
    with pytest.raises(PermissionDenied):
        revoke(grant, by=user, reason="mine")
    assert Grant.objects.active().exists()
    assert not Contract.objects.exists()


@pytest.mark.parametrize("reason", ["", " ", "\u200b", "\ufeff\n", "x" * 1001], ids=repr)
def test_a_reason_that_can_be_read_is_required(
    users: Users, published: Contract, browser: Browser, reason: str
) -> None:
    """For grants, revocations and withdrawals, in Python and on pages; what was typed is kept."""
    contract = Contract(name="note", owner=users.platform)
    with pytest.raises(InvalidReason):
        give(contract, compile_reach(REACHING), by=users.root, reason=reason)
    assert not Grant.objects.exists()
    grant = give(published, compile_reach(REACHING), by=users.root, reason="agreed")
    assert grant is not None
    with pytest.raises(InvalidReason):
        revoke(grant, by=users.root, reason=reason)
    with pytest.raises(InvalidReason):
        published.withdraw(by=users.root, reason=reason)
    for view, arguments in (("revoke-grant", ["note", grant.pk]), ("withdrawal", ["note"])):
        answer = browser(users.root).post(reverse(f"contracts:{view}", args=arguments), {"reason": reason})
        assert answer.status_code == 422
        assert reason in answer.content.decode()
    published.refresh_from_db()
    assert (Grant.objects.active().count(), published.withdrawn) == (1, False)


def test_a_rejected_publication_leaves_no_grant(users: Users) -> None:
    with pytest.raises(Rejected):
        publish_granting(REACHING.replace("message: string", "message: strin"), None)
    with pytest.raises(Rejected):
        publish_granting(REACHING.replace("name: note", "name: new"), None)
    assert not Grant.objects.exists()


PAGES: list[tuple[str, dict[str, str]]] = [
    ("/contracts/note/grants/", {"reason": "mine"}),
    ("/contracts/note/grants/{grant}/revoke/", {"reason": "mine"}),
    ("/contracts/drafts/{draft}/grant/", {"reason": "mine", "version": "{version}"}),
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("name", "status"),
    [("root", 302), ("engineer", 403), ("teammate", 403), ("other", 403), ("viewer", 403), ("", 302)],
)
def test_pages(
    browser: Browser, users: Users, name: str, status: int, page: tuple[str, dict[str, str]]
) -> None:
    path, posted = page
    publish_granting(REACHING, None)
    draft = Draft.objects.create(author=users.engineer, text=FURTHER)
    names = {"grant": Grant.objects.get().pk, "draft": draft.pk, "version": draft.version}
    before = list(Grant.objects.values_list("pk", "revoked_at"))
    values = {key: value.format(**names) for key, value in posted.items()}
    client = browser(getattr(users, name) if name else None)
    answer = client.post(path.format(**names), values)
    assert answer.status_code == status
    if name != "root":
        assert list(Grant.objects.values_list("pk", "revoked_at")) == before


def test_the_way_of_a_draft_to_its_publication(users: Users) -> None:
    engineer, admin = Client(), Client()
    engineer.force_login(users.engineer)
    admin.force_login(users.root)
    draft = Draft.objects.create(author=users.engineer, text=REACHING)
    publication = reverse("contracts:publication", args=[draft.pk])
    grant = reverse("contracts:draft-grant", args=[draft.pk])
    assert grant in engineer.get(publication).content.decode()
    assert engineer.get(grant).status_code == 403
    page = admin.get(grant).content.decode()
    assert "Creates the ConfigMap shared in the namespace search" in page
    assert admin.post(grant, {"version": draft.version, "reason": ""}).status_code == 422
    stale = draft.version
    draft.save_text(FURTHER)
    assert admin.post(grant, {"version": stale, "reason": "agreed"}).status_code == 409
    assert not Grant.objects.exists()
    draft.save_text(REACHING)
    draft.refresh_from_db()
    assert admin.post(grant, {"version": draft.version, "reason": "agreed"}).status_code == 302
    assert engineer.post(publication, {"after": "0"}).status_code == 302
    page = engineer.get("/contracts/note/").content.decode()
    assert "agreed" in page
    assert "Grant reach" not in page
    page = admin.get("/contracts/note/").content.decode()
    assert "Reason for revoking grant" in page
    assert "Grant reach" not in page  # nothing is missing
    revoke(Grant.objects.get(), by=None, reason="over")
    assert "Grant reach" in admin.get("/contracts/note/").content.decode()


def test_pages_and_the_api_say_what_a_contract_reaches(browser: Browser, users: Users) -> None:
    publish_granting(REACHING, None)
    draft = Draft.objects.create(author=users.engineer, text=FURTHER)
    pages = {
        "/catalog/note/": "search",
        "/contracts/note/": "search",
        reverse("contracts:publication", args=[draft.pk]): "kube-system",
    }
    for path, namespace in pages.items():
        page = browser(users.engineer).get(path).content.decode()
        assert f"Creates the ConfigMap shared in the namespace {namespace}" in page, path
    (entry,) = browser(users.engineer).get("/api/v1/contracts/note/").json()["reach"]
    assert entry["description"] == "creates the ConfigMap shared in the namespace search"


def test_a_page_without_a_reason_changes_nothing(browser: Browser, users: Users) -> None:
    publish_granting(REACHING, None)
    admin, grant = browser(users.root), Grant.objects.get()
    for path in ("/contracts/note/grants/", f"/contracts/note/grants/{grant.pk}/revoke/"):
        answer = admin.post(path, {"reason": " "})
        assert answer.status_code == 422
        assert "Enter a reason" in answer.content.decode()
        assert admin.get(path).status_code == 405
    assert admin.post("/contracts/note/grants/999999/revoke/", {"reason": "x"}).status_code == 404
    assert Grant.objects.active().count() == 1


@pytest.mark.parametrize("name", ["root", "engineer", "other", "viewer"])
def test_the_api(browser: Browser, users: Users, name: str) -> None:
    publish_granting(REACHING, None)
    client, may = browser(getattr(users, name)), name == "root"
    grants = "/api/v1/contracts/note/grants/"
    (listed,) = client.get(grants).json()
    assert (listed["active"], listed["reason"], listed["given_by"]) == (True, "asked for", "slipway")
    one = f"{grants}{listed['id']}/"
    assert client.delete(one).status_code == (422 if may else 403)
    assert client.delete(f"{one}?reason=over").status_code == (200 if may else 403)
    assert Grant.objects.active().exists() != may
    answer = client.post(grants, {"reason": "again"}, content_type="application/json")
    assert answer.status_code == (201 if may else 403)
    body = {"text": FURTHER, "grant_reason": "mine"}
    answer = client.post("/api/v1/contracts/", body, content_type="application/json")
    assert answer.status_code == 403  # the portal admin is no engineer of the team
    assert Grant.objects.active().count() == 1


def test_the_api_lists_what_needs_a_grant(browser: Browser, users: Users) -> None:
    body = {"text": REACHING}
    answer = browser(users.engineer).post("/api/v1/contracts/", body, content_type="application/json")
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert problem["code"] == "needs-grant"
    assert "creates the ConfigMap shared in the namespace search" in problem["message"]


@pytest.fixture
def command(users: Users, tmp_path: Path) -> Callable[..., str]:
    (tmp_path / "note.yaml").write_text(REACHING)

    def run(*arguments: str) -> str:
        out, err = StringIO(), StringIO()
        words = [one.replace("FILE", str(tmp_path / "note.yaml")) for one in arguments]
        try:
            call_command("contract", *words, stdout=out, stderr=err)
        except CommandError as failure:
            return f"{out.getvalue()}{err.getvalue()}{failure}"
        return out.getvalue() + err.getvalue()

    return run


def test_the_command_line(command: Callable[..., str]) -> None:
    assert "pass --grant REASON" in command("publish", "FILE")
    assert "revision 1 published" in command("publish", "FILE", "--grant", "agreed")
    assert "everything that it reaches is granted" in command("grant", "note", "--reason", "x")
    assert "you need the role portal admin" in command("revoke", "note", "--reason", "x", "--as", "engineer")
    assert "Enter a reason" in command("revoke", "note")
    assert f"grant {Grant.objects.get().pk} revoked" in command("revoke", "note", "--reason", "over")
    assert "no such grant" in command("revoke", "note", "--reason", "over")
    assert "you need the role portal admin" in command("grant", "note", "--reason", "x", "--as", "engineer")
    assert "given" in command("grant", "note", "--reason", "again", "--as", "root")
    assert Grant.objects.active().count() == 1


def test_the_samples_have_exactly_the_grants_that_they_need(db: None) -> None:
    Team.objects.create(slug="platform", name="Platform", offers_to_all=True)
    demo.load()
    demo.load()
    grant = Grant.objects.get()
    assert (grant.contract_name, grant.reason) == ("team-namespace", "Sample contract of the demo")
    text = (SAMPLES / "team-namespace.yaml").read_text()
    assert set(grant.keys) == set(compile_reach(text).keys)


def test_samples_from_before_grants_get_theirs_once(db: None) -> None:
    Team.objects.create(slug="platform", name="Platform", offers_to_all=True)
    demo.load()
    Grant.objects.all().delete()
    demo.load()
    revoke(Grant.objects.get(), by=None, reason="not here")
    demo.load()
    assert not Grant.objects.active().exists()
