"""Any request to any endpoint ends soon, without an internal error and without a traceback."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from catalog.models import Instance
from portal.accounts.models import Team
from tests.catalog.conftest import cluster, contract, instance, make_instance
from tests.fuzz.requests import Request, requests, routes
from tests.fuzz.run import answer_to
from tests.fuzz.world import accounts, add_drafts_and_changes
from tests.users import teams

__all__ = ["cluster", "contract", "instance", "make_instance", "teams"]

GENEROUS = (
    8.0  # seconds of processor time, which other programs of a busy machine prolong; the bench is strict
)
FEW = settings(
    max_examples=150,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def clients(teams: dict[str, Team], instance: Instance) -> dict[str, dict[str, str]]:
    made = accounts(teams["checkout"])
    add_drafts_and_changes(instance)
    return made


def test_every_account_is_signed_in(clients: dict[str, dict[str, str]]) -> None:
    """Otherwise each request would only meet the sign-in page."""
    pages = {"": "/login/", "admin": "/", "developer": "/", "token": "/api/v1/whoami/"}
    answers = {name: answer_to(Request(name, "GET", path), clients) for name, path in pages.items()}
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(clients, 200)


def test_no_request_breaks_a_page_or_the_api(clients: dict[str, dict[str, str]]) -> None:
    @FEW
    @given(st.sampled_from(routes()).flatmap(requests))
    def check(request: Request) -> None:
        answer = answer_to(request, clients)
        fault = answer.fault(GENEROUS)
        assert not fault, f"{request} {fault}"

    check()
