# ruff: noqa: E501
"""Tests in a contract: expectations, and the messages of failures (docs/reference/contract-tests.md)."""

from __future__ import annotations

import pytest

from contracts.runtime import cli_operations
from contracts.runtime.cli_operations import TextFile
from tests.contracts.definitions import config_map, definition_text, unrelated_to_optional_fields

TEXT = definition_text(
    config_map("a", "data: {k: '${schema.spec.name}'}")
    + config_map("b", "data: {k: '${a.metadata.uid}'}", "includeWhen: ['${schema.spec.flag}']")
    + config_map("c", extra="forEach: [{i: '${schema.spec.items}'}]", name="${i}")
    + "- id: e\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {}}}\n",
    status="uid: ${a.metadata.uid}\nname: ${schema.spec.name}\nrate: ${10 / schema.spec.size}",
)
CONTRACT = """---
apiVersion: slipway.dev/v1alpha1
kind: Contract
spec:
  tests:
    - name: the case
"""
ITEMS = "input: {items: [p, q]}"
SEEN = "input: {items: [p, q]}\nobserved: {a: {metadata: {uid: u1}}, e: []}"


def failures(case: str, text: str = TEXT) -> list[str]:
    indented = "\n".join("      " + line for line in case.splitlines())
    found = cli_operations.check(TextFile(text + CONTRACT + indented, "c.yaml"))
    problems = unrelated_to_optional_fields(found)
    return [str(problem).partition(": ")[2].removeprefix("Test “the case”: ") for problem in problems]


def expecting(expected: str, given: str = ITEMS) -> str:
    return f"{given}\nexpect: {{{expected}}}"


STATES = {
    "present": (expecting("present: [a, b, c]"), []),
    "absent": (expecting("absent: [b], present: [a]", "input: {flag: false, items: []}"), []),
    "not absent": (expecting("absent: [a]"), ["“a” should be absent, but it is present."]),
    "not present": (
        expecting("present: [b]", "input: {flag: false, items: []}"),
        ["“b” should be present, but it is absent (Excluded: schema.spec.flag is not true)."],
    ),
    "waiting": (expecting("waiting: [b]", f"{ITEMS}\nobserved: {{c: {{}}}}"), []),
    "not waiting": (
        expecting("waiting: [b]", SEEN),
        ["“b” should be waiting, but it is present (Not created yet)."],
    ),
    "ready": (expecting("ready: [a]", SEEN), []),
    "a collection is ready": (expecting("ready: [c]", f"{ITEMS}\nobserved: {{c: {{}}}}"), []),
    "not ready": (
        expecting("ready: [b]", SEEN),
        ["“b” should be ready, but it is not ready (Not created yet)."],
    ),
    "ready without observed objects": (
        expecting("ready: [a]"),
        ["“a” should be ready, but it is not ready: the test has nothing under “observed”."],
    ),
    "an unknown node": (expecting("present: [x]"), ["there is no node “x”. Nodes: a, b, c, e."]),
    "an unknown observed node": (
        expecting("present: [a]", f"{ITEMS}\nobserved: {{aa: {{}}}}"),
        ["there is no node “aa”. Did you mean “a”?"],
    ),
    "one observed object for many": (
        expecting("present: [a]", f"{ITEMS}\nobserved: {{e: {{kind: Secret}}}}"),
        ['observed “e” should be a list of objects, but it is {"kind": "Secret"}.'],
    ),
    "an item that is no object": (
        expecting("present: [a]", f"{ITEMS}\nobserved: {{c: [{{}}, 3]}}"),
        ["observed “c[1]” should be one object, but it is 3."],
    ),
    "invalid metadata": (
        expecting("present: [a]", f"{ITEMS}\nobserved: {{a: {{metadata: u1}}}}"),
        ['observed “a” should have a map as metadata, but it is "u1".'],
    ),
    "many observed objects for one": (
        expecting("present: [a]", f"{ITEMS}\nobserved: {{a: []}}"),
        ["observed “a” should be one object, but it is []."],
    ),
}

