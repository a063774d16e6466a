"""``manage.py prepare``: database and sample data, without serving. The last step of ``make setup``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from portal.home.demo import data, database


class Command(BaseCommand):
    help = "Bring the database up to date and load the demo's sample data."

    def handle(self, **_: Any) -> None:
        database.migrate()
        data.load()
        self.stdout.write("The database is up to date, the sample data is there. `make run` serves it.")
