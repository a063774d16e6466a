# ruff: noqa: E501
"""The results of the command line's operations, as plain data."""

from __future__ import annotations

from textwrap import dedent

import pytest

from contracts.problems import Rejected
from contracts.runtime import cli_operations
from contracts.runtime.cli_operations import TextFile
from tests.contracts.definitions import config_map, definition_text, existing, unrelated_to_optional_fields

TEXT = definition_text(
    config_map("a", "data: {k: '${schema.spec.name}'}")
    + config_map("b", "data: {k: '${a.metadata.uid}'}", "includeWhen: ['${schema.spec.flag}']")
    + config_map("c", extra="forEach: [{i: '${schema.spec.items}'}]", name="${i}"),
    status="uid: ${a.metadata.uid}",
)
CONTRACT = """---
apiVersion: slipway.dev/v1alpha1
kind: Contract
spec:
  tests:
    - name: the case
"""


def test_a_failing_test_is_reported_at_its_name() -> None:
    found = cli_operations.check(
        TextFile(TEXT + CONTRACT + "      expect: {absent: [a]}\n      input: {items: []}", "c.yaml")
    )
    (problem,) = unrelated_to_optional_fields(found)
    assert (problem.file, problem.code, problem.severity) == ("c.yaml", "test-failed", "error")
    assert (TEXT + CONTRACT).splitlines()[problem.line - 1].strip() == "- name: the case"
    assert problem.path == "spec.tests[0]"


def test_render_returns_plain_data() -> None:
    answer = cli_operations.render_input(TextFile(TEXT), TextFile("items: [p]\nname: shop\n")).data
    assert [
        (node["id"], node["state"], node["reason"], len(node["manifests"])) for node in answer["nodes"]
    ] == [
        ("a", "desired", "Not created yet.", 1),
        ("b", "pending", "Waiting for “a”: Not created yet.", 0),
        ("c", "desired", "0 of 1 objects are created.", 1),
    ]
    assert {tuple(node) for node in answer["nodes"]} == {("id", "state", "reason", "manifests")}
    assert answer["order"] == ["a", "b", "c"]
    assert answer["status"] == {}


