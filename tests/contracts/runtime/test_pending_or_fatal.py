"""Missing values are pending; impossible ones are fatal (kro §3.7)."""

from __future__ import annotations

import json

import pytest

from contracts.runtime import Rendering, instance_of, render
from tests.contracts.definitions import config_map, defined

PENDING = {
    "a field of a free object": "schema.spec.free.missing",
    "a key of a map": 'schema.spec.labels["missing"]',
    "an item beyond the end": "schema.spec.items[3]",
    "an item beyond the end of a computed list": 'schema.spec.name.split("-")[5]',
    "a deep field": "string(schema.spec.free.a.b.c)",
    "a field of a string": "string(schema.spec.free.text.x)",
    "a field of null": "string(schema.spec.free.nothing.x)",
    "an item of a number": "string(schema.spec.free.number[0])",
}
FATAL = {
    "a division by zero": "string(10 / (schema.spec.size - 3))",
    "a string that is no number": "string(int(schema.spec.name))",
    "a number that is too large": "string(9223372036854775807 + schema.spec.size)",
    "a string that is no JSON": "json.unmarshal(schema.spec.name)",
    "an empty optional's value": "string(schema.spec.free.?missing.value())",
    "no overload at run time": "dyn(schema.spec.name) + dyn(1)",
    "an index that functions of kro refuse": "string(lists.removeAtIndex([1], 5)[0])",
    "bytes as a whole value": "dyn(b'ab')",
}
SPEC = {
    "name": "shop",
    "labels": {"a": "b"},
    "items": ["x"],
    "free": {"a": {}, "text": "t", "nothing": None, "number": 1},
}


def rendered(resources: str, status: str = "") -> Rendering:
    definition = defined(resources, status=status)
    return render(definition, instance_of(definition, SPEC), {})


def quoted(expression: str) -> str:
    return json.dumps(f"${{{expression}}}")


@pytest.mark.parametrize("expression", PENDING.values(), ids=PENDING.keys())
class TestPending:
    def test_a_pending_template_does_not_block_others(self, expression: str) -> None:
        rendering = rendered(config_map("a", f"data:\n  k: {quoted(expression)}") + config_map("b"))
        node = rendering.nodes["a"]
        assert (node.state, node.code, node.manifests) == ("pending", "field-missing", ())
        assert rendering.nodes["b"].state == "desired"
        assert not rendering.fatal

    def test_a_pending_list_blocks_its_collection(self, expression: str) -> None:
        listed = f"[{expression}].map(i, string(i))"
        rendering = rendered(config_map("a", extra=f"forEach:\n- i: {quoted(listed)}", name="${i}"))
        assert rendering.nodes["a"].state == "pending"

    def test_a_pending_status_field_is_omitted(self, expression: str) -> None:
        rendering = rendered(config_map("a"), status=f"k: {quoted(expression)}\nname: ${{schema.spec.name}}")
        assert rendering.status == {"name": "shop"}
        assert rendering.problems == ()

    def test_includewhen_over_the_schema_alone_is_never_pending(self, expression: str) -> None:
        rendering = rendered(config_map("a", extra=f"includeWhen:\n- {quoted(f'{expression} == dyn(1)')}"))
        assert rendering.nodes["a"].code == "schema-field-missing"
        assert rendering.fatal


@pytest.mark.parametrize("expression", FATAL.values(), ids=FATAL.keys())
class TestFatal:
    def test_a_failing_template_is_fatal(self, expression: str) -> None:
        rendering = rendered(config_map("a", f"data:\n  k: {quoted(expression)}"))
        node = rendering.nodes["a"]
        assert (node.state, node.code, node.manifests) == ("failed", "expression-failed", ())
        assert rendering.fatal
        assert [(problem.code, problem.line > 0) for problem in rendering.problems] == [(node.code, True)]

    def test_a_failing_status_field_is_omitted_and_reported(self, expression: str) -> None:
        status = f"k: {quoted(f'[schema.spec.name, {expression}]')}\nname: ${{schema.spec.name}}"
        rendering = rendered(config_map("a"), status=status)
        assert rendering.status == {"name": "shop"}
        assert [problem.code for problem in rendering.problems] == ["status-failed"]
        assert not rendering.fatal
