"""Web server, reconciler and embedded cluster killed while clients write: what was lost, doubled or stuck."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from tests.bench.row import Row
from tests.conftest import REPOSITORY
from tests.kills.rounds import EVERY_COMBINATION, kill_rounds

ROUNDS = 200


def measure() -> Iterator[Row]:
    """An AssertionError says what was lost. ``SLIPWAY_KILL_ROUNDS``: how many rounds, 200 by default."""
    count = int(os.environ.get("SLIPWAY_KILL_ROUNDS", ROUNDS))
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "kills.sqlite3"
        migrate(database)
        rounds = list(islice(cycle(EVERY_COMBINATION), count))
        outcomes = list(kill_rounds(Path(folder), database, rounds, random.randrange(2**32)))
    accepted = sum(outcome.accepted for outcome in outcomes if not outcome.kills.restored)
    restored = sum(outcome.kills.restored for outcome in outcomes)
    killed = sum(len(outcome.kills.roles) for outcome in outcomes)
    yield Row(
        f"rounds, in {len(EVERY_COMBINATION)} combinations", f"{len(outcomes)} ({killed} processes killed)"
    )
    yield Row(f"{accepted:,} accepted requests: lost, doubled, orphaned or stuck", "0", "0")
    yield Row("rounds after which portal and restored cluster disagreed", f"0 of {restored}", "0")


def migrate(database: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{database}"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True)
