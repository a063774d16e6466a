"""``manage.py devcluster [--port N] --kubeconfig FILE``: the simulated cluster alone."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

# By name: no package of the product imports the simulation, and the simulation does not import Django.
COMMAND_LINE = "devcluster.command"


class Command(BaseCommand):
    help = "Serve the simulated Kubernetes API on loopback. Ctrl-C stops it."

    def run_from_argv(self, argv: list[str]) -> None:
        """Takes the options of ``python -m devcluster``, and none of Django's."""
        arguments = ["--rules", settings.EMBEDDED_CLUSTER_RULES, *argv[2:]]
        sys.exit(import_module(COMMAND_LINE).main(arguments))

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("Start it from the command line: manage.py devcluster --kubeconfig FILE")
