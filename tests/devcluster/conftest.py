"""Clusters for the tests of devcluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devcluster import testing
from tests.clusters import DevCluster


@pytest.fixture(scope="session")
def clusters() -> Iterator[dict[str, testing.DevCluster]]:
    """One server without controllers, and one with them."""
    with DevCluster(controllers=False) as alone, DevCluster(controllers=True) as live:
        yield {"alone": alone, "live": live}
