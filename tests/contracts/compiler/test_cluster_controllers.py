"""Warnings about what controllers of the cluster do to the objects of a contract."""

from __future__ import annotations

from textwrap import indent

import pytest

from contracts.compiler import compile_text
from tests.contracts.definitions import definition_text

TARGET = """
- id: app
  template:
    apiVersion: apps/v1
    kind: KIND
    metadata: {name: "${schema.metadata.name}"}
    spec:
      FIELD
      selector: {matchLabels: {app: a}}
      template:
        metadata: {labels: {app: a}}
        spec: {containers: [{name: app, image: nginx RESOURCES}]}
"""
HPA = ("autoscaling/v2", "HorizontalPodAutoscaler", "scaleTargetRef")
KEDA = ("keda.sh/v1alpha1", "ScaledObject", "scaleTargetRef")
VPA = ("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", "targetRef")
REPLICAS = "replicas: ${schema.spec.n}"
OMITTED = "replicas: '${schema.spec.n > 1 ? schema.spec.n : omit()}'"
REQUESTS = ", resources: {requests: {cpu: 100m}}"
BY_ID = 'apiVersion: apps/v1, kind: Deployment, name: "${app.metadata.name}"'
BY_NAME = 'apiVersion: apps/v1, kind: Deployment, name: "${schema.metadata.name}"'


def scaler(kind: tuple[str, str, str], reference: str, more: str = "") -> str:
    api_version, name, field = kind
    spec = f"{field}: {{{reference}}}\n{more}"
    if name == "HorizontalPodAutoscaler":
        spec += "maxReplicas: 3\n"
    return (
        f"- id: scaler\n  template:\n    apiVersion: {api_version}\n    kind: {name}\n"
        f"    metadata: {{name: x}}\n    spec:\n{indent(spec, '      ')}"
    )


def target(field: str = "", resources: str = "", kind: str = "Deployment") -> str:
    return TARGET.replace("FIELD", field).replace("RESOURCES", resources).replace("KIND", kind)


AT = "spec.resources[0].template.spec"
CASES = {
    "by the id of the node": (target(REPLICAS), scaler(HPA, BY_ID), [f"{AT}.replicas"]),
    "by the same name": (target(REPLICAS), scaler(HPA, BY_NAME), [f"{AT}.replicas"]),
    "a literal number": (target("replicas: 1"), scaler(HPA, BY_ID), [f"{AT}.replicas"]),
    "KEDA, whose target is a Deployment": (
        target(REPLICAS),
        scaler(KEDA, 'name: "${app.metadata.name}"'),
        [f"{AT}.replicas"],
    ),
    "an older version of the autoscaler": (
        target(REPLICAS),
        scaler(("autoscaling/v1", *HPA[1:]), BY_ID),
        [f"{AT}.replicas"],
    ),
    "a vertical one": (
        target(resources=REQUESTS),
        scaler(VPA, BY_ID),
        [f"{AT}.template.spec.containers[0].resources.requests"],
    ),
    "a vertical one controls no replicas": (target(REPLICAS), scaler(VPA, BY_ID), []),
    "a vertical one that only recommends": (
        target(resources=REQUESTS),
        scaler(VPA, BY_ID, 'updatePolicy: {updateMode: "Off"}\n'),
        [],
    ),
    "the field is left out": (target(), scaler(HPA, BY_ID), []),
    "the field is left out by an expression": (target(OMITTED), scaler(HPA, BY_ID), []),
    "another kind": (target(REPLICAS, kind="StatefulSet"), scaler(HPA, BY_NAME), []),
    "another name": (
        target(REPLICAS),
        scaler(HPA, "apiVersion: apps/v1, kind: Deployment, name: elsewhere"),
        [],
    ),
    "no reference": (target(REPLICAS), scaler(HPA, ""), []),
}


@pytest.mark.parametrize(("app", "autoscaler", "paths"), CASES.values(), ids=CASES.keys())
def test_a_template_that_sets_what_an_autoscaler_controls(
    app: str, autoscaler: str, paths: list[str]
) -> None:
    text = definition_text(app + autoscaler, spec="n: integer | default=1")
    found = [one for one in compile_text(text).problems if one.code == "contested-field"]
    assert [one.path for one in found] == paths
    for problem in found:
        assert (problem.severity, problem.node) == ("warning", "app")
        assert "“scaler”" in problem.message
        assert "out of the template of “app”" in problem.hint
