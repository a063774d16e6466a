"""An object of another manager, one edit here: every other field keeps its value and its manager.

The table runs against the API server's own machinery of managed fields, for objects that were applied, and
for objects that were created and updated.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from catalog.touched import touched_fields
from contracts.documents.paths import MISSING
from reconciler.changes.deliver import Prepared, deliver, prepare
from reconciler.changes.outbox import DeliveryResult, PendingChange
from reconciler.kinds.crd import CRD_RESOURCE
from reconciler.kube import Client, NotServed, Resource, read_kubeconfig
from reconciler.objects.accessors import uid_of
from reconciler.objects.names import INSTANCE_MANAGER
from tests.clusters import any_cluster
from tests.custom_kinds import custom_definition

INTEGER, STRING = {"type": "integer"}, {"type": "string"}
PORT = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": STRING, "port": INTEGER, "tls": STRING},
}
SPEC: dict[str, Any] = {
    "type": "object",
    "properties": {
        "image": STRING,
        "replicas": {**INTEGER, "default": 2},
        "note": {**STRING, "nullable": True},
        "env": {"type": "object", "additionalProperties": STRING},
        "probe": {"type": "object", "properties": {"path": STRING, "seconds": INTEGER}},
        "words": {"type": "array", "items": STRING},
        "members": {"type": "array", "items": STRING, "x-kubernetes-list-type": "set"},
        "ports": {
            "type": "array",
            "items": PORT,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    },
}
BEFORE: dict[str, Any] = {
    "image": "shop:1",
    "env": {"A": "1", "B": "2"},
    "probe": {"path": "/", "seconds": 3},
    "words": ["x", "y"],
    "members": ["m", "n"],
    "ports": [{"name": "http", "port": 80, "tls": "no"}, {"name": "admin", "port": 81}],
}


class Case(NamedTuple):
    """``after``: the fields of the spec that the user changed. ``own``: what is ours afterwards."""

    after: dict[str, Any]
    own: set[str]
    lost: set[str]  # by the other manager
    expected: dict[str, Any] | None = None  # where it differs from ``after``


CASES = {
    "a value": Case({"image": "shop:2"}, {"image"}, {"image"}),
    "a new field": Case({"note": "hi"}, {"note"}, set()),
    "a default": Case({"replicas": 5}, {"replicas"}, {"replicas"}),
    "a value in a map": Case({"env": {"A": "9", "B": "2"}}, {"env.A"}, {"env.A"}),
    "a new key of a map": Case({"env": {"A": "1", "B": "2", "C": "3"}}, {"env.C"}, set()),
    "a removed key": Case({"env": {"A": "1"}}, set(), {"env.B"}),
    "an emptied map": Case({"env": {}}, {"env"}, {"env.A", "env.B"}),
    "a removed map": Case({"env": MISSING}, set(), {"env", "env.A", "env.B"}),
    "a removed field": Case({"image": MISSING}, set(), {"image"}),
    "a null": Case({"note": None}, set(), set(), {}),
    "an atomic list": Case({"words": ["x"]}, {"words"}, {"words"}),
    "an emptied atomic list": Case({"words": []}, {"words"}, {"words"}),
    "a field of a list item": Case(
        {"ports": [{"name": "http", "port": 8080, "tls": "no"}, {"name": "admin", "port": 81}]},
        {"ports[http].name", "ports[http].port"},
        {"ports[http].port"},
    ),
    "a new list item": Case(
        {"ports": [*BEFORE["ports"], {"name": "new", "port": 1}]},
        {"ports[new].name", "ports[new].port"},
        set(),
    ),
    "a removed list item": Case(
        {"ports": [{"name": "http", "port": 80, "tls": "no"}]},
        set(),
        {"ports[admin]", "ports[admin].name", "ports[admin].port"},
    ),
    "a removed field of a list item": Case(
        {"ports": [{"name": "http", "port": 80}, {"name": "admin", "port": 81}]}, set(), {"ports[http].tls"}
    ),
    "a new member of a set": Case({"members": ["m", "n", "o"]}, {"members[o]"}, set()),
    "a removed member of a set": Case({"members": ["m"]}, set(), {"members[n]"}),
    "two fields": Case({"image": "shop:2", "env": {"B": "2"}}, {"image"}, {"image", "env.A"}),
}


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[Path]:
    with any_cluster(controllers=False) as found:
        yield found


@pytest.fixture
async def client(kubeconfig: Path) -> AsyncIterator[Client]:
    async with Client(lambda: read_kubeconfig(kubeconfig)) as made:
        yield made


@pytest.fixture
async def resource(client: Client) -> Resource:
    definition = custom_definition("shops.merge.example.com", "Shop", spec=SPEC)
    await client.apply(CRD_RESOURCE, definition, manager="test")
    while True:
        client.kinds.forget()
        try:
            return await client.kinds.find("merge.example.com/v1", "Shop")
        except NotServed:
            continue


class Shop:
    """An object of another manager, and the change of a user who saw it."""

    def __init__(self, client: Client, resource: Resource) -> None:
        self.client, self.resource, self.name = client, resource, f"one-{secrets.token_hex(4)}"

    def manifest(self, spec: dict[str, Any]) -> dict[str, Any]:
        metadata = {"name": self.name, "namespace": "default"}
        return {"apiVersion": "merge.example.com/v1", "kind": "Shop", "metadata": metadata, "spec": spec}

    async def read(self) -> dict[str, Any]:
        found = await self.client.get(self.resource, "default", self.name)
        assert found is not None
        return found

    def change(self, live: dict[str, Any], after: dict[str, Any], **fields: Any) -> PendingChange:
        spec = {key: value for key, value in {**live["spec"], **after}.items() if value is not MISSING}
        manifest = self.manifest(spec)
        change = PendingChange(
            pk=1, token="1-1", action="update", api_version="merge.example.com/v1", kind="Shop",
            plural="shops", contract="shop", namespace="default", name=self.name, uid=uid_of(live),
            manifest=manifest, team=False, touched=tuple(touched_fields(live, manifest)),
        )  # fmt: skip
        return replace(change, **fields)

    async def deliver(self, change: PendingChange) -> DeliveryResult:
        prepared = await prepare(self.client, change)
        assert isinstance(prepared, Prepared)
        return await deliver(self.client, change, prepared)


@pytest.fixture
def shop(client: Client, resource: Resource) -> Shop:
    return Shop(client, resource)


def owned(live: dict[str, Any], manager: str) -> set[str]:
    """The paths below the spec that the manager owns."""
    found: set[str] = set()
    for entry in live["metadata"]["managedFields"]:
        if entry["manager"] == manager:
            found |= set(paths(entry["fieldsV1"].get("f:spec", {}), ""))
    return found


def paths(tree: dict[str, Any], prefix: str) -> Iterator[str]:
    for key, child in tree.items():
        if key == ".":
            continue
        if key.startswith("f:"):
            path = f"{prefix}.{key[2:]}".lstrip(".")
        else:
            value = json.loads(key[2:])
            path = f"{prefix}[{value['name'] if isinstance(value, dict) else value}]"
        if not child or "." in child:
            yield path
        yield from paths(child, path)


@pytest.mark.parametrize("manager", ["kubectl", "argocd-controller", "kubectl-create"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_one_edit_of_an_object_of_another_manager(shop: Shop, manager: str, case: Case) -> None:
    if manager == "kubectl-create":
        await shop.client.create(shop.resource, shop.manifest(BEFORE), manager=manager)
    else:
        await shop.client.apply(shop.resource, shop.manifest(BEFORE), manager=manager)
    before = await shop.read()
    change = shop.change(before, case.after)
    result = await shop.deliver(change)
    assert (result.state, result.message) == ("delivered", "")
    after = await shop.read()
    wanted = {**before["spec"], **(case.after if case.expected is None else case.expected)}
    assert after["spec"] == {key: value for key, value in wanted.items() if value is not MISSING}
    containers = {"env", "ports", "members", "ports[http]", "ports[new]", "ports[admin]", "probe"}
    assert owned(after, INSTANCE_MANAGER) - containers == case.own - containers
    assert (
        owned(before, manager) - owned(after, manager) - containers
        == (case.lost & owned(before, manager)) - containers
    )
    assert owned(after, manager) <= owned(before, manager)
    again = await shop.deliver(change)
    assert (again.state, await shop.read()) == ("delivered", after)


async def test_what_was_applied_here_before_remains(shop: Shop) -> None:
    await shop.client.apply(shop.resource, shop.manifest(BEFORE), manager="kubectl")
    await shop.deliver(shop.change(await shop.read(), {"image": "shop:2"}))
    await shop.deliver(shop.change(await shop.read(), {"env": {"A": "9", "B": "2"}}))
    live = await shop.read()
    assert live["spec"] == {**BEFORE, "replicas": 2, "image": "shop:2", "env": {"A": "9", "B": "2"}}
    assert owned(live, INSTANCE_MANAGER) >= {"image", "env.A"}
    await shop.deliver(shop.change(live, {"image": MISSING}))
    live = await shop.read()
    assert "image" not in live["spec"]
    assert "env.A" in owned(live, INSTANCE_MANAGER)


async def test_a_field_that_changed_meanwhile_is_a_conflict_with_both_values(shop: Shop) -> None:
    await shop.client.apply(shop.resource, shop.manifest(BEFORE), manager="kubectl")
    seen = await shop.read()
    patch = {"spec": {"image": "theirs:1", "note": "theirs"}}
    await shop.client.merge(shop.resource, "default", shop.name, patch, manager="kubectl-edit")
    before = await shop.read()
    result = await shop.deliver(shop.change(seen, {"image": "mine:1", "words": ["z"]}))
    assert result.state == "refused"
    assert result.causes == (
        {
            "field": "spec.image",
            "message": "You changed it from “shop:1” to “mine:1”; it is “theirs:1” now.",
        },
    )
    assert await shop.read() == before
    result = await shop.deliver(shop.change(seen, {"image": "mine:1"}, overwrites=True))
    assert (result.state, (await shop.read())["spec"]["image"]) == ("delivered", "mine:1")
    result = await shop.deliver(shop.change(seen, {"words": ["z"]}))
    assert (result.state, (await shop.read())["spec"]["note"]) == ("delivered", "theirs")


async def test_items_of_a_merged_list_conflict_one_by_one(shop: Shop) -> None:
    await shop.client.apply(shop.resource, shop.manifest(BEFORE), manager="kubectl")
    seen = await shop.read()
    http, admin = BEFORE["ports"]
    theirs = {"spec": {"ports": [http, {**admin, "port": 99}, {"name": "theirs", "port": 7}]}}
    await shop.client.merge(shop.resource, "default", shop.name, theirs, manager="kubectl-edit")
    mine = shop.change(seen, {"ports": [{**http, "port": 8080}, admin]})
    assert (await shop.deliver(mine)).state == "delivered"
    ports = (await shop.read())["spec"]["ports"]
    assert [(port["name"], port["port"]) for port in ports] == [("http", 8080), ("admin", 99), ("theirs", 7)]
    result = await shop.deliver(shop.change(seen, {"ports": [http, {**admin, "port": 5}]}))
    assert [cause["field"] for cause in result.causes] == ["spec.ports[name=admin].port"]


async def test_a_change_of_the_object_between_read_and_apply_is_merged(shop: Shop) -> None:
    await shop.client.apply(shop.resource, shop.manifest(BEFORE), manager="kubectl")
    change = shop.change(await shop.read(), {"image": "mine:1"})
    prepared = await prepare(shop.client, change)
    assert isinstance(prepared, Prepared)
    await shop.client.merge(
        shop.resource, "default", shop.name, {"spec": {"image": "theirs:1"}}, manager="kubectl-edit"
    )
    assert (await deliver(shop.client, change, prepared)).state == "refused"
    assert (await shop.read())["spec"]["image"] == "theirs:1"
