"""Signing in: guessing is made slow, and nobody is locked out by somebody else."""

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
def guessed(people: dict[str, User]) -> None:
    """Somebody has guessed at the developer's password as often as one may."""
    for _ in range(ALLOWED):
        assert attempt("developer").status_code == 200


def test_after_some_wrong_passwords_even_the_right_one_waits(guessed: Any) -> None:
    answer = attempt("developer", "developer-secret")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= WITHIN.total_seconds()
    assert "Try again in 5 minutes." in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "address"),
    [("developer", ELSEWHERE), ("viewer", HERE)],
    ids=["the same person elsewhere", "a neighbour"],
)
def test_others_are_not_kept_waiting(guessed: Any, name: str, address: str) -> None:
    assert attempt(name, f"{name}-secret", address).status_code == 302


def test_waiting_ends_by_itself_and_costs_no_row_for_ever(guessed: Any) -> None:
    SignInFailure.objects.update(at=timezone.now() - WITHIN - timedelta(seconds=1))
    assert attempt("developer").status_code == 200
    assert SignInFailure.objects.count() == 1
    assert attempt("developer", "developer-secret").status_code == 302


def test_tries_while_waiting_do_not_make_it_longer(guessed: Any) -> None:
    before = SignInFailure.objects.count()
    attempt("developer")
    assert SignInFailure.objects.count() == before


def test_the_right_password_clears_the_slate(people: dict[str, User]) -> None:
    for _ in range(ALLOWED - 1):
        attempt("developer")
    assert attempt("developer", "developer-secret").status_code == 302
    assert not SignInFailure.objects.exists()


def test_what_was_typed_is_not_kept(people: dict[str, User]) -> None:
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
def test_what_counts_as_one_pair(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    assert (key_of(*one) == key_of(*other)) is same
