"""What happened to an instance while its edit form is open: who changed which fields, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from catalog.availability import usable_contract
from catalog.forms.spec_diff import FieldChange, field_changes
from catalog.models import Action, Change, DeletedInstance, Instance
from catalog.models.change import OPEN, ChangeState
from catalog.views.edit_base import explicit_manifest
from contracts.models import Contract
from portal.accounts.models import User

MOST_CHANGES = 20  # of an instance, in which the author is searched
_COUNTING = (*OPEN, ChangeState.DELIVERED)


@dataclass(frozen=True, slots=True)
class EditNews:
    """``who`` is empty if it was not done in the portal. ``contract``: of the instance, if it is known."""

    kind: Literal["changed", "deleting", "deleted", "lost"]
    who: str = ""
    at: datetime | None = None
    fields: tuple[FieldChange, ...] = ()
    contract: Contract | None = None


def find_news(user: User, pk: int, before: Mapping[str, Any]) -> EditNews | None:
    """The difference between the instance now and the manifest ``before``; None if there is none.

    An instance that this user may not see has no news.
    """
    related = ("contract", "contract__owner", "contract__revision")
    instance = Instance.objects.visible_to(user).select_related(*related).filter(pk=pk).first()
    if instance is None:
        return _deletion(user, pk)
    if instance.is_deleting:
        change = instance.changes.filter(action=Action.DELETE).first()
        at = change.created_at if change else instance.deletion_requested_at
        return EditNews("deleting", _author(change, user), at, contract=instance.contract)
    usable = usable_contract(instance.contract)
    if usable is None:
        return None
    now = explicit_manifest(instance, usable)
    fields = tuple(field_changes(before.get("spec") or {}, now.get("spec") or {}))
    if not fields:
        return None
    change = _newest_that_touched(instance, fields)
    at = change.created_at if change else instance.updated_at
    return EditNews("changed", _author(change, user), at, fields, instance.contract)


def _deletion(user: User, pk: int) -> EditNews | None:
    deleted = DeletedInstance.objects.visible_to(user).select_related("contract").filter(pk=pk).first()
    if deleted is None:
        return None
    requests = Change.objects.filter(
        contract=deleted.contract, instance_name=str(deleted), action=Action.DELETE
    )
    change = requests.filter(created_at__gte=deleted.created_at).first()
    return EditNews("deleted", _author(change, user), deleted.deleted_at, contract=deleted.contract)


def _newest_that_touched(instance: Instance, fields: Sequence[FieldChange]) -> Change | None:
    paths = [("spec", *field.path) for field in fields]
    changes = instance.changes.filter(action=Action.UPDATE, state__in=_COUNTING)[:MOST_CHANGES]
    for change in changes:
        touched = [tuple(one.get("path", ())) for one in change.touched]
        if any(path[: len(one)] == one or one[: len(path)] == path for one in touched for path in paths):
            return change
    return None


def _author(change: Change | None, user: User) -> str:
    if change is None:
        return ""
    return "you, in another window" if change.author_id == user.pk else change.author_name
