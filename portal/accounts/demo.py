"""Users and teams of the demo. All know the passwords, so the users exist only if ``settings.DEMO``."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from portal.accounts.models import Membership, PortalRole, Role, Team, TeamNamespace, User
from portal.accounts.portal_roles import portal_admins, set_portal_role


@dataclass(frozen=True, slots=True)
class DemoAccount:
    username: str
    password: str
    name: str
    team: str
    role: Role
    description: str  # shown on the sign-in page
    portal_role: PortalRole = PortalRole.NONE


DEMO_TEAMS = {
    "platform": ("Platform", ("platform-sandbox",)),  # for trying out contracts
    "checkout": ("Checkout", ("checkout", "checkout-staging")),
    "search": ("Search", ("search",)),
}
OFFERING_TEAM = "platform"  # its contracts are for every team
DEMO_ACCOUNTS = (
    DemoAccount(
        "engineer",
        "engineer-demo",
        "Emil Engineer",
        "platform",
        Role.ENGINEER,
        "platform engineer",
        PortalRole.ENGINEER,
    ),
    DemoAccount(
        "developer", "developer-demo", "Dana Developer", "checkout", Role.DEVELOPER, "developer of Checkout"
    ),
    DemoAccount("other", "other-demo", "Otto Other", "search", Role.DEVELOPER, "developer of Search"),
    DemoAccount("admin", "admin-demo", "Ada Admin", "platform", Role.ADMIN, "portal admin", PortalRole.ADMIN),
)


def load() -> None:
    """Create what is missing. Existing rows stay unchanged, so a second run changes nothing.

    Outside the demo only teams: accounts that an earlier demo left in the database are disabled.
    """
    teams = load_teams()
    if settings.DEMO:
        load_accounts(teams)
    else:
        disable_accounts()


def load_teams() -> dict[str, Team]:
    teams = {}
    for slug, (name, namespaces) in DEMO_TEAMS.items():
        defaults = {"name": name, "offers_to_all": slug == OFFERING_TEAM}
        teams[slug], _ = Team.objects.get_or_create(slug=slug, defaults=defaults)
        for namespace in namespaces:
            TeamNamespace.objects.get_or_create(name=namespace, defaults={"team": teams[slug]})
    return teams


def load_accounts(teams: dict[str, Team]) -> None:
    """Only a portal without a portal admin, from before portal roles existed, gives them to the accounts."""
    enable_accounts()
    upgraded = User.objects.exists() and not portal_admins().exists()
    for account in DEMO_ACCOUNTS:
        first, _, last = account.name.partition(" ")
        user, created = User.objects.get_or_create(
            username=account.username,
            defaults={"first_name": first, "last_name": last, "portal_role": account.portal_role},
        )
        if created:
            user.set_password(account.password)
            user.save(update_fields=["password"])
            Membership.objects.create(user=user, team=teams[account.team], role=account.role)
        elif upgraded and account.portal_role:
            set_portal_role(user, account.portal_role, by=None)


@transaction.atomic
def disable_accounts() -> None:
    """Nobody can sign in to them, their sessions end, and their tokens are revoked.

    An account whose password was changed belongs to its user and is kept.
    """
    for account in DEMO_ACCOUNTS:
        user = User.objects.filter(username=account.username, is_active=True).first()
        if user is not None and user.check_password(account.password):
            user.is_active = False
            user.set_unusable_password()
            user.save()


@transaction.atomic
def enable_accounts() -> None:
    """Undo :func:`disable_accounts`: the same state is used by the demo again."""
    for account in DEMO_ACCOUNTS:
        user = User.objects.filter(username=account.username, is_active=False).first()
        if user is not None and not user.has_usable_password():
            user.is_active = True
            user.set_password(account.password)
            user.save()
