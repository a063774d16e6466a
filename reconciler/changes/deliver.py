"""Changes → the cluster: what people asked for becomes a custom resource, or a refusal in words.

Level-based: a change stays approved until the cluster answered, so a crash at any moment loses none; a
creation carries the change's name on the object, so that delivering it twice makes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.models.change import Action, ChangeState
from reconciler.changes.outbox import Delivery, Wish
from reconciler.kube import ApiError, Client, KubeError, NotServed, Unreachable
from reconciler.objects.names import CHANGE, INSTANCE_MANAGER, MANAGED_BY
from reconciler.objects.reading import (
    Manifest,
    annotations_of,
    generation_of,
    is_deleting,
    metadata_of,
    uid_of,
    version_of,
)
from reconciler.plan import differences

WHILE_KIND_GOES = "Its kind is being removed from the cluster and comes back after."


async def deliver(client: Client, wish: Wish, generation_at: Mapping[str, int]) -> Delivery:
    """Ask the cluster. Never raises ``KubeError``: the answer says what became of it.

    ``generation_at``: resourceVersion → generation, of the versions that were seen lately: an edit conflicts
    when the spec was changed meanwhile, not when only the status was.
    """
    try:
        resource = await client.kinds.find(wish.api_version, wish.kind)
        live = await client.get(resource, wish.namespace, wish.name)
        if wish.action == Action.DELETE:
            return await deliver_deletion(client, wish, live)
        if live is not None and is_delivered(wish, live):
            return Delivery(ChangeState.DELIVERED, live=live)
        problem = objection(wish, live, generation_at)
        if problem:
            return Delivery(ChangeState.REFUSED, problem)
        body = body_of(wish, live)
        try:
            answer = await client.apply(resource, body, manager=INSTANCE_MANAGER)
        except ApiError as error:
            if not (error.namespace_missing and wish.team):
                raise
            await make_namespace(client, wish.namespace)
            answer = await client.apply(resource, body, manager=INSTANCE_MANAGER)
        return Delivery(
            ChangeState.DELIVERED, live={**answer, "apiVersion": wish.api_version, "kind": wish.kind}
        )
    except NotServed:
        words = f"The cluster does not serve the kind {wish.kind} yet. {wish.kind_trouble}"
        return Delivery(ChangeState.APPROVED, words.strip())
    except Unreachable as error:
        return Delivery(ChangeState.APPROVED, f"{error} The change will be delivered when it does.")
    except ApiError as error:
        return refusal(error)
    except KubeError as error:
        return Delivery(ChangeState.APPROVED, str(error))


def is_delivered(wish: Wish, live: Manifest) -> bool:
    """Whether it was done before, and only the answer was lost.

    What became of a created object since is no part of the wish; an edit is done when the object is so.
    """
    if wish.action == Action.CREATE:
        return annotations_of(live).get(CHANGE) == wish.token
    if is_deleting(live) or not is_meant(wish, live):
        return False
    body = body_of(wish, live)
    metadata = {key: value for key, value in body["metadata"].items() if key != "uid"}
    return not differences({**body, "metadata": metadata}, live, INSTANCE_MANAGER)


def is_meant(wish: Wish, live: Manifest) -> bool:
    """Whether this is the object that an edit or a deletion is about, and no other of its name."""
    return not wish.uid or uid_of(live) == wish.uid


def objection(wish: Wish, live: Manifest | None, generation_at: Mapping[str, int]) -> str:
    """Why the cluster need not even be asked; empty when it may be."""
    if wish.action == Action.CREATE:
        if live is None:
            return ""
        return f"There is already a {wish.kind} called {wish.words} in the cluster. Choose another name."
    if live is None:
        return f"{wish.words} does not exist in the cluster any more."
    if is_deleting(live):
        return f"{wish.words} is being deleted and cannot be changed any more."
    if not is_meant(wish, live):
        return f"{wish.words} was deleted and made anew since you opened the form. Look at it again."
    if wish.base and wish.base != version_of(live):
        base_generation = generation_at.get(wish.base)
        unchanged = base_generation == generation_of(live) or wish.base_spec == (live.get("spec") or {})
        if not unchanged:
            return f"Somebody changed {wish.words} since you opened the form. Look at it again and repeat it."
    return ""


def body_of(wish: Wish, live: Manifest | None) -> dict[str, Any]:
    """The proposed object, with the name of the change that created it.

    An edit is for the very object only.
    """
    given = dict(wish.manifest.get("metadata") or {})
    metadata: dict[str, Any] = {key: given[key] for key in ("labels", "annotations") if given.get(key)}
    metadata["name"] = wish.name
    if wish.namespace:
        metadata["namespace"] = wish.namespace
    if live is not None:
        metadata["uid"] = uid_of(live)
    token = wish.token if live is None else annotations_of(live).get(CHANGE)
    if token:
        metadata["annotations"] = {**metadata.get("annotations", {}), CHANGE: token}
    body = {key: value for key, value in wish.manifest.items() if key not in ("metadata", "status")}
    return {**body, "apiVersion": wish.api_version, "kind": wish.kind, "metadata": metadata}


async def deliver_deletion(client: Client, wish: Wish, live: Manifest | None) -> Delivery:
    if live is None or not is_meant(wish, live):
        return Delivery(ChangeState.DELIVERED, "It was gone already.", gone=True)
    if not metadata_of(live).get("deletionTimestamp"):
        resource = await client.kinds.find(wish.api_version, wish.kind)
        await client.delete(resource, wish.namespace, wish.name, uid=uid_of(live))
    return Delivery(ChangeState.DELIVERED)


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


def refusal(error: ApiError) -> Delivery:
    if error.namespace_missing:
        message = f"The namespace {error.namespace_missing} does not exist in the cluster."
    elif error.undeclared_field:
        message = f"The contract has no field “{error.undeclared_field}”."
    elif error.kind_terminating:
        return Delivery(ChangeState.APPROVED, WHILE_KIND_GOES)
    elif error.lacks_right:
        words = f"Slipway lacks a right in the cluster, and goes on once it has it: {error.message}"
        return Delivery(ChangeState.APPROVED, words)
    elif error.code == 403:
        message = f"The cluster does not let Slipway do this: {error.message}"
    elif not error.is_refusal:
        return Delivery(ChangeState.APPROVED, f"The cluster could not take it right now: {error.message}")
    else:
        message = f"The cluster refused it: {error.message}"
    causes = tuple({"field": cause.field, "message": cause.message} for cause in error.causes)
    return Delivery(ChangeState.REFUSED, message, causes)
