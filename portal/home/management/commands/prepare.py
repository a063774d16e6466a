"""``manage.py prepare``: migrates the database and loads sample data. The last step of ``make setup``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from portal.home.demo import data, database


class Command(BaseCommand):
    help = "Migrate the database and load the demo's sample data."

    def handle(self, **_: Any) -> None:
        if moved := database.set_other_version_aside():
            self.stdout.write(moved)
        database.migrate()
        data.load()
        self.stdout.write("Database migrated, sample data loaded. Run `make run` to serve it.")
