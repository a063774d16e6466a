# ruff: noqa: E501
"""Rules of the specification by section, identified by the codes of their problems; types of status fields (kro §1–§5, §10)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.compiler import compile_text
from tests.contracts.definitions import (
    DEPLOYMENT,
    WARNINGS,
    compiled,
    config_map,
    defined,
    unrelated_to_optional_fields,
)
from tests.contracts.definitions import with_value as data

SELECTION = "- id: s\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {}}}\n"


def head(text: str) -> str:
    """A template of these first lines."""
    return f"- id: a\n  template: {{{text}}}"


def external(text: str) -> str:
    return f"- id: a\n  externalRef: {{{text}}}"


def container(more: str) -> str:
    return DEPLOYMENT.replace("image: nginx", f"image: nginx, {more}")


def replicas(value: str) -> str:
    return DEPLOYMENT.replace("      selector", f"      replicas: {value}\n      selector")


def loop(*dimensions: str, name: str = "${i}") -> str:
    return config_map("a", extra="forEach:\n" + "".join(f"- {each}\n" for each in dimensions), name=name)


def marked(kind: str, key: str) -> str:
    return config_map("a").replace("name: a\n", f"name: a\n      {kind}: {{{key}: x}}\n")


RULES = {
    # §1.2, §1.3
    "an iterator twice": (loop("i: ${schema.spec.items}", "i: ${schema.spec.items}"), "duplicate-id"),
    "an entry of forEach without a name": (loop("{}", name="a"), "foreach-entry"),
    "an empty forEach is none": (config_map("a", extra="forEach: []"), ""),
    "readyWhen as a string": (config_map("a", extra="readyWhen: ${has(a.data)}"), "wrong-type"),
    "includeWhen of an external object": (external("apiVersion: v1, kind: Secret, metadata: {name: b}") + "\n  includeWhen: ['${schema.spec.flag}']", ""),
    "an external object without metadata": (external("apiVersion: v1, kind: Secret"), "required"),
    "an external object without a name": (external("apiVersion: v1, kind: Secret, metadata: {name: ''}"), "bad-name"),
    "an external object of a computed kind": (external("apiVersion: v1, kind: '${schema.spec.name}', metadata: {name: b}"), "expression-not-allowed"),
    "a selector with expressions": (external("apiVersion: v1, kind: Secret, metadata: {selector: {matchExpressions: [{key: a, operator: In, values: ['${schema.spec.name}']}]}}"), ""),
    # §1.4
    "an apiVersion that is a number": (head("apiVersion: 1, kind: ConfigMap, metadata: {name: a}"), "wrong-type"),
    "an apiVersion of three parts": (head("apiVersion: a/b/c, kind: ConfigMap, metadata: {name: a}"), "bad-kind unknown-kind"),
    "an odd version is a version": (head("apiVersion: x.y/v1api20200601, kind: Z, metadata: {name: a}"), "unknown-kind"),
    "a kind that is no DNS label": (head("apiVersion: v1, kind: Config_Map, metadata: {name: a}"), "bad-kind"),
    "metadata that is a string": (head("apiVersion: v1, kind: ConfigMap, metadata: a"), "wrong-type"),
    "a label of kro": (marked("labels", "kro.run/a"), "reserved-label"),
    "an annotation of kro": (marked("annotations", "internal.kro.run/a"), "reserved-label"),
    "a label that resembles one": (marked("labels", "kro.runs/a"), ""),
    "all labels in one expression": (config_map("a").replace("name: a\n", "name: a\n      labels: ${schema.spec.labels}\n"), ""),
    # §3.1
    "a folded block without a line break at its end": (config_map("a", extra="readyWhen:\n- >-\n  ${has(a.data)}"), ""),
    "a folded block with one": (config_map("a", extra="readyWhen:\n- >\n  ${has(a.data)}"), "not-an-expression"),
    "two adjacent conditions": (config_map("a", extra="readyWhen: ['${has(a.data)}${has(a.data)}']"), "not-an-expression"),
    "a list with text around it": (loop("i: x${schema.spec.items}", name="a-${i}"), "not-an-expression unknown-name"),
    # §3.2
    "a deeply nested unknown field": (container("imag: x"), "unknown-field"),
    "an enum of Kubernetes is left to the API server": (container("imagePullPolicy: Sometimes"), ""),
    "a boolean where an integer is expected": (replicas("true"), "wrong-type"),
    "a fraction where an integer is expected": (replicas("1.5"), "wrong-type"),
    "an integer with a decimal point": (replicas("1.0"), ""),
    "a string with expressions where an integer is expected": (replicas("'${string(schema.spec.size)}0'"), "wrong-type"),
    "a string where a list is expected": (DEPLOYMENT.replace("[{name: web, image: nginx}]", "x"), "wrong-type"),
    # §3.3
    "a type is no value": (data("'${type(schema.spec.size) == int ? \"a\" : \"b\"}'"), "unknown-name"),
    "types of values are": (data("'${type(schema.spec.size) == type(1) ? \"a\" : \"b\"}'"), ""),
    "a variable may hide a name": (data("'${schema.spec.items.map(schema, schema).join(\",\")}'"), ""),
    "each in a template": (config_map("a", "data: {k: '${each.metadata.name}'}", "forEach: [{i: '${schema.spec.items}'}]", name="${i}"), "unknown-name"),
    "runtime in forEach": (loop("i: '${[runtime.condition(schema, \"A\").status]}'"), "unknown-function"),
    "runtime in includeWhen": (config_map("a", extra="includeWhen: ['${runtime.condition(schema, \"A\").status == \"True\"}']"), "unknown-function"),
    "runtime in readyWhen": (config_map("a", extra="readyWhen: ['${runtime.condition(a, \"A\").status == \"True\"}']"), "unknown-function"),
    "the instance's status in includeWhen": (config_map("a", extra="includeWhen: ['${has(schema.status.x)}']"), "unknown-field"),
    "a node in forEach": (config_map("b") + loop("i: '${[b.metadata.name]}'"), ""),
    "a node in the name of an external object": (config_map("b") + external("apiVersion: v1, kind: Secret, metadata: {name: '${b.metadata.name}'}"), ""),
    "an iterator of another node": (loop("i: ${schema.spec.items}") + config_map("b", "data: {k: '${i}'}"), "unknown-name"),
    "a collection is a list": (loop("i: ${schema.spec.items}") + config_map("b", "data: {k: '${a.metadata.name}'}"), "unknown-field"),
    "an item of a collection": (loop("i: ${schema.spec.items}") + config_map("b", "data: {k: '${a[0].metadata.name}'}"), ""),
    "a selection is a list": (SELECTION + data("'${s.map(x, x.metadata.name).join(\",\")}'"), ""),
    "forEach over a selection": (SELECTION + loop("i: ${s}", name="${i.metadata.name}"), ""),
    # §3.4
    "an optional entry": (config_map("a", "data: '${{?\"a\": schema.spec.?name}}'"), ""),
    "sign is a function": (data("'${sign(quantity(\"1\")) > 0 ? \"a\" : \"b\"}'"), ""),
    "sign is no method": (data("'${quantity(\"1\").sign() > 0 ? \"a\" : \"b\"}'"), "unknown-function"),
    "a format with a missing value": (data("'${\"%s-%s\".format([schema.spec.name])}'"), "no-overload"),
    "a pattern that RE2 does not know": (data("'${schema.spec.name.find(\"(?=a)\")}'"), "no-overload"),
    "a key that is written twice": (config_map("a", "data: '${{\"a\": \"1\", \"a\": \"2\"}}'"), "duplicate"),
    "numbers of two types cannot be compared": (config_map("a", extra="includeWhen: ['${schema.spec.ratio > 1}']"), "no-overload"),
    "numbers of one type can be compared": (config_map("a", extra="includeWhen: ['${schema.spec.ratio > 1.0 && double(schema.spec.size) > 1.0}']"), ""),
    "semver takes no second argument": (data("'${string(semver(\"1.0.0\", true).major())}'"), "no-overload"),
    "a library that kro lacks": (data("${string(math.greatest(1, 2))}"), "gated-function"),
    # §3.5
    "double into int": (replicas("${schema.spec.ratio}"), "cel-type"),
    "a list of int into strings": (container("args: '${[1, 2]}'"), "cel-type"),
    "a map of int into strings": (config_map("a", "data: '${{\"a\": 1}}'"), "cel-type"),
    "a timestamp into a string": (DEPLOYMENT + data("${web.metadata.creationTimestamp}"), "cel-type"),
    "a timestamp converted to a string": (DEPLOYMENT + data("${string(web.metadata.creationTimestamp)}"), ""),
    "an object or null": (config_map("a").replace("name: a\n", "name: a\n      ownerReferences: '${schema.spec.flag ? [web.metadata.ownerReferences[0]] : []}'\n") + DEPLOYMENT, ""),
    "null for a map of strings": (config_map("a", "data: ${null}"), "cel-type"),
    "a map of any keys for an object": (container("resources: '${{}}'"), ""),
    "a string for an object": (container("resources: '${schema.spec.name}'"), "cel-type"),
    "null for an object": (container("resources: '${null}'"), ""),
    "a list of optionals": (container("args: '${[schema.spec.?name]}'"), ""),
    "an optional list that is empty": (loop("i: '${schema.spec.?items.orValue([])}'"), ""),
    "dyn by index, with a list as its default": (loop("i: '${schema.spec.free[?\"x\"].orValue([\"a\"])}'"), "no-overload"),
    "dyn, with a list as its default": (loop("i: '${dyn(schema.spec.free)[?\"x\"].orValue([\"a\"])}'"), ""),
    "a string or null": (data("'${schema.spec.flag ? \"a\" : null}'"), "no-overload"),
    # §3.8
    "omit in a returned list": (container("args: '${[omit(), \"a\"]}'"), "kro-would-refuse"),
    "omit in includeWhen": (config_map("a", extra="includeWhen: ['${omit() == true}']"), "omit"),
    "omit in forEach": (loop("i: '${[omit()]}'"), "omit"),
    "an omitted name": (external("apiVersion: v1, kind: Secret, metadata: {name: '${omit()}'}"), "omit"),
    # §4.1, §4.4
    "a cycle of three": (data("${b.metadata.name}") + config_map("b", "data: {k: '${c.metadata.name}'}") + config_map("c", "data: {k: '${a.metadata.name}'}"), "cycle"),
    "a cycle through forEach": (loop("i: ${b.map(x, x.metadata.name)}", name="a${i}") + config_map("b", "data: {k: '${a[0].metadata.name}'}", "forEach: [{i: '${schema.spec.items}'}]", name="b${i}"), "cycle"),
    "readyWhen adds no edge": (data("${b.metadata.name}") + config_map("b", extra="readyWhen: ['${b.data.x == \"1\"}']"), ""),
    "a cluster-scoped kind is identified by its name only": ("- id: a\n  forEach: [{i: '${schema.spec.items}'}]\n  template: {apiVersion: v1, kind: Namespace, metadata: {name: x}}", "foreach-identity"),
}  # fmt: skip


@pytest.mark.parametrize(("resources", "codes"), RULES.values(), ids=RULES.keys())
def test_a_rule(resources: str, codes: str) -> None:
    compilation = compiled(resources)
    assert {problem.code for problem in unrelated_to_optional_fields(compilation.problems)} == set(
        codes.split()
    )
    assert compilation.ok is (set(codes.split()) <= WARNINGS)


@pytest.mark.parametrize("count", [10, 11])
def test_at_most_ten_dimensions(count: int) -> None:
    dimensions = [f"d{number}: ${{schema.spec.items}}" for number in range(count)]
    name = "-".join(f"${{d{number}}}" for number in range(count))
    problems = unrelated_to_optional_fields(compiled(loop(*dimensions, name=name)).problems)
    found = [problem.code for problem in problems]
    assert found == ([] if count == 10 else ["foreach-dimensions"])


ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}
SECRET = "- id: secret\n  template: {apiVersion: v1, kind: Secret, metadata: {name: s}}\n"


@pytest.mark.parametrize(
    ("expression", "schema"),
    [
        ("schema.spec.flag", {"type": "boolean"}),
        ("schema.spec.size", {"type": "integer"}),
        ("uint(schema.spec.size)", {"type": "integer"}),
        ("schema.spec.ratio", {"type": "number"}),
        ("schema.spec.name", {"type": "string"}),
        ("secret.data.key", {"type": "string", "format": "byte"}),
        ("web.metadata.creationTimestamp", {"type": "string", "format": "date-time"}),
        ("[web.metadata.creationTimestamp]", {"type": "array", "items": {"type": "string", "format": "date-time"}}),
        ("schema.spec.items", {"type": "array", "items": {"type": "string"}}),
        ("schema.spec.labels", {"type": "object", "additionalProperties": {"type": "string"}}),
        ('{"a": schema.spec.size}', {"type": "object", "additionalProperties": {"type": "integer"}}),
        ('{"a": schema.spec.size, "b": "x"}', {"type": "object", "additionalProperties": ANYTHING}),
        ("schema.spec.rows[0]", {"type": "object", "properties": {"count": {"type": "integer"}, "key": {"type": "string"}}}),
        ("schema.spec.free", {"type": "object"}),
        ("schema.spec.free.x", ANYTHING),
        ("schema.spec.?name", ANYTHING),
        ("duration(schema.spec.name)", ANYTHING),
        ("quantity(schema.spec.name)", ANYTHING),
        ("dyn(schema.spec.size)", ANYTHING),
        ("web.spec.strategy.rollingUpdate.maxSurge", ANYTHING),
    ],
)  # fmt: skip
def test_the_type_of_a_status_field_shapes_the_crd(expression: str, schema: dict[str, Any]) -> None:
    definition = defined(DEPLOYMENT + SECRET, status=f"field: |-\n  ${{{expression}}}")
    assert definition.status_schema["properties"]["field"] == schema


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("web-service.v2", None),
        ("Bad_Name", "For example “bad-name”."),
        ("-", ""),
        ("a..b", ""),
        ("a" * 254, "For example “" + "a" * 253 + "”."),
    ],
    ids=["a subdomain", "capitals and underscores", "no letter at all", "an empty part", "too long"],
)
def test_the_name_of_the_definition_is_a_valid_object_name(name: str, hint: str | None) -> None:
    text = f"""
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {{name: "{name}"}}
spec: {{schema: {{apiVersion: v1alpha1, kind: Web, spec: {{}}}}, resources: []}}
"""
    found = [
        (problem.code, problem.path, problem.line, problem.hint) for problem in compile_text(text).problems
    ]
    assert found == ([] if hint is None else [("bad-name", "metadata.name", 4, hint)])
