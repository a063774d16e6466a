"""Which contracts can be used: their latest revision, compiled, and who may create instances where."""

from __future__ import annotations

from catalog.forms.instance_form import UsableContract
from catalog.models import Destination, Instance, owning_team
from contracts.known_kinds import compile_known
from contracts.models import Contract, Revision
from portal.accounts.models import Role, TeamNamespace, User
from portal.accounts.permission import Decision, can, teams_with


def usable_contract(contract: Contract) -> UsableContract | None:
    """The latest revision, compiled; None if there is none or it does not compile with the known kinds."""
    return usable_revision(contract.revision) if contract.revision is not None else None


def usable_revision(revision: Revision) -> UsableContract | None:
    compilation = compile_known(revision.text)
    if compilation.runnable is None:
        return None
    return UsableContract(compilation.runnable, compilation.presentation)


def namespaces_for(user: User, contract: Contract) -> list[TeamNamespace]:
    """Namespaces in which this user may create instances of the contract."""
    owned = TeamNamespace.objects.select_related("team").order_by("team__name", "name")
    own = owned.filter(team__in=teams_with(user, Role.DEVELOPER))
    return list(own if contract.owner.offers_to_all else own.filter(team=contract.owner))


def may_create(user: User, contract: Contract, namespace: str, name: str = "") -> Decision:
    """Whether this user may create an instance there, with the reason."""
    team = owning_team(contract, namespace)
    instance = Instance(contract=contract, namespace=namespace, name=name or "an instance", team=team)
    decision = can(user, "create", instance)
    # Who is in another team must not learn which namespaces belong to the owner.
    is_stranger = not contract.owner.offers_to_all and contract.owner_id not in teams_with(user, Role.VIEWER)
    if not contract.is_offered_to(team) or (is_stranger and not decision):
        return Decision(False, not_offered(contract))
    return decision


def not_offered(contract: Contract) -> str:
    """Why no other team may create instances."""
    return (
        f"“{contract.title}” is offered to the team {contract.owner.name} only. "
        "Other teams cannot create instances; existing ones remain and can still be changed."
    )


def may_create_somewhere(user: User, contract: Contract) -> Decision:
    """Whether this user may create an instance of the contract in any namespace."""
    if not contract.namespaced:
        return may_create(user, contract, "")
    if namespaces_for(user, contract):
        return Decision(True, "Your teams own namespaces.")
    if not contract.owner.offers_to_all and contract.owner_id not in teams_with(user, Role.DEVELOPER):
        return Decision(False, not_offered(contract))
    reason = "You need the role developer in a team that owns a namespace. Ask a team admin."
    return Decision(False, reason)


def creation_destination() -> Destination:
    """The cluster for new instances; created if the reconciler has not registered one yet."""
    known = Destination.objects.filter(is_default=True).first()
    if known is not None:
        return known
    first = Destination.objects.order_by("pk").first()
    if first is not None:
        return first
    return Destination.objects.get_or_create(
        slug="default", defaults={"title": "Default cluster", "is_default": True}
    )[0]
