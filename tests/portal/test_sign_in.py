"""Signing in: guessing is slowed down, and no user is locked out by another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts import sign_ins
from portal.accounts.models import SignInFailure, User
from portal.accounts.throttle import ALLOWED, WITHIN, begin_attempt, key_of
from portal.audit.models import Entry
from tests import threads

pytestmark = pytest.mark.backends

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def attempt(name: str, password: str = "wrong", address: str = HERE) -> Any:
    return Client().post("/login/", {"username": name, "password": password}, REMOTE_ADDR=address)


@pytest.fixture
def guessed(users: dict[str, User]) -> None:
    """The developer's password was guessed as often as allowed."""
    for _ in range(ALLOWED):
        assert attempt("developer").status_code == 200


def test_after_failed_attempts_even_the_right_password_is_delayed(guessed: Any) -> None:
    answer = attempt("developer", "developer-secret")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= WITHIN.total_seconds()
    assert "Try again in 5 minutes." in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "address"),
    [("developer", ELSEWHERE), ("viewer", HERE)],
    ids=["the same user from another address", "another user of the same address"],
)
def test_other_users_are_not_delayed(guessed: Any, name: str, address: str) -> None:
    assert attempt(name, f"{name}-secret", address).status_code == 302


def test_the_delay_expires_and_its_row_is_deleted(guessed: Any) -> None:
    SignInFailure.objects.update(at=timezone.now() - WITHIN - timedelta(seconds=1))
    assert attempt("developer").status_code == 200
    assert SignInFailure.objects.count() == 1
    assert attempt("developer", "developer-secret").status_code == 302


def test_attempts_during_the_delay_do_not_extend_it(guessed: Any) -> None:
    before = SignInFailure.objects.count()
    attempt("developer")
    assert SignInFailure.objects.count() == before


def test_the_right_password_resets_the_count(users: dict[str, User]) -> None:
    for _ in range(ALLOWED - 1):
        attempt("developer")
    assert attempt("developer", "developer-secret").status_code == 302
    assert not SignInFailure.objects.exists()


def test_attempted_usernames_are_not_stored(users: dict[str, User]) -> None:
    attempt("my-password-by-mistake")
    assert "mistake" not in SignInFailure.objects.get().key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Dana", HERE), ("dana ", HERE), True),
        (("dana", "2001:db8::1"), ("dana", "2001:db8::2"), True),
        (("dana", "2001:db8::1"), ("dana", "2001:db8:0:1::1"), False),
        (("dana", HERE), ("dana", ELSEWHERE), False),
        (("dana", ""), ("dana", ""), True),
        (("dana", HERE), ("dana", f"::ffff:{HERE}"), True),
        (("dana", f"::ffff:{ELSEWHERE}"), ("dana", f"::ffff:{HERE}"), False),
        (("dana", HERE), ("\uff44ana", HERE), True),  # a fullwidth d
        (("dana", HERE), ("\u2003dana\u00a0", HERE), True),
        (("dana", HERE), ("d\u00e1na", HERE), False),
    ],
)
def test_usernames_and_addresses_are_normalised(
    one: tuple[str, str], other: tuple[str, str], same: bool
) -> None:
    assert (key_of(*one) == key_of(*other)) is same


# Every one of these is the user “developer” for the form.
FORMS = (
    "developer",
    " developer ",
    "\uff44eveloper",
    "\u2003developer",
    "deve\u2113oper",
    "ｄｅｖｅｌｏｐｅｒ",
)


@pytest.mark.parametrize("name", FORMS)
def test_no_form_of_a_username_has_attempts_of_its_own(guessed: Any, name: str) -> None:
    assert attempt(name, "developer-secret").status_code == 429


@pytest.mark.django_db(transaction=True)
def test_attempts_at_the_same_time_are_counted_before_a_password_is_checked() -> None:
    key, now = key_of("developer", HERE), timezone.now()
    waits: list[timedelta] = []
    started = [threads.run(lambda: waits.append(begin_attempt(key, now))) for _ in range(3 * ALLOWED)]
    for thread, failures in started:
        thread.join(60)
        assert failures == []
    assert len([wait for wait in waits if not wait]) == ALLOWED
    assert len(waits) == 3 * ALLOWED


def entries() -> list[tuple[str, str, str, Any]]:
    return [(e.verb, e.actor_name, e.subject_name, e.detail["address"]) for e in Entry.objects.order_by("pk")]


def test_sign_ins_are_in_the_audit_log_without_what_was_typed(users: dict[str, User]) -> None:
    client = Client()
    client.post("/login/", {"username": "developer", "password": "developer-secret"}, REMOTE_ADDR=HERE)
    client.post("/logout/", REMOTE_ADDR=HERE)
    attempt("Developer", "pass-phrase")
    attempt("pass-phrase", "x")
    assert entries() == [
        ("user.signed_in", "developer", "developer", HERE),
        ("user.signed_out", "developer", "developer", HERE),
        ("user.sign_in_failed", "anonymous", "developer", HERE),
        ("user.sign_in_failed", "anonymous", sign_ins.UNKNOWN, HERE),
    ]
    assert "pass-phrase" not in str(list(Entry.objects.values()))


def test_throttled_attempts_are_in_the_audit_log(guessed: Any) -> None:
    attempt("developer")
    assert entries()[-1] == ("user.sign_in_throttled", "anonymous", "developer", HERE)


@pytest.mark.parametrize("names", [["developer"], [f"nobody-{n}" for n in range(40)]], ids=["one", "unknown"])
def test_a_flood_of_attempts_does_not_fill_the_audit_log(users: dict[str, User], names: list[str]) -> None:
    for n in range(40):
        attempt(names[n % len(names)], address=f"192.0.2.{n % 8}")
    by_verb = {
        verb: Entry.objects.filter(verb=verb).count()
        for verb in ("user.sign_in_failed", "user.sign_in_throttled")
    }
    assert max(by_verb.values()) <= sign_ins.MOST
    assert Entry.objects.filter(verb="user.sign_in_failed").first() is not None


def test_only_portal_roles_read_sign_ins(sign_in: Callable[[str], Client]) -> None:
    attempt("developer")
    assert "Failed to sign in as developer" in sign_in("admin").get("/audit/").content.decode()
    assert "sign in" not in sign_in("lead").get("/audit/").content.decode().lower().replace(
        "sign in again", ""
    )
