# ruff: noqa: E501
"""Black-box checks of kro's features that need no cluster and have no other test (kro §10)."""

from __future__ import annotations

import pytest

from contracts.compiler import compile_text, validate_spec
from contracts.runtime import instance_of, render
from tests.contracts.definitions import (
    DEPLOYMENT,
    compiled,
    config_map,
    defined,
    definition_text,
    unrelated_to_optional_fields,
)

OTHER = DEPLOYMENT.replace("web", "other")
POD_SPEC = "web.spec.template.spec"


def replicas(value: str) -> str:
    return DEPLOYMENT.replace("      selector", f"      replicas: {value}\n      selector")


def container(expression: str) -> str:
    """A deployment whose only container is this expression."""
    return DEPLOYMENT + OTHER.replace("{name: other, image: nginx}", f"'${{{expression}}}'")


def ready(resources: str, expression: str) -> str:
    return f"{resources.rstrip()}\n  readyWhen: ['${{{expression}}}']\n"


def crowd(count: int) -> str:
    """``count`` iterators."""
    dimensions = "".join(f"- d{n}: ${{schema.spec.items}}\n" for n in range(count))
    return config_map("a", extra=f"forEach:\n{dimensions}", name="-".join(f"${{d{n}}}" for n in range(count)))


REFUSED = {
    "an unknown field of a template": (DEPLOYMENT.replace("      selector", "      replicaz: 3\n      selector"), "spec.resources[0].template.spec.replicaz", "Unknown field “replicaz”. Did you mean “replicas”?"),
    "a quoted number for an integer": (replicas("'3'"), "spec.resources[0].template.spec.replicas", "This field takes an integer, not a string. Write it without quotes."),
    "a string for an integer": (replicas("${schema.spec.name}"), "spec.resources[0].template.spec.replicas", "This field takes int, but the expression returns string. Convert it with int(…)."),
    "a struct with an extra field": (container(f"{POD_SPEC}.ephemeralContainers[0]"), "spec.resources[1].template.spec.template.spec.containers[0]", "targetContainerName"),
    "one of two structs": (container(f"schema.spec.flag ? {POD_SPEC}.containers[0] : {POD_SPEC}.ephemeralContainers[0]"), "spec.resources[1].template.spec.template.spec.containers[0]", "The branches of “? :” have different types"),
    "readyWhen that is an int": (ready(DEPLOYMENT, "web.spec.replicas"), "spec.resources[0].readyWhen[0]", "A condition must return true or false, but this returns int."),
    "readyWhen that is anything": (ready(DEPLOYMENT, "dyn(web.spec.replicas)"), "spec.resources[0].readyWhen[0]", "A condition must return true or false, but this returns dyn."),
    "an uppercase id with a dash": (config_map("My-id"), "spec.resources[0].id", "For example “myId”."),
    "an unknown name": (config_map("a", "data: {k: '${foo.bar}'}"), "spec.resources[0].template.data.k", "Undefined name “foo”."),
    "an unknown function": (config_map("a", "data: {k: '${foo(1)}'}"), "spec.resources[0].template.data.k", "Unknown function “foo”."),
    "a label of kro": (config_map("a", name="a\n      labels: {kro.run/x: a}"), "spec.resources[0].template.metadata.labels[\"kro.run/x\"]", "Labels that start with “kro.run/” are reserved."),
    "eleven dimensions": (crowd(11), "spec.resources[0].forEach", "forEach has 11 dimensions; the maximum is 10."),
    "a template and a reference": ("- id: a\n  template: {apiVersion: v1, kind: Secret, metadata: {name: a}}\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: a}}", "spec.resources[0].externalRef", "A node must have either a template or an externalRef, not both."),
    "neither a template nor a reference": ("- id: a", "spec.resources[0]", "A node needs a template (what to create) or an externalRef (what to read)."),
    "a namespace of a namespace": ("- id: a\n  template: {apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}", "spec.resources[0].template.metadata.namespace", "Namespace has no namespace: it is cluster-scoped."),
}  # fmt: skip


