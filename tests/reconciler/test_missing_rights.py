"""A right that RBAC does not grant: named in row, page and object; work continues once it is granted."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from reconciler.kube import ApiError
from tests.proxy import Forward, Proxy, status_response
from tests.reconciler.builders import live_status, map_node, publish_contract
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import get_condition, wait_until_ready

USER = "system:serviceaccount:slipway:reconciler"


class Rights:
    """Denies verbs on ConfigMaps to the reconciler, as RBAC does. The embedded cluster has no RBAC."""

    def __init__(self, proxy: Proxy) -> None:
        proxy.handler = self.answer
        self.denied: set[str] = set()

    async def answer(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        path, verb = request.path, "watch" if request.query.get("watch") else "list"
        if request.method == "GET" and path.endswith("/configmaps") and verb in self.denied:
            scope = "at the cluster scope" if "/namespaces/" not in path else 'in the namespace "x"'
            right = f'cannot {verb} resource "configmaps" in API group "" {scope}'
            return status_response(403, "Forbidden", f'configmaps is forbidden: User "{USER}" {right}')
        return await forward(await request.read())


@pytest.fixture
def manager_kubeconfig(proxy: Proxy) -> Path:
    return proxy.kubeconfig


WATCH = (
    f"The cluster does not permit “{USER}” to watch configmaps in all namespaces. "
    "Grant it this right; then this continues by itself."
)


def test_a_missing_right_to_watch_a_child_is_on_row_and_object(harness: Harness, proxy: Proxy) -> None:
    rights = Rights(proxy)
    rights.denied = {"list", "watch"}
    contract = publish_contract(harness, map_node("a", "data: {k: v}"))
    harness.create(contract, "one")

    status = wait_for(lambda: live_status(harness, contract), "the object has a status")
    assert status["state"] == "IN_PROGRESS"
    for kind in ("ResourcesReady", "Ready"):
        condition = get_condition({"status": status}, kind)
        assert (condition["status"], condition["reason"]) == ("Unknown", "MissingRight")
        assert condition["message"] == WATCH
    row = wait_for(lambda: (row := harness.get_row("one")) and row.reason == "MissingRight" and row)
    assert (row.state, row.message) == ("unknown", WATCH)
    assert harness.child("ConfigMap", "one-a") is None
    rights.denied = set()
    wait_until_ready(harness, "one")
    assert harness.get_instance(contract, "one")["status"]["state"] == "ACTIVE"


def test_a_missing_right_to_list_delays_a_deletion_and_says_so(harness: Harness, proxy: Proxy) -> None:
    contract = publish_contract(harness, map_node("a", "data: {k: v}"))
    harness.create(contract, "one")
    wait_until_ready(harness, "one")
    rights = Rights(proxy)
    rights.denied = {"list"}
    harness.cluster.delete(contract.api_version, contract.kind, harness.namespace, "one")
    row = wait_for(lambda: (row := harness.get_row("one")) and row.reason == "MissingRight" and row)
    assert row.state == "deleting"
    assert "to list configmaps in the namespace x" in row.message
    assert harness.get_instance(contract, "one")["status"]["state"] == "DELETING"
    rights.denied = set()
    wait_for(lambda: harness.row("one") is None, "it is deleted")
    assert harness.child("ConfigMap", "one-a") is None


MESSAGES = {
    'secrets is forbidden: User "jane" cannot list resource "secrets" in API group "" at the cluster scope': (
        "The cluster does not permit “jane” to list secrets in all namespaces."
    ),
    'x is forbidden: User "jane" cannot watch resource "jobs" in API group "batch" in the namespace "shop"': (
        "The cluster does not permit “jane” to watch jobs of the API group “batch” in the namespace shop."
    ),
    'nodes "a" is forbidden: User "" cannot get resource "nodes" in API group "" at the cluster scope: no': (
        "The cluster does not permit “” to get nodes in all namespaces."
    ),
    'pods "a" is forbidden: exceeded quota: compute': "",
    'pods "a" is forbidden: violates PodSecurity': "",
}


@pytest.mark.parametrize(("message", "right"), MESSAGES.items())
def test_the_missing_right_is_read_from_the_message(message: str, right: str) -> None:
    found = ApiError(403, message).missing_right
    assert found.startswith(right)
    assert bool(found) == bool(right)
    assert ApiError(404, message).missing_right == ""
