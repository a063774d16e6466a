"""Tokens: shown once, stored as a digest, bound to their user, and expiring."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.models import APIToken
from portal.audit.models import Entry

pytestmark = pytest.mark.backends


def make(client: Client, **typed: str) -> str:
    page = client.post("/account/tokens/", {"name": "pipeline", "days": "30", **typed}).content.decode()
    found = re.search(r"slw_[\w-]+", page)
    assert found is not None
    return found[0]


def ask(text: str) -> Any:
    return Client().get("/api/v1/whoami/", HTTP_AUTHORIZATION=f"Bearer {text}")


def test_a_token_authenticates_its_user(sign_in: Callable[[str], Client]) -> None:
    answer = ask(make(sign_in("developer")))
    assert answer.json() == {
        "username": "developer",
        "name": "developer",
        "portal_role": "",
        "teams": [
            {
                "team": "checkout",
                "name": "Checkout",
                "role": "developer",
                "namespaces": ["checkout", "checkout-staging"],
            }
        ],
    }
    assert APIToken.objects.get().used_at is not None


@pytest.mark.parametrize(("who", "role"), [("admin", "admin"), ("engineer", "engineer"), ("lead", "")])
def test_whoami_says_the_portal_role(sign_in: Callable[[str], Client], who: str, role: str) -> None:
    assert ask(make(sign_in(who))).json()["portal_role"] == role


def test_a_token_is_shown_once_only(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("developer")
    text = make(client)
    assert text not in client.get("/account/").content.decode()
    assert text not in str(list(APIToken.objects.values()))
    assert text not in str(list(Entry.objects.values()))


def test_the_response_with_the_token_is_not_cached(sign_in: Callable[[str], Client]) -> None:
    answer = sign_in("developer").post("/account/tokens/", {"name": "pipeline"})
    assert answer["Cache-Control"] == "no-store"


def spoil_by_time(token: APIToken) -> None:
    token.expires_at = timezone.now() - timedelta(seconds=1)
    token.save()


def spoil_by_user(token: APIToken) -> None:
    token.user.is_active = False
    token.user.save()


@pytest.mark.parametrize("spoil", [APIToken.delete, spoil_by_time, spoil_by_user])
def test_expired_and_revoked_tokens(sign_in: Callable[[str], Client], spoil: Any) -> None:
    text = make(sign_in("developer"))
    spoil(APIToken.objects.get())
    answer = ask(text)
    assert answer.status_code == 401
    assert "Create a new one on your account page." in answer.content.decode()


def test_a_user_cannot_revoke_the_token_of_another(sign_in: Callable[[str], Client]) -> None:
    make(sign_in("developer"))
    token = APIToken.objects.get()
    for name in ("other", "admin"):
        assert sign_in(name).post(f"/account/tokens/{token.pk}/delete/").status_code == 302
        assert APIToken.objects.filter(pk=token.pk).exists()
    assert sign_in("developer").post(f"/account/tokens/{token.pk}/delete/").status_code == 302
    assert [entry.verb for entry in Entry.objects.all()] == ["apitoken.revoked", "apitoken.created"]


def test_a_token_needs_a_name(sign_in: Callable[[str], Client]) -> None:
    answer = sign_in("developer").post("/account/tokens/", {"name": ""})
    assert answer.status_code == 422
    assert "Enter a name for the token." in answer.content.decode()


def test_without_anything_the_api_asks_for_a_token() -> None:
    answer = Client().get("/api/v1/whoami/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
