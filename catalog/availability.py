"""Contracts as something that can be asked for: their newest revision, compiled, and who may ask where."""

from __future__ import annotations

from catalog.forms.instance_form import UsableContract
from catalog.models import Destination, Instance, owning_team
from contracts.known_kinds import compile_known
from contracts.models import Contract, Revision
from portal.accounts.models import Role, TeamNamespace, User
from portal.accounts.permission import Decision, can, teams_with


def usable_contract(contract: Contract) -> UsableContract | None:
    """The newest revision, compiled; None when there is none or it does not compile with today's kinds."""
    return usable_revision(contract.revision) if contract.revision is not None else None


def usable_revision(revision: Revision) -> UsableContract | None:
    compilation = compile_known(revision.text)
    if compilation.runnable is None:
        return None
    return UsableContract(compilation.runnable, compilation.presentation)


def namespaces_for(user: User) -> list[TeamNamespace]:
    """Where this person may create: the namespaces of the teams in which they are at least a developer."""
    owned = TeamNamespace.objects.select_related("team").order_by("team__name", "name")
    return list(owned if user.is_superuser else owned.filter(team__in=teams_with(user, Role.DEVELOPER)))


def may_create(user: User, contract: Contract, namespace: str, name: str = "") -> Decision:
    """Whether this person may create there, with the reason."""
    team = owning_team(contract, namespace)
    wish = Instance(contract=contract, namespace=namespace, name=name or "an instance", team=team)
    return can(user, "create", wish)


def may_create_somewhere(user: User, contract: Contract) -> Decision:
    """Whether there is any place where this person may create an instance of the contract."""
    if not contract.namespaced:
        return may_create(user, contract, "")
    if namespaces_for(user):
        return Decision(True, "Your teams own namespaces.")
    reason = "You need the role developer in a team that owns a namespace. Ask an administrator of your team."
    return Decision(False, reason)


def creation_destination() -> Destination:
    """Where new instances go; made when the engine has not named one yet."""
    known = Destination.objects.filter(is_default=True).first()
    if known is not None:
        return known
    first = Destination.objects.order_by("pk").first()
    if first is not None:
        return first
    return Destination.objects.get_or_create(
        slug="default", defaults={"title": "Default cluster", "is_default": True}
    )[0]
