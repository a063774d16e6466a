"""Proposing changes: the only code that creates a ``Change``, with the instance's row and the audit entry.

Each function checks permission itself, with the roles and the owner of the namespace at that moment. It
raises ``PermissionDenied`` with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from catalog import change_transitions
from catalog.availability import may_create
from catalog.models import Action, Change, ChangeState, Destination, Instance, State, owning_team
from catalog.touched import Base, TouchedField, reapply
from contracts.documents.paths import MISSING, get
from contracts.models import Contract
from portal.accounts.models import User
from portal.accounts.permission import Decision, can
from portal.accounts.rights import hold_rights, require
from portal.advisory_locks import advisory_lock
from portal.audit.record import record

NEVER_CREATED = "It was never created in the cluster, so there was nothing to delete."


class NameTaken(Exception):
    """An instance of this contract with this name exists already: ``instance``."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        super().__init__(
            f"There is already a {instance.contract.title} called {instance}. Choose another name."
        )


class ContractWithdrawn(Exception):
    """No new instances of a withdrawn contract can be created."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        super().__init__(
            f"“{contract.title}” was withdrawn: no new instances can be created. Existing instances remain."
        )


class AlreadyDeleting(Exception):
    """The instance is being deleted and cannot be changed any more."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(f"{instance} is being deleted and cannot be changed any more.")


def propose_creation(
    *,
    contract: Contract,
    destination: Destination,
    manifest: Mapping[str, Any],
    by: User,
    submission: UUID | None = None,
) -> Change:
    """Request a new instance. Its row and the change are written together, so that its page opens at once.

    ``manifest`` is the complete custom resource. Safe to repeat with the same ``submission``, at the same
    moment too. Raises :class:`NameTaken`, :class:`ContractWithdrawn` and ``PermissionDenied``.
    """
    namespace, name = manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]
    with transaction.atomic():
        by = hold_rights(by)
        known, submission = _submitted_before(submission, author=by, action=Action.CREATE, contract=contract)
        if known:
            return known
        contract = Contract.objects.select_for_update().get(pk=contract.pk)
        if not (decision := may_create(by, contract, namespace, name)):
            raise PermissionDenied(decision.reason)
        if contract.withdrawn:
            raise ContractWithdrawn(contract)
        key = {"destination": destination, "contract": contract, "namespace": namespace, "name": name}
        try:
            with transaction.atomic():
                instance = Instance.objects.create(
                    **key,
                    team=owning_team(contract, namespace),
                    spec=manifest.get("spec", {}),
                    labels=manifest["metadata"].get("labels", {}),
                    annotations=manifest["metadata"].get("annotations", {}),
                    message="Requested; not applied yet.",
                    reason="Requested",
                    created_by=by,
                )
        except IntegrityError:
            raise NameTaken(Instance.objects.get(**key)) from None
        return _save(
            Change(instance=instance, action=Action.CREATE, manifest=manifest, submission=submission), by
        )


def propose_update(
    *,
    instance: Instance,
    manifest: Mapping[str, Any],
    by: User,
    base: Base | None = None,
    submission: UUID | None = None,
) -> Change:
    """Request other values. Safe to repeat with the same ``submission``, at the same moment too.

    Only what differs from ``base`` is changed. Without one, the manifest is wanted as a whole: it is based on
    the values that all open changes lead to, and overwrites others.

    Raises :class:`AlreadyDeleting` and ``PermissionDenied``.
    """
    with transaction.atomic():
        by = hold_rights(by)
        known, submission = _submitted_before(submission, author=by, action=Action.UPDATE, instance=instance)
        if known:
            return known
        try:
            instance.refresh_from_db(from_queryset=Instance.objects.select_for_update())
        except Instance.DoesNotExist:
            raise AlreadyDeleting(instance) from None
        require(by, "edit", instance)
        if instance.is_deleting:
            raise AlreadyDeleting(instance)
        queue = list(instance.changes.open().exclude(manifest={}).order_by("created_at", "pk"))
        newest = queue[-1].manifest if queue else instance.manifest
        base = base or Base(newest, overwrites=True)
        touched = base.touched_by(manifest)
        change = Change(
            instance=instance,
            action=Action.UPDATE,
            manifest=manifest if base.overwrites or not queue else reapply(newest, touched),
            submission=submission,
            touched=[one.as_dict() for one in _after_own(touched, queue, by)],
            uid=instance.uid,
            overwrites=base.overwrites,
        )
        return _save(change, by)


def _after_own(touched: list[TouchedField], queue: list[Change], by: User) -> list[TouchedField]:
    """An edit has no conflict with the values that open changes of the same author set before it."""
    own = [change for change in queue if change.author_id == by.pk]
    return [
        replace(one, accepts=(*one.accepts, *(get(change.manifest, one.path, MISSING) for change in own)))
        for one in touched
    ]