@pytest.mark.parametrize(("resources", "path", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_a_path(resources: str, path: str, message: str) -> None:
    compilation = compiled(resources)
    assert not compilation.ok
    (problem,) = unrelated_to_optional_fields(compilation.problems)
    assert problem.path == path
    assert problem.line > 0
    assert message in f"{problem.message} {problem.hint}"


ACCEPTED = {
    "a struct of the same kind": container(f"{POD_SPEC}.containers[0]"),
    "one of two structs converted to dyn": container(f"schema.spec.flag ? dyn({POD_SPEC}.containers[0]) : dyn({POD_SPEC}.ephemeralContainers[0])"),
    "readyWhen with a comparison": ready(DEPLOYMENT, "dyn(web.spec.replicas) == 1"),
    "ten dimensions": crowd(10),
    "a port that is a name, where both are allowed": "- id: a\n  template: {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80, targetPort: http}]}}",
}  # fmt: skip


@pytest.mark.parametrize("resources", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted_without_a_problem(resources: str) -> None:
    assert unrelated_to_optional_fields(compiled(resources).problems) == []


def test_group_and_scope_are_optional() -> None:
    crd = defined().crd
    assert (crd["metadata"]["name"], crd["spec"]["group"], crd["spec"]["scope"]) == (
        "examples.kro.run",
        "kro.run",
        "Namespaced",
    )


def test_the_name_of_a_definition_is_the_plural_and_the_group() -> None:
    definition = compile_text(definition_text(schema="group: a.b").replace("Example", "Policy")).definition
    assert definition is not None
    assert definition.crd_name == "policies.a.b"


@pytest.mark.parametrize("name", ["shortNames", "categories"])
def test_short_names_and_categories(name: str) -> None:
    allowed = [f"n{number}" for number in range(32)]
    assert defined(schema=f"{name}: [{', '.join(allowed)}]").crd["spec"]["names"][name] == allowed
    for wrong in ([*allowed, "more"], ["Capital"], ["-a"], ["a_b"], ["a" * 64], ["a", "a"]):
        assert not compiled(schema=f"{name}: [{', '.join(wrong)}]").ok, wrong


@pytest.mark.parametrize("kind", ["webapp", "Web-App", "Web_App", "Web.App", "1App", "W" * 64, "Wäb"])
def test_invalid_kinds(kind: str) -> None:
    compilation = compile_text(definition_text().replace("kind: Example", f"kind: {kind}"))
    assert "spec.schema.kind" in {problem.path for problem in compilation.problems if problem.is_error}


def test_one_expression_keeps_its_type() -> None:
    definition = defined(
        "- id: a\n  template: {apiVersion: v1, kind: Pod, metadata: {name: a, labels: '${schema.spec.labels}'}, "
        "spec: {terminationGracePeriodSeconds: '${schema.spec.size}', hostNetwork: '${schema.spec.flag}', "
        "containers: [{name: a, args: '${schema.spec.items}'}]}}"
    )
    spec = {"labels": {"x": "1"}, "items": ["p", "q"], "size": 7, "flag": False}
    (pod,) = render(definition, instance_of(definition, spec), {}).nodes["a"].manifests
    assert pod["metadata"]["labels"] == {"x": "1"}
    assert pod["spec"] == {
        "terminationGracePeriodSeconds": 7,
        "hostNetwork": False,
        "containers": [{"name": "a", "args": ["p", "q"]}],
    }


def test_a_brace_in_single_quotes_is_part_of_the_string() -> None:
    definition = defined(config_map("a", "data: {k: \"${'}' + schema.spec.name}\"}"))
    (made,) = render(definition, instance_of(definition, {}), {}).nodes["a"].manifests
    assert made["data"] == {"k": "}demo"}


@pytest.mark.parametrize(
    ("written", "pattern"),
    [(r'pattern="^\d+$"', r"^\d+$"), (r'pattern="^\\d+$"', r"^\d+$"), (r'pattern="\"\w"', r'"\w')],
)
def test_only_quotes_and_backslashes_are_escaped_in_a_marker(written: str, pattern: str) -> None:
    definition = defined(spec=f"code: 'string | {written}'", types="")
    assert definition.spec_schema["properties"]["code"]["pattern"] == pattern


def test_more_than_a_thousand_objects_are_refused_with_the_limit() -> None:
    both = "forEach: [{i: '${lists.range(34)}'}, {j: '${lists.range(34)}'}]"
    definition = defined(config_map("a", extra=both, name="a-${string(i)}-${string(j)}") + config_map("b"))
    rendering = render(definition, instance_of(definition, {}), {})
    assert rendering.fatal
    assert rendering.nodes["a"].code == "foreach-too-many"
    assert "the maximum is 1000" in rendering.nodes["a"].reason


def test_the_portal_requires_a_spec_whose_fields_are_required() -> None:
    definition = defined(spec="name: string | required=true", types="")
    crd = definition.crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert "required" not in crd
    assert [problem.path for problem in validate_spec(definition, {})] == ["spec.name"]


def test_status_fields_may_come_from_the_spec_alone() -> None:
    definition = defined(status="size: ${schema.spec.size}\nwords: of ${schema.spec.name}")
    rendering = render(definition, instance_of(definition, {"size": 4}), {})
    assert rendering.status == {"size": 4, "words": "of demo"}


def test_a_new_default_applies_to_an_existing_instance() -> None:
    definition = defined(
        config_map("a", "data: {k: '${schema.spec.name}'}"), status="name: ${schema.spec.name}"
    )
    older = {**instance_of(definition, {}), "spec": {"size": 1}}
    rendering = render(definition, older, {})
    assert rendering.nodes["a"].manifests[0]["data"] == {"k": "demo"}
    assert rendering.status == {"name": "demo"}
    assert older["spec"] == {"size": 1}
