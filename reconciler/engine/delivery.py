"""Changes → the cluster: what people asked for becomes a custom resource, or a refusal in words.

Level-based: a change stays approved until the cluster answered, so a crash at any moment loses none; a
creation carries the change's name on the object, so that delivering it twice makes one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import Change, Instance, State
from catalog.models.change import Action, ChangeState
from portal.accounts.models import TeamNamespace
from reconciler.engine.projection import remove
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

log = logging.getLogger("slipway.delivery")

WHILE_KIND_GOES = "Its kind is being removed from the cluster and comes back after."


@dataclass(frozen=True, slots=True)
class Wish:
    """A change that may be delivered, as its row says."""

    pk: int
    token: str  # names the change on the object that it creates
    action: str
    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    manifest: Mapping[str, Any]
    base: str
    base_spec: Mapping[str, Any] | None
    team: bool  # a team of this portal owns the namespace
    kind_trouble: str = ""  # why the cluster does not serve the kind, when that is known

    @property
    def group_kind(self) -> str:
        return f"{self.kind}.{self.api_version.rpartition('/')[0]}"

    @property
    def words(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a wish. ``state`` is delivered, refused, or approved when it must be tried again."""

    state: str
    message: str = ""
    causes: tuple[Mapping[str, str], ...] = ()
    gone: bool = False  # a deletion of what was not there
    live: dict[str, Any] | None = None


def open_wishes(destination: int) -> list[Wish]:
    """Approved changes, oldest first; of each instance only the oldest, so that they follow each other."""
    rows = (
        Change.objects.filter(state=ChangeState.APPROVED)
        .filter(instance__destination_id=destination)
        .select_related("instance__contract")
        .order_by("created_at", "pk")
    )
    owned = set(TeamNamespace.objects.values_list("name", flat=True))
    first: dict[int, Wish] = {}
    for row in rows:
        instance = row.instance
        if instance is None or instance.pk in first:
            continue
        contract = instance.contract
        first[instance.pk] = Wish(
            pk=row.pk,
            token=f"{row.pk}-{int(row.created_at.timestamp() * 1000)}",
            action=row.action,
            api_version=contract.api_version,
            kind=contract.kind,
            namespace=instance.namespace,
            name=instance.name,
            uid=instance.uid,
            manifest=row.manifest,
            base=row.base_resource_version,
            base_spec=instance.spec if row.base_resource_version == instance.resource_version else None,
            team=instance.namespace in owned,
            kind_trouble=trouble_of_kind(contract.conditions),
        )
    return list(first.values())


def trouble_of_kind(conditions: Sequence[Mapping[str, str]]) -> str:
    """What a platform engineer must mend before anything of the kind can be made; empty while it comes up."""
    ready = next((one for one in conditions if one["type"] == "KindReady"), None)
    if ready is None or ready["status"] == "True" or ready["reason"] == "Establishing":
        return ""
    return ready["message"]


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
    """Whether the object is as wished already, such as when the answer to an earlier try was lost."""
    if is_deleting(live) or not is_meant(wish, live):
        return False
    body = body_of(wish, live)
    metadata = {key: value for key, value in body["metadata"].items() if key != "uid"}
    return not differences({**body, "metadata": metadata}, live, INSTANCE_MANAGER)


def is_meant(wish: Wish, live: Manifest) -> bool:
    """Whether this is the object that the wish is about, and no other of its name."""
    if wish.action == Action.CREATE:
        return annotations_of(live).get(CHANGE) == wish.token
    return not wish.uid or uid_of(live) == wish.uid


def objection(wish: Wish, live: Manifest | None, generation_at: Mapping[str, int]) -> str:
    """Why the cluster need not even be asked; empty when it may be."""
    if wish.action == Action.CREATE:
        if live is None or is_meant(wish, live):
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
    token = wish.token
    if live is not None:
        metadata["uid"] = uid_of(live)
        token = annotations_of(live).get(CHANGE, "") if wish.action == Action.UPDATE else wish.token
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
    await client.apply(resource, body, manager=INSTANCE_MANAGER)


def refusal(error: ApiError) -> Delivery:
    if error.namespace_missing:
        message = f"The namespace {error.namespace_missing} does not exist in the cluster."
    elif error.undeclared_field:
        message = f"The contract has no field “{error.undeclared_field}”."
    elif error.kind_terminating:
        return Delivery(ChangeState.APPROVED, WHILE_KIND_GOES)
    elif error.code == 403:
        message = f"The cluster does not let Slipway do this: {error.message}"
    elif not error.is_refusal:
        return Delivery(ChangeState.APPROVED, f"The cluster could not take it right now: {error.message}")
    else:
        message = f"The cluster refused it: {error.message}"
    causes = tuple({"field": cause.field, "message": cause.message} for cause in error.causes)
    return Delivery(ChangeState.REFUSED, message, causes)


def save_deliveries(answered: Sequence[tuple[Wish, Delivery]]) -> None:
    with transaction.atomic():
        for wish, answer in answered:
            save_delivery(wish, answer)


def save_delivery(wish: Wish, delivery: Delivery) -> None:
    """Write the answer on the change, and on the instance that was never made."""
    change = Change.objects.select_related("instance").filter(pk=wish.pk, state=ChangeState.APPROVED).first()
    if change is None:
        return
    instance = change.instance
    if delivery.state == ChangeState.APPROVED:
        postpone(change, instance, delivery.message)
        return
    change.state, change.message = delivery.state, delivery.message
    change.causes = [dict(cause) for cause in delivery.causes]
    change.decided_at, change.attempts = timezone.now(), change.attempts + 1
    change.save()
    if instance is None:
        return
    if delivery.gone:
        remove(instance)
        return
    if delivery.state == ChangeState.REFUSED and not instance.uid:
        Instance.objects.filter(pk=instance.pk).update(
            state=State.FAILED, reason="Refused", message=delivery.message, state_since=timezone.now()
        )
    instance.touch()


def postpone(change: Change, instance: Instance | None, message: str) -> None:
    """It stays to be delivered; the page says why it waits. Told once per reason, not once per try."""
    Change.objects.filter(pk=change.pk).update(attempts=F("attempts") + 1)
    if change.message == message:
        return
    Change.objects.filter(pk=change.pk).update(message=message)
    if instance is None:
        return
    if not instance.uid:
        Instance.objects.filter(pk=instance.pk).update(
            state=State.WAITING, reason="NotDelivered", message=message
        )
    instance.touch()
