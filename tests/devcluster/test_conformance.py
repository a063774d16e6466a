"""The recorded answers of a real API server, request by request, against this one (see recorded/README.md).

known_differences.yaml lists the steps that still differ. It only shrinks: a step that is listed and passes
fails here too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.clusters import DevCluster
from tests.devcluster.replay.comparison import compare
from tests.devcluster.replay.runner import Run, load_case, load_golden
from tests.devcluster.replay.transport import Server

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"
KNOWN: dict[str, list[str]] = yaml.safe_load((HERE / "known_differences.yaml").read_text())
CASES = {path.stem: load_case(path) for path in sorted((RECORDED / "cases").glob("*.yaml"))}
WITH_CONTROLLERS_TOO = {
    "discovery-aggregated", "configmap", "deployment", "apply-basics", "apply-conflicts", "finalizers", "gc",
    "selectors", "watch-basics", "watch-bookmarks", "crd-lifecycle", "crd-status-scale", "rollout",
}  # fmt: skip


def runs() -> list[Any]:
    """Each case in each mode that its needs allow."""
    found = []
    for name, case in CASES.items():
        needs = set(case.get("needs") or ())
        if not needs & {"controllers", "nodes"}:
            found.append(pytest.param(name, "alone", id=f"{name}-alone"))
        if "no-controllers" not in needs and (needs or name in WITH_CONTROLLERS_TOO):
            found.append(pytest.param(name, "live", id=f"{name}-live"))
    return found


@pytest.mark.parametrize(("name", "mode"), runs())
def test_answers_are_those_of_a_real_server(name: str, mode: str, clusters: dict[str, DevCluster]) -> None:
    cluster, case = clusters[mode], CASES[name]
    answers = Run(Server(cluster.server, cluster.token, cluster.ca), case).answers()
    golden = load_golden(RECORDED / "golden" / f"{name}.json")
    ignored = [f"{entry.get('step', '*')} {entry['path']}" for entry in case.get("ignore", [])]
    differing = {step: found for step, found in compare(golden, answers, ignored) if found}
    known = set(KNOWN.get(name, ()))
    unexpected = {step: found[:3] for step, found in differing.items() if step not in known}
    assert not unexpected, f"differs from a real server: {unexpected}"
    assert not known - differing.keys(), "passes now: remove it from known_differences.yaml"


@pytest.mark.parametrize("name", sorted(WITH_CONTROLLERS_TOO))
def test_the_cases_that_the_portal_needs_have_no_known_differences(name: str) -> None:
    assert name not in KNOWN
