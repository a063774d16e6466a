"""With 10,000 instances, pages execute the same few queries and show one page of rows. `make bench` measures
how long that takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from portal.accounts.models import User
from tests.bench.filled import fill


@pytest.fixture(scope="module")
def engineer(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[User]:
    """A user who sees all instances. The rows last as long as this module: its tests run in savepoints."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield fill()[0]
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "queries", "rows"),
    [
        pytest.param("/", 13, None, id="home"),
        pytest.param("/catalog/", 8, None, id="catalog"),
        pytest.param("/catalog/service/", 18, None, id="a-contract"),
        pytest.param("/instances/", 14, 50, id="instances"),
        pytest.param("/instances/?q=service-99&state=ready", 14, 50, id="by-name-and-state"),
        pytest.param("/instances/?namespace=checkout", 14, 50, id="by-namespace"),
        pytest.param("/instances/?sort=-updated&page=150", 14, 50, id="page-150"),
        pytest.param("/search/?q=service-777", 11, None, id="search"),
    ],
)
def test_queries_and_rows_of_a_page(engineer: User, path: str, queries: int, rows: int | None) -> None:
    client = Client()
    client.force_login(engineer)
    with CaptureQueriesContext(connection) as sent:
        answer = client.get(path)
    assert answer.status_code == 200
    assert len(sent) <= queries, [one["sql"] for one in sent]
    if rows is not None:
        assert len(answer.context["page"].object_list) == rows
