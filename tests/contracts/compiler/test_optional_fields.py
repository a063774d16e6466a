"""Optional fields without a default that a node needs: a table of guards, and the runtime as the judge."""

from __future__ import annotations

import pytest

from contracts.compiler import compile_text
from contracts.problems import Problem
from tests.contracts.definitions import config_map, definition_text, with_value

SPEC = """
a: string
flag: boolean
on: boolean | default=true
given: string | default=x
must: string | required=true
box: {inner: string, plain: "string | default=y"}
rows: "[]Row"
all: "[]Row | default=[]"
labels: map[string]string
"""
TYPES = "Row: {key: string, name: string | required=true}"


def needed(nodes: str, *, spec: str = SPEC) -> list[Problem]:
    compilation = compile_text(definition_text(nodes, spec=spec.replace("\non:", '\n"on":'), types=TYPES))
    assert compilation.ok, [str(problem) for problem in compilation.problems]
    return [problem for problem in compilation.problems if problem.code == "optional-field-needed"]


def fields(problems: list[Problem]) -> set[str]:
    return {problem.message.split("”")[0].removeprefix("“spec.") for problem in problems}


# An expression of a template, and the fields that it needs.
EXPRESSIONS = {
    "${schema.spec.a}": "a",
    "x-${schema.spec.a}-y": "a",
    "${dyn(schema.spec)['a']}": "a",
    "${schema.spec.a + schema.spec.must}": "a",
    "${schema.spec.given + schema.spec.must}": "",
    "${schema.spec.a.startsWith('x') ? 'y' : 'n'}": "a",
    "${has(schema.spec.a) ? schema.spec.a : 'd'}": "",
    "${!has(schema.spec.a) ? 'd' : schema.spec.a}": "",
    "${has(schema.spec.a) && schema.spec.a != '' ? schema.spec.a : 'd'}": "",
    "${!has(schema.spec.a) || schema.spec.a == '' ? 'd' : schema.spec.a}": "",
    "${has(schema.spec.a) ? 'd' : schema.spec.a}": "a",
    "${schema.spec.?a}": "",
    "${schema.spec.?a.orValue('d')}": "",
    "${dyn(schema.spec)[?'a'].orValue('d')}": "",
    "${schema.spec.?a.value()}": "a",
    "${schema.spec.?a.optMap(v, v + 'x').orValue('d')}": "",
    "${schema.spec.?a.hasValue() ? schema.spec.a : 'd'}": "",
    "${schema.spec.?given.orValue(schema.spec.a)}": "",
    "${schema.spec.?flag.orValue(false) ? schema.spec.a : 'd'}": "",
    "${schema.spec.on ? schema.spec.a : 'd'}": "",
    "${schema.spec.on ? schema.spec.a : schema.spec.a + 'x'}": "a",
    "${schema.spec.flag ? 'x' : 'y'}": "flag",
    "${string(schema.spec.on && schema.spec.flag)}": "",
    "${string(schema.spec.flag && schema.spec.on)}": "flag",
    "${schema.spec.box.inner}": "box.inner",
    "${schema.spec.?box.inner.orValue('d')}": "",
    "${schema.spec.?box.?inner.orValue('d')}": "",
    "${has(schema.spec.box) ? schema.spec.box.inner : 'd'}": "box.inner",
    "${has(schema.spec.box) && has(schema.spec.box.inner) ? schema.spec.box.inner : 'd'}": "",
    "${schema.spec.box.plain}": "",
    "${schema.spec.rows.map(r, r.name).join(',')}": "rows",
    "${schema.spec.all.map(r, r.key).join(',')}": "all[].key",
    "${schema.spec.all.map(r, has(r.key), r.key).join(',')}": "",
    "${schema.spec.all.filter(r, has(r.key)).map(r, r.key).join(',')}": "",
    "${schema.spec.all.filter(r, r.name == 'x').map(r, r.key).join(',')}": "",
    "${schema.spec.all.map(r, r.?key.orValue('d')).join(',')}": "",
    "${schema.spec.all[0].key}": "all[].key",
    "${string(schema.spec.all.exists(r, has(r.key) && r.key == 'x'))}": "",
    "${cel.bind(v, schema.spec.a, v + v)}": "a",
    "${schema.spec.?labels.orValue({}).map(k, k).join(',')}": "",
    "${dyn(schema.spec).a}": "a",
}


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS.items(), ids=EXPRESSIONS.keys())
def test_an_expression_of_a_template(expression: str, expected: str) -> None:
    assert fields(needed(with_value(f'"{expression}"'))) == set(expected.split())


