"""The address of a client: X-Forwarded-For counts only from proxies that a setting names."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from pytest_django.fixtures import Settings

from portal.proxies import behind_proxies


def seen(trusted: list[str], client: str, forwarded: str, settings: Settings) -> str:
    """The address that the application sees."""
    settings.TRUSTED_PROXIES = trusted
    scopes: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"type": "http", "scheme": "http", "client": (client, 1234), "headers": headers}
    async_to_sync(behind_proxies(application))(scope, None, None)
    return str(scopes[0]["client"][0])


@pytest.mark.parametrize(
    ("trusted", "client", "forwarded", "address"),
    [
        ([], "127.0.0.1", "192.0.2.9", "127.0.0.1"),
        ([], "::1", "192.0.2.9", "::1"),
        (["10.0.0.0/8"], "127.0.0.1", "192.0.2.9", "127.0.0.1"),
        (["10.0.0.0/8"], "10.1.2.3", "192.0.2.9", "192.0.2.9"),
        (["10.0.0.0/8"], "10.1.2.3", "198.51.100.1, 192.0.2.9", "192.0.2.9"),  # the first is of the client
        (["10.0.0.0/8"], "10.1.2.3", "", "10.1.2.3"),
    ],
)
def test_addresses(trusted: list[str], client: str, forwarded: str, address: str, settings: Settings) -> None:
    assert seen(trusted, client, forwarded, settings) == address
