"""Every feature of kro has tests that exist, or a reason why it differs here; the page is up to date."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from tests.kro_features import PAGE, Feature, Quirk, features, quirks, updated

FEATURES, QUIRKS = features(), quirks()
NAMED: list[Feature | Quirk] = [*FEATURES, *QUIRKS]


@pytest.fixture(scope="module")
def collected() -> list[str]:
    """Node ids of every test in these files."""
    files = sorted({test.partition("::")[0] for one in NAMED for test in one.tests})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]
    return [line for line in ran.stdout.splitlines() if "::" in line]


def test_all_rows_are_there_once() -> None:
    assert [one.row for one in FEATURES] == list(range(1, 89))


@pytest.mark.parametrize("feature", FEATURES, ids=lambda one: f"row {one.row}")
def test_a_row_has_tests_or_a_reason(feature: Feature) -> None:
    assert feature.feature
    assert feature.tests or feature.differs
    assert len(set(feature.tests)) == len(feature.tests)


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda one: one.kro)
def test_a_fixed_quirk_is_tested(quirk: Quirk) -> None:
    assert quirk.here
    assert quirk.tests


def test_every_named_test_exists(collected: list[str]) -> None:
    missing = [
        test for one in NAMED for test in one.tests if not any(map(pattern(test).fullmatch, collected))
    ]
    assert missing == [], "Say in tests/kro_features.yaml which tests show it now"


def pattern(test: str) -> re.Pattern[str]:
    """``file::test`` has any parameters; in ``file::test[id]`` a ``*`` is any part of the id."""
    name, bracket, parameters = test.partition("[")
    if not bracket:
        return re.compile(re.escape(name) + r"(\[.*\])?")
    return re.compile(".*".join(map(re.escape, f"{name}[{parameters}".split("*"))))


def test_the_page_says_the_same() -> None:
    page = PAGE.read_text()
    assert page == updated(page), "The tables are outdated: make docs"
