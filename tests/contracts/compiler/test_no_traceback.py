# ruff: noqa: E501
"""Any input is a definition or has problems; it never raises and never hangs."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.compiler import compile_text, validate_spec
from contracts.problems import Problem
from contracts.runtime import instance_of, preview, render
from tests.contracts.definitions import config_map, defined, definition_text, unrelated_to_optional_fields

FULL = definition_text(
    config_map("a", "data: {k: 'x-${schema.spec.name}'}", "readyWhen: ['${has(a.data)}']")
    + config_map("b", "data: ${schema.spec.labels}", "includeWhen: ['${schema.spec.flag}']")
    + config_map("c", "data: {k: '${b.data.k}'}", "forEach: [{i: '${schema.spec.items}'}]", name="${i}")
    + "- id: e\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {}}}\n",
    status='k: ${a.data.k}\nconditions: [\'${runtime.newCondition({type: "A", status: "True"})}\']',
)
CONTRACT = "---\napiVersion: slipway.dev/v1alpha1\nkind: Contract\nspec: {title: A, form: {fields: {name: {title: B}}}}\n"

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["", "a", "${a}", "${schema.spec.name}", "${", "string"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["a", "id", "template", "metadata", "name", "selector", "forEach", "${x}"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def places(data: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, child in items:
        found += places(child, (*path, key))
    return found


def survives(text: str) -> None:
    compilation = compile_text(text)
    assert compilation.definition is not None or compilation.problems
    assert all(isinstance(problem, Problem) and problem.message for problem in compilation.problems)
    definition = compilation.definition
    if definition is not None:
        instance = instance_of(definition, {})
        render(definition, instance, {})
        preview(definition, {})
        validate_spec(definition, {"name": 3})


def test_the_base_of_the_mutations_compiles() -> None:
    assert unrelated_to_optional_fields(compile_text(FULL + CONTRACT).problems) == []


@given(st.integers(0, 10_000), JSON)
@settings(max_examples=100, deadline=None)
def test_any_value_at_any_path(seed: int, value: Any) -> None:
    documents = list(yaml.safe_load_all(FULL + CONTRACT))
    document = documents[seed % 2]
    everywhere = places(document)
    path = everywhere[seed % len(everywhere)]
    parent = document
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    survives("---\n".join(json.dumps(each) + "\n" for each in documents))


@given(st.integers(0, 1_000_000))
@settings(max_examples=100, deadline=None)
def test_any_edit_of_the_source(seed: int) -> None:
    chance = random.Random(seed)
    text = FULL + CONTRACT
    for _ in range(chance.randint(1, 4)):
        if not text:
            break
        at = chance.randrange(len(text))
        match chance.randrange(4):
            case 0:
                text = text[:at] + text[at + chance.randint(1, 12) :]
            case 1:
                text = text[:at] + chance.choice("${}'\"[]:-\n \t&*|>#é\x00") + text[at:]
            case 2:
                lines = text.splitlines(keepends=True)
                lines.insert(chance.randrange(len(lines)), chance.choice(lines))
                text = "".join(lines)
            case 3:
                text = text[:at]
    survives(text)


@given(st.text(alphabet="ab.[]{}()'\"\\?:+$&|!=<>, 01", max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_expression(source: str) -> None:
    survives(definition_text(config_map("a", "data:\n  k: " + json.dumps("${" + source + "}"))))


@pytest.mark.parametrize(
    "value",
    [
        "${" * 20_000,
        "${'" + "\\" * 50_000,
        '${"' + "\\'" * 30_000,
        "${" + "(" * 30_000,
        "${" + "[" * 3_000 + "]" * 3_000 + "}",
        "${" + "a." * 30_000 + "b}",
        "${" + "!" * 30_000 + "true}",
        "${" + "1+" * 20_000 + "1}",
        "${'x'}" * 20_000,
    ],
    ids=lambda value: value[:12],
)
def test_pathological_expressions_are_handled_quickly(value: str) -> None:
    started = time.process_time()
    survives(definition_text(config_map("a", "data:\n  k: " + json.dumps(value))))
    assert time.process_time() - started < 20


def test_an_expression_that_exceeds_its_budget_fails_its_node() -> None:
    loops = "${string(lists.range(1000000).map(i, lists.range(1000000).map(j, i * j)).size())}"
    definition = defined(config_map("a", f"data: {{k: '{loops}'}}"))
    rendering = render(definition, instance_of(definition, {}), {})
    assert rendering.nodes["a"].state == "failed"
    assert rendering.fatal


def test_no_reason_contains_a_value_of_the_instance() -> None:
    definition = defined(
        config_map(
            "a", "data: {k: '${string(int(schema.spec.name))}'}", "readyWhen: ['${int(a.data.k) > 0}']"
        )
    )
    rendering = render(definition, instance_of(definition, {"name": "s3cr3t"}), {})
    assert "s3cr3t" not in str(rendering.nodes["a"].reason) + str(rendering.problems)
