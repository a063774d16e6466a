"""A contract that creates instances of its own kind stops at the depth that the reconciler allows."""

from __future__ import annotations

from reconciler.plan.nesting import MAX_DEPTH
from tests.reconciler.builders import publish_contract
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import event_reasons, wait_until_served

NODE = """
- id: child
  includeWhen: ["${schema.spec.more}"]
  template:
    apiVersion: GROUP/v1alpha1
    kind: Example
    metadata: {name: "${schema.metadata.name}-x"}
    spec: {more: "${schema.spec.more}"}
"""


def test_the_depth_of_instances_is_limited(harness: Harness) -> None:
    contract = publish_contract(harness, NODE, spec="more: boolean | default=true")
    wait_until_served(harness, contract)
    harness.create(contract, "r")
    deepest = "r" + "-x" * MAX_DEPTH

    def refused() -> bool:
        row = harness.row(deepest)
        return row is not None and row.state == "failed" and f"Example {harness.namespace}/" in row.message

    wait_for(refused, "the deepest instance says so")
    assert f"nested in more than {MAX_DEPTH} instances" in harness.get_row(deepest).message
    assert "NestedTooDeep" in event_reasons(harness, deepest)
    live = harness.cluster.list(contract.api_version, contract.kind, harness.namespace)
    assert len(live) == MAX_DEPTH + 1
