"""A wish to create, update or delete an instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from contracts.models import Contract
from portal.accounts.models import Role, User
from portal.accounts.permission import sees_everything, teams_with
from portal.audit.record import record
from portal.live.publish import publish

if TYPE_CHECKING:
    from catalog.models.destination import Destination
    from catalog.models.instance import Instance


class Action(models.TextChoices):
    CREATE = "create", "Create"
    UPDATE = "update", "Update"
    DELETE = "delete", "Delete"


class ChangeState(models.TextChoices):
    WAITING = "waiting", "Waiting for approval"
    APPROVED = "approved", "Approved"  # to be delivered by the engine
    DELIVERED = "delivered", "Delivered"
    REFUSED = "refused", "Refused"


class NameTaken(Exception):
    """There is an instance of this contract with this name already. ``instance`` is the other one."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        super().__init__(
            f"There is already a {instance.contract.title} called {instance}. Choose another name."
        )


class ContractWithdrawn(Exception):
    """Nothing new may be made of a contract that is withdrawn."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        title = contract.title
        super().__init__(f"“{title}” was withdrawn: nothing new can be created with it. Instances live on.")


class AlreadyDeleting(Exception):
    """The instance is on its way out; it cannot be changed any more."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(f"{instance} is being deleted and cannot be changed any more.")


class ChangeQuerySet(models.QuerySet["Change"]):
    def visible_to(self, user: User | AnonymousUser) -> ChangeQuerySet:
        """What this person's teams asked for; everything for platform engineers."""
        if sees_everything(user):
            return self
        if not isinstance(user, User):
            return self.none()
        return self.filter(team__in=teams_with(user, Role.VIEWER))

    def pending(self) -> ChangeQuerySet:
        """Not yet delivered and not refused."""
        return self.filter(state__in=(ChangeState.WAITING, ChangeState.APPROVED))


