"""The reconciler's tests run against the development cluster over HTTPS, or against the cluster that
``SLIPWAY_TEST_KUBECONFIG`` names; there the real API server is the truth."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clusters import any_cluster
from tests.proxy import Proxy
from tests.reconciler.harness import Harness


@pytest.fixture
def kubeconfig() -> Iterator[Path]:
    with any_cluster() as found:
        yield found


@pytest.fixture
def manager_kubeconfig(kubeconfig: Path) -> Path:
    """How the manager reaches the cluster. Tests that observe or change its requests override this."""
    return kubeconfig


@pytest.fixture
def proxy(kubeconfig: Path, tmp_path: Path) -> Iterator[Proxy]:
    with Proxy(kubeconfig, tmp_path / "proxy-kubeconfig") as made:
        yield made


@pytest.fixture
def stopped_harness(
    transactional_db: None, kubeconfig: Path, manager_kubeconfig: Path, settings: Any
) -> Iterator[Harness]:
    """A cluster and a portal's rows, without a running manager."""
    settings.KUBECONFIG = str(manager_kubeconfig)
    made = Harness(kubeconfig)
    if "SLIPWAY_TEST_KUBECONFIG" in os.environ:
        settings.LEASE_NAMESPACE = made.namespace  # a killed process of another test may hold the common one
    yield made
    made.close()


@pytest.fixture
def harness(stopped_harness: Harness) -> Harness:
    """A cluster, a portal's rows and a running manager."""
    stopped_harness.manager.start()
    return stopped_harness
