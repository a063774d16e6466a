"""Reconcilers as processes of their own, on the test's database or on a copy of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.conftest import REPOSITORY

STARTS_WITHIN = 90.0  # seconds: on a busy machine, importing everything takes long


def database_file() -> Path:
    if connection.vendor != "sqlite":
        pytest.skip("the child process finds the test's database by its SQLite file")
    return Path(connection.settings_dict["NAME"])


@contextmanager
def reconciler(
    kubeconfig: Path, state: Path, database: Path | None = None, log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """``manage.py reconcile``; killed at the end if it still runs. ``log``: where its log goes."""
    environment = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "DATABASE_URL": f"sqlite:///{database or database_file()}",
        "SLIPWAY_STATE_DIR": str(state),
        "SLIPWAY_EMBEDDED": "0",
        "SLIPWAY_LEASE_NAMESPACE": settings.LEASE_NAMESPACE,
    }
    command = [sys.executable, "manage.py", "reconcile"]
    with open(log or os.devnull, "wb") as file:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL, stderr=file if log else None
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)