def propose_deletion(*, instance: Instance, by: User) -> Change:
    """Request the deletion of an instance. Safe to repeat, until the object is gone.

    It supersedes the open changes of the instance, except one whose delivery is under way: that ends first.
    An instance that was never created, because its creation was refused or cancelled, is deleted at once.
    Raises ``Instance.DoesNotExist`` when it was deleted meanwhile, and ``PermissionDenied``.
    """
    with transaction.atomic():
        by = hold_rights(by)
        instance.refresh_from_db(from_queryset=Instance.objects.select_for_update())
        require(by, "delete", instance)
        open_changes = list(instance.changes.select_for_update().open())
        known = next((change for change in open_changes if change.action == Action.DELETE), None)
        known = known or _deletion_under_way(instance)
        if known is not None:
            return known
        at_once = _was_never_created(instance)
        change = _save(Change(instance=instance, action=Action.DELETE, uid=instance.uid), by)
        for other in open_changes:  # newest first: none is approved by the end of the one before it
            if other.is_cancellable:
                change_transitions.supersede(other, change)
        if at_once:
            change_transitions.finish(change, NEVER_CREATED)
            instance.delete()
            change.refresh_from_db()
        else:
            instance.mark_deleting()
        return change


def _deletion_under_way(instance: Instance) -> Change | None:
    """The deletion that the cluster has accepted, while the object still exists. One that a restored cluster
    has undone is none: the instance is not being deleted any more.
    """
    if not instance.is_deleting:
        return None
    accepted = instance.changes.filter(action=Action.DELETE, state=ChangeState.DELIVERED, uid=instance.uid)
    return accepted.order_by("-created_at", "-pk").first()


def _was_never_created(instance: Instance) -> bool:
    """Whether the cluster refused to create it, or was never asked. Without a result, it may exist."""
    creation = instance.changes.select_for_update().filter(action=Action.CREATE).first()
    if instance.uid or creation is None:
        return False
    cancelled = creation.state == ChangeState.CANCELLED and creation.delivery_started_at is None
    return cancelled or creation.state == ChangeState.REFUSED


def propose_retry(change: Change, *, by: User) -> bool:
    """Deliver a refused change again, once. Raises ``PermissionDenied``.

    False when it is no longer refused, or not the newest one, or when its instance is (being) deleted.
    """
    with transaction.atomic():
        by = hold_rights(by)
        instance = _lock_instance_of(change)
        if instance is None or instance.is_deleting:
            return False
        require(by, "edit", instance)
        if instance.changes.newest_refused() != change:
            return False
        change_transitions.retry(change, by=by)
        return True


def _lock_instance_of(change: Change) -> Instance | None:
    """The instance as it is now, locked; None when it was deleted."""
    key = change.instance_id
    change.instance = Instance.objects.select_for_update().filter(pk=key).first() if key else None
    return change.instance


def may_cancel(user: User, change: Change) -> Decision:
    """Its author may, and who may change what is in the namespace."""
    if change.author_id == user.pk:
        return Decision(True, "You requested it.")
    if change.instance is None:
        return Decision(False, "Its instance was deleted.")
    return can(user, "cancel changes of", change.instance)


def cancel_change(change: Change, *, by: User) -> None:
    """Cancel a change that is not being delivered yet.

    Raises ``TransitionNotAllowed`` and ``PermissionDenied``.
    The instance of a cancelled creation is deleted, unless a request that creates it may have been sent.
    """
    with transaction.atomic():
        by = hold_rights(by)
        instance = _lock_instance_of(change)
        if not (decision := may_cancel(by, change)):
            raise PermissionDenied(decision.reason)
        change_transitions.cancel(change, by=by)
        if instance is None:
            return
        if change.action == Action.CREATE and _was_never_created(instance):
            for other in instance.changes.open():
                change_transitions.cancel(other, by=by)
            instance.delete()
            change.refresh_from_db()
        elif change.action == Action.DELETE and instance.state == State.DELETING:
            instance.unmark_deleting()


def _submitted_before(submission: UUID | None, **request: Any) -> tuple[Change | None, UUID | None]:
    """The change of this submission. One of another request has nothing to do with it: this one is new.

    Requests with one submission, whatever they are about, wait here for each other.
    """
    if submission:
        advisory_lock(submission.int % 2**63)
    found = Change.objects.filter(submission=submission) if submission else Change.objects.none()
    if not found.exists():
        return None, submission
    return found.filter(**request).first(), None


_VERBS = {
    Action.CREATE: "instance.creation-requested",
    Action.UPDATE: "instance.update-requested",
    Action.DELETE: "instance.deletion-requested",
}


def _save(change: Change, by: User) -> Change:
    """Save a new change of ``change.instance``, with its audit entry, and wake the reconciler."""
    instance = change.instance
    assert instance is not None
    change.instance_name = str(instance)
    change.contract, change.team = instance.contract, instance.team
    change.author, change.author_name = by, by.username
    change_transitions.request(change)
    record(
        _VERBS[Action(change.action)],
        subject=instance,
        by=by,
        team_slug=instance.team.slug if instance.team else "",
        detail={"contract": instance.contract.name, "change": change.pk},
    )
    instance.touch()
    return change
