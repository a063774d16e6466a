"""Deliver one change: apply or delete its custom resource, or say why not.

A change is marked as being delivered before the first write, until its result is saved. One that is found so
after a crash is delivered again. A creation writes its token on the
object, so that delivering it twice creates one object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.changes import NEVER_CREATED
from catalog.models.change import Action, ChangeState, WaitReason
from reconciler.changes.outbox import DeliveryResult, PendingChange
from reconciler.kube import ApiError, Client, KubeError, NotServed, Resource, Unreachable
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

KIND_TERMINATING = "The cluster is deleting the kind. The change will be applied once it is recreated."


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was read before the first write of a delivery."""

    resource: Resource
    live: Manifest | None


async def prepare(client: Client, pending: PendingChange) -> Prepared | DeliveryResult:
    """Read what the change is about, or say why it cannot be delivered now. Never raises ``KubeError``."""
    try:
        resource = await client.kinds.find(pending.api_version, pending.kind)
        return Prepared(resource, await client.get(resource, pending.namespace, pending.name))
    except KubeError as error:
        return result_of(client, pending, error)


async def deliver(
    client: Client, pending: PendingChange, prepared: Prepared, generation_at: Mapping[str, int]
) -> DeliveryResult:
    """Deliver a change. Never raises ``KubeError``: the result carries the reason.

    ``generation_at``: resourceVersion → generation of recently observed versions. An edit conflicts when the
    spec was changed since, not when only the status was.
    """
    try:
        resource, live = prepared.resource, prepared.live
        if pending.action == Action.DELETE:
            return await deliver_deletion(client, pending, live)
        if live is not None and is_delivered(pending, live):
            return DeliveryResult(ChangeState.DELIVERED, live=dict(live))
        problem = precondition_failure(pending, live, generation_at)
        if problem:
            return DeliveryResult(ChangeState.REFUSED, problem)
        body = manifest_to_apply(pending, live)
        try:
            answer = await client.apply(resource, body, manager=INSTANCE_MANAGER)
        except ApiError as error:
            if not (error.namespace_missing and pending.team):
                raise
            await create_namespace(client, pending.namespace)
            answer = await client.apply(resource, body, manager=INSTANCE_MANAGER)
        return DeliveryResult(
            ChangeState.DELIVERED, live={**answer, "apiVersion": pending.api_version, "kind": pending.kind}
        )
    except KubeError as error:
        return result_of(client, pending, error)


def result_of(client: Client, pending: PendingChange, error: KubeError) -> DeliveryResult:
    match error:
        case NotServed():
            return not_served(pending)
        case Unreachable():
            return waiting(f"{error} The change will be applied when it does.")
        case ApiError() if error.not_found and not error.namespace_missing:
            client.kinds.forget()  # the kind was deleted since discovery was read
            return not_served(pending)
        case ApiError():
            return result_of_error(error)
    return waiting(str(error))


def not_served(pending: PendingChange) -> DeliveryResult:
    message = f"The cluster does not serve the kind {pending.kind} yet. {pending.kind_problem}"
    return waiting(message.strip(), WaitReason.SCHEMA)


def waiting(message: str, reason: WaitReason = WaitReason.CLUSTER) -> DeliveryResult:
    return DeliveryResult(ChangeState.WAITING, message, reason)


def is_delivered(pending: PendingChange, live: Manifest) -> bool:
    """Whether the change was applied before, and only the result was lost.

    A creation is delivered even if its object was changed since. An edit is delivered when the live object
    has its fields.
    """
    if pending.action == Action.CREATE:
        return annotations_of(live).get(CHANGE) == pending.token
    if is_deleting(live) or not is_same_object(pending, live):
        return False
    body = manifest_to_apply(pending, live)
    metadata = {key: value for key, value in body["metadata"].items() if key != "uid"}
    return not field_differences({**body, "metadata": metadata}, live, INSTANCE_MANAGER)


def is_same_object(pending: PendingChange, live: Manifest) -> bool:
    """Whether this is the object that an edit or a deletion is about, and not another one of its name.

    Without a uid, the answer to the creation was lost: its token on the object identifies it.
    """
    if pending.uid:
        return uid_of(live) == pending.uid
    token = annotations_of(live).get(CHANGE)
    return bool(token) and token == pending.creation_token


def precondition_failure(
    pending: PendingChange, live: Manifest | None, generation_at: Mapping[str, int]
) -> str:
    """Why the change cannot be applied to the live object; empty when it can."""
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
        same_generation = generation_at.get(pending.base) == generation_of(live)
        if not same_generation and pending.base_spec != (live.get("spec") or {}):
            return (
                f"{pending.display_name} was changed in the cluster since you opened the form. "
                "Review the current values and submit again."
            )
    return ""


def manifest_to_apply(pending: PendingChange, live: Manifest | None) -> dict[str, Any]:
    """The proposed object, with the token of the change that created it.

    An edit carries the uid, so that it applies to this object only.
    """
    proposed = dict(pending.manifest.get("metadata") or {})
    metadata: dict[str, Any] = {key: proposed[key] for key in ("labels", "annotations") if proposed.get(key)}
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
    # Without a known uid, the row gets the one of the object that is being deleted.
    return DeliveryResult(ChangeState.DELIVERED, live=None if pending.uid else dict(live))


async def create_namespace(client: Client, name: str) -> None:
    """Create a namespace that a team owns in this portal and the cluster does not have."""
    resource = await client.kinds.find("v1", "Namespace")
    metadata = {"name": name, "labels": {MANAGED_BY: "slipway"}}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    try:
        # Created, not applied: apply would need permission to patch every namespace.
        await client.create(resource, body, manager=INSTANCE_MANAGER)
    except ApiError as error:
        if not error.conflict:  # it was created meanwhile
            raise


def result_of_error(error: ApiError) -> DeliveryResult:
    """Refused when the same request can never succeed, else waiting: it is tried again."""
    if error.kind_terminating:
        return waiting(KIND_TERMINATING, WaitReason.SCHEMA)
    if error.lacks_right:
        message = f"Slipway lacks a permission in the cluster. The change waits for it: {error.message}"
        return waiting(message)
    if not (error.is_refusal or error.namespace_missing or error.undeclared_field or error.code == 403):
        message = f"The cluster could not apply the change. It will be tried again: {error.message}"
        return waiting(message)
    causes = tuple({"field": cause.field, "message": cause.message} for cause in error.causes)
    return DeliveryResult(ChangeState.REFUSED, refusal_message(error), causes=causes)


def refusal_message(error: ApiError) -> str:
    if error.namespace_missing:
        return f"The namespace {error.namespace_missing} does not exist in the cluster."
    if error.undeclared_field:
        return f"The contract has no field “{error.undeclared_field}”."
    if error.code == 403:
        return f"The cluster does not permit this change: {error.message}"
    return f"The cluster refused the change: {error.message}"
