"""Simulated clusters as the portal starts them: the CEL rules of CRDs are evaluated."""

from __future__ import annotations

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