@pytest.mark.parametrize(
    ("observed", "status"),
    [("", "False"), ("a: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "True")],
)
def test_a_condition_of_the_author_reads_the_built_in_ones(observed: str, status: str) -> None:
    block = 'conditions: [\'${runtime.newCondition({type: "Usable", status: runtime.condition(schema, "Ready").status})}\']'
    text = definition_text(config_map("a"), status=block)
    rendered = cli_operations.render_input(TextFile(text), TextFile("name: shop\n"), TextFile(observed))
    assert rendered.data["conditions"] == [{"type": "Usable", "status": status}]
    assert rendered.problems == ()


def test_render_takes_a_whole_resource_and_observed_objects() -> None:
    whole = (
        "apiVersion: kro.run/v1alpha1\nkind: Example\nmetadata: {name: z, namespace: w}\nspec: {items: []}\n"
    )
    observed = "a: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: w, uid: u7}}\n"
    answer = cli_operations.render_input(TextFile(TEXT), TextFile(whole), TextFile(observed)).data
    assert answer["nodes"][1]["manifests"][0]["data"] == {"k": "u7"}
    assert answer["status"] == {"uid": "u7"}


HEAD = "apiVersion: kro.run/v1alpha1\nkind: Example\n"
INPUTS = {
    "a wrong type": ("name: 3\n", "i.yaml:1:7 spec.name: Must be a string, not an integer. Put it in quotes."),
    "an unknown field": (f"{HEAD}spec:\n  naem: a\n", "i.yaml:4:9 spec.naem: Unknown field “naem”. Did you mean “name”?"),
    "an invalid spec": (f"{HEAD}spec: 3\n", "i.yaml:3:7 spec: Must be an object, not an integer."),
    "invalid metadata": (f"{HEAD}metadata: 3\n", "i.yaml:3:11 metadata: Must be an object, not an integer."),
    "invalid labels": (f"{HEAD}metadata: {{labels: [a]}}\n", "i.yaml:3:20 metadata.labels: Must be an object, not a list."),
    "a misspelled spec": (f"{HEAD}specs: {{}}\n", "i.yaml:3:1 specs: Unknown field “specs”. Did you mean “spec”?"),
    "another kind": ("apiVersion: kro.run/v1alpha1\nkind: Other\n", "i.yaml:2:7 kind: This contract's kind is Example."),
    "another group": ("apiVersion: apps/v1\nkind: Example\n", "i.yaml:1:13 apiVersion: This contract's apiVersion is kro.run/v1alpha1."),
    "a list": ("- a\n", "i.yaml:1:1: The file must contain exactly one YAML map."),
    "nothing": ("", "i.yaml:1:1: The file must contain exactly one YAML map."),
    "two documents": ("name: a\n---\nname: b\n", "i.yaml:1:1: The file must contain exactly one YAML map."),
    "no YAML": ("a: [", "This is not valid YAML"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "message"), INPUTS.values(), ids=INPUTS.keys())
def test_an_invalid_input_is_refused_with_its_position(given: str, message: str) -> None:
    with pytest.raises(Rejected) as refusal:
        cli_operations.render_input(TextFile(TEXT), TextFile(given, "i.yaml"))
    assert message in str(refusal.value)


def test_all_problems_of_an_input_are_reported_at_once() -> None:
    given = "apiVersion: v1\nkind: Other\nmetadata: 3\nspec: {name: 3, size: x}\n"
    with pytest.raises(Rejected) as refusal:
        cli_operations.render_input(TextFile(TEXT), TextFile(given))
    assert [problem.path for problem in refusal.value.problems] == [
        "apiVersion",
        "kind",
        "metadata",
        "spec.name",
        "spec.size",
    ]


def test_an_input_as_kubectl_prints_it() -> None:
    printed = """
      metadata:
        name: z
        namespace: w
        creationTimestamp: null
        generation: 4
        labels: {a: b}
        managedFields:
        - {apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:name": {}}}, manager: kubectl, operation: Update, time: "2026-01-01T00:00:00Z"}
      spec: {items: []}
      status: {state: ACTIVE}
"""
    answer = cli_operations.render_input(TextFile(TEXT), TextFile(HEAD + dedent(printed))).data
    assert answer["nodes"][0]["manifests"][0]["metadata"]["namespace"] == "w"


OBSERVED = {
    "an unknown node": ("aa: {}", "aa: There is no node “aa”. Did you mean “a”?"),
    "a number": ("a: 3", "a: “a” should be one object, but it is 3."),
    "a list for one": ("a: []", "a: “a” should be one object, but it is []."),
    "one for a list": ("c: {}", "c: “c” should be a list of objects, but it is {}."),
    "an item that is no object": ("c: [{}, null]", "c: “c[1]” should be one object, but it is null."),
    "invalid metadata": ("a: {metadata: 3}", "a: “a” should have a map as metadata, but it is 3."),
}


@pytest.mark.parametrize(("observed", "message"), OBSERVED.values(), ids=OBSERVED.keys())
def test_invalid_observed_objects_are_refused_with_their_position(observed: str, message: str) -> None:
    with pytest.raises(Rejected) as refusal:
        cli_operations.render_input(TextFile(TEXT), TextFile("items: []\n"), TextFile(observed, "o.yaml"))
    assert str(refusal.value) == f"o.yaml:1:1 {message}"


def test_an_invalid_contract_is_refused_with_all_its_problems() -> None:
    text = TEXT.replace("${schema.spec.name}", "${schema.spec.nam}").replace("id: b", "id: B")
    with pytest.raises(Rejected) as refusal:
        cli_operations.crd(TextFile(text, "c.yaml"))
    found = unrelated_to_optional_fields(refusal.value.problems)
    assert [problem.file for problem in found] == ["c.yaml"] * 2


def test_graph_and_crd() -> None:
    graph = cli_operations.graph(TextFile(TEXT))
    assert graph["edges"] == [{"node": "b", "needs": "a", "expressions": ["a.metadata.uid"]}]
    assert graph["layers"] == [["a", "c"], ["b"]]
    assert cli_operations.crd(TextFile(TEXT))["kind"] == "CustomResourceDefinition"
    assert [
        trial.passed
        for trial in cli_operations.run_file_tests(TextFile(TEXT + CONTRACT + "      expect: {}\n"))
    ] == [True]


def test_kinds_from_files() -> None:
    kinds = cli_operations.kinds_from(
        [TextFile("a: 1\n---\n" + str(cli_operations.crd(TextFile(TEXT))), "kinds.yaml")]
    )
    assert existing(kinds.lookup("kro.run/v1alpha1", "Example")).plural == "examples"


def test_an_unreadable_file_of_kinds_is_named() -> None:
    with pytest.raises(Rejected) as refused:
        cli_operations.kinds_from([TextFile("a: 1", "good.yaml"), TextFile("not: [yaml", "bad.yaml")])
    assert [(problem.file, problem.code) for problem in refused.value.problems] == [
        ("bad.yaml", "yaml-syntax")
    ]
