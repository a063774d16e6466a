# ruff: noqa: E501
"""kro's quirks, one by one: copied where rendered objects depend on them, otherwise fixed (kro §12).

Those of the reconciler have their tests there: 10, 13, 16, 17, 19 to 23 and 25 in tests/reconciler; 24 in
test_compatibility.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from contracts.compiler import validate_spec
from contracts.runtime import Rendering, instance_of, render
from tests.contracts.definitions import compiled, config_map, defined

ITEMS = "forEach: [{i: '${schema.spec.items}'}]"
SELECTED = "- id: s\n  readyWhen: ['${CONDITION}']\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {}}}\n"


def codes(resources: str = "", **parts: str) -> list[str]:
    return [problem.code for problem in compiled(resources, **parts).problems]


def spec_of(spec: str, types: str = "") -> dict[str, Any]:
    """The schema of the instance's spec in the CRD."""
    definition = defined(spec=spec, types=types)
    (version,) = definition.crd["spec"]["versions"]
    return dict(version["schema"]["openAPIV3Schema"]["properties"]["spec"])


def rendered(
    resources: str, observed: dict[str, Any] | None = None, status: str = "", **spec: Any
) -> Rendering:
    definition = defined(resources, status=status)
    return render(definition, instance_of(definition, spec), observed or {})


def live(name: str, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default"},
        **more,
    }


def test_1_a_missing_spec_lacks_its_required_fields_although_the_api_server_accepts_it() -> None:
    definition = defined(spec="name: string | required=true", types="")
    assert [(p.code, p.path) for p in validate_spec(definition, None)] == [("required", "spec.name")]
    (version,) = definition.crd["spec"]["versions"]
    assert "required" not in version["schema"]["openAPIV3Schema"]


def test_2_a_state_that_is_not_a_string_is_refused() -> None:
    assert codes(status="state: ${schema.spec.size}") == ["status-state"]


@pytest.mark.parametrize("text", ["string | default=a ", "string |", "string | "])
def test_3_trailing_whitespace_of_markers_is_accepted(text: str) -> None:
    compilation = compiled(spec=f'name: "{text}"', types="")
    assert compilation.ok
    assert all(problem.severity == "warning" for problem in compilation.problems)


def test_4_defaults_may_contain_quotes_and_backslashes() -> None:
    schema = spec_of(r"""name: 'string | default="a \"b\" \\d"'""")
    assert schema["properties"]["name"]["default"] == 'a "b" \\d'


def test_5_an_alias_that_is_required_cannot_be_made_optional() -> None:
    schema = spec_of(
        "one: Alias\ntwo: Alias | required=false\nmany: '[]Alias'", "Alias: string | required=true"
    )
    assert schema["required"] == ["one", "two"]


def test_6_braces_in_single_quotes_are_not_closing() -> None:
    resources = config_map("a", "data:\n  k: \"${'}' + schema.spec.name + '{'}\"")
    assert codes(resources) == ["kro-would-refuse"]
    assert rendered(resources).nodes["a"].manifests[0]["data"] == {"k": "}demo{"}


@pytest.mark.parametrize(("condition", "ready"), [("size(s) == 1", True), ("has(each.data)", False)])
def test_7_readywhen_of_a_selection_works(condition: str, ready: bool) -> None:
    rendering = rendered(SELECTED.replace("CONDITION", condition), {"s": [live("x")]})
    assert rendering.nodes["s"].ready is ready


def test_8_a_seeded_string_repeats_after_eight_characters() -> None:
    made = rendered(config_map("a", "data: {k: '${random.seededString(20, \"my-seed\")}'}"))
    assert made.nodes["a"].manifests[0]["data"] == {"k": "yfmgby05yfmgby05yfmg"}


def test_9_readywhen_sees_raw_values_and_other_expressions_typed_ones() -> None:
    secret = "- id: s\n  readyWhen: ['${s.data.k == dyn(\"YQ==\")}']\n  template: {apiVersion: v1, kind: Secret, metadata: {name: s}}\n"
    observed = {"s": {**live("s", data={"k": "YQ=="}), "kind": "Secret"}}
    rendering = rendered(secret + config_map("c", "data: {k: '${string(s.data.k)}'}"), observed)
    assert rendering.nodes["c"].manifests[0]["data"] == {"k": "a"}


def test_10_a_string_has_the_currently_observed_value() -> None:
    resources = config_map("a", extra="readyWhen: ['${a.data.k == \"new\"}']")
    for value in ("old", "new"):
        rendering = rendered(
            resources, {"a": live("a", data={"k": value})}, status="same: ${a.data.k == 'new'}"
        )
        assert (rendering.nodes["a"].ready, rendering.status) == (value == "new", {"same": value == "new"})


def test_11_includewhen_on_an_unset_field_names_the_field() -> None:
    rendering = rendered(config_map("a", extra="includeWhen: ['${schema.spec.free.on == true}']"))
    assert rendering.fatal
    assert rendering.nodes["a"].reason == (
        "includeWhen needs a field that is not set: schema.spec.free. Test it with has(…) first."
    )


def test_12_a_failing_status_field_does_not_affect_others() -> None:
    rendering = rendered(
        config_map("a"), status="bad: ${1 / (schema.spec.size - 3)}\nname: ${schema.spec.name}"
    )
    assert rendering.status == {"name": "demo"}
    assert [problem.path for problem in rendering.problems] == ["status.bad"]


def test_13_an_empty_collection_is_empty_while_old_items_still_exist() -> None:
    resources = config_map("a", extra=ITEMS, name="${i}") + config_map("b", "data: {k: '${string(size(a))}'}")
    rendering = rendered(resources, {"a": [live("old")]}, status="count: ${size(a)}", items=[])
    assert rendering.nodes["b"].manifests[0]["data"] == {"k": "0"}
    assert rendering.status == {"count": 0}


def test_14_an_empty_optional_in_readywhen_of_a_collection_is_false() -> None:
    extra = f"{ITEMS}\nreadyWhen: ['${{each.?data.?ok.optMap(v, v == \"1\")}}']"
    node = rendered(config_map("a", extra=extra, name="${i}"), {"a": [live("p")]}, items=["p"]).nodes["a"]
    assert (node.state, node.ready, node.code) == ("desired", False, "ready-when")


def test_15_problems_come_in_the_order_of_the_nodes() -> None:
    resources = "".join(
        config_map(name, "data: {k: '${string(1 / (schema.spec.size - 3))}'}") for name in "dbca"
    )
    assert [problem.path for problem in rendered(resources).problems] == [
        f"resources.{name}" for name in "dbca"
    ]


def test_18_a_list_in_the_status_has_no_gaps() -> None:
    status = "list: ['${a.data.first}', '${a.data.second}']"
    assert rendered(config_map("a"), {"a": live("a", data={"second": "y"})}, status).status == {}
    both = {"a": live("a", data={"first": "x", "second": "y"})}
    assert rendered(config_map("a"), both, status).status == {"list": ["x", "y"]}