A = "data: {k: '${schema.spec.a}'}"
NODES = {
    "includeWhen on the same field": (config_map("one", A, "includeWhen: ['${has(schema.spec.a)}']"), ""),
    "one of several conditions": (
        config_map("one", A, "includeWhen: ['${schema.spec.on}', '${has(schema.spec.a)}']"),
        "",
    ),
    "includeWhen on its value": (
        config_map("one", A, """includeWhen: ["${schema.spec.?a.orValue('') != ''}"]"""),
        "",
    ),
    "includeWhen on another field": (config_map("one", A, "includeWhen: ['${schema.spec.on}']"), "a"),
    "includeWhen that needs it": (config_map("one", "", "includeWhen: ['${schema.spec.flag}']"), "flag"),
    "a node that it needs is excluded": (
        config_map("one", A, "includeWhen: ['${has(schema.spec.a)}']")
        + config_map("two", "data: {k: '${one.metadata.name}', l: '${schema.spec.a}'}"),
        "",
    ),
    "the list of forEach": (
        config_map("one", "", "forEach: [{row: '${schema.spec.rows}'}]", name="${row.name}"),
        "rows",
    ),
    "an item of forEach": (
        config_map("one", "", "forEach: [{row: '${schema.spec.all}'}]", name="${row.key}"),
        "all[].key",
    ),
    "items of forEach that have it": (
        config_map(
            "one", "", "forEach: [{row: '${schema.spec.all.filter(r, has(r.key))}'}]", name="${row.key}"
        ),
        "",
    ),
    "an external reference": (
        "- id: one\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${schema.spec.a}'}}",
        "a",
    ),
    "readyWhen only": (config_map("one", "", "readyWhen: ['${one.metadata.name != \"\"}']"), ""),
}


@pytest.mark.parametrize(("nodes", "expected"), NODES.values(), ids=NODES.keys())
def test_a_node(nodes: str, expected: str) -> None:
    assert fields(needed(nodes)) == set(expected.split())


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("has(self.first)", ""), ("!self.on || has(self.first)", ""), ("self.on", "pair.first")],
)
def test_a_rule_of_the_schema_is_a_guard(rule: str, expected: str) -> None:
    spec = f'pair: Pair | required=true validation="{rule}"\n'
    text = definition_text(
        with_value("'${schema.spec.pair.first}'"),
        spec=spec,
        types="Pair: {first: string, 'on': boolean | default=true}",
    )
    found = [problem for problem in compile_text(text).problems if problem.code == "optional-field-needed"]
    assert fields(found) == set(expected.split())


def test_one_warning_per_field_names_every_node() -> None:
    (problem,) = needed(config_map("one", A) + config_map("two", A))
    assert problem.severity == "warning"
    assert problem.message == (
        "“spec.a” is optional and has no default, but “one” and “two” need it and are not created without it."
    )
    assert problem.path == "spec.schema.spec.a"
    assert problem.line > 0


def test_the_work_is_bounded() -> None:
    """Thousands of fields of one name, all of which the expressions may read."""
    spec = "".join(f"f{number}: {{x: string}}\n" for number in range(1500))
    reads = " + ".join(f"schema.spec.f{number}.x" for number in range(1500))
    nodes = "".join(config_map(f"n{number}", f"data: {{k: '${{{reads}}}'}}") for number in range(8))
    problems = compile_text(definition_text(nodes, spec=spec, types="")).problems
    found = [problem for problem in problems if problem.code == "optional-field-needed"]
    assert 0 < len(found) < 1500
