"""The simulated cluster as ``manage.py`` starts it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "kubeconfig"
    command = [sys.executable, "manage.py", "devcluster", "--port", "0", "--kubeconfig", str(file)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "ready at https://127.0.0.1:" in process.stdout.readline()
    yield file
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0


def test_it_reports_when_it_is_ready_and_stops_on_sigint(kubeconfig: Path) -> None:
    assert "certificate-authority-data" in kubeconfig.read_text()


def test_a_missing_option_is_reported() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "devcluster"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "--kubeconfig" in done.stderr
