"""Users: created, given a temporary password, deactivated; and what ends with a password."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from portal.accounts import demo
from portal.accounts.demo import DEMO_ACCOUNTS
from portal.accounts.models import APIToken, PortalRole, SignInFailure, User
from portal.accounts.passwords import change_own_password, set_temporary_password
from portal.accounts.throttle import ALLOWED
from portal.accounts.users import create_first_admin, create_user, set_active
from portal.audit.models import Entry

pytestmark = pytest.mark.backends

SHOWN = re.compile(r"[a-z2-9]{5}(?:-[a-z2-9]{5}){3}")
NEW = "a long new password"


def shown_password(answer: Any) -> str:
    assert answer["Cache-Control"] == "no-store"
    found = SHOWN.search(answer.content.decode())
    assert found is not None
    return found[0]


def signed_in(username: str, password: str) -> Client | None:
    client = Client()
    answer = client.post("/login/", {"username": username, "password": password})
    return client if answer.status_code == 302 else None


def change(client: Client, old: str, new: str = NEW) -> Any:
    typed = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/account/password/", typed)


def test_a_portal_admin_creates_a_user_who_chooses_a_password(sign_in: Callable[[str], Client]) -> None:
    typed = {"username": "dana", "first_name": "Dana", "portal_role": "engineer"}
    answer = sign_in("admin").post("/users/new/", typed)
    password = shown_password(answer)
    client = signed_in("dana", password)
    assert client is not None
    assert client.get("/").headers["Location"] == "/account/password/"
    assert "Choose a password" in client.get("/account/password/").content.decode()
    assert change(client, password).headers["Location"] == "/"
    assert client.get("/").status_code == 200
    assert signed_in("dana", password) is None
    assert signed_in("dana", NEW) is not None
    assert User.objects.get(username="dana").portal_role == PortalRole.ENGINEER
    verbs = list(Entry.objects.order_by("pk").values_list("verb", "actor_name"))
    assert verbs[0] == ("user.created", "admin")
    assert ("user.password_changed", "dana") in verbs
    written = str(list(Entry.objects.values()))
    assert password not in written
    assert NEW not in written


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({}, "This field is required."),
        ({"username": "DEVELOPER"}, "Another user has this username."),
        ({"username": "\uff44eveloper"}, "Another user has this username."),
        ({"username": "a b"}, "Enter a valid username."),
        ({"username": "x" * 151}, "at most 150 characters"),
        ({"username": "new", "first_name": "\u202eevil"}, "Remove the invisible control characters."),
        ({"username": "new", "portal_role": "king"}, "Select a valid choice."),
    ],
)
def test_a_user_that_cannot_be_created(
    sign_in: Callable[[str], Client], typed: dict[str, str], message: str
) -> None:
    before = User.objects.count()
    answer = sign_in("admin").post("/users/new/", typed)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert User.objects.count() == before


@pytest.mark.parametrize("path", ["/", "/account/", "/instances/", "/search/?q=a", "/api/docs/", "/notices/"])
def test_with_a_temporary_password_no_other_page_opens(users: dict[str, User], path: str) -> None:
    client = signed_in("viewer", set_temporary_password(users["viewer"], by=users["admin"]))
    assert client is not None
    assert client.get(path).headers["Location"] == "/account/password/"
    assert client.get(path, headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/account/password/"
    assert client.get("/api/v1/whoami/").status_code == 403
    assert client.post("/account/tokens/", {"name": "kept"}).status_code == 302
    assert not APIToken.objects.exists()
    client.post("/logout/")
    assert client.get("/").headers["Location"] == "/login/?next=/"


def test_a_temporary_password_expires(users: dict[str, User]) -> None:
    password = set_temporary_password(users["viewer"], by=users["admin"])
    User.objects.filter(pk=users["viewer"].pk).update(temporary_until=timezone.now() - timedelta(seconds=1))
    answer = Client().post("/login/", {"username": "viewer", "password": password})
    assert "Your temporary password has expired." in answer.content.decode()
    wrong = Client().post("/login/", {"username": "viewer", "password": "wrong"})
    assert "expired" not in wrong.content.decode()


def save_password(user: User) -> None:
    """As ``manage.py changepassword`` does."""
    user.set_password(NEW)
    user.save()


ENDINGS: dict[str, Callable[[dict[str, User]], Any]] = {
    "own change": lambda users: change_own_password(users["viewer"], NEW),
    "reset": lambda users: set_temporary_password(users["viewer"], by=users["admin"]),
    "operator's reset": lambda users: set_temporary_password(users["viewer"], by=None),
    "any save": lambda users: save_password(users["viewer"]),
    "deactivated": lambda users: set_active(users["viewer"], False, by=users["admin"]),
    "deactivated and reactivated": lambda users: [
        set_active(users["viewer"], active, by=users["admin"]) for active in (False, True)
    ],
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_sessions_and_tokens_end(
    users: dict[str, User], sign_in: Callable[[str], Client], ending: str
) -> None:
    session, other = sign_in("viewer"), sign_in("developer")
    tokens = {name: APIToken.issue(users[name], "one")[1] for name in ("viewer", "developer")}

    def answers(name: str, client: Client) -> tuple[int, int]:
        by_token = Client().get("/api/v1/whoami/", HTTP_AUTHORIZATION=f"Bearer {tokens[name]}")
        return client.get("/account/").status_code, by_token.status_code

    assert answers("viewer", session) == (200, 200)
    ENDINGS[ending](users)
    assert answers("viewer", session) == (302, 401)
    assert answers("developer", other) == (200, 200)


def test_the_session_that_changes_the_password_goes_on(users: dict[str, User]) -> None:
    client, elsewhere = signed_in("viewer", "viewer-secret"), signed_in("viewer", "viewer-secret")
    assert client is not None
    assert elsewhere is not None
    assert change(client, "viewer-secret").headers["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("wrong", NEW, "Your old password was entered incorrectly."),
        ("viewer-secret", "short", "This password is too short."),
        ("viewer-secret", "password1", "This password is too common."),
        ("viewer-secret", "viewer-secret", "This is your current password."),
        ("viewer-secret", "engineer-demo", "This password is in the documentation."),
    ],
)
def test_passwords_that_are_refused(users: dict[str, User], old: str, new: str, message: str) -> None:
    client = signed_in("viewer", "viewer-secret")
    assert client is not None
    answer = change(client, old, new)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert signed_in("viewer", "viewer-secret") is not None


def test_a_stolen_session_does_not_find_out_the_password(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("viewer")
    for _ in range(ALLOWED):
        assert change(client, "wrong").status_code == 422
    assert change(client, "viewer-secret").status_code == 429
    SignInFailure.objects.all().delete()
    assert change(client, "viewer-secret").status_code == 302


def test_the_own_account_cannot_be_locked_out(
    sign_in: Callable[[str], Client], users: dict[str, User]
) -> None:
    pk = users["admin"].pk
    assert sign_in("admin").post(f"/users/{pk}/active/").status_code == 409
    assert sign_in("admin").post(f"/users/{pk}/password/").status_code == 409
    assert User.objects.get(pk=pk).is_active


def test_a_deactivated_user_is_reactivated(sign_in: Callable[[str], Client], users: dict[str, User]) -> None:
    path = f"/users/{users['viewer'].pk}/active/"
    page = sign_in("admin").post(path, follow=True).content.decode()
    assert "viewer was deactivated." in page
    assert signed_in("viewer", "viewer-secret") is None
    assert "Reactivate" in page
    sign_in("admin").post(path, {"active": "on"})
    assert signed_in("viewer", "viewer-secret") is not None
    assert [entry.verb for entry in Entry.objects.order_by("pk")][:2] == [
        "user.deactivated",
        "user.sign_in_failed",
    ]


ACTS: dict[str, Callable[[dict[str, User], User], object]] = {
    "create": lambda users, by: create_user(User(username="new"), by=by),
    "reset": lambda users, by: set_temporary_password(users["viewer"], by=by),
    "deactivate": lambda users, by: set_active(users["viewer"], False, by=by),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["engineer", "lead", "viewer", "outsider"])
def test_only_portal_admins_manage_users(users: dict[str, User], who: str, act: str) -> None:
    before = list(User.objects.order_by("pk").values())
    with pytest.raises(PermissionDenied):
        ACTS[act](users, users[who])
    assert list(User.objects.order_by("pk").values()) == before


def test_the_first_portal_admin_gets_a_printed_password(db: None) -> None:
    out = StringIO()
    call_command("first_admin", "root", stdout=out)
    found = SHOWN.search(out.getvalue())
    assert found is not None
    client = signed_in("root", found[0])
    assert client is not None
    change(client, found[0])
    assert client.get("/users/").status_code == 200
    with pytest.raises(CommandError, match="has a portal admin already"):
        call_command("first_admin", "second")
    out = StringIO()
    call_command("temporary_password", "root", stdout=out)
    assert signed_in("root", NEW) is None
    with pytest.raises(CommandError, match="not found"):
        call_command("temporary_password", "stranger")


def test_the_first_portal_admin_takes_no_username(db: None) -> None:
    User.objects.create_user("Root")
    with pytest.raises(CommandError, match="exists already"):
        call_command("first_admin", "root")


class TestDemoAccounts:
    """Their passwords are in the documentation."""

    @pytest.mark.parametrize("account", DEMO_ACCOUNTS, ids=lambda account: account.username)
    def test_outside_the_demo_no_such_password_works(
        self, db: None, settings: Settings, account: demo.DemoAccount
    ) -> None:
        settings.DEMO = False
        User.objects.create_user(account.username, password=account.password)
        User.objects.create_user("somebody", password=account.password)
        assert signed_in(account.username, account.password) is None
        assert signed_in("somebody", account.password) is None

    def test_outside_the_demo_no_accounts_are_created(self, db: None, settings: Settings) -> None:
        settings.DEMO = False
        call_command("demo_data", stdout=StringIO())
        assert not User.objects.exists()

    def test_accounts_of_an_earlier_demo_are_disabled(self, db: None, settings: Settings) -> None:
        settings.DEMO = True
        demo.load()
        admin, own = User.objects.get(username="admin"), User.objects.get(username="developer")
        _, token = APIToken.issue(admin, "kept")
        own.set_password(NEW)
        own.save()
        session = Client()
        session.force_login(admin)
        settings.DEMO = False
        demo.load()
        assert session.get("/account/").status_code == 302
        assert Client().get("/api/v1/whoami/", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 401
        assert list(User.objects.filter(is_active=True).values_list("username", flat=True)) == ["developer"]
        assert create_first_admin() is not None
        settings.DEMO = True
        demo.load()
        assert signed_in("admin", "admin-demo") is not None
