# ruff: noqa: E501
"""Tests beside a contract, and what the command line answers."""

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
BASE = "input: {items: [p, q]}"


def failures(case: str) -> list[str]:
    indented = "\n".join("      " + line for line in case.splitlines())
    found = offline.check(TEXT + CONTRACT + indented, file="c.yaml")
    return [str(problem).partition(": ")[2].removeprefix("Test “the case”: ") for problem in found]


@pytest.mark.parametrize(
    ("case", "found"),
    [
        (BASE + "\nexpect: {present: [a, b, c]}", []),
        (BASE + "\nexpect: {absent: [a]}", ["“a” should be absent, but it is desired."]),
        (BASE + "\nexpect: {present: [x]}", ["there is no node “x”; there are a, b, c."]),
        ("input: {flag: false, items: []}\nexpect: {absent: [b], present: [a]}", []),
        (BASE + "\nexpect: {fields: [{node: a, path: data.k, equals: demo}]}", []),
        (BASE + "\nexpect: {fields: [{node: a, path: data.k, equals: x}]}", ["a.data.k is 'demo', not 'x'."]),
        (BASE + "\nexpect: {fields: [{node: a, path: data.z, absent: true}, {node: c, path: metadata.name, index: 1, equals: q}]}", []),
        (BASE + "\nexpect: {fields: [{node: c, path: metadata.name, index: 2, equals: q}]}", ["“c” has no object to look at."]),
        (BASE + "\nexpect: {assert: ['size(resources) == 4', 'a.data.k == schema.spec.name', 'c.all(x, x.kind == \"ConfigMap\")']}", []),
        (BASE + "\nexpect: {assert: ['size(resources) == 5']}", ["“size(resources) == 5” is not true."]),
        (BASE + "\nexpect: {assert: ['nobody.x']}", ["“nobody.x” cannot be judged: "]),
        (BASE + "\nobserved: {a: {metadata: {uid: u1}}}\nexpect: {ready: [a], present: [b], status: {uid: u1}, fields: [{node: b, path: data.k, equals: u1}]}", []),
        (BASE + "\nobserved: {c: {}}\nexpect: {waiting: [b], ready: [c]}", []),
        ("input: {name: 3}\nexpect: {problems: [{path: spec.name, code: wrong-type}]}", []),
        ("input: {name: 3}\nexpect: {present: [a]}", ["the input is refused: spec.name: Must be a text, not a whole number."]),
        (BASE + "\nexpect: {problems: [{path: spec.name}]}", ["expected a problem at spec.name, and there is none."]),
        (BASE + "\nexpects: {}", ["This field is required.", "There is no field “expects”. Did you mean “expect”?"]),
    ],
)  # fmt: skip
def test_a_test_beside_a_contract(case, found):
    told = failures(case)
    assert len(told) == len(found)
    assert all(wanted in have for have, wanted in zip(told, found, strict=True)), told


def test_a_failing_test_is_shown_at_its_name():
    (problem,) = offline.check(
        TEXT + CONTRACT + "      expect: {absent: [a]}\n      input: {items: []}", file="c.yaml"
    )
    assert (problem.file, problem.code, problem.severity) == ("c.yaml", "test-failed", "error")
    assert (TEXT + CONTRACT).splitlines()[problem.line - 1].strip() == "- name: the case"


def test_render_answers_with_plain_data():
    answer = offline.render_files(TEXT, "items: [p]\nname: shop\n")
    assert [
        (node["id"], node["state"], node["ready"], len(node["manifests"])) for node in answer["nodes"]
    ] == [
        ("a", "desired", False, 1),
        ("b", "pending", False, 0),
        ("c", "desired", False, 1),
    ]
    assert answer["order"] == ["a", "b", "c"]
    assert answer["status"] == {}


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
