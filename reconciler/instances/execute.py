"""Carry out a plan: apply, prune, delete, and record the inventory on the instance. Decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reconciler.kube import ApiError, Client, KubeError, NotServed, Resource, Unreachable
from reconciler.objects.accessors import (
    Manifest,
    annotations_of,
    finalizers_of,
    head_of,
    labels_of,
    namespace_of,
    reference_to,
    version_of,
)
from reconciler.objects.names import (
    APPLYSET_ID,
    CHILDREN_MANAGER,
    CONTRACT,
    FINALIZER,
    OWNERSHIP_LABELS,
    PARENT_MANAGER,
    label_value,
)
from reconciler.plan import Apply, Delete, Inventory, Prune, set_id
from reconciler.plan.instance import writers


async def apply_all(client: Client, steps: Sequence[Apply]) -> list[tuple[Apply, dict[str, Any] | KubeError]]:
    """All at once; the client lets at most 16 writes through at a time. Raises ``Unreachable``."""
    return list(await asyncio.gather(*(apply_one(client, step) for step in steps)))


async def apply_one(client: Client, step: Apply) -> tuple[Apply, dict[str, Any] | KubeError]:
    """The step, with who changed what it repairs, and the answer."""
    try:
        resource = await client.kinds.find(step.reference.api_version, step.reference.kind)
        if step.why == "create" and (step.reference.group, step.reference.kind) == ("", "Namespace"):
            await create_namespace(client, resource, step)
        if step.why == "repair":
            step = await with_writers(client, resource, step)
        return step, await client.apply(resource, step.body, manager=CHILDREN_MANAGER)
    except Unreachable:
        raise
    except (ApiError, NotServed) as error:
        return step, error


async def with_writers(client: Client, resource: Resource, step: Apply) -> Apply:
    """The cache has no field trees of other managers, so who owns the fields now is read before a repair."""
    try:
        live = await client.get(resource, step.reference.namespace, step.reference.name)
    except ApiError:
        return step
    return replace(step, by=writers(live, step.differences)) if live is not None else step


async def create_namespace(client: Client, resource: Resource, step: Apply) -> None:
    """Create the Namespace with nothing but our labels. Raises ``ApiError`` when it exists.

    An apply alone would adopt one that another client created since the observation, and deleting the
    instance would delete it with all that is in it.
    """
    labels = {name: value for name, value in labels_of(step.body).items() if name in OWNERSHIP_LABELS}
    body = head_of(step.body)
    body["metadata"] |= {"labels": labels}
    await client.create(resource, body, manager=CHILDREN_MANAGER)


def explain(step: Apply, error: KubeError, *, quotes: bool = True) -> str:
    """Why an object could not be applied. Names the object. ``quotes``: its values may be shown."""
    what = step.reference.display_name
    if not isinstance(error, ApiError):
        return f"{what}: {error}"
    message = error.message if quotes else error.without_values
    if error.undeclared_field:
        return f"{what} has no field “{error.undeclared_field}”. The contract's template must be corrected."
    if error.namespace_missing:
        return f"{what}: the namespace {error.namespace_missing} does not exist."
    if error.code == 403:
        return f"{what}: the cluster does not permit Slipway to do this. {message}"
    if error.code == 429:
        return f"{what}: the API server is overloaded; it will be retried."
    return f"{what} was refused: {message}"


async def prune_all(client: Client, steps: Sequence[Prune]) -> None:
    """Group by group, the last in the order first; a group at once. Raises ``KubeError``."""
    for group in sorted({step.group for step in steps}, reverse=True):
        await delete_all(client, [step for step in steps if step.group == group])


async def delete_all(client: Client, steps: Sequence[Prune | Delete]) -> None:
    await asyncio.gather(*(delete_one(client, step) for step in steps))


async def delete_one(client: Client, step: Prune | Delete) -> None:
    """In the background, and only exactly the observed object. Raises ``KubeError``."""
    try:
        resource = await client.kinds.find(step.reference.api_version, step.reference.kind)
    except NotServed:
        return  # the kind was deleted, and its objects with it
    await client.delete(resource, step.reference.namespace, step.reference.name, uid=step.uid)


def ownership_patch(instance: Manifest, contract: str, inventory: Inventory) -> dict[str, Any]:
    """Finalizer, ApplySet labels and inventory, as one apply."""
    body = head_of(instance)
    body["metadata"] |= {
        "finalizers": [FINALIZER],
        "labels": {APPLYSET_ID: set_id(instance), CONTRACT: label_value(contract)},
        "annotations": inventory.annotations(),
    }
    return body


def has_ownership(instance: Manifest, body: Manifest) -> bool:
    metadata = body["metadata"]
    return (
        FINALIZER in finalizers_of(instance)
        and metadata["labels"].items() <= labels_of(instance).items()
        and metadata["annotations"].items() <= annotations_of(instance).items()
    )


async def record_inventory(
    client: Client, instance: Manifest, contract: str, inventory: Inventory
) -> Manifest:
    """The instance with this inventory; written only when it differs. Raises ``KubeError``."""
    body = ownership_patch(instance, contract, inventory)
    if has_ownership(instance, body):
        return instance
    resource = await client.kinds.find(instance["apiVersion"], instance["kind"])
    return await client.apply(resource, body, manager=PARENT_MANAGER)


async def release(client: Client, instance: Manifest) -> None:
    """Remove our finalizer, so that the instance is deleted; refused if it was changed meanwhile."""
    reference = reference_to(instance)
    left = [name for name in finalizers_of(instance) if name != FINALIZER]
    patch = {"metadata": {"finalizers": left or None, "resourceVersion": version_of(instance)}}
    resource = await client.kinds.find(reference.api_version, reference.kind)
    try:
        await client.merge(resource, namespace_of(instance), reference.name, patch, manager=PARENT_MANAGER)
    except ApiError as error:
        if not error.not_found:
            raise
