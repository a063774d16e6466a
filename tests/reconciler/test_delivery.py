"""A change whose result was lost is delivered again: what was applied stays as it is."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog.touched import TouchedField
from contracts.documents.paths import MISSING
from reconciler.changes.deliver import Prepared, deliver, prepare
from reconciler.changes.outbox import DeliveryResult, PendingChange
from reconciler.kinds.crd import CRD_RESOURCE
from reconciler.kube import Client, NotServed, Resource, read_kubeconfig
from reconciler.objects.accessors import uid_of
from tests.custom_kinds import custom_definition

MAP = Resource("", "v1", "ConfigMap", "configmaps", namespaced=True)
CREATE = PendingChange(
    pk=1, token="1-1", action="create", api_version="v1", kind="ConfigMap", plural="configmaps",
    contract="config-map", namespace="default", name="",
    uid="", manifest={"data": {"text": "created"}}, team=False,
)  # fmt: skip


@pytest.fixture
async def client(kubeconfig: Path) -> AsyncIterator[Client]:
    async with Client(lambda: read_kubeconfig(kubeconfig)) as made:
        yield made


@pytest.fixture
def creation() -> PendingChange:
    """A ConfigMap in place of an instance: every kind is delivered in the same way."""
    return replace(CREATE, name=f"one-{secrets.token_hex(3)}")


async def deliver_change(client: Client, pending: PendingChange) -> DeliveryResult:
    prepared = await prepare(client, pending)
    if isinstance(prepared, DeliveryResult):
        return prepared
    return await deliver(client, pending, prepared)


async def live_of(client: Client, pending: PendingChange) -> dict[str, Any]:
    found = await client.get(MAP, pending.namespace, pending.name)
    assert found is not None
    return found


async def edit_with_kubectl(client: Client, pending: PendingChange) -> None:
    patch = {"data": {"text": "edited"}}
    await client.merge(MAP, pending.namespace, pending.name, patch, manager="kubectl-edit")


async def an_edit(client: Client, creation: PendingChange) -> PendingChange:
    await deliver_change(client, creation)
    live = await live_of(client, creation)
    text = {"data": {"text": "changed"}}
    touched = (TouchedField(("data", "text"), "created", "changed"),)
    return replace(creation, token="2-2", action="update", uid=uid_of(live), manifest=text, touched=touched)


async def test_a_creation_twice_writes_once(client: Client, creation: PendingChange) -> None:
    assert (await deliver_change(client, creation)).state == "delivered"
    before = await live_of(client, creation)
    again = await deliver_change(client, creation)
    assert (again.state, again.live) == ("delivered", before)
    assert await live_of(client, creation) == before


async def test_a_creation_is_not_repeated_over_a_later_edit(client: Client, creation: PendingChange) -> None:
    await deliver_change(client, creation)
    await edit_with_kubectl(client, creation)
    assert (await deliver_change(client, creation)).state == "delivered"
    assert (await live_of(client, creation))["data"] == {"text": "edited"}


async def test_another_creation_of_the_name_is_refused(client: Client, creation: PendingChange) -> None:
    await deliver_change(client, creation)
    assert (await deliver_change(client, replace(creation, token="9-9"))).state == "refused"


async def test_an_edit_twice_writes_once(client: Client, creation: PendingChange) -> None:
    edit = await an_edit(client, creation)
    assert (await deliver_change(client, edit)).state == "delivered"
    before = await live_of(client, edit)
    assert before["data"] == {"text": "changed"}
    assert (await deliver_change(client, edit)).state == "delivered"
    assert await live_of(client, edit) == before


async def test_an_edit_is_not_repeated_over_a_later_edit(client: Client, creation: PendingChange) -> None:
    edit = await an_edit(client, creation)
    await deliver_change(client, edit)
    await edit_with_kubectl(client, edit)
    again = await deliver_change(client, edit)
    assert again.state == "refused"
    assert again.message.startswith(f"default/{edit.name} was changed in the cluster since")
    assert again.causes == (
        {"field": "data.text", "message": "You changed it from “created” to “changed”; it is “edited” now."},
    )
    assert (await live_of(client, edit))["data"] == {"text": "edited"}


LEASE = Resource("coordination.k8s.io", "v1", "Lease", "leases", namespaced=True)


@pytest.mark.parametrize("action", ["create", "update", "delete"])
async def test_an_object_that_changes_between_read_and_write_is_read_again(
    client: Client, creation: PendingChange, action: str
) -> None:
    """A creation writes to its own object again when the schema lacked fields of it."""
    kept: dict[str, Any] = {"holderIdentity": "one"}
    wanted = {**kept, "leaseDurationSeconds": 5}
    first = replace(creation, api_version=LEASE.api_version, kind=LEASE.kind, manifest={"spec": kept})
    live = (await deliver_change(client, first)).live
    assert live is not None
    uid = "" if action == "create" else uid_of(live)
    touched = (TouchedField(("spec", "leaseDurationSeconds"), MISSING, 5),)
    change = replace(first, action=action, uid=uid, manifest={"spec": wanted}, touched=touched)

    prepared = await prepare(client, change)
    assert isinstance(prepared, Prepared)
    meanwhile = {"metadata": {"finalizers": ["example.com/other"]}}
    await client.merge(LEASE, first.namespace, first.name, meanwhile, manager="other")

    result = await deliver(client, change, prepared)
    assert (result.state, result.message) == ("delivered", "")
    now = await client.get(LEASE, first.namespace, first.name)
    assert now is not None
    assert now["metadata"]["finalizers"] == ["example.com/other"]
    assert now["spec"] == (kept if action == "delete" else wanted)
    assert ("deletionTimestamp" in now["metadata"]) == (action == "delete")


async def test_a_deletion_twice_is_done(client: Client, creation: PendingChange) -> None:
    edit = await an_edit(client, creation)
    deletion = replace(edit, action="delete")
    assert (await deliver_change(client, deletion)).state == "delivered"
    again = await deliver_change(client, deletion)
    assert (again.state, again.deleted) == ("delivered", True)


@pytest.mark.parametrize(("action", "state"), [("delete", "delivered"), ("update", "refused")])
async def test_without_a_uid_an_object_of_the_same_name_is_another_one(
    client: Client, creation: PendingChange, action: str, state: str
) -> None:
    """The creation of the instance was refused, for example because this object had its name."""
    await deliver_change(client, creation)
    before = await live_of(client, creation)
    assert (await deliver_change(client, replace(creation, token="2-2", action=action))).state == state
    assert await live_of(client, creation) == before


async def test_a_kind_that_was_deleted_since_it_was_discovered_is_waited_for(
    client: Client, creation: PendingChange
) -> None:
    definition = custom_definition(f"things.t{secrets.token_hex(3)}.example.com", "Thing")
    api_version = f"{definition['spec']['group']}/v1"
    name = definition["metadata"]["name"]
    await client.apply(CRD_RESOURCE, definition, manager="test")
    await until(lambda: is_served(client, api_version))
    await client.delete(CRD_RESOURCE, "", name)
    await until(lambda: is_deleted(client, name))
    thing = replace(creation, api_version=api_version, kind="Thing", manifest={"spec": {}})
    for _ in ("discovered", "discovered again"):
        result = await deliver_change(client, thing)
        assert (result.state, result.message) == (
            "waiting",
            "The cluster does not serve the kind Thing yet.",
        )


async def until(question: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await question():  # noqa: ASYNC110 (the question is about the cluster)
            await asyncio.sleep(0.02)


async def is_deleted(client: Client, definition: str) -> bool:
    return await client.get(CRD_RESOURCE, "", definition) is None


async def is_served(client: Client, api_version: str) -> bool:
    client.kinds.forget()
    try:
        await client.kinds.find(api_version, "Thing")
    except NotServed:
        return False
    return True
