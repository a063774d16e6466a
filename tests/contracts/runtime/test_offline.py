# ruff: noqa: E501
"""What the command line answers, as plain data."""

from __future__ import annotations

import pytest

from contracts.problems import Rejected
from contracts.runtime import offline
from tests.contracts.definitions import config_map, definition_text

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


def test_a_failing_test_is_shown_at_its_name():
    (problem,) = offline.check(
        TEXT + CONTRACT + "      expect: {absent: [a]}\n      input: {items: []}", file="c.yaml"
    )
    assert (problem.file, problem.code, problem.severity) == ("c.yaml", "test-failed", "error")
    assert (TEXT + CONTRACT).splitlines()[problem.line - 1].strip() == "- name: the case"


def test_render_answers_with_plain_data():
    answer = offline.render_files(TEXT, "items: [p]\nname: shop\n")
    assert [
        (node["id"], node["state"], node["reason"], len(node["manifests"])) for node in answer["nodes"]
    ] == [
        ("a", "desired", "Not created yet.", 1),
        ("b", "pending", "Waits for “a”: Not created yet.", 0),
        ("c", "desired", "0 of 1 objects are created.", 1),
    ]
    assert {tuple(node) for node in answer["nodes"]} == {("id", "state", "reason", "manifests")}
    assert answer["order"] == ["a", "b", "c"]
    assert answer["status"] == {}


@pytest.mark.parametrize(
    ("observed", "status"),
    [("", "False"), ("a: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "True")],
)
def test_an_authors_condition_reads_the_reconcilers_as_they_would_be(observed, status):
    block = 'conditions: [\'${runtime.newCondition({type: "Usable", status: runtime.condition(schema, "Ready").status})}\']'
    answer = offline.render_files(definition_text(config_map("a"), status=block), "name: shop\n", observed)
    assert answer["conditions"] == [{"type": "Usable", "status": status}]
    assert answer["problems"] == []


def test_render_takes_a_whole_resource_and_observed_objects():
    whole = (
        "apiVersion: kro.run/v1alpha1\nkind: Example\nmetadata: {name: z, namespace: w}\nspec: {items: []}\n"
    )
    observed = "a: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: w, uid: u7}}\n"
    answer = offline.render_files(TEXT, whole, observed)
    assert answer["nodes"][1]["manifests"][0]["data"] == {"k": "u7"}
    assert answer["status"] == {"uid": "u7"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("name: 3\n", "i.yaml:1:7 spec.name: Must be a text, not a whole number. Put it in quotes."),
        (
            "apiVersion: kro.run/v1alpha1\nkind: Example\nspec:\n  naem: a\n",
            "i.yaml:4:9 spec.naem: There is no field “naem”. Did you mean “name”?",
        ),
        ("- a\n", "The file must hold one YAML map."),
        ("a: [", "This is not valid YAML"),
    ],
)
def test_a_faulty_input_is_refused_with_its_place(given, words):
    with pytest.raises(Rejected) as refusal:
        offline.render_files(TEXT, given, input_file="i.yaml")
    assert words in str(refusal.value)


def test_a_faulty_contract_is_refused_with_all_its_problems():
    with pytest.raises(Rejected) as refusal:
        offline.crd(
            TEXT.replace("${schema.spec.name}", "${schema.spec.nam}").replace("id: b", "id: B"), file="c.yaml"
        )
    assert [problem.file for problem in refusal.value.problems] == ["c.yaml"] * 2


def test_graph_and_crd():
    graph = offline.graph(TEXT)
    assert graph["edges"] == [{"node": "b", "needs": "a", "expressions": ["a.metadata.uid"]}]
    assert graph["layers"] == [["a", "c"], ["b"]]
    assert offline.crd(TEXT)["kind"] == "CustomResourceDefinition"
    assert [trial.passed for trial in offline.run_tests(TEXT + CONTRACT + "      expect: {}\n")] == [True]


def test_kinds_from_files():
    kinds = offline.kinds_from({"kinds.yaml": "a: 1\n---\n" + str(offline.crd(TEXT))})
    assert kinds.lookup("kro.run/v1alpha1", "Example").plural == "examples"


def test_a_file_of_kinds_that_cannot_be_read_is_named():
    with pytest.raises(Rejected) as refused:
        offline.kinds_from({"good.yaml": "a: 1", "bad.yaml": "not: [yaml"})
    assert [(problem.file, problem.code) for problem in refused.value.problems] == [
        ("bad.yaml", "yaml-syntax")
    ]
