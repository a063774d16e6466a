"""Changes → the cluster: what people asked for becomes a custom resource, or a refusal in words.

Level-based: a change stays approved until the cluster answered, so a crash at any moment loses none; a
creation carries the change's name on the object, so that delivering it twice makes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.changes import NEVER_CREATED
from catalog.models.change import Action, ChangeState
from reconciler.changes.outbox import DeliveryResult, PendingChange
from reconciler.kube import ApiError, Client, KubeError, NotServed, Unreachable
from reconciler.objects.accessors import (
    Manifest,
    annotations_of,
    generation_of,
    is_deleting,
    metadata_of,
    uid_of,
    version_of,
)
from reconciler.objects.names import CHANGE, INSTANCE_MANAGER, MANAGED_BY
from reconciler.plan import field_differences

WHILE_KIND_GOES = "Its kind is being removed from the cluster and comes back after."


async def deliver(client: Client, pending: PendingChange, generation_at: Mapping[str, int]) -> DeliveryResult:
    """Ask the cluster. Never raises ``KubeError``: the answer says what became of it.

    ``generation_at``: resourceVersion → generation, of the versions that were seen lately: an edit conflicts
    when the spec was changed meanwhile, not when only the status was.
    """
    try:
        resource = await client.kinds.find(pending.api_version, pending.kind)
        live = await client.get(resource, pending.namespace, pending.name)
        if pending.action == Action.DELETE:
            return await deliver_deletion(client, pending, live)
        if live is not None and is_delivered(pending, live):
            return DeliveryResult(ChangeState.DELIVERED, live=live)
        problem = precondition_failure(pending, live, generation_at)
        if problem:
            return DeliveryResult(ChangeState.REFUSED, problem)
        body = manifest_to_apply(pending, live)
        try:
            answer = await client.apply(resource, body, manager=INSTANCE_MANAGER)
        except ApiError as error:
            if not (error.namespace_missing and pending.team):
                raise
            await make_namespace(client, pending.namespace)
            answer = await client.apply(resource, body, manager=INSTANCE_MANAGER)
        return DeliveryResult(
            ChangeState.DELIVERED, live={**answer, "apiVersion": pending.api_version, "kind": pending.kind}
        )
    except NotServed:
        display_name = f"The cluster does not serve the kind {pending.kind} yet. {pending.kind_problem}"
        return DeliveryResult(ChangeState.APPROVED, display_name.strip())
    except Unreachable as error:
        return DeliveryResult(ChangeState.APPROVED, f"{error} The change will be delivered when it does.")
    except ApiError as error:
        return refusal(error)
    except KubeError as error:
        return DeliveryResult(ChangeState.APPROVED, str(error))


def is_delivered(pending: PendingChange, live: Manifest) -> bool:
    """Whether it was done before, and only the answer was lost.

    What became of a created object since is no part of the wish; an edit is done when the object is so.
    """
    if pending.action == Action.CREATE:
        return annotations_of(live).get(CHANGE) == pending.token
    if is_deleting(live) or not is_same_object(pending, live):
        return False
    body = manifest_to_apply(pending, live)
    metadata = {key: value for key, value in body["metadata"].items() if key != "uid"}
    return not field_differences({**body, "metadata": metadata}, live, INSTANCE_MANAGER)


def is_same_object(pending: PendingChange, live: Manifest) -> bool:
    """Whether this is the object that an edit or a deletion is about, and not another one of its name."""
    return bool(pending.uid) and uid_of(live) == pending.uid


def precondition_failure(
    pending: PendingChange, live: Manifest | None, generation_at: Mapping[str, int]
) -> str:
    """Why the cluster need not even be asked; empty when it may be."""
    if pending.action == Action.CREATE:
        if live is None:
            return ""
        return f"A {pending.kind} named {pending.display_name} already exists. Choose another name."
    if live is None:
        return f"{pending.display_name} does not exist in the cluster any more."
    if is_deleting(live):
        return f"{pending.display_name} is being deleted and cannot be changed any more."
    if not is_same_object(pending, live):
        return f"{pending.display_name} was deleted and recreated since you opened the form. Reload the page."
    if pending.base and pending.base != version_of(live):
        base_generation = generation_at.get(pending.base)
        unchanged = base_generation == generation_of(live) or pending.base_spec == (live.get("spec") or {})
        if not unchanged:
            return (
                f"{pending.display_name} was changed in the cluster since you opened the form. "
                "Review the current values and submit again."
            )
    return ""


def manifest_to_apply(pending: PendingChange, live: Manifest | None) -> dict[str, Any]:
    """The proposed object, with the name of the change that created it.

    An edit is for the very object only.
    """
    given = dict(pending.manifest.get("metadata") or {})
    metadata: dict[str, Any] = {key: given[key] for key in ("labels", "annotations") if given.get(key)}
    metadata["name"] = pending.name
    if pending.namespace:
        metadata["namespace"] = pending.namespace
    if live is not None:
        metadata["uid"] = uid_of(live)
    token = pending.token if live is None else annotations_of(live).get(CHANGE)
    if token:
        metadata["annotations"] = {**metadata.get("annotations", {}), CHANGE: token}
    body = {key: value for key, value in pending.manifest.items() if key not in ("metadata", "status")}
    return {**body, "apiVersion": pending.api_version, "kind": pending.kind, "metadata": metadata}


async def deliver_deletion(client: Client, pending: PendingChange, live: Manifest | None) -> DeliveryResult:
    if live is None or not is_same_object(pending, live):
        message = "It was already deleted." if pending.uid else NEVER_CREATED
        return DeliveryResult(ChangeState.DELIVERED, message, deleted=True)
    if not metadata_of(live).get("deletionTimestamp"):
        resource = await client.kinds.find(pending.api_version, pending.kind)
        await client.delete(resource, pending.namespace, pending.name, uid=uid_of(live))
    return DeliveryResult(ChangeState.DELIVERED)


async def make_namespace(client: Client, name: str) -> None:
    """A namespace that a team owns here and the cluster does not have yet."""
    resource = await client.kinds.find("v1", "Namespace")
    metadata = {"name": name, "labels": {MANAGED_BY: "slipway"}}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    try:
        # Not applied: that would need the right to patch every namespace.
        await client.create(resource, body, manager=INSTANCE_MANAGER)
    except ApiError as error:
        if not error.conflict:  # somebody was quicker
            raise


def refusal(error: ApiError) -> DeliveryResult:
    if error.namespace_missing:
        message = f"The namespace {error.namespace_missing} does not exist in the cluster."
    elif error.undeclared_field:
        message = f"The contract has no field “{error.undeclared_field}”."
    elif error.kind_terminating:
        return DeliveryResult(ChangeState.APPROVED, WHILE_KIND_GOES)
    elif error.lacks_right:
        display_name = f"Slipway lacks a right in the cluster, and goes on once it has it: {error.message}"
        return DeliveryResult(ChangeState.APPROVED, display_name)
    elif error.code == 403:
        message = f"The cluster does not let Slipway do this: {error.message}"
    elif not error.is_refusal:
        return DeliveryResult(
            ChangeState.APPROVED, f"The cluster could not take it right now: {error.message}"
        )
    else:
        message = f"The cluster refused it: {error.message}"
    causes = tuple({"field": cause.field, "message": cause.message} for cause in error.causes)
    return DeliveryResult(ChangeState.REFUSED, message, causes)
