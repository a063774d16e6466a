"""Every page of the catalog for every role, with the right and the wrong method."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from catalog.models import Instance

SIGN_IN = 302
ALL = {
    "engineer": 200,
    "developer": 200,
    "teammate": 200,
    "viewer": 200,
    "other": 200,
    "outsider": 200,
    "": SIGN_IN,
}
OWN = {**ALL, "other": 404, "outsider": 404}
CHANGE = {**OWN, "viewer": 403}

READS = {
    "/catalog/": ALL,
    "/catalog/service/": ALL,
    "/catalog/service/create/": {**ALL, "viewer": 403, "outsider": 403, "engineer": 403},
    "/instances/": ALL,
    "/instances/{pk}/": OWN,
    "/instances/{pk}/?tab=resources": OWN,
    "/instances/{pk}/?tab=events": OWN,
    "/instances/{pk}/?tab=history": OWN,
    "/instances/{pk}/?tab=manifest": OWN,
    "/instances/{pk}/?node=deployment&view=list": OWN,
    "/instances/{pk}/edit/": CHANGE,
    "/instances/{pk}/delete/": CHANGE,
    "/catalog/nothing/": {"developer": 404, "": SIGN_IN},
    "/catalog/nothing/create/": {"developer": 404, "": SIGN_IN},
    "/instances/999999/": {"developer": 404, "": SIGN_IN},
    "/": ALL,
    "/search/?q=shop": ALL,
}
WRITES = {
    "/catalog/service/create/": {"developer": 422, "viewer": 403, "outsider": 403, "": SIGN_IN},
    "/catalog/service/create/preview/": {"developer": 200, "viewer": 409, "": SIGN_IN},
    "/catalog/service/create/lint/": {"developer": 200, "": SIGN_IN},
    "/catalog/service/create/discard/": {"developer": 302, "": SIGN_IN},
    "/instances/{pk}/edit/": {"developer": 422, "teammate": 422, "viewer": 403, "other": 404, "": SIGN_IN},
    "/instances/{pk}/edit/preview/": {"developer": 200, "viewer": 409, "other": 404, "": SIGN_IN},
    "/instances/{pk}/edit/lint/": {"developer": 200, "other": 404, "": SIGN_IN},
    "/instances/{pk}/edit/discard/": {"developer": 302, "other": 404, "": SIGN_IN},
    "/instances/{pk}/delete/": {"developer": 422, "viewer": 403, "other": 404, "": SIGN_IN},
    "/instances/{pk}/changes/999999/cancel/": {"developer": 404, "other": 404, "": SIGN_IN},
    "/instances/{pk}/retry/": {"developer": 302, "other": 404, "": SIGN_IN},
}


def expected_statuses(table: dict[str, dict[str, int]]) -> list[tuple[str, str, int]]:
    return [(path, who, status) for path, answers in table.items() for who, status in answers.items()]


@pytest.mark.parametrize(("path", "who", "status"), expected_statuses(READS))
def test_reading(
    sign_in: Callable[[str], Client], instance: Instance, path: str, who: str, status: int
) -> None:
    assert sign_in(who).get(path.format(pk=instance.pk)).status_code == status


@pytest.mark.parametrize(("path", "who", "status"), expected_statuses(WRITES))
def test_writing(
    sign_in: Callable[[str], Client], instance: Instance, path: str, who: str, status: int
) -> None:
    assert sign_in(who).post(path.format(pk=instance.pk)).status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/catalog/"),
        ("post", "/catalog/service/"),
        ("put", "/catalog/service/create/"),
        ("get", "/catalog/service/create/preview/"),
        ("get", "/catalog/service/create/lint/"),
        ("get", "/catalog/service/create/discard/"),
        ("post", "/instances/"),
        ("post", "/instances/{pk}/"),
        ("get", "/instances/{pk}/edit/preview/"),
        ("get", "/instances/{pk}/retry/"),
        ("put", "/instances/{pk}/delete/"),
    ],
)
def test_wrong_methods(sign_in: Callable[[str], Client], instance: Instance, method: str, path: str) -> None:
    assert getattr(sign_in("developer"), method)(path.format(pk=instance.pk)).status_code == 405
