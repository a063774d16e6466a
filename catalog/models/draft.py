"""Forms that were not submitted yet, saved on the server so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from catalog.models.change import Change
from catalog.models.deleted_instance import DeletedInstance
from catalog.models.instance import Instance
from contracts.models import Contract
from portal.accounts.models import User

HIDDEN_CONTRACT = "a contract that you can no longer see"
HIDDEN_INSTANCE = "an instance that you can no longer see"


class FormDraft(models.Model):
    """The YAML text of a form: one per user and contract, or per user and instance for an edit."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="form_drafts")
    contract = models.ForeignKey("contracts.Contract", models.CASCADE, related_name="form_drafts")
    # The draft remains when the instance is deleted: the text is its author's.
    instance = models.ForeignKey(
        "catalog.Instance", models.DO_NOTHING, null=True, related_name="form_drafts", db_constraint=False
    )
    text = models.TextField()
    # Of an edit: the manifest that the form was opened with. Empty for a creation, and if it is not known.
    before = models.JSONField(default=dict)
    updated_at = models.DateTimeField(default=timezone.now)
    title = ""  # not a field: what ``newest_of`` shows to the author

    class Meta:
        ordering: ClassVar = ["-updated_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["author", "contract"], condition=Q(instance=None), name="one_draft_per_contract"
            ),
            models.UniqueConstraint(
                fields=["author", "instance"], condition=~Q(instance=None), name="one_draft_per_instance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} by {self.author}"

    def get_absolute_url(self) -> str:
        if self.instance_id is not None:
            return reverse("catalog:edit", args=[self.instance_id])
        return reverse("catalog:create", args=[self.contract.name])

    def get_discard_url(self) -> str:
        if self.instance_id is not None:
            return reverse("catalog:edit-discard", args=[self.instance_id])
        return reverse("catalog:create-discard", args=[self.contract.name])

    @property
    def label(self) -> str:
        if self.instance_id is None:
            return f"New: {self.contract.title}"
        try:
            name = self.instance.name if self.instance is not None else ""
        except Instance.DoesNotExist:
            name = ""
        return f"Edit {name or 'a deleted instance'}"

    @classmethod
    def newest_of(cls, author: User, most: int) -> list[FormDraft]:
        """With the title that the author may see: a right may be lost after a draft was saved."""
        drafts: list[FormDraft] = list(
            cls.objects.filter(author=author).select_related("contract", "instance")[:most]
        )
        keys = [draft.instance_id for draft in drafts if draft.instance_id is not None]
        visible = {
            *Instance.objects.visible_to(author).filter(pk__in=keys).values_list("pk", flat=True),
            *DeletedInstance.objects.visible_to(author).filter(pk__in=keys).values_list("pk", flat=True),
        }
        contracts = Contract.objects.visible_to(author).filter(pk__in=[draft.contract_id for draft in drafts])
        offered = set(contracts.values_list("pk", flat=True))
        for draft in drafts:
            if draft.instance_id is None:
                draft.title = draft.label if draft.contract_id in offered else f"New: {HIDDEN_CONTRACT}"
            else:
                draft.title = draft.label if draft.instance_id in visible else f"Edit {HIDDEN_INSTANCE}"
        return drafts

    @classmethod
    def find(cls, author: User, contract: Contract, instance: Instance | None) -> FormDraft | None:
        return cls.objects.filter(author=author, contract=contract, instance=instance).first()

    @classmethod
    def save_text(
        cls,
        author: User,
        contract: Contract,
        instance: Instance | None,
        text: str,
        submission: UUID | None = None,
    ) -> None:
        """Save the text if it differs.

        A preview may arrive after its form was submitted; with ``submission`` it saves nothing then.
        """
        with transaction.atomic():
            if not cls._is_submitted(author, submission):
                cls._save(author, contract, instance, {"text": text})

    @classmethod
    def save_edit(
        cls,
        author: User,
        instance: Instance,
        text: str,
        before: Mapping[str, Any],
        submission: UUID | None = None,
    ) -> None:
        """As :meth:`save_text`, for an edit that is based on the manifest ``before``."""
        with transaction.atomic():
            if not cls._is_submitted(author, submission):
                cls._save(author, instance.contract, instance, {"text": text, "before": before})

    @staticmethod
    def _is_submitted(author: User, submission: UUID | None) -> bool:
        changes = Change.objects.filter(submission=submission, author=author)
        return submission is not None and changes.exists()

    @classmethod
    def _save(
        cls, author: User, contract: Contract, instance: Instance | None, values: Mapping[str, Any]
    ) -> None:
        found = cls.objects.filter(author=author, contract=contract, instance=instance)
        if not found.exists():
            made = FormDraft(author=author, contract=contract, instance=instance, **values)
            FormDraft.objects.bulk_create([made], ignore_conflicts=True)  # of another request at this moment
        saved = found.values(*values).first()
        if saved is not None and saved != values:
            found.update(**values, updated_at=timezone.now())

    @classmethod
    def discard(cls, author: User, contract: Contract, instance: Instance | None) -> None:
        cls.objects.filter(author=author, contract=contract, instance=instance).delete()
