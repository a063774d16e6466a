"""Migrates the demo's database at every start."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrate() -> bool:
    """Apply pending migrations. Returns whether there were any."""
    executor = MigrationExecutor(connection)
    pending = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if pending:
        call_command("migrate", verbosity=0, interactive=False)
    return pending
