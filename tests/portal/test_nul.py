"""The character NUL in every part of a request."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import QueryDict
from django.test import Client

from portal.middleware.nul import replaced

pytestmark = pytest.mark.backends


@pytest.mark.parametrize(
    "path", ["/audit/?q=%00", "/search/?q=a%00b", "/instances/?q=%00", "/catalog/?q=%00", "/contracts/?q=%00"]
)
def test_a_filter_with_nul_finds_nothing(sign_in: Callable[[str], Client], path: str) -> None:
    assert sign_in("admin").get(path).status_code == 200


@pytest.mark.parametrize("path", ["/teams/%00/", "/contracts/%00/", "/catalog/a%00b/"])
def test_an_address_with_nul_is_refused(sign_in: Callable[[str], Client], path: str) -> None:
    assert sign_in("admin").get(path).status_code in {400, 404}


def test_a_form_with_nul_has_a_problem(sign_in: Callable[[str], Client]) -> None:
    answer = sign_in("admin").post("/teams/checkout/namespaces/", {"name": "a\x00b"})
    assert answer.status_code == 422
    assert "a\N{REPLACEMENT CHARACTER}b" in answer.content.decode()


def test_order_and_repeated_keys_are_kept() -> None:
    typed = QueryDict("b=1&a=%00x&b=2")
    assert list(replaced(typed).lists()) == [("b", ["1", "2"]), ("a", ["\N{REPLACEMENT CHARACTER}x"])]


def test_the_api_reports_nul(sign_in: Callable[[str], Client]) -> None:
    answer = sign_in("admin").post(
        "/api/v1/contracts/check/", {"text": "a\x00"}, content_type="application/json"
    )
    assert answer.status_code == 400
    assert "NUL" in answer.json()["message"]
