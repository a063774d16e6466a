"""What base.html shows around every page. Computed on demand, so that fragments stay cheap."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest

from portal.accounts.models import PortalRole, Role, User
from portal.accounts.permission import highest_role, memberships_of, roles_of
from portal.home.navigation import Section, navigation
from portal.home.notices import Notice, notices
from portal.input_limits import LIMITS

THEMES = ("auto", "light", "dark")


def layout(request: HttpRequest) -> dict[str, Any]:
    """Context processor: adds ``layout`` in every template."""
    return {"layout": LayoutContext(request)}


class LayoutContext:
    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    query_limit = LIMITS.query  # characters of a search field

    @property
    def user(self) -> Any:
        return self.request.user

    @cached_property
    def theme(self) -> str:
        chosen = self.request.COOKIES.get("theme", "auto")
        return chosen if chosen in THEMES else "auto"

    @cached_property
    def modifier(self) -> str:
        """The modifier key of shortcuts on this user's platform."""
        return "⌘" if "Mac" in self.request.headers.get("User-Agent", "") else "Ctrl "

    @cached_property
    def navigation(self) -> list[Section]:
        return navigation(self.user, self.request.path)

    @cached_property
    def notices(self) -> list[Notice]:
        return notices(self.user)

    @cached_property
    def team_line(self) -> str:
        if not isinstance(self.user, User):
            return "Self-service platform"
        memberships = memberships_of(self.user)
        if not memberships:
            return "No team"
        return f"Team {memberships[0].team}" if len(memberships) == 1 else f"{len(memberships)} teams"

    @cached_property
    def role_line(self) -> str:
        if not isinstance(self.user, User):
            return ""
        if self.user.portal_role:
            return PortalRole(self.user.portal_role).label
        role = highest_role(roles_of(self.user).values())
        return Role(role).label if role else "Guest"
