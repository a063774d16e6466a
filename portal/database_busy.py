"""Tells a database that is busy from a query that is wrong."""

from __future__ import annotations

import sqlite3

from django.db import OperationalError

_SQLITE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# PostgreSQL: a lock timed out, the server shuts down or starts, or has no connection left.
_SQLSTATES = ("55P03", "57P01", "57P03", "53300")


def is_busy(error: BaseException | None) -> bool:
    """Whether a database refused because others use it, and not because the query is wrong."""
    cause = error.__cause__ if isinstance(error, OperationalError) else None
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return (code & 0xFF) in _SQLITE  # the low byte is the primary code
    return getattr(cause, "sqlstate", None) in _SQLSTATES
