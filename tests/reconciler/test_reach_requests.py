"""Reach by the requests that are sent: what is out of reach is not asked for, and what another client creates
at the same moment is not taken over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from portal.accounts.models import Team, TeamNamespace
from tests.contracts.definitions import config_map
from tests.proxy import Forward, Proxy
from tests.reconciler.builders import delete_instance, publish_contract
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import event_reasons

NODES = """
- id: named
  externalRef:
    apiVersion: v1
    kind: Secret
    metadata: {name: settings, namespace: VICTIM}
- id: computed
  externalRef:
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: settings, namespace: "${schema.spec.place}"}
- id: selected
  externalRef:
    apiVersion: v1
    kind: Secret
    metadata: {namespace: VICTIM, selector: {matchLabels: {app: theirs}}}
"""
IDS = ("named", "computed", "selected", "written", "deleted")


class Requests:
    """The addresses that the reconciler asks the cluster for."""

    def __init__(self, proxy: Proxy) -> None:
        proxy.handler = self.answer
        self.seen: list[str] = []

    async def answer(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path_qs}")
        return await forward(await request.read())


@pytest.fixture
def manager_kubeconfig(proxy: Proxy) -> Path:
    return proxy.kubeconfig


def test_nothing_is_asked_of_another_teams_namespace(stopped_harness: Harness, proxy: Proxy) -> None:
    harness, requests = stopped_harness, Requests(proxy)
    victim = f"{harness.namespace}-victim"
    team = Team.objects.create(slug=f"victim-{harness.suffix}", name="Victim")
    TeamNamespace.objects.create(team=team, name=victim)
    harness.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": victim}})
    writes = [
        config_map(node, "data: {k: v}", name=name).replace(
            f"name: {name}", f"name: {name}\n      namespace: {place}"
        )
        for node, name, place in (
            ("written", "settings", victim),
            ("deleted", "other", '"${schema.spec.place}"'),
        )
    ]
    harness.manager.start()
    contract = publish_contract(
        harness, NODES.replace("VICTIM", victim) + "".join(writes), granted=False, spec="place: string"
    )
    harness.create(contract, "one", annotations={"slipway.dev/adopt": "true"}, place=victim)

    def refused() -> bool:
        row = harness.row("one")
        reasons = {node["id"]: node["reason"] for node in row.nodes} if row is not None else {}
        return all("is out of reach" in reasons.get(node, "") for node in IDS)

    wait_for(refused, "each node is refused")
    delete_instance(harness, "one")
    assert [one for one in requests.seen if victim in one] == []
    # Nor is it read with others: Secrets are only watched with the label of instances.
    secrets = [one for one in requests.seen if "/secrets" in one]
    assert [one for one in secrets if "labelSelector=slipway.dev" not in one] == []
    assert any(harness.namespace in one for one in requests.seen)


class Moment:
    """Another client acts between the observation of the namespaces and the first write of one."""

    def __init__(self, proxy: Proxy, act: Callable[[], object]) -> None:
        proxy.handler = self.answer
        self._act: Callable[[], object] | None = act

    async def answer(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        body = await request.read()
        is_write = request.method != "GET" and request.path.startswith("/api/v1/namespaces")
        if is_write and self._act is not None and len(request.path.split("/")) <= 5:
            act, self._act = self._act, None
            await asyncio.to_thread(act)
        return await forward(body)


def test_a_namespace_that_another_client_creates_at_the_same_moment_is_not_adopted(
    harness: Harness, proxy: Proxy
) -> None:
    victim = f"{harness.namespace}-victim"
    theirs: list[dict[str, Any]] = []

    def create() -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": victim}}
        theirs.append(harness.cluster.apply(body))

    node = f"""
- id: space
  template:
    apiVersion: v1
    kind: Namespace
    metadata: {{name: {victim}, labels: {{owner: attacker}}}}
"""
    contract = publish_contract(harness, node)
    Moment(proxy, create)
    harness.create(contract, "one", annotations={"slipway.dev/adopt": "true"})
    wait_for(lambda: "NotAdopted" in event_reasons(harness, "one"), "it is refused")
    found = harness.cluster.read("v1", "Namespace", "", victim)
    assert found["metadata"]["labels"] == theirs[0]["metadata"]["labels"]
    assert found["metadata"]["uid"] == theirs[0]["metadata"]["uid"]
    delete_instance(harness, "one")
    found = harness.cluster.read("v1", "Namespace", "", victim)
    assert "deletionTimestamp" not in found["metadata"]
