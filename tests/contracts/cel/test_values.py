"""Values: equality, hashes, printing, and edge cases of functions."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.cel import Environment, StructType, parse
from contracts.cel.functions import METHODS
from contracts.cel.types.cel_types import TypeType, accepts
from contracts.cel.types.signatures import read_type
from contracts.cel.values.cel_values import Duration, Timestamp, TypeValue, type_name

WITH_ALL = Environment(conditions=True, extras=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("duration('60s')", "duration('1m')"),
        ("timestamp('2024-01-01T01:00:00+01:00')", "timestamp('2024-01-01T00:00:00Z')"),
        ("ip('2001:DB8::1')", "ip('2001:db8::1')"),
        ("cidr('10.0.0.0/8')", "cidr('10.0.0.0/8')"),
        ("quantity('1k')", "quantity('1000')"),
        ("semver('1.0.0+a')", "semver('1.0.0+b')"),
        ("url('HTTP://a/b')", "url('http://a/b')"),
        ("type(1)", "int"),
        ("optional.of(1)", "optional.of(1)"),
    ],
)
def test_equal_values_have_equal_hashes(one: str, other: str) -> None:
    a, b = (parse(source, WITH_ALL).evaluate({}) for source in (one, other))
    assert a == b
    assert hash(a) == hash(b)
    assert a != 1


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (Duration(5), "Duration(5)"),
        (Timestamp(5), "Timestamp(5)"),
        (TypeValue("int"), "int"),
        (StructType("Pod", {}), "StructType('Pod')"),
        (parse("a + b"), "Expression('a + b')"),
    ],
)
def test_a_value_is_printed_for_developers(value: Any, printed: str) -> None:
    assert repr(value) == printed


def test_the_name_of_a_type() -> None:
    class Subclass(dict[str, Any]):
        pass

    assert type_name(Subclass()) == "map"
    assert type_name(object()) == "unknown"
    assert accepts(TypeType(), TypeValue)


def test_the_cache_of_overloads_is_bounded() -> None:
    function = METHODS["size"]
    for number in range(5000):
        function.implementation((type(f"Class{number}", (dict,), {}),))
    assert len(function.resolved_by_classes) <= 4097


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("dyn(1) + 2 + 3", 6),
        ("type(type(1)) == type", True),
        ("{'a': 1}.?b.hasValue() || has({'a': 1}.?a)", True),
        ("optional.of({'a': 1}).?a.value()", 1),
        ("has(optional.of({'a': 1}).a)", True),
        ("{'a__x': 1, '__y__': 2}.__y__ + {'a': {'b': {'c': 1}}}.a.b.c", 3),
        ("{'namespace': 1}.__namespace__", 1),
        ("[1, 2].map(x, {'a': {'b': x}}).map(y, y.a.b)", [1, 2]),
        ("['inf', '-inf', 'NaN'].map(x, string(double(x)))", ["+Inf", "-Inf", "NaN"]),
        ("''.indexOf('a', 0) + ''.lastIndexOf('a', 0)", -2),
        ("'abc'.split('', 2)", ["a", "bc"]),
        ("{'a': {'b': {'c': {'d': 1}}}}.a.b.c.d", 1),
        ("runtime.condition({'status': {'conditions': [1, {'type': 'B'}]}}, 'A').status", ""),
        ("json.unmarshal('\"\\\\ud800\"')", "\ufffd"),
        ("json.marshal([1e30, 1e-9, duration('1s')])", '[1e+30,1e-9,"1s"]'),
        ("quantity('0.1n').asApproximateFloat() + quantity('-0.1n').asApproximateFloat()", 0.0),
        ("isQuantity('1e65') || isIP('::1%eth0') || isCIDR('" + "1" * 70 + "')", False),
        ("isSemver('99999999999999999999.0.0') || isURL('http://')", True),
        ("dyn(duration('0s')) == duration('0s') ? string(duration('-90m')) : ''", "-5400s"),
    ],
)  # fmt: skip
def test_edge_cases(source: str, wanted: Any) -> None:
    assert parse(source, WITH_ALL).evaluate({}) == wanted


def test_a_long_path() -> None:
    assert parse("a.b.c.d").evaluate({"a": {"b": {"c": {"d": 1}}}}) == 1


def test_an_invalid_signature_is_an_error() -> None:
    with pytest.raises(ValueError, match="no type"):
        read_type("")


def test_a_long_string_is_charged_for_its_comparison() -> None:
    text = "x" * 10_000
    assert parse("a == b").evaluate({"a": text, "b": text + "y"}) is False