class Change(models.Model):
    """What somebody asked for. It is kept when the instance is gone, and says what became of the wish."""

    instance = models.ForeignKey("catalog.Instance", models.SET_NULL, null=True, related_name="changes")
    instance_name = models.CharField(max_length=330)  # "namespace/name"
    contract = models.ForeignKey("contracts.Contract", models.SET_NULL, null=True, related_name="+")
    team = models.ForeignKey("accounts.Team", models.SET_NULL, null=True, related_name="+")
    # One per form that was opened, so that a form sent twice asks once.
    submission = models.UUIDField(null=True, unique=True, editable=False)
    action = models.CharField(max_length=8, choices=Action)
    state = models.CharField(max_length=10, choices=ChangeState, default=ChangeState.APPROVED)
    manifest = models.JSONField(default=dict)  # the whole custom resource that is proposed; empty for delete
    # The resourceVersion that an edit was made from; another one in the cluster means that somebody was
    # quicker.
    base_resource_version = models.CharField(max_length=64, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    decided_at = models.DateTimeField(null=True)  # delivered or refused
    attempts = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)  # why it waits or was refused, in words
    causes = models.JSONField(default=list)  # [{field, message}] of the API server's refusal, for the form

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                name="change_to_deliver",
                condition=models.Q(state=ChangeState.APPROVED),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.instance_name}"

    @property
    def is_pending(self) -> bool:
        return self.state in (ChangeState.WAITING, ChangeState.APPROVED)

    @classmethod
    def propose_creation(
        cls,
        *,
        contract: Contract,
        destination: Destination,
        manifest: Mapping[str, Any],
        by: User,
        submission: UUID | None = None,
    ) -> Change:
        """Ask for a new instance: its row and the wish are written together, so that its page opens at once.

        ``manifest`` is the whole custom resource. Safe to repeat with one ``submission``. Raises
        :class:`NameTaken` and :class:`ContractWithdrawn`; who may ask is decided by the caller.
        """
        from catalog.models.instance import Instance, owning_team

        namespace, name = manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]
        with transaction.atomic():
            if known := cls._sent_before(submission):
                return known
            contract = Contract.objects.select_for_update().get(pk=contract.pk)
            if contract.withdrawn:
                raise ContractWithdrawn(contract)
            place = {"destination": destination, "contract": contract, "namespace": namespace, "name": name}
            try:
                with transaction.atomic():
                    instance = Instance.objects.create(
                        **place,
                        team=owning_team(contract, namespace),
                        spec=manifest.get("spec", {}),
                        labels=manifest["metadata"].get("labels", {}),
                        annotations=manifest["metadata"].get("annotations", {}),
                        message="Asked for; not delivered to the cluster yet.",
                        reason="Requested",
                        created_by=by,
                    )
            except IntegrityError:
                raise NameTaken(Instance.objects.get(**place)) from None
            return cls._write(Action.CREATE, instance, manifest, by, submission)

    @classmethod
    def propose_update(
        cls,
        *,
        instance: Instance,
        manifest: Mapping[str, Any],
        by: User,
        base_resource_version: str = "",
        submission: UUID | None = None,
    ) -> Change:
        """Ask for other values. Raises :class:`AlreadyDeleting`. Safe to repeat with one ``submission``."""
        with transaction.atomic():
            if known := cls._sent_before(submission):
                return known
            if instance.is_leaving:
                raise AlreadyDeleting(instance)
            return cls._write(Action.UPDATE, instance, manifest, by, submission, base_resource_version)

    @classmethod
    def propose_deletion(cls, *, instance: Instance, by: User) -> Change:
        """Ask for the end of an instance. Safe to repeat.

        What the cluster never knew (its creation was refused) is gone at once.
        """
        with transaction.atomic():
            asked = instance.changes.pending().filter(action=Action.DELETE).first()
            if asked is not None:
                return asked
            change = cls._write(Action.DELETE, instance, {}, by, None)
            if not instance.uid and not instance.changes.pending().filter(action=Action.CREATE).exists():
                change.state, change.decided_at = ChangeState.DELIVERED, timezone.now()
                change.message = "It never reached the cluster, so there was nothing to remove."
                change.save(update_fields=["state", "decided_at", "message"])
                instance.delete()
                change.refresh_from_db()
            else:
                instance.leave()
            return change

    def retry(self, *, by: User) -> bool:
        """Try a refused change again, once. False when it is not refused any more."""
        with transaction.atomic():
            refused = Change.objects.filter(pk=self.pk, state=ChangeState.REFUSED)
            moved = refused.update(
                state=ChangeState.APPROVED, attempts=0, message="", causes=[], decided_at=None
            )
            self.refresh_from_db()
            if moved:
                record("change.retried", subject=self, by=by, team_slug=self.team.slug if self.team else "")
                self._announce()
        return bool(moved)

    @classmethod
    def _sent_before(cls, submission: UUID | None) -> Change | None:
        return cls.objects.filter(submission=submission).first() if submission else None

    @classmethod
    def _write(
        cls,
        action: Action,
        instance: Instance,
        manifest: Mapping[str, Any],
        by: User,
        submission: UUID | None,
        base_resource_version: str = "",
    ) -> Change:
        change = cls.objects.create(
            instance=instance,
            instance_name=str(instance),
            contract=instance.contract,
            team=instance.team,
            submission=submission,
            action=action,
            manifest=manifest,
            base_resource_version=base_resource_version,
            author=by,
            author_name=by.username,
        )
        record(
            f"instance.{_ASKED[action]}",
            subject=instance,
            by=by,
            team_slug=instance.team.slug if instance.team else "",
            detail={"contract": instance.contract.name, "change": change.pk},
        )
        change._announce()
        return change

    def _announce(self) -> None:
        publish("changes", str(self.pk))
        if self.instance is not None:
            self.instance.touch()


_ASKED = {
    Action.CREATE: "creation-asked",
    Action.UPDATE: "update-asked",
    Action.DELETE: "deletion-asked",
}
