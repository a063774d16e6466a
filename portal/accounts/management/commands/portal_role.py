"""``manage.py portal_role USERNAME ROLE``: set a user's portal role, for operators."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import PortalRole, User
from portal.accounts.portal_roles import LastPortalAdmin, set_portal_role

ROLES = {role.value or "none": role for role in PortalRole}


class Command(BaseCommand):
    help = "Set the role that a user has in the whole portal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USERNAME")
        parser.add_argument("role", choices=ROLES)

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"User “{options['username']}” not found.")
        role = ROLES[options["role"]]
        try:
            changed = set_portal_role(user, role, by=None)
        except LastPortalAdmin as refusal:
            raise CommandError(str(refusal)) from None
        now = f"the portal role {role.label}" if role else "no portal role"
        self.stdout.write(f"{user.username} {'now has' if changed else 'already has'} {now}.")
