"""``manage.py devcluster [--port N] --kubeconfig FILE``: the simulated cluster alone."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError

# By name: no room of the portal imports the simulation, and the simulation knows no Django.
COMMAND_LINE = "devcluster.command"


class Command(BaseCommand):
    help = "Serve the simulated Kubernetes API on loopback and say when it is ready. Ctrl-C stops it."

    def run_from_argv(self, argv: list[str]) -> None:
        """Its words are those of ``python -m devcluster``; Django's own options mean nothing to it."""
        sys.exit(import_module(COMMAND_LINE).main(argv[2:]))

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("Start it as a process of its own: manage.py devcluster --kubeconfig FILE")
