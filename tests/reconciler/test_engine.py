"""What is in the cluster, and on the rows, after something happened."""

from __future__ import annotations

from catalog.models import ChangeState
from reconciler.objects.reading import condition_of
from tests.reconciler.contracts import PAIR
from tests.reconciler.world import World, wait_for


def test_a_change_becomes_an_instance_and_its_resources(world: World) -> None:
    contract = world.publish(PAIR)
    change = world.create(contract, "one", text="hi")
    row = wait_for(lambda: (row := world.row("one")) and row.state == "ready" and row, "the row is ready")
    change.refresh_from_db()
    first, second = world.child("ConfigMap", "one-first"), world.child("ConfigMap", "one-second")
    assert change.state == ChangeState.DELIVERED
    assert first["data"] == {"text": "hi"}
    assert second["data"] == {"first": "one-first", "uid": first["metadata"]["uid"]}
    assert row.status == {"first": "one-first", "second": "one-first"}
    assert [(node["id"], node["state"]) for node in row.nodes] == [
        ("first", "ready"),
        ("second", "ready"),
        ("extra", "skipped"),
    ]
    assert [(one.node, one.name, one.state) for one in row.resources.all()] == [
        ("first", "one-first", "ready"),
        ("second", "one-second", "ready"),
    ]
    instance = world.instance(contract, "one")
    assert instance["status"]["state"] == "ACTIVE"
    assert condition_of(instance, "Ready")["status"] == "True"
    assert row.team == world.team
