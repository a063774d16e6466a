"""The engine's tests run against the development cluster over HTTPS, or against the cluster that
``SLIPWAY_TEST_KUBECONFIG`` names; there the real API server is the truth."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clusters import DevCluster
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
def silent_world(transactional_db: None, kubeconfig: Path, settings: Any) -> Iterator[World]:
    """A cluster and a portal's rows, without an engine."""
    settings.KUBECONFIG = str(kubeconfig)
    made = World(kubeconfig)
    if "SLIPWAY_TEST_KUBECONFIG" in os.environ:
        settings.LEASE_NAMESPACE = made.namespace  # the last test's killed process may hold the common one
    yield made
    made.close()


@pytest.fixture
def world(silent_world: World) -> World:
    """With an engine that runs."""
    silent_world.manager.start()
    return silent_world
