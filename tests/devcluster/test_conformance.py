"""The answers of a real API server, request by request, against this one (see the conformance README).

known_differences.yaml lists the steps that still differ. It only shrinks: a step that is listed and passes
fails here too.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.clusters import DevCluster
from tests.conftest import conformance_folder

HERE = Path(__file__).parent
KNOWN: dict[str, list[str]] = yaml.safe_load((HERE / "known_differences.yaml").read_text())
FOLDER = conformance_folder() / "kubernetes"
WHOLE = {
    "discovery-aggregated", "configmap", "deployment", "apply-basics", "apply-conflicts", "finalizers", "gc",
    "selectors", "watch-basics", "watch-bookmarks", "crd-lifecycle", "crd-status-scale", "rollout",
}  # fmt: skip

pytestmark = pytest.mark.conformance


def cases() -> list[Any]:
    """Each case of the first tier, in each mode that its needs allow."""
    found = []
    for path in sorted((FOLDER / "cases").glob("*.yaml")) if FOLDER.is_dir() else ():
        case = yaml.safe_load(path.read_text())
        if case.get("tier") != 1:
            continue
        needs = set(case.get("needs") or ())
        if not needs & {"controllers", "nodes"}:
            found.append(pytest.param(path.stem, "alone", id=f"{path.stem}-alone"))
        if "no-controllers" not in needs and (needs or path.stem in WHOLE):
            found.append(pytest.param(path.stem, "live", id=f"{path.stem}-live"))
    reason = f"no conformance files at {FOLDER.parent}: set SLIPWAY_CONFORMANCE to their folder"
    return found or [pytest.param("none", "alone", marks=pytest.mark.skip(reason=reason))]


@pytest.fixture(scope="session")
def comparison() -> Iterator[tuple[ModuleType, ModuleType]]:
    """The conformance folder's own programs, so that they and not we say what differs."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("record"), importlib.import_module("compare")
    finally:
        sys.path.remove(str(FOLDER))


@pytest.mark.parametrize(("name", "mode"), cases())
def test_answers_are_those_of_a_real_server(
    name: str, mode: str, clusters: dict[str, DevCluster], comparison: tuple[ModuleType, ModuleType]
) -> None:
    record, compare = comparison
    have = ["controllers", "nodes"] if mode == "live" else [""]
    loaded, _ = record.load([name], have, None)
    cluster, case = clusters[mode], loaded[0]
    answered = record.Run(record.Server(cluster.server, cluster.token), case)()
    golden = json.loads((FOLDER / "golden" / f"{name}.json").read_text())
    ignored = [f"{entry.get('step', '*')} {entry['path']}" for entry in case.get("ignore", [])]
    compared = list(compare.compare(golden, answered, ignored))
    differing = {step: found for step, found in compared if found}
    known = set(KNOWN.get(name, ()))
    unexpected = {step: found[:3] for step, found in differing.items() if step not in known}
    assert not unexpected, f"differs from a real server: {unexpected}"
    assert not known - differing.keys(), "passes now: take it out of known_differences.yaml"


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_the_cases_that_the_portal_needs_have_no_known_differences(name: str) -> None:
    assert name not in KNOWN
