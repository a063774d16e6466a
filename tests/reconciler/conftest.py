"""The engine's tests run against the development cluster over HTTPS, or against the cluster that
``SLIPWAY_TEST_KUBECONFIG`` names; there the real API server is the truth."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.testing import DevCluster
from tests.reconciler.world import World


@pytest.fixture
def kubeconfig() -> Iterator[Path]:
    given = os.environ.get("SLIPWAY_TEST_KUBECONFIG")
    if given:
        yield Path(given)
        return
    with DevCluster() as cluster:
        yield cluster.kubeconfig


@pytest.fixture
def world(transactional_db: None, kubeconfig: Path, settings: pytest.FixtureRequest) -> Iterator[World]:
    """A cluster, a portal's rows, and an engine that runs."""
    settings.KUBECONFIG = str(kubeconfig)  # type: ignore[attr-defined]
    made = World(kubeconfig)
    made.engine.start()
    yield made
    made.close()
