"""``manage.py first_admin [USERNAME]``: create the first portal admin, for operators."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.users import FIRST_ADMIN, UsernameTaken, create_first_admin


class Command(BaseCommand):
    help = "Create the first portal admin, and print a temporary password that the first sign-in changes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USERNAME", nargs="?", default=FIRST_ADMIN)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            created = create_first_admin(options["username"])
        except UsernameTaken as refusal:
            raise CommandError(str(refusal)) from None
        if created is None:
            raise CommandError(
                "The portal has a portal admin already, who can create users. If their password is lost, run "
                "manage.py temporary_password USERNAME."
            )
        user, password = created
        self.stdout.write(f"Created the portal admin {user.username}. Temporary password: {password}")
