"""Topics for the tests of the websocket: one for the members of a team, and one that is always forbidden."""

from __future__ import annotations

from portal.accounts.models import Team, User

versions = {"checkout": "1", "search": "1"}


class TeamTopic:
    def may_listen(self, user: User, argument: str) -> bool:
        return Team.objects.filter(slug=argument, memberships__user=user).exists()

    def version(self, argument: str) -> str:
        return versions[argument]


class ForbiddenTopic:
    def may_listen(self, user: User, argument: str) -> bool:
        return False

    def version(self, argument: str) -> str:
        raise AssertionError("read the version of a forbidden topic")
