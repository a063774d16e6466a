"""Whoever was allowed when the page was shown, and is no longer when it writes, changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from catalog import change_transitions
from catalog.changes import (
    cancel_change,
    propose_creation,
    propose_deletion,
    propose_retry,
    propose_update,
)
from catalog.models import Change, Destination, Instance
from contracts.compiler import compile_text
from contracts.grants import give, revoke
from contracts.models import Contract, Grant
from contracts.publishing import publish
from portal.accounts.models import Membership, PortalRole, Role, Team, User
from portal.accounts.permission import can
from portal.accounts.portal_roles import set_portal_role
from portal.audit.models import Entry
from tests.catalog.conftest import SERVICE

# It binds a role in the whole cluster.
BEYOND = SERVICE.replace("    - id: service\n", """\
    - id: role
      template:
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "${schema.metadata.name}"}
        rules: []
    - id: service
""")  # fmt: skip


@dataclass
class Stage:
    contract: Contract
    instance: Instance
    cluster: Destination
    users: dict[str, User]
    teams: dict[str, Team]

    def changed(self) -> dict[str, Any]:
        return {**self.instance.manifest, "spec": {**self.instance.spec, "image": "shop:2"}}

    def open_change(self) -> Change:
        """Of another author: its own author may cancel it whatever their role."""
        return propose_update(instance=self.instance, manifest=self.changed(), by=self.users["teammate"])

    def refused_change(self) -> Change:
        change = self.open_change()
        change_transitions.refuse(change, "no")
        return change


@pytest.fixture
def stage(
    contract: Contract,
    instance: Instance,
    cluster: Destination,
    users: dict[str, User],
    teams: dict[str, Team],
) -> Stage:
    return Stage(contract, instance, cluster, users, teams)


Act = Callable[[User], object]


def create(stage: Stage) -> Act:
    manifest = {"metadata": {"name": "new", "namespace": "checkout"}, "spec": {"image": "shop:1"}}
    return lambda by: propose_creation(
        contract=stage.contract, destination=stage.cluster, manifest=manifest, by=by
    )


def update(stage: Stage) -> Act:
    return lambda by: propose_update(instance=stage.instance, manifest=stage.changed(), by=by)


def delete(stage: Stage) -> Act:
    return lambda by: propose_deletion(instance=stage.instance, by=by)


def retry(stage: Stage) -> Act:
    change = stage.refused_change()
    return lambda by: propose_retry(change, by=by)


def cancel(stage: Stage) -> Act:
    change = stage.open_change()
    return lambda by: cancel_change(change, by=by)


def publish_next(stage: Stage) -> Act:
    return lambda by: publish(SERVICE.replace("Plain service", "Better service"), by=by)


def withdraw(stage: Stage) -> Act:
    contract = Contract.objects.get(pk=stage.contract.pk)
    return lambda by: contract.withdraw(by=by, reason="old")


def reinstate(stage: Stage) -> Act:
    contract = Contract.objects.get(pk=stage.contract.pk)
    contract.withdraw(by=None, reason="")
    return lambda by: contract.reinstate(by=by, reason="again")


def grant(stage: Stage) -> Act:
    reach = compile_text(BEYOND).reach
    assert reach.exceeds(frozenset())
    return lambda by: give(stage.contract, reach, by=by, reason="needed")


def revoke_grant(stage: Stage) -> Act:
    given = give(stage.contract, compile_text(BEYOND).reach, by=None, reason="needed")
    assert given is not None
    return lambda by: revoke(given, by=by, reason="not any more")


def set_role(stage: Stage) -> Act:
    person = User.objects.get(pk=stage.users["outsider"].pk)
    return lambda by: set_portal_role(person, PortalRole.ADMIN, by=by)


ACTS: dict[Callable[[Stage], Act], str] = {  # who may
    create: "developer",
    update: "developer",
    delete: "developer",
    retry: "developer",
    cancel: "developer",
    publish_next: "engineer",
    withdraw: "engineer",
    reinstate: "engineer",
    grant: "admin",
    revoke_grant: "admin",
    set_role: "admin",
}


def lower_the_role(user: User) -> None:
    User.objects.filter(pk=user.pk).update(portal_role=PortalRole.NONE)
    Membership.objects.filter(user=user).update(role=Role.VIEWER)


def remove_from_the_team(user: User) -> None:
    User.objects.filter(pk=user.pk).update(portal_role=PortalRole.NONE)
    Membership.objects.filter(user=user).delete()


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def delete_the_account(user: User) -> None:
    User.objects.filter(pk=user.pk).delete()


LOSSES = [lower_the_role, remove_from_the_team, deactivate, delete_the_account]


def rows() -> list[Any]:
    """Whatever these acts could change."""
    return [
        list(Change.objects.order_by("pk").values_list("pk", "state")),
        list(Instance.objects.order_by("pk").values_list("pk", "state")),
        list(Contract.objects.values_list("revision__number", "withdrawn_at")),
        list(Grant.objects.order_by("pk").values_list("pk", "revoked_at")),
        User.objects.filter(portal_role=PortalRole.ADMIN, username="outsider").exists(),
        Entry.objects.count(),
    ]


@pytest.mark.parametrize("lose", [None, *LOSSES])
@pytest.mark.parametrize("prepare", ACTS)
def test_a_right_that_was_lost_since_the_page_was_shown(
    stage: Stage, prepare: Callable[[Stage], Act], lose: Callable[[User], None] | None
) -> None:
    who = ACTS[prepare]
    act = prepare(stage)
    user = User.objects.get(username=who)
    assert can(user, "edit", stage.instance) or user.portal_role  # the request has read the roles
    if lose is None:
        before = rows()
        act(user)
        assert rows() != before
        return
    lose(user)
    before = rows()
    with pytest.raises(PermissionDenied):
        act(user)
    assert rows() == before
