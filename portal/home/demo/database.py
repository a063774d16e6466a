"""The demo's database is brought up to date at every start; when it is already, that costs next to
nothing."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrate() -> bool:
    """Whether there was something to do."""
    executor = MigrationExecutor(connection)
    behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if behind:
        call_command("migrate", verbosity=0, interactive=False)
    return behind
