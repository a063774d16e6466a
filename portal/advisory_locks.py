"""Locks that belong to no row, until the transaction ends.

They are taken before any row is locked, so that there is no deadlock.
"""

from __future__ import annotations

from django.db import connection


def advisory_lock(key: int, *, shared: bool = False) -> None:
    """Wait for the lock of this number (64 bits). Many may hold a shared one, while none has it alone.

    SQLite needs none: each transaction that writes has the database for itself from its start.
    """
    if connection.vendor == "postgresql":
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [key])
