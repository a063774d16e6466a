"""Topics that the tests of the websocket listen to: a team's, for its members; and one that nobody may
hear."""

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
        raise AssertionError("asked for the version of what may not be heard")
