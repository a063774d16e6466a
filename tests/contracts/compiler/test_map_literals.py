"""Map literals for fields that take objects: every key is judged by its field (kro §3.5)."""

from __future__ import annotations

import pytest

from contracts.compiler import compile_text
from tests.contracts.definitions import definition_text, unrelated_to_optional_fields

SPEC = """
env: "map[string]string | default={}"
ports: "map[string]integer | default={}"
names: "[]string | default=[]"
on: boolean | default=true
name: string | default=demo
free: object
""".replace("\non:", '\n"on":')
DEPLOYMENT = """
- id: web
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
            - name: web
              image: nginx
              FIELD: EXPRESSION
"""
ENV = "schema.spec.env.transformList(k, v, {'name': k, 'value': v})"

ACCEPTED = {
    "a list of objects from a map of strings": ("env", ENV),
    "a list of objects from a list": ("env", "schema.spec.names.map(n, {'name': n, 'value': 'x'})"),
    "with a condition": ("env", "schema.spec.names.map(n, n != '', {'name': n})"),
    "a list literal": ("env", "[{'name': 'A', 'value': schema.spec.name}, {'name': 'B'}]"),
    "both branches": ("env", f"schema.spec.on ? {ENV} : [{{'name': 'A'}}]"),
    "a bound value": ("env", f"cel.bind(e, schema.spec.env, {ENV.replace('schema.spec.env', 'e')})"),
    "integers": ("ports", "schema.spec.ports.transformList(k, v, {'name': k, 'containerPort': v})"),
    "optional entries": ("env", "schema.spec.names.map(n, {'name': n, ?'value': schema.spec.?name})"),
    "an object within": (
        "env",
        "schema.spec.names.map(n, {'name': n, 'valueFrom': {'secretKeyRef': {'name': n, 'key': 'k'}}})",
    ),
    "one object": ("resources", "{'limits': {'cpu': '1'}}"),
    "a list within": ("livenessProbe", "{'exec': {'command': [schema.spec.name]}}"),
    "dyn": ("env", "dyn(schema.spec.free)"),
    "a value that is dyn": ("env", "schema.spec.names.map(n, {'name': dyn(1)})"),
}
REFUSED = {
    "an unknown field": ("env", "schema.spec.env.transformList(k, v, {'name': k, 'valeu': v})"),
    "a value of another type": ("env", "schema.spec.ports.transformList(k, v, {'value': v})"),
    "one of two branches": ("env", f"schema.spec.on ? {ENV} : [{{'nam': 'A'}}]"),
    "one of several items": ("env", "[{'name': 'A'}, {'nam': 'B'}]"),
    "an unknown field of an object within": (
        "env",
        "schema.spec.names.map(n, {'valueFrom': {'secretKeyRef': {'nam': n}}})",
    ),
    "computed keys": ("env", "schema.spec.env.transformList(k, v, {k: v})"),
    "a map whose keys are not known": ("env", "[schema.spec.env]"),
    "an object for a list": ("env", "{'name': 'A'}"),
    "a list for an object": ("resources", "[{'limits': 'x'}]"),
}


def codes(field: str, expression: str) -> list[str]:
    nodes = DEPLOYMENT.replace("FIELD", field).replace("EXPRESSION", f'"${{{expression}}}"')
    problems = compile_text(definition_text(nodes, spec=SPEC, types="")).problems
    return [problem.code for problem in unrelated_to_optional_fields(problems)]


@pytest.mark.parametrize(("field", "expression"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(field: str, expression: str) -> None:
    assert codes(field, expression) == []


@pytest.mark.parametrize(("field", "expression"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(field: str, expression: str) -> None:
    assert codes(field, expression) == ["cel-type"]
