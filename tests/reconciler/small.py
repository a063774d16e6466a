"""Small definitions of ConfigMaps, one instance ``one`` of them, and what the cluster then holds."""

from __future__ import annotations

from typing import Any

from catalog.changes import propose_deletion
from catalog.models import ChangeState
from contracts.models import Contract
from reconciler.kube import NotServed
from tests.contracts.definitions import config_map, definition_text
from tests.reconciler.test_engine import decided, update
from tests.reconciler.world import World, wait_for

NAME = "${schema.metadata.name}"
SPEC = """
n: integer | default=1
extra: boolean | default=true
free: object
items: "[]string"
"""


def contract_of(world: World, resources: str = "", **parts: str) -> Contract:
    return world.publish(
        definition_text(resources, **{"spec": SPEC, "types": "", "schema": "group: GROUP", **parts})
    )


def named(node: str, body: str = "", extra: str = "") -> str:
    """A ConfigMap ``<instance>-<node>``."""
    return config_map(node, body, extra, name=f"{NAME}-{node}")


def names(world: World) -> set[str]:
    found = {one["metadata"]["name"] for one in world.cluster.list("v1", "ConfigMap", world.namespace)}
    return {name for name in found if not name.endswith("ca.crt")}  # every cluster's own


def give(world: World, name: str, labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
    """A ConfigMap of somebody else."""
    metadata = {"name": name, "namespace": world.namespace, "labels": labels or {}}
    return world.cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def by_hand(world: World, name: str, patch: dict[str, Any]) -> None:
    world.cluster.merge("v1", "ConfigMap", world.namespace, name, patch)


def set_data(world: World, name: str, **data: str | None) -> None:
    by_hand(world, name, {"data": data})


def edit(world: World, contract: Contract, **spec: Any) -> None:
    """Another wish for ``one``, by somebody who sees it as it is now."""

    def seen() -> bool:
        row, live = world.row("one"), world.instance(contract, "one")
        return row.resource_version == live["metadata"]["resourceVersion"]

    wait_for(seen, "the row has caught up")
    assert decided(update(world, contract, "one", **spec)).state == ChangeState.DELIVERED


def remove(world: World, name: str) -> None:
    row = world.row(name)
    assert row is not None
    propose_deletion(instance=row, by=world.user)
    wait_for(lambda: world.row(name) is None, f"{name} is gone")


def tells(world: World, contract: Contract, word: str, generation: int = 1) -> dict[str, Any]:
    """The status of ``one`` when its state has come to this word for this generation of it."""

    def told() -> dict[str, Any] | None:
        status = wire(world, contract)
        seen = {one.get("observedGeneration") for one in status.get("conditions") or ()}
        return status if status.get("state") == word and seen == {generation} else None

    return wait_for(told, f"it is {word}")


def wire(world: World, contract: Contract) -> dict[str, Any]:
    """The status of ``one`` in the cluster, empty while there is none."""
    try:
        live = world.instance(contract, "one")
    except NotServed:
        return {}
    return dict((live or {}).get("status") or {})
