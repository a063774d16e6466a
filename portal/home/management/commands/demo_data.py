"""``manage.py demo_data``: loads the demo's users, teams and contracts. Safe to repeat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from portal.home.demo import data


class Command(BaseCommand):
    help = "Load the demo's users, teams and contracts. Existing rows stay unchanged."

    def handle(self, **_: Any) -> None:
        for name in data.load():
            self.stdout.write(f"loaded {name}")
