"""``manage.py demo_data``: loads the demo's sample data. Safe to repeat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from portal.home.demo import data


class Command(BaseCommand):
    help = "Load the demo's teams and contracts, and only in the embedded demo its users. Safe to repeat."

    def handle(self, **_: Any) -> None:
        for name in data.load():
            self.stdout.write(f"loaded {name}")
