"""Topics for the tests of the websocket: one for the members of a team, and one that is always forbidden."""

from __future__ import annotations

from portal.accounts.models import Team, User

versions = {"checkout": "1", "search": "1"}


class TeamTopic:
    def may_listen(self, user: User, argument: str) -> bool:
        return Team.objects.filter(slug=argument, memberships__user=user).exists()

    def version(self, user: User, argument: str) -> str:
        return versions[argument]


class ForbiddenTopic:
    def may_listen(self, user: User, argument: str) -> bool:
        return False

    def version(self, user: User, argument: str) -> str:
        raise AssertionError("read the version of a forbidden topic")


class ListTopic:
    """A list of the rows of all teams."""

    def may_listen(self, user: User, argument: str) -> bool:
        return True

    def version(self, user: User, argument: str) -> str:
        return "+".join(user.teams.order_by("slug").values_list("slug", flat=True))
