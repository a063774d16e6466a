"""What every test shares: where the conformance files are, and visible reasons for what cannot run here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chromium import CHROMIUM, FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file: several threads (pages, the reconciler) use it at once, as they do in earnest."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        name = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        database.setdefault("TEST", {})["NAME"] = name


@pytest.fixture(scope="session", autouse=True)
def passwords_cost_nothing() -> None:
    """Django makes every password take half a second to compute, which is right everywhere but here."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process: Playwright's loop can run only once in a thread."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
