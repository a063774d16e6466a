"""Killed while clients write, in a few of the combinations that ``make bench ARGS=kills`` goes through."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from tests.kills.processes import ROLES
from tests.kills.rounds import Kills, kill_rounds
from tests.reconciler.processes import database_file

ROUNDS = (Kills(ROLES), Kills(("reconciler", "cluster")), Kills(ROLES, restored=True))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_accepted_is_lost_doubled_orphaned_or_stuck(transactional_db: None, tmp_path: Path) -> None:
    database_file()
    copy = tmp_path / "kills.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(copy)])
    outcomes = list(kill_rounds(tmp_path, copy, ROUNDS, seed=9))
    assert [outcome.kills for outcome in outcomes] == list(ROUNDS)
    assert all(outcome.accepted for outcome in outcomes[:2])
