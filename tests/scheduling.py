"""The order of the tests, and their distribution to the workers of pytest-xdist, which keep this order."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

BY_FILE = tuple(f"tests/{name}/" for name in ("catalog", "contracts", "journey", "portal"))
"""Here a worker gets all tests of a file: they are quick and many, or share what is expensive."""


class Scheduler(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False  # a test in a browser must not be moved before the others
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        """What one worker runs as a whole."""
        return nodeid.partition("::")[0] if nodeid.startswith(BY_FILE) else nodeid


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Tests in a browser are last: Playwright keeps an event loop in its thread, in which no asynchronous
    code of other tests can run. Otherwise those that take long are first, so that no worker begins one when
    the others are about to end."""
    return sorted(items, key=lambda item: (is_marked(item, "browser"), not is_marked(item, "slow")))


def is_marked(item: pytest.Item, name: str) -> bool:
    return item.get_closest_marker(name) is not None
