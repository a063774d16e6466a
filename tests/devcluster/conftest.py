"""Clusters for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clusters import DevCluster


@pytest.fixture(scope="session")
def clusters() -> Iterator[dict[str, DevCluster]]:
    """One server where nothing but requests writes, and one that lives."""
    with DevCluster(controllers=False) as alone, DevCluster(controllers=True) as live:
        yield {"alone": alone, "live": live}
