"""Values and errors of the core language; test_conformance.py covers more."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.cel import CelError, LimitExceeded, Limits, OptionalValue, UInt, parse

DATA: dict[str, Any] = {
    "schema": {
        "spec": {
            "name": "web",
            "n": 0,
            "ports": [{"port": 80}, {"port": 443}],
            "null": None,
            "a-b": 1,
            "a.b": 2,
            "a/b": 3,
        }
    },
    "deployment": {"status": {}},
    "secret": {"data": {"token": "hunter2"}, "list": ["hunter2"]},
}


def evaluate(source: str) -> Any:
    return parse(source).evaluate(DATA)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("schema.spec.name + '-' + string(schema.spec.ports.size())", "web-2"),
        ("schema.spec.ports.map(p, {'p': p.port})", [{"p": 80}, {"p": 443}]),
        ("schema.spec.?missing.orValue('d')", "d"),
        ("schema.spec.?missing.deeper.hasValue()", False),
        ("schema.spec.?name.orValue(schema.spec.missing)", "web"),
        ("optional.of(1).or(optional.of(10 / schema.spec.n)).value()", 1),
        ("schema.spec.name.orValue('d') + dyn(schema.spec.name).or(optional.none())", "webweb"),
        ("schema.spec.?null.deeper.hasValue()", False),
        ("schema.spec.null.?deeper.orValue('d')", "d"),
        ("schema.spec.n[?0].orValue('d')", "d"),
        ("has(schema.spec.null.x) || has(schema.spec.name.x)", False),
        ("cel.bind(x, schema.spec.missing, 1)", 1),
        ("cel.bind(x, schema.spec.missing.y, has(schema.spec.missing) ? x : 'none')", "none"),
        ("cel.bind(x, 10 / schema.spec.n, schema.spec.n == 0 || x > 1)", True),
        ("has(schema.spec.missing)", False),
        ("deployment.status.conditions.exists(c, true) || true", True),
        ("1 == 1.0 && 1u == 1 && !(1 == '1')", True),
        ("7 / -2", -3),
        ("-7 % 2", -1),
        ("9223372036854775807 > 9223372036854775806.0", False),
        ("'ß' < 'ä'", True),
        ("size('🙂é')", 2),
        ("schema.spec.a__dash__b", 1),
        ("schema.spec.a__dot__b + schema.spec.a__slash__b", 5),
        ("schema.spec.?a__dash__b.orValue(0)", 1),
        ("has(schema.spec.a__dash__b)", True),
        ("schema.spec.`a-b`", 1),
        ("{true: 'yes'}[true]", "yes"),
        ("1 in {1.0: 'x'} || 1 in {true: 'x'}", None),
        ("cel.bind(x, 2, [1, 2, 3].filter(i, i != x))", [1, 3]),
        ("type(1) == type(2) && type(1u) != type(1)", True),
        ("string(timestamp('2024-01-01T00:00:00Z') - duration('1ns'))", "2023-12-31T23:59:59.999999999Z"),
    ],
)
def test_values(source: str, wanted: Any) -> None:
    if wanted is None:
        with pytest.raises(CelError):
            evaluate(source)
        return
    got = evaluate(source)
    assert (type(got), got) == (type(wanted), wanted)


def test_unsigned_integers_are_a_type_of_their_own() -> None:
    assert type(evaluate("1u + 2u")) is UInt
    assert evaluate("optional.of(1u)") == OptionalValue(True, UInt(1))


@pytest.mark.parametrize(
    ("source", "message", "path"),
    [
        ("deployment.status.url", "no such key: url", "deployment.status.url"),
        ("deployment.spec.replicas", "no such key: spec", "deployment.spec"),
        ("deployment['spec'].x", "no such key: spec", "deployment['spec']"),
        ("schema.spec.ports[2].port", "index out of bounds", "schema.spec.ports[2]"),
        ("schema.spec.ports.map(p, p.name)", "no such key: name", "p.name"),
        ("service.status", "no such attribute: service", "service"),
        ("schema.spec.name.x", "no such key: x", "schema.spec.name.x"),
        ("schema.spec.null.x", "no such key: x", "schema.spec.null.x"),
        ("schema.spec.n[0]", "no such key", "schema.spec.n[0]"),
        ("schema.spec.n['x']", "no such key: x", "schema.spec.n['x']"),
        ("schema.spec.?gone.orValue(schema.spec.missing)", "no such key: missing", "schema.spec.missing"),
        ("cel.bind(x, schema.spec.missing, x.y)", "no such key: missing", "schema.spec.missing"),
        ("cel.bind(x, schema.spec.missing, [x])", "no such key: missing", "schema.spec.missing"),
        ("{'a': 1}[schema.spec.name]", "no such key", ""),
    ],
)
def test_a_missing_value_is_pending(source: str, message: str, path: str) -> None:
    """kro §3.7"""
    with pytest.raises(CelError) as caught:
        evaluate(source)
    assert (caught.value.pending, caught.value.message, caught.value.path) == (True, message, path)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("10 / schema.spec.n", "division by zero"),
        ("10 % schema.spec.n", "modulus by zero"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("0u - 1u", "unsigned integer overflow"),
        ("1 + 1.0", "no such overload: _+_(int, double)"),
        ("schema.spec.ports.x", "no such overload: select(list)"),
        ("schema.spec.ports['x']", "no such overload: _[_](list, string)"),
        ("schema.spec.name()", "unknown function: name"),
        ("int('x')", "type conversion error: the string is not an int"),
        ("uint('+1')", "type conversion error: the string is not a uint"),
        ("double('1e400')", "range error: the number does not fit into a double"),
        ("duration(1)", "type conversion error: an int is not a duration; write a string with a unit"),
        ("cel.bind(x, 10 / schema.spec.n, x)", "division by zero"),
        ("schema.spec.?gone.orValue(10 / schema.spec.n)", "division by zero"),
        ("optional.none().or(dyn(1))", "no such overload: or(optional_type, int)"),
        ("dyn([1, 1.0]).sort()", "no such overload: sort(list)"),
        ("dyn([null]).sum()", "no such overload: sum(list)"),
        ("dyn([1, 2.0]).sortBy(x, x)", "no such overload: sortBy(int, double)"),
        ("[{'k': dyn([1])}].sortBy(x, x.k)", "no such overload: sortBy(list)"),
        ("''.indexOf('b', -1)", "index out of range"),
        ("dyn([null]).isSorted()", "no such overload: isSorted(list)"),
        ("semver('9223372036854775808.0.0').major()", "integer overflow"),
        ("optional.none().value()", "optional.none() dereference"),
        ("'abc'.substring(5)", "index out of range"),
        ("schema.spec.n ? 1 : 2", "no such overload: _?_:_(int)"),
        ("omit()", "unknown function: omit"),
        ("math.abs(1)", "unknown function: math.abs"),
        ("lists.removeAtIndex([], 0)", "lists.removeAtIndex(): the index is out of bounds for this list"),
        ("'a'.matches('[')", "invalid regular expression"),
        ("json.unmarshal('{')", "json.unmarshal(): the string is not valid JSON"),
    ],
)
def test_other_errors_are_not_pending(source: str, message: str) -> None:
    with pytest.raises(CelError) as caught:
        evaluate(source)
    assert (caught.value.pending, caught.value.message) == (False, message)


def test_an_error_has_a_position() -> None:
    with pytest.raises(CelError) as caught:
        evaluate("1 +\n  10 / schema.spec.n")
    assert (caught.value.offset, caught.value.line, caught.value.column) == (9, 2, 6)


@pytest.mark.parametrize(
    "source",
    [
        "int(secret.data.token)",
        "secret.data.token + 1",
        "timestamp(secret.data.token)",
        "duration(secret.data.token)",
        "{'a': 1}[secret.data.token]",
        "secret.data[secret.data.token]",
        "secret.list[secret.list.size()]",
        "quantity(secret.data.token)",
        "ip(secret.data.token)",
        "'x'.matches(secret.data.token + '[')",
        "json.unmarshal(secret.data.token)",
        "base64.decode(secret.data.token + '!')",
        "timestamp('2024-01-01T00:00:00Z').getHours(secret.data.token)",
        "secret.data.token.format([1])+secret.data",
        "{secret.data.token: 1, secret.data.token: 2}",
        "semver(secret.data.token)",
        "bool(secret.data.token)",
        "secret.data.token.charAt(99)",
    ],
)
def test_no_error_contains_a_value(source: str) -> None:
    with pytest.raises(CelError) as caught:
        evaluate(source)
    error = caught.value
    assert "hunter2" not in f"{error!r}{error}{error.message}{error.path}{vars(error)}"
    assert error.__cause__ is None


@pytest.mark.parametrize(
    "source",
    [
        "lists.range(100000).map(a, lists.range(100000).map(b, a))",
        "lists.range(1000).all(a, lists.range(1000).all(b, lists.range(1000).all(c, true)))",
        "lists.range(10000000000)",
        "lists.range(1000000).all(i, timestamp(i).getHours(string(i)) >= 0 || true)",
        "lists.range(3000).map(a, 'x').join('y').replace('', lists.range(9000).map(a, 'x').join())",
        "lists.range(30000).map(a, {'a': a}).distinct()",
        "lists.range(4000).filter(a, a in lists.range(4000))",
        "'%.999999f'.format([1.0])",
        "".join(f"cel.bind(x{n}, x{n - 1} + x{n - 1}, " for n in range(1, 40)).replace("x0", "'ab'")
        + "x39"
        + ")" * 39,
        "".join(f"cel.bind(x{n}, [x{n - 1}, x{n - 1}], " for n in range(1, 40)).replace("x0", "[1]")
        + "x39 == x39"
        + ")" * 39,
        "".join(f"cel.bind(x{n}, [x{n - 1}, x{n - 1}], " for n in range(1, 40)).replace("x0", "[1]")
        + "json.marshal(x39)"
        + ")" * 39,
        "".join(f"cel.bind(x{n}, {{'a': x{n - 1}, 'b': x{n - 1}}}, " for n in range(1, 40)).replace(
            "x0", "{'c': 1}"
        )
        + "x39.deepMerge(x39)"
        + ")" * 39,
        "lists.range(1000000).map(i, 'x').join().findAll('x|')",
        "lists.range(10000).map(i, 'x').join().replace('', lists.range(10000).map(i, 'x').join())",
        "lists.range(100000).map(i, hash.sha256(lists.range(10000).map(j, 'x').join()))",
        "'x'" + ".replace('x', 'xxxxxxxxxx')" * 9,
    ],
    ids=range(16),
)
def test_expensive_expressions_exceed_a_limit(source: str) -> None:
    with pytest.raises(CelError) as caught:
        parse(source).evaluate({})
    assert not caught.value.pending


def test_limits_can_be_set() -> None:
    expression = parse("[1, 2, 3].map(i, i + 1)")
    assert expression.evaluate({}, limits=Limits(steps=100)) == [2, 3, 4]
    with pytest.raises(LimitExceeded):
        expression.evaluate({}, limits=Limits(steps=5))


def test_deeply_nested_data_is_a_cel_error() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(LimitExceeded):
        parse("a == b").evaluate({"a": deep, "b": [deep[0]]})
    with pytest.raises(CelError):
        parse("json.unmarshal(a)").evaluate({"a": "[" * 100_000})
