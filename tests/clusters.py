"""The clusters of tests: simulated ones as the portal starts them, or a real one.

The simulated ones evaluate the CEL rules of CRDs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.crd_rules import CelRuleEvaluator
from devcluster import testing


class DevCluster(testing.DevCluster):
    """See ``devcluster.testing.DevCluster``."""

    def __init__(
        self, *, controllers: bool = True, ready_after: float = 0.05, state: Path | None = None
    ) -> None:
        super().__init__(
            controllers=controllers, ready_after=ready_after, state=state, rules=CelRuleEvaluator()
        )


@contextmanager
def any_cluster(*, controllers: bool = True) -> Iterator[Path]:
    """The kubeconfig of the cluster that ``SLIPWAY_TEST_KUBECONFIG`` names, or of a simulated one.

    Without ``controllers`` a simulated one has none; a real one always has them.
    """
    given = os.environ.get("SLIPWAY_TEST_KUBECONFIG")
    if given:
        yield Path(given)
        return
    with DevCluster(controllers=controllers) as cluster:
        yield cluster.kubeconfig
