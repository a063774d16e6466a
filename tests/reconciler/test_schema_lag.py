"""A new schema is not served at once: what the API server drops or refuses meanwhile is delivered again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from catalog.models import Change, ChangeState
from reconciler.changes.outbox import DeliveryResult, PendingChange
from reconciler.changes.schema_lag import (
    LONGEST_LAG,
    checked,
    is_declared,
    missing_leaves,
    path_of,
    unless_fields_are_missing,
)
from tests.proxy import Forward, Proxy, status_response
from tests.reconciler.builders import map_node, publish_contract
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import (
    create_ready,
    update,
    wait_until_decided,
    wait_until_ready,
    wait_until_served,
)

# sent, answer → missing
ANSWERS: dict[str, tuple[Any, Any, list[tuple[str | int, ...]]]] = {
    "the same": ({"a": 1, "b": {"c": [1]}}, {"a": 1, "b": {"c": [1]}}, []),
    "defaults besides": ({"a": 1}, {"a": 1, "b": 2}, []),
    "a quantity in another form": ({"cpu": "1000m"}, {"cpu": "1"}, []),
    "another value, from a webhook": ({"a": 1}, {"a": 2}, []),
    "a dropped field": ({"a": 1, "b": 2}, {"a": 1}, [("b",)]),
    "false and nothing are values": ({"a": False, "b": "", "c": 0}, {}, [("a",), ("b",), ("c",)]),
    "null is not kept": ({"a": None, "b": {"c": None}}, {}, []),
    "an empty map and list": ({"a": {}, "b": []}, {}, [("a",), ("b",)]),
    "the leaves of a dropped map": ({"a": {"b": 1, "c": {"d": 2}}}, {}, [("a", "b"), ("a", "c", "d")]),
    "inside a list": ({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}, [("a", 0, "c")]),
    "a list of another length": ({"a": [{"b": 1}]}, {"a": [{"c": 1}, {"b": 1}]}, []),
    "nothing was kept": ({"a": {"b": 1}}, {"a": {}}, [("a", "b")]),
}


@pytest.mark.parametrize(("sent", "answer", "missing"), ANSWERS.values(), ids=ANSWERS.keys())
def test_what_an_answer_lacks(sent: Any, answer: Any, missing: list[tuple[str | int, ...]]) -> None:
    assert list(missing_leaves(sent, answer)) == missing


SCHEMA = {
    "type": "object",
    "properties": {
        "colour": {"type": "string"},
        "ports": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "free": {"type": "object", "additionalProperties": True},
    },
}
DECLARED = {
    "colour": True,
    "color": False,
    "ports[3].name": True,
    "ports[3].number": False,
    "labels.any": True,
    "labels.any.more": False,
    "free.any.more": True,
    "colour.more": False,
}


@pytest.mark.parametrize(("path", "declared"), DECLARED.items())
def test_what_a_schema_declares(path: str, declared: bool) -> None:
    assert is_declared(SCHEMA, path_of(path)) is declared


NOW = datetime(2026, 1, 1, tzinfo=UTC)
PENDING = PendingChange(
    pk=1, token="1-1", action="update", api_version="example.com/v1", kind="Pair", plural="pairs",
    contract="pair", namespace="apps",
    name="one", uid="u1", manifest={}, team=True,
)  # fmt: skip
REFUSED = DeliveryResult(ChangeState.REFUSED, "no", undeclared="spec.colour")
DROPPED = DeliveryResult(ChangeState.DELIVERED, live={"spec": {"labels": {}}})
KEPT = DeliveryResult(ChangeState.DELIVERED, live={"spec": {"colour": "red"}})


@pytest.mark.parametrize("result", [REFUSED, DROPPED], ids=["refused", "dropped"])
def test_it_waits_and_is_refused_in_the_end(result: DeliveryResult) -> None:
    """The change has since when it waits, so that a restart of the process does not begin again."""
    sent, pending = {"colour": "red"}, PENDING
    for passed in (timedelta(0), timedelta(seconds=1), LONGEST_LAG):
        found = checked(pending, sent, result, SCHEMA, NOW + passed)
        assert (found.state, found.reason) == ("waiting", "schema")
        assert found.message == "The cluster does not serve the newest schema yet; it lacks spec.colour."
        assert found.lacks_fields_since == NOW
        pending = replace(pending, lacks_fields_since=found.lacks_fields_since)
    found = checked(pending, sent, result, SCHEMA, NOW + LONGEST_LAG + timedelta(milliseconds=1))
    assert found.state == "refused"
    assert found.message.startswith("The cluster does not keep spec.colour, although")


def test_it_is_delivered_once_the_field_is_kept() -> None:
    assert checked(PENDING, {"colour": "red"}, DROPPED, SCHEMA, NOW).state == "waiting"
    waiting = replace(PENDING, lacks_fields_since=NOW)
    assert checked(waiting, {"colour": "red"}, KEPT, SCHEMA, NOW) is KEPT


@pytest.mark.parametrize("result", [REFUSED, DROPPED, KEPT], ids=["refused", "dropped", "kept"])
def test_nothing_is_final_before_the_contract_is_loaded(result: DeliveryResult) -> None:
    waiting = replace(PENDING, lacks_fields_since=NOW)
    found = unless_fields_are_missing(waiting, {"colour": "red"}, result)
    if result is KEPT:
        assert found is KEPT
    else:
        assert (found.state, found.reason, found.lacks_fields_since) == ("waiting", "schema", NOW)


def test_a_field_that_the_revision_lacks_is_no_lag() -> None:
    refused = DeliveryResult(ChangeState.REFUSED, "no", undeclared="spec.color")
    assert checked(PENDING, {"color": "red"}, refused, SCHEMA, NOW) is refused
    assert checked(PENDING, {"color": "red"}, DROPPED, SCHEMA, NOW) is DROPPED


# -- with a running reconciler ------------------------------------------------------------------------------


class LateSchema:
    """Answers as an API server whose schema of instances lacks ``items``, while ``late``.

    ``mode``: whether such a server refuses the field or drops it.
    """

    def __init__(self, proxy: Proxy, mode: str) -> None:
        proxy.handler = self.answer
        self._mode = mode
        self.late = True
        self.before_the_next: Callable[[], object] | None = None  # called before the next apply is forwarded

    async def answer(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        body = await request.read()
        manager = request.query.get("fieldManager")
        if self.late and request.method == "PATCH" and manager == "slipway/instance":
            if self._mode == "refuses":
                message = "failed to create typed patch object: .spec.items: field not declared in schema"
                return status_response(500, "InternalError", message)
            sent = json.loads(body)
            sent["spec"].pop("items", None)
            body = json.dumps(sent).encode()
        elif self.before_the_next is not None and manager == "slipway/instance":
            change, self.before_the_next = self.before_the_next, None
            await asyncio.to_thread(change)
        return await forward(body)


@pytest.fixture
def manager_kubeconfig(proxy: Proxy) -> Path:
    return proxy.kubeconfig


@pytest.mark.parametrize("mode", ["refuses", "drops"])
def test_a_change_with_a_new_field_waits_for_the_schema(harness: Harness, proxy: Proxy, mode: str) -> None:
    schema = LateSchema(proxy, mode)
    contract = publish_contract(harness, map_node("a", "data: {k: v}"))

    def wait_for_schema(change: Change) -> None:
        def waits() -> bool:
            change.refresh_from_db()
            return change.state == ChangeState.WAITING and "spec.items" in change.message

        wait_for(waits, "it waits for the schema")
        assert change.reason == "schema"
        schema.late = False
        assert wait_until_decided(change).state == ChangeState.DELIVERED, change.message

    wait_for_schema(harness.create(contract, "one", items=["x"]))
    wait_until_ready(harness, "one")
    assert harness.get_instance(contract, "one")["spec"]["items"] == ["x"]
    create_ready(harness, contract, "two", n=1)
    schema.late = True
    wait_for_schema(update(harness, contract, "two", n=1, items=["y"]))
    assert harness.get_instance(contract, "two")["spec"]["items"] == ["y"]


def test_the_field_is_delivered_although_the_object_was_changed_meanwhile(
    harness: Harness, proxy: Proxy
) -> None:
    schema = LateSchema(proxy, "drops")
    contract = publish_contract(harness, map_node("a", "data: {k: v}"))
    change = harness.create(contract, "one", items=["x"])
    wait_until_ready(harness, "one")
    label = {"metadata": {"labels": {"cost": "1"}}}
    where = (contract.api_version, contract.kind, harness.namespace, "one")
    schema.before_the_next = lambda: harness.cluster.merge(*where, label)
    schema.late = False
    assert wait_until_decided(change).state == ChangeState.DELIVERED, change.message
    assert schema.before_the_next is None
    live = harness.get_instance(contract, "one")
    assert (live["spec"]["items"], live["metadata"]["labels"]["cost"]) == (["x"], "1")


def waits_for_fields(change: Change) -> bool:
    change.refresh_from_db()
    return change.state == ChangeState.WAITING and change.lacks_fields_since is not None


def test_a_waiting_change_is_tried_again_as_soon_as_the_kind_changes(harness: Harness, proxy: Proxy) -> None:
    """However long it backs off."""
    schema = LateSchema(proxy, "drops")
    contract = publish_contract(harness, map_node("a", "data: {k: v}"))
    wait_until_served(harness, contract)
    retries = harness.running_controllers.context.change_retries
    retries.first = retries.longest = 1000.0
    change = harness.create(contract, "one", items=["x"])
    wait_for(lambda: waits_for_fields(change) and not retries.is_due(change.pk), "it backs off")
    schema.late = False
    crd = f"{contract.plural}.{contract.group}"
    touched = {"metadata": {"annotations": {"example.com/touched": "now"}}}
    harness.cluster.merge("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", crd, touched)
    assert wait_until_decided(change).state == ChangeState.DELIVERED


def test_a_restart_does_not_begin_the_wait_again(harness: Harness, proxy: Proxy) -> None:
    LateSchema(proxy, "refuses")
    contract = publish_contract(harness, map_node("a", "data: {k: v}"))
    change = harness.create(contract, "one", items=["x"])
    wait_for(lambda: waits_for_fields(change))
    since = change.lacks_fields_since
    assert since is not None
    harness.manager.stop()
    Change.objects.filter(pk=change.pk).update(lacks_fields_since=since - LONGEST_LAG)
    harness.manager.start()
    assert wait_until_decided(change).state == ChangeState.REFUSED
    assert change.message.startswith("The cluster does not keep spec.items")
