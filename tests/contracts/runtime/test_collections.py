# ruff: noqa: E501
"""The objects of a node with forEach, their order, and how expressions read them (kro §4.4)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from contracts.runtime import render
from tests.contracts.definitions import config_map, defined, instance

LOOP = config_map(
    "a",
    "data: {k: '${i}-${j}'}",
    "forEach: [{i: '${schema.spec.items}'}, {j: '${[\"x\", \"y\"]}'}]",
    name="${i}${j}",
)


def test_the_first_dimension_varies_slowest() -> None:
    definition = defined(LOOP)
    made = render(definition, instance(definition, items=["p", "q"]), {}).nodes["a"].manifests
    assert [manifest["metadata"]["name"] for manifest in made] == ["px", "py", "qx", "qy"]
    assert made[2]["data"] == {"k": "q-x"}


@pytest.mark.parametrize(
    ("items", "state", "code"),
    [
        ([], "desired", ""),
        (["p"], "desired", "not-observed"),
        (["p", "p"], "failed", "identity-collision"),
        ([f"n{i}" for i in range(501)], "failed", "foreach-too-many"),
        (None, "pending", "field-missing"),
    ],
    ids=[
        "nothing",
        "one",
        "the same name twice",
        "more than a thousand",
        "the list is unset",
    ],
)
def test_the_items_of_a_list(items: Any, state: str, code: str) -> None:
    definition = defined(LOOP)
    spec = {} if items is None else {"items": items}
    rendering = render(definition, instance(definition, **spec), {})
    node = rendering.nodes["a"]
    assert (node.state, node.code) == (state, code)
    assert node.ready is (items == [])


EMPTY = {
    "the first is empty": ("[]", "schema.spec.items", "desired"),
    "the second is empty": ("schema.spec.rows", "[]", "desired"),
    "the first is empty, the second unset": ("[]", "schema.spec.labels.map(k, k)", "desired"),
    "the first is unset, the second empty": ("schema.spec.labels.map(k, k)", "[]", "pending"),
    "the first is empty, the second impossible": ("[]", "[1 / (schema.spec.size - 3)]", "desired"),
    "none is empty": ("schema.spec.rows", "schema.spec.rows", "failed"),
}


@pytest.mark.parametrize(("first", "second", "state"), EMPTY.values(), ids=EMPTY.keys())
def test_an_empty_list_is_ready_at_once(first: str, second: str, state: str) -> None:
    """Also if the product of the lists would be too large, and before the next list is evaluated."""
    definition = defined(
        config_map(
            "a",
            extra=f"forEach: [{{i: '${{{first}}}'}}, {{j: '${{{second}}}'}}]",
            name="x${string(dyn(i) == dyn(j))}",
        )
    )
    rendering = render(
        definition, instance(definition, items=["p"], rows=[{"key": str(n)} for n in range(1001)]), {}
    )
    node = rendering.nodes["a"]
    assert (node.state, node.manifests, node.ready) == (state, (), state == "desired")
    assert node.code == {"desired": "", "pending": "field-missing", "failed": "foreach-too-many"}[state]


def test_elements_of_a_list_may_be_of_any_type() -> None:
    definition = defined(
        config_map(
            "a",
            "data: {k: '${pair[1]}', l: '${string(number)}'}",
            'forEach: [{pair: \'${[["a", "b"], ["c", "d"]]}\'}, {number: \'${[1, 2]}\'}]',
            name="${pair[0]}${string(number)}",
        )
    )
    made = render(definition, instance(definition), {}).nodes["a"].manifests
    assert [manifest["data"] for manifest in made] == [
        {"k": "b", "l": "1"},
        {"k": "b", "l": "2"},
        {"k": "d", "l": "1"},
        {"k": "d", "l": "2"},
    ]


def test_a_collection_is_read_in_desired_order_without_extra_items() -> None:
    definition = defined(
        config_map(
            "a",
            extra="forEach: [{i: '${schema.spec.items}'}]\nreadyWhen: ['${each.?data.?ok.orValue(\"\") == \"1\"}']",
            name="${i}",
        )
        + config_map("b", "data: {k: '${a.map(x, x.metadata.name).join(\",\")}'}")
    )
    given = instance(definition, items=["r", "p", "q"])
    made = [
        dict(manifest, data={"ok": "1"}) for manifest in render(definition, given, {}).nodes["a"].manifests
    ]
    surplus = {**copy.deepcopy(made[0]), "metadata": {"name": "old", "namespace": "team"}}
    rendering = render(definition, given, {"a": [made[2], surplus, made[0]]})
    assert (rendering.nodes["a"].ready, rendering.nodes["a"].reason) == (False, "2 of 3 objects are created.")
    rendering = render(definition, given, {"a": [made[2], surplus, made[0], made[1]]})
    assert rendering.nodes["b"].manifests[0]["data"] == {"k": "r,p,q"}
    made[1]["data"] = {}
    rendering = render(definition, given, {"a": made})
    assert rendering.nodes["a"].reason.startswith("ConfigMap team/p: Waiting until")
    empty = render(definition, instance(definition, items=[]), {"a": [surplus]})
    assert empty.nodes["b"].manifests[0]["data"] == {"k": ""}
