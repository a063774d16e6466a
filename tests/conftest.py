"""What every test shares: where the conformance files are, and visible reasons for what cannot run here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def conformance_folder() -> Path:
    return Path(os.environ.get("SLIPWAY_CONFORMANCE", REPOSITORY.parent / "shared" / "conformance"))


@pytest.fixture(scope="session")
def conformance() -> Path:
    """The folder of conformance files, or a skip that says how to give them."""
    folder = conformance_folder()
    if not folder.is_dir():
        pytest.skip(f"no conformance files at {folder}: set SLIPWAY_CONFORMANCE to their folder")
    return folder
