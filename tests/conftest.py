"""All tests: their order, the conformance files, a database in a file, and one browser per process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect, sync_playwright
from xdist.remote import Producer

from tests.chromium import CHROMIUM, FLAGS, SHOWN_WITHIN
from tests.scheduling import Scheduler, in_order, is_marked

REPOSITORY = Path(__file__).resolve().parent.parent
SLOW_TIMEOUT = 600  # seconds, for a test marked ``slow`` on a machine that has much else to do
# Every run tries the same examples; ``--hypothesis-profile=default`` draws new ones.
hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.load_profile("repeatable")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium here: apt-get install chromium"))
        if is_marked(item, "slow") and not is_marked(item, "timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT))
    items[:] = in_order(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduler:
    return Scheduler(config, log)


def conformance_folder() -> Path:
    return Path(os.environ.get("SLIPWAY_CONFORMANCE", REPOSITORY.parent / "shared" / "conformance"))


@pytest.fixture(scope="session")
def conformance() -> Path:
    """The directory of conformance files, or a skip that says how to name it."""
    folder = conformance_folder()
    if not folder.is_dir():
        pytest.skip(f"no conformance files at {folder}: set SLIPWAY_CONFORMANCE to their directory")
    return folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file: several threads (pages, the reconciler) use it at once, as in production."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        name = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        database.setdefault("TEST", {})["NAME"] = name


@pytest.fixture(scope="session", autouse=True)
def fast_password_hasher() -> None:
    """Django's default hasher is slow on purpose; tests need no such protection."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process: Playwright's loop can run only once in a thread."""
    expect.set_options(timeout=SHOWN_WITHIN)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
