"""Properties of server-side apply (KEP-555), and the validation of custom resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devcluster.kinds.kinds import Kinds
from devcluster.kinds.validation_rules import rule_problems
from devcluster.machinery import fieldsets
from devcluster.machinery.errors import ApiError
from devcluster.machinery.managed_fields import read
from devcluster.machinery.schema import custom_shape
from devcluster.machinery.structural import problems
from devcluster.registry.requests import Target, WriteOptions
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Memory

KEYS = st.sampled_from("abcde")
DATA = st.dictionaries(KEYS, st.sampled_from(["1", "2"]))
SOME_DATA = st.dictionaries(KEYS, st.sampled_from(["1", "2"]), min_size=1)
TREES = st.recursive(
    st.just(fieldsets.MEMBER),
    lambda inner: st.dictionaries(st.sampled_from(["f:a", "f:b", "f:c"]), inner, min_size=1),
    max_leaves=6,
)


def cluster() -> Writes:
    writes = Writes(Memory(), Kinds())
    kind = writes.kinds.find("", "v1", "namespaces")
    assert kind is not None
    writes.create(Target(kind), {"metadata": {"name": "ns"}}, WriteOptions("tests"))
    return writes


def apply(writes: Writes, manager: str, data: Mapping[str, str], *, force: bool = True) -> dict[str, Any]:
    kind = writes.kinds.find("", "v1", "configmaps")
    assert kind is not None
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": dict(data)}
    return writes.apply(Target(kind, "ns", "a"), body, WriteOptions(manager, force=force))[0]


@given(DATA)
def test_applying_twice_is_applying_once(data: dict[str, str]) -> None:
    writes = cluster()
    once = apply(writes, "one", data)
    assert apply(writes, "one", data) is once


@given(DATA, DATA)
@settings(max_examples=50)
def test_the_order_of_managers_with_distinct_fields_does_not_matter(
    one: dict[str, str], other: dict[str, str]
) -> None:
    mine, theirs = one, {key.upper(): value for key, value in other.items()}
    forth, back = cluster(), cluster()
    apply(forth, "one", mine)
    apply(back, "other", theirs)
    assert apply(forth, "other", theirs).get("data") == apply(back, "one", mine).get("data")


@given(DATA, DATA)
@settings(max_examples=50)
def test_fields_that_a_manager_omits_are_removed_unless_another_owns_them(
    one: dict[str, str], other: dict[str, str]
) -> None:
    writes = cluster()
    apply(writes, "one", one)
    apply(writes, "other", other)
    left = apply(writes, "one", {})
    assert left.get("data", {}) == other


@given(SOME_DATA, SOME_DATA)
@settings(max_examples=50)
def test_without_force_a_different_value_is_a_conflict_and_changes_nothing(
    one: dict[str, str], other: dict[str, str]
) -> None:
    writes = cluster()
    before = apply(writes, "one", one)
    if any(one.get(key, value) != value for key, value in other.items()):
        with pytest.raises(ApiError) as refusal:
            apply(writes, "other", other, force=False)
        assert (refusal.value.code, refusal.value.reason) == (409, "Conflict")
        assert writes.memory.get("configmaps", "ns", "a") is before
    else:
        assert apply(writes, "other", other, force=False).get("data", {}) == one | other


@given(TREES, TREES)
def test_sets_of_fields_obey_the_laws_of_sets(one: dict[str, Any], other: dict[str, Any]) -> None:
    members = {path: set(fieldsets.paths(tree)) for path, tree in (("one", one), ("other", other))}
    assert set(fieldsets.paths(fieldsets.union(one, other))) == members["one"] | members["other"]
    assert set(fieldsets.paths(fieldsets.difference(one, other))) == members["one"] - members["other"]
    assert set(fieldsets.paths(fieldsets.intersection(one, other))) == members["one"] & members["other"]
    assert fieldsets.decode(fieldsets.encode(one)) == one


def test_an_owner_without_fields_is_removed() -> None:
    writes = cluster()
    apply(writes, "one", {"a": "1"})
    assert [owner.manager for owner in read(apply(writes, "two", {"a": "2"})["metadata"])] == ["two"]


class NeverNegative:
    """An evaluator that knows one rule."""

    def holds(
        self, rule: str, value: Any, old: Any, schema: Mapping[str, Any], *, optional_old: bool = False
    ) -> bool:
        assert rule == "self.size >= 0"
        return bool(value.get("size", 0) >= 0)

    def message(
        self, expression: str, value: Any, old: Any, schema: Mapping[str, Any], *, optional_old: bool = False
    ) -> str:
        return f"size is {value['size']}"


@pytest.mark.parametrize(
    ("size", "refused"), [(1, ""), (-1, "spec: Invalid value: size is -1")], ids=["holds", "broken"]
)
def test_rules_are_evaluated_by_the_evaluator_that_is_passed_in(size: int, refused: str) -> None:
    rule = {"rule": "self.size >= 0", "messageExpression": "'size is ' + string(self.size)"}
    spec = {"type": "object", "properties": {"size": {"type": "integer"}}, "x-kubernetes-validations": [rule]}
    shape = custom_shape({"type": "object", "properties": {"spec": spec}})
    found = rule_problems(NeverNegative(), shape, {"spec": {"size": size}}, None)
    assert [f"{cause.field}: {cause.message}" for cause in found] == ([refused] if refused else [])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"size": "x"},
            'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
        ),
        ({"size": 0}, "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"),
        ({}, "spec.size: Required value"),
        ({"size": 1, "tags": ["a", "a"]}, 'spec.tags[1]: Duplicate value: "a"'),
    ],
    ids=["type", "minimum", "required", "twice in a set"],
)
def test_custom_resources_are_validated_with_the_messages_of_a_real_server(
    value: dict[str, Any], message: str
) -> None:
    tags = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}
    size = {"type": "integer", "minimum": 1}
    spec = {"type": "object", "required": ["size"], "properties": {"size": size, "tags": tags}}
    shape = custom_shape({"type": "object", "properties": {"spec": spec}})
    found = problems({"spec": value}, shape)
    assert [f"{cause.field}: {cause.message}" for cause in found] == [message]
