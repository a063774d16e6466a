"""``manage.py temporary_password USERNAME``: when no portal admin can set one, for operators."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import User
from portal.accounts.passwords import set_temporary_password


class Command(BaseCommand):
    help = "Set and print a temporary password. Ends the user's sessions and revokes their API tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USERNAME")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"User “{options['username']}” not found.")
        password = set_temporary_password(user, by=None)
        self.stdout.write(f"Temporary password of {user.username}: {password}")
        if not user.is_active:
            self.stdout.write("The user is inactive, and cannot sign in until a portal admin reactivates it.")