FIELDS = {
    "equals": (expecting("fields: [{node: a, path: data.k, equals: demo}]"), []),
    "equals something else": (
        expecting("fields: [{node: a, path: data.k, equals: x}]"),
        ['a.data.k should be "x", but it is "demo".'],
    ),
    "equals a missing value": (
        expecting("fields: [{node: a, path: data.z, equals: 1}]"),
        ["a.data.z should be 1, but it is absent."],
    ),
    "a map equals": (expecting("fields: [{node: a, path: data, equals: {k: demo}}]"), []),
    "true is not 1": (
        expecting("fields: [{node: a, path: metadata, equals: {name: a, namespace: true}}]"),
        [
            'a.metadata should be {"name": "a", "namespace": true}, but it is {"name": "a", "namespace": "default"}.'
        ],
    ),
    "absent": (expecting("fields: [{node: a, path: data.z, absent: true}]"), []),
    "not absent": (
        expecting("fields: [{node: a, path: data.k, absent: true}]"),
        ['a.data.k should be absent, but it is "demo".'],
    ),
    "an item of a collection": (
        expecting("fields: [{node: c, path: metadata.name, index: 1, equals: q}]"),
        [],
    ),
    "a missing item": (
        expecting("fields: [{node: c, path: metadata.name, index: 2, equals: q}]"),
        ["“c” should have an object at index 2, but it has 2."],
    ),
    "an item before the first": (
        expecting("fields: [{node: c, path: metadata.name, index: -1, equals: q}]"),
        ["“c” should have an object at index -1, but it has 2."],
    ),
    "a field of an excluded node": (
        expecting("fields: [{node: b, path: data.k, equals: q}]", "input: {flag: false, items: []}"),
        ["“b” should have an object at index 0, but it is absent (Excluded: schema.spec.flag is not true)."],
    ),
    "an invalid path": (
        expecting("fields: [{node: a, path: '[', equals: q}]"),
        ["“[” is not a path."],
    ),
    "of the status": (expecting("status: {uid: u1, name: demo}", SEEN), []),
    "of the status before anything exists": (expecting("status: {name: demo}"), []),
    "of the status, another value": (
        expecting("status: {uid: u2}", SEEN),
        ['status.uid should be "u2", but it is "u1".'],
    ),
    "of the status, a missing value": (
        expecting("status: {uid: u1}"),
        ['status.uid should be "u1", but it is absent.'],
    ),
}

ASSERTIONS = {
    "over all": (expecting("assert: ['size(resources) == 4', 'c.all(x, x.kind == \"ConfigMap\")']"), []),
    "over instance and status": (
        expecting("assert: ['a.data.k == schema.spec.name && status.uid == b.data.k']", SEEN),
        [],
    ),
    "in ${}": (expecting("assert: ['${size(resources) == 4}']"), []),
    "a comparison that fails": (
        expecting("assert: ['size(resources) == 5']"),
        ["“size(resources) == 5” should be true, but size(resources) is 4."],
    ),
    "two different sides": (
        expecting("assert: ['a.data.k == a.metadata.name']"),
        ['“a.data.k == a.metadata.name” should be true, but a.data.k is "demo" and a.metadata.name is "a".'],
    ),
    "the failing conjunct": (
        expecting("assert: ['size(c) == 2 && a.data.k == \"x\" && size(resources) == 4']"),
        ['“size(c) == 2 && a.data.k == "x" && size(resources) == 4” should be true, but a.data.k is "demo".'],
    ),
    "a failing call": (
        expecting("assert: ['size(c) == 2 && a.data.k.startsWith(\"x\")']"),
        [
            '“size(c) == 2 && a.data.k.startsWith("x")” should be true, but “a.data.k.startsWith("x")” is false.'
        ],
    ),
    "a call alone": (
        expecting("assert: ['has(a.data.z)']"),
        ["“has(a.data.z)” should be true, but it is false."],
    ),
    "no bool": (expecting("assert: ['a.data.k']"), ['“a.data.k” should be true, but it is "demo".']),
    "an unknown name": (expecting("assert: ['missing.x']"), ["“missing.x” cannot be evaluated: "]),
    "a syntax error": (expecting("assert: ['1 +']"), ["“1 +” cannot be parsed: "]),
}

