"""Builders of small contracts of ConfigMaps, and what the cluster holds of their instance ``one``."""

from __future__ import annotations

from typing import Any

from catalog.changes import propose_deletion
from catalog.models import ChangeState
from contracts.models import Contract
from reconciler.kube import NotServed
from tests.contracts.definitions import config_map, definition_text
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import update, wait_until_decided

NAME = "${schema.metadata.name}"
SPEC = """
n: integer | default=1
extra: boolean | default=true
free: object
items: "[]string"
"""


def publish_contract(
    harness: Harness, resources: str = "", *, granted: bool = True, **parts: str
) -> Contract:
    text = definition_text(resources, **{"spec": SPEC, "types": "", "schema": "group: GROUP", **parts})
    return harness.publish(text, granted=granted)


def map_node(node: str, body: str = "", extra: str = "") -> str:
    """A ConfigMap ``<instance>-<node>``."""
    return config_map(node, body, extra, name=f"{NAME}-{node}")


def map_names(harness: Harness) -> set[str]:
    found = {one["metadata"]["name"] for one in harness.cluster.list("v1", "ConfigMap", harness.namespace)}
    return {name for name in found if not name.endswith("ca.crt")}  # which Kubernetes creates itself


def apply_unmanaged(
    harness: Harness, name: str, labels: dict[str, str] | None = None, **data: str
) -> dict[str, Any]:
    """Apply a ConfigMap that belongs to no instance."""
    metadata = {"name": name, "namespace": harness.namespace, "labels": labels or {}}
    return harness.cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    )


def patch_config_map(harness: Harness, name: str, patch: dict[str, Any]) -> None:
    harness.cluster.merge("v1", "ConfigMap", harness.namespace, name, patch)


def set_data(harness: Harness, name: str, **data: str | None) -> None:
    patch_config_map(harness, name, {"data": data})


def update_and_wait(harness: Harness, contract: Contract, **spec: Any) -> None:
    """Change the spec of ``one`` as a user who sees its current version."""

    def is_current() -> bool:
        row, live = harness.get_row("one"), harness.get_instance(contract, "one")
        return bool(row.resource_version == live["metadata"]["resourceVersion"])

    wait_for(is_current, "the row is current")
    assert wait_until_decided(update(harness, contract, "one", **spec)).state == ChangeState.DELIVERED


def delete_instance(harness: Harness, name: str) -> None:
    row = harness.row(name)
    assert row is not None
    propose_deletion(instance=row, by=harness.user)
    wait_for(lambda: harness.row(name) is None, f"{name} is deleted")


def wait_for_state(harness: Harness, contract: Contract, state: str, generation: int = 1) -> dict[str, Any]:
    """Wait until ``one`` has this state in this generation, and return its status."""

    def reached() -> dict[str, Any] | None:
        status = live_status(harness, contract)
        seen = {one.get("observedGeneration") for one in status.get("conditions") or ()}
        return status if status.get("state") == state and seen == {generation} else None

    status: dict[str, Any] = wait_for(reached, f"it is {state}")
    return status


def live_status(harness: Harness, contract: Contract) -> dict[str, Any]:
    """The status of ``one`` in the cluster, empty if there is none."""
    try:
        live = harness.instance(contract, "one")
    except NotServed:
        return {}
    return dict((live or {}).get("status") or {})
