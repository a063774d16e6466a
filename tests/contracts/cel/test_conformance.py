"""CEL's official conformance data, everything that needs no protobuf messages.

What differs is listed in known_differences.json with its reason: kro (cel-go) does it otherwise, or Python.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contracts.cel import conformance

KNOWN: dict[str, str] = json.loads(Path(__file__).with_name("known_differences.json").read_text())
WANTED_SHARE = 0.995

pytestmark = pytest.mark.conformance


@pytest.fixture(scope="module")
def cases() -> list[conformance.Case]:
    if not conformance.DATA.is_dir():
        pytest.skip(f"no conformance files at {conformance.DATA}: set SLIPWAY_CONFORMANCE to their folder")
    return list(conformance.cases())


@pytest.fixture(scope="module")
def faults(cases: list[conformance.Case]) -> dict[str, str]:
    found = {case.name: conformance.fault(case) for case in cases}
    return {name: fault for name, fault in found.items() if fault}


def test_every_case_passes_or_is_a_known_difference(faults: dict[str, str]) -> None:
    assert {name: fault for name, fault in faults.items() if name not in KNOWN} == {}


def test_known_differences_still_differ(faults: dict[str, str]) -> None:
    assert sorted(KNOWN) == sorted(name for name in faults if name in KNOWN)


def test_an_unreadable_value_is_not_a_silent_pass() -> None:
    with pytest.raises(ValueError, match="enum_value"):
        conformance.value({"enum_value": [{"value": ["1"]}]})


def test_nearly_all_cases_pass(cases: list[conformance.Case], faults: dict[str, str]) -> None:
    assert len(cases) > 1700
    assert 1 - len(faults) / len(cases) >= WANTED_SHARE
