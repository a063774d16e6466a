"""The sample contracts are valid, complete and documented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from contracts.compiler import Compilation, compile_text, validate_spec
from contracts.runtime import instance_of, preview, run_tests
from contracts.views.field_table import field_rows
from tests.contracts.definitions import existing

SAMPLES = Path(__file__).resolve().parents[3] / "contracts" / "samples"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.yaml"))

# Fields that expose the cluster instead of the developer's intent.
TOPOLOGY = {
    "namespace",
    "ingressClassName",
    "nodeSelector",
    "affinity",
    "tolerations",
    "requests",
    "limits",
}


@pytest.fixture(scope="module", params=NAMES)
def sample(request: pytest.FixtureRequest) -> Compilation:
    return compile_text((SAMPLES / f"{request.param}.yaml").read_text(encoding="utf-8"))


def test_there_are_six_samples() -> None:
    assert NAMES == [
        "public-web-service", "regional-service", "scheduled-job",
        "stateless-service", "stateless-service-ha", "team-namespace",
    ]  # fmt: skip


def test_a_sample_has_no_problems_or_warnings(sample: Compilation) -> None:
    assert [str(problem) for problem in sample.problems] == []


def test_the_tests_of_a_sample_pass(sample: Compilation) -> None:
    trials = run_tests(sample)
    assert len(trials) >= 3
    assert [(trial.name, trial.failures) for trial in trials if not trial.passed] == []


def test_every_field_has_a_description_and_a_default_or_is_required(sample: Compilation) -> None:
    definition = existing(sample.definition)
    rows = field_rows(definition.spec_schema)
    assert [row.path for row in rows if not row.description] == []
    tops = definition.spec_schema["properties"]
    required = definition.spec_schema["required"]
    assert [name for name, field in tops.items() if "default" not in field and name not in required] == []


def test_a_sample_has_fields_of_intent_not_of_topology(sample: Compilation) -> None:
    definition = existing(sample.definition)
    assert TOPOLOGY.isdisjoint(definition.spec_schema["properties"])


def test_every_field_has_a_title_and_a_group(sample: Compilation) -> None:
    definition = existing(sample.definition)
    hints = sample.presentation.form.fields
    for name in definition.spec_schema["properties"]:
        assert hints[name].title, name
        assert hints[name].group, name


def test_a_sample_has_a_presentation(sample: Compilation) -> None:
    shown = sample.presentation
    assert all((shown.title, shown.description, shown.category, shown.icon, shown.tags))
    assert shown.owner == "platform"
    icons = (SAMPLES.parents[1] / "static" / "icons" / "names.txt").read_text(encoding="utf-8").split()
    assert shown.icon in icons


def test_a_sample_has_a_status(sample: Compilation) -> None:
    definition = existing(sample.definition)
    fields = set(definition.status_schema["properties"]) - {"state", "conditions"}
    assert len(fields) >= 3


def test_containers_are_unprivileged(sample: Compilation) -> None:
    definition = existing(sample.definition)
    for node in definition.nodes:
        spec = pod_spec(node.template)
        if spec is None:
            continue
        assert spec["securityContext"]["runAsNonRoot"] is True
        for container in spec["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert set(container["resources"]) == {"requests", "limits"}


def pod_spec(template: Mapping[str, Any]) -> dict[str, Any] | None:
    spec = template.get("spec") or {}
    if template["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    pod: dict[str, Any] = spec.get("template") or {}
    return pod.get("spec")


@pytest.mark.parametrize(
    ("name", "spec", "paths"),
    [
        ("stateless-service", {"image": "a b"}, ["spec.image"]),
        ("stateless-service", {"image": "a", "labels": {"x": 1}}, ["spec.labels.x"]),
        (
            "stateless-service", {"image": "a", "variables": [{"name": "1A"}]},
            ["spec.variables[0].name", "spec.variables[0].value"],
        ),
        (
            "stateless-service-ha", {"image": "a", "probes": {"readinessPath": "ready"}},
            ["spec.probes.readinessPath"],
        ),
        ("public-web-service", {"image": "a", "host": "shop"}, ["spec.host"]),
        ("scheduled-job", {"image": "a", "schedule": "* * * *"}, ["spec.schedule"]),
        ("team-namespace", {}, ["spec.group"]),
    ],
)  # fmt: skip
def test_invalid_input_is_reported_at_its_field(name: str, spec: dict[str, Any], paths: list[str]) -> None:
    definition = existing(compile_text((SAMPLES / f"{name}.yaml").read_text(encoding="utf-8")).definition)
    assert sorted(problem.path for problem in validate_spec(definition, spec)) == sorted(paths)


LEAST: dict[str, dict[str, Any]] = {
    "public-web-service": {"image": "shop:1.4", "host": "shop.example.com", "tlsSecret": "shop-tls"},
    "regional-service": {"image": "shop:1.4", "regions": ["eu-west", "us-east"]},
    "scheduled-job": {"image": "report:2", "schedule": "@daily", "secret": "keys"},
    "stateless-service": {"image": "shop:1.4", "secret": "keys", "labels": {"team": "shop"}},
    "stateless-service-ha": {"image": "shop:1.4", "secret": "keys"},
    "team-namespace": {"group": "developers"},
}


@pytest.mark.parametrize("name", NAMES)
def test_every_resource_is_valid_by_its_kubernetes_schema(name: str) -> None:
    definition = existing(compile_text((SAMPLES / f"{name}.yaml").read_text(encoding="utf-8")).definition)
    previewed = preview(definition, instance_of(definition, LEAST[name]))
    manifests = [manifest for node in previewed for manifest in node.manifests]
    assert len(manifests) >= 2
    for manifest in manifests:
        kubernetes_validate.validate(json.loads(json.dumps(manifest)), "1.37", strict=True)
