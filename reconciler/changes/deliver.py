"""Deliver one change: apply or delete its custom resource, or say why not.

A change is marked as being delivered before the first write, until its result is saved. One that is found so
after a crash is delivered again. A creation writes its token on the object, so that delivering it twice
creates one object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog.changes import NEVER_CREATED
from catalog.models.change import Action, ChangeState, WaitReason
from catalog.touched import set_value
from contracts.documents.paths import MISSING, get
from reconciler.changes.outbox import DeliveryResult, PendingChange
from reconciler.changes.schema_lag import missing_leaves
from reconciler.kube import ApiError, Client, KubeError, NotServed, Resource, Unreachable
from reconciler.objects.accessors import (
    Manifest,
    annotations_of,
    is_deleting,
    metadata_of,
    uid_of,
    version_of,
)
from reconciler.objects.names import CHANGE, INSTANCE_MANAGER, MANAGED_BY
from reconciler.plan import MergeConflict, field_differences, merge_touched

KIND_TERMINATING = "The cluster is deleting the kind. The change will be applied once it is recreated."

ATTEMPTS = 5  # of a write, when the object is changed meanwhile
OWN_METADATA = ("labels", "annotations")
ROOT_SPEC = ("spec",)


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


async def deliver(client: Client, pending: PendingChange, prepared: Prepared) -> DeliveryResult:
    """Deliver a change. Never raises ``KubeError``: the result carries the reason.

    A conflict (409) says only that the object is not what was read: it is read and decided again.
    """
    try:
        for _ in range(ATTEMPTS):
            try:
                return await deliver_once(client, pending, prepared)
            except ApiError as error:
                if not error.conflict:
                    raise
            live = await client.get(prepared.resource, pending.namespace, pending.name)
            prepared = replace(prepared, live=live)
        return waiting(f"{pending.display_name} is changed all the time in the cluster.")
    except KubeError as error:
        return result_of(client, pending, error)


async def deliver_once(client: Client, pending: PendingChange, prepared: Prepared) -> DeliveryResult:
    """Raises ``ApiError`` with code 409 when the object was changed since it was read."""
    if pending.action == Action.DELETE:
        return await deliver_deletion(client, pending, prepared)
    if pending.action == Action.CREATE:
        return await deliver_creation(client, pending, prepared)
    return await deliver_update(client, pending, prepared)


async def deliver_creation(client: Client, pending: PendingChange, prepared: Prepared) -> DeliveryResult:
    resource, live = prepared.resource, prepared.live
    if live is not None and annotations_of(live).get(CHANGE) == pending.token:
        return await complete_creation(client, pending, resource, live)
    if live is not None:
        message = f"A {pending.kind} named {pending.display_name} already exists. Choose another name."
        return DeliveryResult(ChangeState.REFUSED, message)
    body = manifest_to_create(pending)
    try:
        answer = await client.apply(resource, body, manager=INSTANCE_MANAGER)
    except ApiError as error:
        if not (error.namespace_missing and pending.team):
            raise
        await create_namespace(client, pending.namespace)
        answer = await client.apply(resource, body, manager=INSTANCE_MANAGER)
    return delivered(pending, answer)


async def complete_creation(
    client: Client, pending: PendingChange, resource: Resource, live: Manifest
) -> DeliveryResult:
    """The change created the object already: its result was lost, or the schema lacked fields."""
    if any(missing_leaves(pending.manifest.get("spec"), live.get("spec") or {})):
        body = with_version(manifest_to_create(pending), live)
        live = await client.apply(resource, body, manager=INSTANCE_MANAGER)
    return delivered(pending, live)


async def deliver_update(client: Client, pending: PendingChange, prepared: Prepared) -> DeliveryResult:
    resource, live = prepared.resource, prepared.live
    problem = precondition_failure(pending, live)
    if problem or live is None:
        return DeliveryResult(ChangeState.REFUSED, problem)
    merge = merge_touched(live, pending.touched, INSTANCE_MANAGER, overwrites=pending.overwrites)
    if merge.conflicts:
        return conflict_result(pending, merge.conflicts)
    known: Manifest = live
    if merge.patch:
        patch = with_version(merge.patch, known)
        known = await client.merge(resource, pending.namespace, pending.name, patch, manager=INSTANCE_MANAGER)
    body = manifest_to_update(pending, merge.fields)
    if field_differences(body, known, INSTANCE_MANAGER):
        known = await client.apply(resource, with_version(body, known), manager=INSTANCE_MANAGER)
    return delivered(pending, known)


def delivered(pending: PendingChange, live: Manifest) -> DeliveryResult:
    head = {"apiVersion": pending.api_version, "kind": pending.kind}
    return DeliveryResult(ChangeState.DELIVERED, live={**live, **head})


def with_version(body: Mapping[str, Any], live: Manifest) -> dict[str, Any]:
    """For this version of this object only: another answers 409."""
    metadata = {**(body.get("metadata") or {}), "uid": uid_of(live), "resourceVersion": version_of(live)}
    return {**body, "metadata": metadata}


def conflict_result(pending: PendingChange, conflicts: Sequence[MergeConflict]) -> DeliveryResult:
    causes = tuple({"field": one.path, "message": conflict_message(one)} for one in conflicts)
    fields = ", ".join(one.path for one in conflicts)
    message = (
        f"{pending.display_name} was changed in the cluster since you opened the form. "
        f"Review the current values of {fields} and submit again."
    )
    return DeliveryResult(ChangeState.REFUSED, message, causes=causes)


def conflict_message(conflict: MergeConflict) -> str:
    return (
        f"You changed it from {value_text(conflict.old)} to {value_text(conflict.new)}; "
        f"it is {value_text(conflict.live)} now."
    )


def value_text(value: Any) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"“{text[:197]}…”" if len(text) > 200 else f"“{text}”"


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


def is_same_object(pending: PendingChange, live: Manifest) -> bool:
    """Whether this is the object that an edit or a deletion is about, and not another one of its name.

    Without a uid, the answer to the creation was lost: its token on the object identifies it.
    """
    if pending.uid:
        return uid_of(live) == pending.uid
    token = annotations_of(live).get(CHANGE)
    return bool(token) and token == pending.creation_token


def precondition_failure(pending: PendingChange, live: Manifest | None) -> str:
    """Why an update cannot be applied to the live object; empty when it can."""
    if live is None:
        return f"{pending.display_name} does not exist in the cluster any more."
    if is_deleting(live):
        return f"{pending.display_name} is being deleted and cannot be changed any more."
    if not is_same_object(pending, live):
        return f"{pending.display_name} was deleted and recreated since you opened the form. Reload the page."
    return ""


def manifest_to_create(pending: PendingChange) -> dict[str, Any]:
    """The proposed object, with the token of the change."""
    proposed = dict(pending.manifest.get("metadata") or {})
    metadata: dict[str, Any] = {key: proposed[key] for key in ("labels", "annotations") if proposed.get(key)}
    metadata["annotations"] = {**metadata.get("annotations", {}), CHANGE: pending.token}
    body = {key: value for key, value in pending.manifest.items() if key not in ("metadata", "status")}
    return {**body, **head_of_change(pending, metadata)}


def manifest_to_update(pending: PendingChange, fields: Mapping[str, Any]) -> dict[str, Any]:
    """All fields that the manager owns, those of the change included. A map that was emptied remains."""
    body = {key: value for key, value in fields.items() if key != "status"}
    metadata = {key: value for key, value in (fields.get("metadata") or {}).items() if key in OWN_METADATA}
    body |= head_of_change(pending, metadata)
    for one in pending.touched:
        for depth in range(len(ROOT_SPEC) + 1, len(one.path)):
            parent = one.path[:depth]
            if one.new is MISSING and get(pending.manifest, parent) == {} and get(body, parent) is None:
                set_value(body, parent, {})
    return body


def head_of_change(pending: PendingChange, metadata: Mapping[str, Any]) -> dict[str, Any]:
    names = {"name": pending.name, **({"namespace": pending.namespace} if pending.namespace else {})}
    return {
        "apiVersion": pending.api_version,
        "kind": pending.kind,
        "metadata": {**metadata, **names},
    }


async def deliver_deletion(client: Client, pending: PendingChange, prepared: Prepared) -> DeliveryResult:
    resource, live = prepared.resource, prepared.live
    if live is None or not is_same_object(pending, live):
        message = "It was already deleted." if pending.uid else NEVER_CREATED
        return DeliveryResult(ChangeState.DELIVERED, message, deleted=True)
    if not metadata_of(live).get("deletionTimestamp"):
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
    undeclared = error.undeclared_field
    return DeliveryResult(ChangeState.REFUSED, refusal_message(error), causes=causes, undeclared=undeclared)


def refusal_message(error: ApiError) -> str:
    if error.namespace_missing:
        return f"The namespace {error.namespace_missing} does not exist in the cluster."
    if error.undeclared_field:
        return f"The contract has no field “{error.undeclared_field}”."
    if error.code == 403:
        return f"The cluster does not permit this change: {error.message}"
    return f"The cluster refused the change: {error.message}"
