"""What is out of reach is not asked for: no request of the reconciler is about another team's namespace."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from portal.accounts.models import Team, TeamNamespace
from tests.contracts.definitions import config_map
from tests.proxy import Forward, Proxy
from tests.reconciler.builders import delete_instance, publish_contract
from tests.reconciler.harness import Harness, wait_for

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
