"""Prepares the demo's database at every start: sets other versions of the state aside, then migrates."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.home.demo import state


def set_other_version_aside() -> str:
    """Before the first query. Returns a message for the user, or an empty string."""
    folder = Path(settings.STATE_DIR)
    if not state.has_own_state(folder, str(settings.DATABASES["default"]["NAME"]), settings.KUBECONFIG):
        return ""
    target = state.set_aside_other_version(folder, datetime.now())
    if target is None:
        return ""
    return f"The state in {folder} is of another version. It was moved to {target}; the demo starts afresh."


def migrate() -> bool:
    """Apply pending migrations. Returns whether there were any."""
    executor = MigrationExecutor(connection)
    pending = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if pending:
        call_command("migrate", verbosity=0, interactive=False)
    return pending
