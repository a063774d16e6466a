"""Names and labels in templates that Kubernetes would refuse are problems of the contract."""

from __future__ import annotations

import pytest

from contracts.compiler import compile_text
from contracts.documents.object_names import name_problem
from tests.contracts.definitions import definition_text

LONG = "a" * 64


@pytest.mark.parametrize(
    ("api_version", "kind", "name", "valid"),
    [
        ("v1", "ConfigMap", "a.b-c", True),
        ("v1", "ConfigMap", LONG, True),
        ("v1", "ConfigMap", "a" * 254, False),
        ("v1", "ConfigMap", "A", False),
        ("v1", "ConfigMap", "a_b", False),
        ("v1", "ConfigMap", "-a", False),
        ("v1", "ConfigMap", "a..b", False),
        ("v1", "ConfigMap", "a\n", False),
        ("v1", "Service", "web", True),
        ("v1", "Service", "1web", False),
        ("v1", "Service", "web.a", False),
        ("v1", "Service", LONG, False),
        ("v1", "Namespace", "1team", True),
        ("v1", "Namespace", "team.a", False),
        ("serving.knative.dev/v1", "Service", "web.a", True),
        ("batch/v1", "CronJob", "a" * 53, False),
        ("rbac.authorization.k8s.io/v1", "Role", "system:Reader", True),
        ("rbac.authorization.k8s.io/v1", "Role", "a/b", False),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", "..", False),
    ],
)
def test_names(api_version: str, kind: str, name: str, valid: bool) -> None:
    assert (name_problem(api_version, kind, name) == "") is valid


NODE = """\
    - id: job
      template:
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: NAME, labels: {LABEL}, annotations: {ANNOTATION}}
        spec:
          schedule: "* * * * *"
          jobTemplate:
            metadata: {labels: {JOB}}
            spec:
              template:
                metadata: {labels: {POD}}
                spec: {restartPolicy: Never, containers: [{name: a, image: a}]}
"""
GOOD = {
    "NAME": "nightly",
    "LABEL": "tier: front",
    "ANNOTATION": "note: any text",
    "JOB": "tier: front",
    "POD": "tier: front",
}


@pytest.mark.parametrize(
    ("part", "text", "code"),
    [
        ("NAME", "nightly", ""),
        ("NAME", "Nightly", "bad-name"),
        ("NAME", "a" * 53, "bad-name"),
        ("NAME", "'${schema.spec.name}_x'", ""),  # the cluster answers when it is computed
        ("LABEL", "tier: front end", "bad-label"),
        ("LABEL", "'a b': c", "bad-label"),
        ("LABEL", "tier: '${schema.spec.name}'", ""),
        ("ANNOTATION", "'a b': c", "bad-label"),
        ("JOB", "tier: front end", "bad-label"),
        ("POD", "tier: front end", "bad-label"),
        ("POD", f"{LONG}: c", "bad-label"),
    ],
)
def test_templates(part: str, text: str, code: str) -> None:
    node = NODE
    for name, value in {**GOOD, part: text}.items():
        node = node.replace(name, value)
    assert [problem.code for problem in compile_text(definition_text(node)).problems] == (
        [code] if code else []
    )
