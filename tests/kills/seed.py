"""The rows that the clients need: a team with a namespace, a developer, tokens, and a contract."""

from __future__ import annotations

from pathlib import Path

from contracts.publishing import publish
from portal.accounts.models import APIToken, Membership, Role, Team, User
from tests.kills.names import GROUP, NAMESPACE, PASSWORD, USER
from tests.reconciler.contracts import PAIR


def seed(token_file: str) -> None:
    """Run it in a process of the fork server. Writes the text of an API token into the file."""
    team = Team.objects.create(slug="kills", name="Kills", offers_to_all=True)
    team.namespaces.create(name=NAMESPACE)
    user = User.objects.create_user(USER, password=PASSWORD)
    Membership.objects.create(user=user, team=team, role=Role.ENGINEER)
    publish(PAIR.replace("GROUP", GROUP), by=user)
    Path(token_file).write_text(APIToken.issue(user, "kills")[1])
