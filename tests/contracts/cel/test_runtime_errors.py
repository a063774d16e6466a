"""Errors at run time. ``dyn`` hides the types of the arguments from the checker."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.cel import CelError, Environment, LimitExceeded, parse, to_json
from contracts.cel.expression import FAULT

WITH_ALL = Environment(omit=True, conditions=True, extras=True)
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


class Broken(dict[str, Any]):
    """A binding whose implementation has a bug, and whose error quotes a value."""

    def __contains__(self, key: object) -> bool:
        raise RuntimeError("hunter2")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        # Operators
        ("dyn('a') - 'b'", "no such overload: _-_(string, string)"),
        ("dyn('a') * 2", "no such overload: _*_(string, int)"),
        ("dyn(1) + 'a' + 'b'", "no such overload: _+_(int, string)"),
        ("dyn(-9223372036854775807 - 1) % -1", "integer overflow"),
        ("dyn([1]) in {'a': 1}", "no such overload: @in(list, map)"),
        ("1 in dyn(1)", "no such overload: @in(int, int)"),
        ("dyn({'a': 1})[dyn([1])]", "no such overload: _[_](map, list)"),
        ("dyn([1]).a", "no such overload: select(list)"),
        ("has(dyn([1]).a)", "no such overload: has(list)"),
        ("dyn(true) * true", "no such overload: _*_(bool, bool)"),
        ("dyn(true) / true", "no such overload: _/_(bool, bool)"),
        ("[1].exists_one(x, dyn(1))", "no such overload: exists_one(int)"),
        ("omit() == 1", "omit() cannot be compared"),
        # Macros
        ("[1].all(x, dyn(1))", "no such overload: condition(int)"),
        ("[1].filter(x, dyn(1))", "no such overload: filter(int)"),
        ("[1].transformMapEntry(i, v, dyn(1))", "no such overload: transformMapEntry(int)"),
        ("optional.of(1).optFlatMap(x, dyn(1))", "no such overload: optFlatMap(int)"),
        ("dyn(1).optMap(x, x)", "no such overload: optMap(int)"),
        # Conditions
        (
            "runtime.newCondition({type: dyn(1), status: 'True'})",
            "no such overload: runtime.newCondition(int)",
        ),
        # Conversions and formats
        ("'%s'.format([omit()])", "format(): %s does not accept a value of type kro.omit"),
        ("timestamp('2024-01-01T24:00:00Z')", "range error: the time of day does not exist"),
        (f"duration('{'1' * 300}s')", "type conversion error: the string is not a duration"),
        (f"duration('{'1' * 30}s')", "range error: duration out of range"),
        ("duration('')", "type conversion error: the string is not a duration"),
        (
            "timestamp('9999-12-31T23:59:59Z').getHours('Asia/Tokyo')",
            "range error: timestamp out of range",
        ),
        ("timestamp('9999-12-31T23:59:59Z').getHours('+14:00')", "range error: timestamp out of range"),
        ("timestamp('2024-01-01T00:00:00Z').getHours('Nowhere')", "unknown time zone"),
        # Libraries
        ("json.unmarshal('1e999')", "json.unmarshal(): the string is not valid JSON"),
        ("json.unmarshal('NaN')", "json.unmarshal(): the string is not valid JSON"),
        ("json.marshal(omit())", "json.marshal() does not accept omit()"),
        ("json.marshal(double('NaN'))", "json.marshal() does not accept NaN or infinity"),
        ("[dyn({})].max()", "no such overload: max(list)"),
        ("[dyn(1)].join()", "no such overload: join(int)"),
        ("[dyn(1)].unwrapOpt()", "no such overload: optional.unwrap(int)"),
        ("[dyn('a')].sum()", "no such overload: sum(list)"),
        (f"'a'.matches('{'a' * 5000}')", "the regular expression is too long"),
    ],
)
def test_an_error_names_types_and_not_values(source: str, message: str) -> None:
    with pytest.raises(CelError) as caught:
        parse(source, WITH_ALL).evaluate({})
    assert (caught.value.message, caught.value.pending) == (message, False)


def test_a_feature_that_the_environment_does_not_provide_is_an_unknown_function() -> None:
    with pytest.raises(CelError, match=r"unknown function: runtime\.newCondition"):
        parse("runtime.newCondition({type: 'A', status: 'True'})").evaluate({})


@pytest.mark.parametrize("source", ["'x' in a", "has(a.x)"])
def test_a_bug_in_an_implementation_leaks_no_value(source: str) -> None:
    with pytest.raises(CelError) as caught:
        parse(source).evaluate({"a": Broken()})
    assert caught.value.message == FAULT
    assert "hunter2" not in str(caught.value)


def test_a_bug_in_a_function_names_the_function() -> None:
    with pytest.raises(CelError) as caught:
        parse("hash.sha256(text)").evaluate({"text": "\ud800"})
    assert caught.value.message == "hash.sha256() cannot process this value"


def test_data_that_is_nested_too_deeply_is_a_limit() -> None:
    with pytest.raises(LimitExceeded, match="the value is nested too deeply"):
        to_json(DEEP)
    with pytest.raises(LimitExceeded, match="nested too deeply"):
        parse("a == b").evaluate({"a": DEEP, "b": [[DEEP]]})


def test_an_error_without_a_position_has_no_line() -> None:
    error = CelError("x").locate("a\nb")
    assert (error.line, error.column) == (0, 0)