PROBLEMS = {
    "of the input": (expecting("problems: [{path: spec.name, code: wrong-type}]", "input: {name: 3}"), []),
    "of the input, any code": (expecting("problems: [{path: spec.name}]", "input: {name: 3}"), []),
    "another code": (
        expecting("problems: [{path: spec.name, code: required}]", "input: {name: 3}"),
        ["the problem at spec.name should be required, but it is wrong-type."],
    ),
    "no problem": (
        expecting("problems: [{path: spec.name}]"),
        ["a problem at spec.name was expected, but found none."],
    ),
    "another path": (
        expecting("problems: [{path: spec.name, code: required}]", "input: {size: x}"),
        [
            "a problem at spec.name (required) was expected, but found spec.size (wrong-type).",
            "no problem was expected at spec.size, but found: Must be an integer, not a string.",
        ],
    ),
    "not expected": (
        expecting("present: [a]", "input: {name: 3}"),
        ["no problem was expected at spec.name, but found: Must be a string, not an integer."],
    ),
    "of a node": (
        expecting("problems: [{path: resources.c, code: identity-collision}]", "input: {items: [p, p]}"),
        [],
    ),
    "of a node, ignored": (
        expecting("present: [a]", "input: {items: [p, p]}"),
        [
            "no problem was expected at resources.c, but found: Two items of “c” are the same object: ConfigMap default/p."
        ],
    ),
    "of a node, with observed objects": (
        expecting("problems: [{path: resources.c}], ready: [a]", SEEN.replace("[p, q]", "[p, p]")),
        [],
    ),
    "of the status": (
        expecting("problems: [{path: status.rate, code: status-failed}]", "input: {size: 0, items: []}"),
        [],
    ),
    "of the status, ignored": (
        expecting("present: [a]", SEEN.replace("{items", "{size: 0, items")),
        [
            "no problem was expected at status.rate, but found: “10 / schema.spec.size” cannot be evaluated: division by zero."
        ],
    ),
}

SHAPES = {
    "nothing is expected": (expecting(""), []),
    "a misspelled key": (
        f"{ITEMS}\nexpects: {{}}",
        ["This field is required.", "Unknown field “expects”. Did you mean “expect”?"],
    ),
    "an index that is no number": (
        expecting("fields: [{node: a, path: data.k, index: one}]"),
        ["Must be an integer, not a string."],
    ),
}
EVERY = {
    f"{group}: {name}": row
    for group, rows in (
        ("state", STATES),
        ("field", FIELDS),
        ("assertion", ASSERTIONS),
        ("problem", PROBLEMS),
        ("shape", SHAPES),
    )
    for name, row in rows.items()
}


@pytest.mark.parametrize(("case", "found"), EVERY.values(), ids=EVERY.keys())
def test_expectations_and_failure_messages(case: str, found: list[str]) -> None:
    messages = failures(case)
    assert len(messages) == len(found), messages
    assert all(wanted in have for have, wanted in zip(messages, found, strict=True)), messages


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("string(schema.metadata.generation)", "1"),
        ("string(schema.metadata.creationTimestamp)", "2026-01-01T00:00:00Z"),
        ("schema.metadata.resourceVersion", "1"),
        ("schema.metadata.name + '/' + schema.metadata.namespace", "example/default"),
    ],
)
def test_the_instance_has_the_fields_that_an_api_server_sets(expression: str, value: str) -> None:
    text = definition_text(config_map("a", f"data:\n  k: |-\n    ${{{expression}}}"))
    case = f"input: {{}}\nobserved: {{a: {{}}}}\nexpect: {{fields: [{{node: a, path: data.k, equals: {value!r}}}]}}"
    assert failures(case, text) == []


def test_a_test_may_set_the_metadata_of_its_instance() -> None:
    text = definition_text(config_map("a", "data: {k: '${schema.metadata.labels.team}'}"))
    case = "metadata: {labels: {team: red}}\nexpect: {fields: [{node: a, path: data.k, equals: red}]}"
    assert failures(case, text) == []
