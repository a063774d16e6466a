"""Every page of the portal app for every role, with the right and the wrong method."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.home import views

pytestmark = pytest.mark.backends

SIGN_IN = 302

# path → status by user
PAGES = {
    "/account/": {"admin": 200, "developer": 200, "outsider": 200, "": SIGN_IN},
    "/teams/": {"admin": 200, "developer": 200, "outsider": 200, "": SIGN_IN},
    "/users/": {
        "admin": 200, "engineer": 403, "lead": 403, "developer": 403, "outsider": 403, "": SIGN_IN,
    },
    "/users/new/": {
        "admin": 200, "engineer": 403, "lead": 403, "developer": 403, "outsider": 403, "": SIGN_IN,
    },
    "/account/password/": {"admin": 200, "outsider": 200, "": SIGN_IN},
    "/api/schema/": {"admin": 200, "outsider": 200, "": 401},
    "/teams/checkout/": {
        "admin": 200, "engineer": 200, "developer": 200, "viewer": 200, "other": 404, "outsider": 404,
        "": SIGN_IN,
    },
    "/teams/new/": {"admin": 200, "engineer": 403, "lead": 403, "developer": 403, "": SIGN_IN},
    "/audit/": {
        "admin": 200, "engineer": 200, "lead": 200, "developer": 403, "viewer": 403, "outsider": 403,
        "": SIGN_IN,
    },
    "/notices/": {"developer": 200, "outsider": 200, "": SIGN_IN},
    "/search/?q=team": {"developer": 200, "outsider": 200, "": SIGN_IN},
    "/api/docs/": {"developer": 200, "": SIGN_IN},
    "/login/": {"": 200, "developer": 302},
    "/healthz": {"": 200},
    "/readyz": {"": 200},
    "/nowhere/": {"": 404, "developer": 404},
}  # fmt: skip
READS = [(path, who, status) for path, answers in PAGES.items() for who, status in answers.items()]

WRITES = {
    "/teams/new/": {"admin": 302, "engineer": 403, "lead": 403, "developer": 403, "": SIGN_IN},
    "/teams/checkout/members/": {
        "admin": 302,
        "engineer": 403,
        "lead": 302,
        "developer": 403,
        "other": 404,
        "": SIGN_IN,
    },
    "/teams/checkout/namespaces/": {
        "admin": 302,
        "engineer": 403,
        "lead": 403,
        "developer": 403,
        "other": 404,
        "": SIGN_IN,
    },
}
WRITES["/teams/checkout/offer/"] = {
    "admin": 302, "engineer": 403, "lead": 403, "developer": 403, "other": 404, "": SIGN_IN,
}  # fmt: skip
GOOD = {
    "/teams/new/": {"name": "New", "slug": "new"},
    "/teams/checkout/members/": {"username": "outsider", "role": "viewer"},
    "/teams/checkout/namespaces/": {"name": "checkout-next"},
    "/teams/checkout/offer/": {"offers_to_all": "on"},
}


@pytest.mark.parametrize(("path", "who", "status"), READS)
def test_reading(sign_in: Callable[[str], Client], path: str, who: str, status: int) -> None:
    assert sign_in(who).get(path).status_code == status


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [(path, who, status) for path, row in WRITES.items() for who, status in row.items()],
)
def test_writing(sign_in: Callable[[str], Client], path: str, who: str, status: int) -> None:
    assert sign_in(who).post(path, GOOD[path]).status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/account/"),
        ("post", "/teams/"),
        ("post", "/teams/checkout/"),
        ("post", "/audit/"),
        ("get", "/account/tokens/"),
        ("get", "/teams/checkout/members/"),
        ("get", "/teams/checkout/offer/"),
        ("get", "/teams/checkout/namespaces/"),
        ("post", "/users/"),
        ("get", "/users/1/portal-role/"),
        ("get", "/logout/"),
        ("post", "/healthz"),
    ],
)
def test_the_wrong_method_is_refused(sign_in: Callable[[str], Client], method: str, path: str) -> None:
    assert getattr(sign_in("admin"), method)(path).status_code == 405


def test_a_refused_request_has_a_reason(sign_in: Callable[[str], Client]) -> None:
    page = sign_in("developer").get("/audit/").content.decode()
    assert "you need the role" in page


def test_a_form_without_its_token_suggests_what_to_do(users: dict[str, User]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(users["admin"])
    answer = client.post("/teams/new/", GOOD["/teams/new/"])
    assert answer.status_code == 403
    assert "Go back, reload the page and try again." in answer.content.decode()


def test_a_server_error_shows_no_traceback(
    sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the database")

    monkeypatch.setattr(views, "find", broken)
    client = sign_in("developer")
    client.raise_request_exception = False
    answer = client.get("/search/?q=a")
    assert answer.status_code == 500
    assert "Internal error" in answer.content.decode()
    assert "secret" not in answer.content.decode()


def test_the_content_security_policy_allows_this_origin_only(sign_in: Callable[[str], Client]) -> None:
    policy = sign_in("developer").get("/account/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
