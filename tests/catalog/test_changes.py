"""Proposing changes: what is decided at once, and what by the reconciler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.changes import NEVER_CREATED, propose_deletion
from catalog.models import Action, Change, ChangeState, DeletedInstance, Instance

pytestmark = pytest.mark.backends
MakeInstance = Callable[..., Instance]


def add_creation(row: Instance, state: ChangeState) -> Change:
    return Change.objects.create(instance=row, instance_name=str(row), action=Action.CREATE, state=state)


@pytest.mark.parametrize(
    ("state", "uid", "at_once"),
    [
        pytest.param(ChangeState.REFUSED, "", True, id="refused"),
        pytest.param(ChangeState.REFUSED, "u", False, id="refused-and-another-object-has-the-name"),
        pytest.param(ChangeState.APPROVED, "", False, id="not-delivered-yet"),
        pytest.param(ChangeState.DELIVERED, "", False, id="delivered-and-not-observed-yet"),
        pytest.param(ChangeState.DELIVERED, "u", False, id="observed"),
    ],
)
def test_only_an_instance_whose_creation_was_refused_is_deleted_at_once(
    make_instance: MakeInstance, users: dict[str, Any], state: ChangeState, uid: str, at_once: bool
) -> None:
    row = make_instance("one", uid=uid)
    add_creation(row, state)
    change = propose_deletion(instance=row, by=users["developer"])
    if at_once:
        assert (change.state, change.message) == (ChangeState.DELIVERED, NEVER_CREATED)
        assert DeletedInstance.objects.get().name == "one"
    else:
        assert change.state == ChangeState.APPROVED
        assert Instance.objects.get().is_deleting


def test_the_newest_creation_decides(make_instance: MakeInstance, users: dict[str, Any]) -> None:
    row = make_instance("one", uid="")
    add_creation(row, ChangeState.REFUSED)
    add_creation(row, ChangeState.APPROVED)
    assert propose_deletion(instance=row, by=users["developer"]).state == ChangeState.APPROVED


def test_what_was_saved_since_the_row_was_read_is_used(
    make_instance: MakeInstance, users: dict[str, Any]
) -> None:
    row = make_instance("one", uid="")
    add_creation(row, ChangeState.REFUSED)
    Instance.objects.update(uid="u")
    assert propose_deletion(instance=row, by=users["developer"]).state == ChangeState.APPROVED


def test_an_instance_that_was_deleted_since_the_row_was_read(
    make_instance: MakeInstance, users: dict[str, Any]
) -> None:
    row = make_instance("one")
    Instance.objects.get().delete()
    with pytest.raises(Instance.DoesNotExist):
        propose_deletion(instance=row, by=users["developer"])
    assert not Change.objects.exists()
