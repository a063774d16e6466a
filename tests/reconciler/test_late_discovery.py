"""An API server lists a kind in its discovery some time after the kind's definition is established."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from contracts.models import KnownSchema
from reconciler.kinds.cluster_schemas import established_kinds
from tests.custom_kinds import custom_definition
from tests.proxy import Forward, Proxy
from tests.reconciler.harness import Cluster, Harness, wait_for

ESTABLISHED = {"type": "Established", "status": "True"}


def definition(conditions: list[dict[str, str]], **metadata: str) -> dict[str, Any]:
    found = custom_definition("gadgets.example.com", "Gadget")
    found["metadata"] |= metadata
    versions = found["spec"]["versions"]
    found["spec"]["versions"] = [*versions, {**versions[0], "name": "v0", "served": False}]
    return {**found, "status": {"conditions": conditions}}


@pytest.mark.parametrize(
    ("found", "kinds"),
    [
        pytest.param(definition([ESTABLISHED]), {("example.com/v1", "Gadget")}, id="served"),
        pytest.param(definition([]), set(), id="not yet"),
        pytest.param(
            definition([ESTABLISHED], deletionTimestamp="2026-01-01T00:00:00Z"), set(), id="no more"
        ),
    ],
)
def test_which_kinds_discovery_has_to_list(found: dict[str, Any], kinds: set[tuple[str, str]]) -> None:
    assert established_kinds([found]) == kinds


class LateDiscovery:
    """Answers the groups with the first answer again, as long as ``late``."""

    def __init__(self, proxy: Proxy) -> None:
        proxy.handler = self.answer
        self._first: dict[str, tuple[bytes, str]] = {}  # Accept → body and content type
        self.late = True
        self.answers = 0  # that were late

    async def answer(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        accept = request.headers["Accept"]
        if request.path != "/apis":
            return await forward(await request.read())
        if self.late and accept in self._first:
            self.answers += 1
            body, content_type = self._first[accept]
            return web.Response(body=body, headers={"Content-Type": content_type})
        answer = await forward(await request.read())
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        self._first[accept] = (answer.body, answer.headers["Content-Type"])
        return answer


@pytest.fixture
def manager_kubeconfig(proxy: Proxy) -> Path:
    return proxy.kubeconfig


def test_a_kind_that_is_listed_late_is_known_without_another_event(
    stopped_harness: Harness, proxy: Proxy
) -> None:
    harness, discovery = stopped_harness, LateDiscovery(proxy)
    group = f"late-{harness.suffix}.example.com"
    with closing(Cluster(proxy.kubeconfig)) as client:
        assert client.served("v1", "ConfigMap")  # the answer before there is a definition
    harness.manager.start()
    harness.cluster.apply(custom_definition(f"gadgets.{group}", "Gadget"))
    late = discovery.answers
    wait_for(lambda: discovery.answers > late + 1, "it reads them again although nothing happens")
    assert not KnownSchema.objects.filter(group_version=f"{group}/v1").exists()
    discovery.late = False
    known = wait_for(lambda: KnownSchema.objects.filter(group_version=f"{group}/v1").first(), "it is known")
    assert known.kinds == [{"kind": "Gadget", "plural": "gadgets", "namespaced": True, "owner": ""}]
