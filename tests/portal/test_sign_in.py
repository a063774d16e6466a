"""Signing in: guessing is slowed down, and no user is locked out by another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.models import SignInFailure, User
from portal.accounts.throttle import ALLOWED, WITHIN, key_of

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
    ],
)
def test_usernames_and_addresses_are_normalised(
    one: tuple[str, str], other: tuple[str, str], same: bool
) -> None:
    assert (key_of(*one) == key_of(*other)) is same
