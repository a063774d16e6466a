"""Objects as bindings, and values as JSON (kro §3.6)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.cel import OMIT, CelError, Environment, Timestamp, from_openapi, parse, to_json, wrap

SECRET = from_openapi(
    {
        "type": "object",
        "properties": {
            "metadata": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "at": {"type": "string", "format": "date-time"}},
            },
            "data": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
            "times": {"type": "array", "items": {"type": "string", "format": "date-time"}},
        },
    },
    name="__type_secret",
)


def test_a_schema_converts_observed_values() -> None:
    value = {
        "metadata": {"name": "x", "at": "2024-01-02T03:04:05Z", "gone": None},
        "data": {"a": "aGk="},
        "times": ["1970-01-01T00:00:01Z", "soon"],
        "extra": {"kept": None},
    }
    assert wrap(value, SECRET) == {
        "metadata": {"name": "x", "at": Timestamp(1704164645 * 10**9)},
        "data": {"a": b"hi"},
        "times": [Timestamp(10**9), "soon"],
        "extra": {"kept": None},
    }
    assert value["metadata"] == {"name": "x", "at": "2024-01-02T03:04:05Z", "gone": None}


def test_a_null_is_absent_in_expressions_and_preserved_in_output() -> None:
    value = {"metadata": {"name": "x", "gone": None}, "extra": None}
    seen = wrap(value, SECRET)
    bindings = {"s": seen}
    assert parse("has(s.extra) || has(s.metadata.gone) || s.?extra.hasValue()").evaluate(bindings) is False
    with pytest.raises(CelError, match="no such key: extra"):
        parse("s.extra").evaluate(bindings)
    assert to_json(parse("s.metadata").evaluate(bindings)) == {"name": "x", "gone": None}
    assert to_json(seen) == value
    assert parse("json.marshal(s)").evaluate(bindings) == '{"extra":null,"metadata":{"gone":null,"name":"x"}}'


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("s.data", {"a": "aGk="}),
        ("[s.data, {'x': s.?data}]", [{"a": "aGk="}, {"x": {"a": "aGk="}}]),
        ("s.times", ["2024-01-02T03:04:05.9+02:00"]),
        ("s.times + s.times", ["2024-01-02T01:04:05Z", "2024-01-02T01:04:05Z"]),
        ("s.metadata", {"name": "x", "at": "2024-01-02T05:04:05+02:00"}),
        ("json.marshal(s.data)", '{"a":"aGk="}'),
        ("s.data.map(k, string(s.data[k]))", ["hi"]),
        ("s.data == {'a': b'hi'} && s.times[0] > timestamp('2024-01-01T00:00:00Z')", True),
    ],
)
def test_a_whole_object_is_output_as_observed(source: str, wanted: Any) -> None:
    observed = {
        "metadata": {"name": "x", "at": "2024-01-02T05:04:05+02:00"},
        "data": {"a": "aGk="},
        "times": ["2024-01-02T03:04:05.9+02:00"],
    }
    assert to_json(parse(source).evaluate({"s": wrap(observed, SECRET)})) == wanted


def test_output_is_a_copy() -> None:
    observed: dict[str, Any] = {"data": {"a": "aGk="}}
    copied = to_json(parse("s.data").evaluate({"s": wrap(observed, SECRET)}))
    copied["b"] = "c"
    assert observed == {"data": {"a": "aGk="}}


@pytest.mark.parametrize("source", ["s.data.a", "[s.data.a]", "s.data.merge({'b': b'x'})"])
def test_bytes_cannot_be_output(source: str) -> None:
    with pytest.raises(CelError, match="bytes cannot be used directly"):
        to_json(parse(source).evaluate({"s": wrap({"data": {"a": "aGk="}}, SECRET)}))


def test_escaped_names_are_found_in_converted_objects() -> None:
    properties = {"a-b": {"type": "string"}, "at": {"type": "string", "format": "date-time"}}
    kind = from_openapi({"type": "object", "properties": properties}, name="t")
    seen = wrap({"a-b": "x", "at": "2024-01-02T03:04:05Z"}, kind)
    assert (
        parse("has(o.a__dash__b) && o.a__dash__b == 'x' && o.?a__dash__b.hasValue()").evaluate({"o": seen})
        is True
    )
    assert parse("[o].map(p, has(p.a__dash__b) ? p.a__dash__b : '')").evaluate({"o": seen}) == ["x"]


@pytest.mark.parametrize(
    ("format", "value", "seen"),
    [
        ({"type": "number"}, 1, 1.0),
        ({"type": "number"}, "1", "1"),
        ({"type": "string", "format": "byte"}, "not base64", "not base64"),
        ({"type": "string", "format": "byte"}, 1, 1),
        ({"type": "string", "format": "duration"}, "soon", "soon"),
    ],
)
def test_a_value_that_does_not_match_its_format_is_unchanged(format: Any, value: Any, seen: Any) -> None:
    kind = from_openapi({"type": "object", "properties": {"x": format}}, name="s")
    found = wrap({"x": value}, kind)
    assert isinstance(found, dict)
    assert (type(found["x"]), found["x"]) == (type(seen), seen)


def test_a_deeply_nested_object_is_an_error() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"x": {"$ref": "s"}}}
    value: dict[str, Any] = {}
    for _ in range(50_000):
        value = {"x": value}
    with pytest.raises(CelError, match="the object is nested too deeply"):
        wrap(value, from_openapi(schema, name="s", resolve_ref=lambda _: schema))


def test_unchanged_parts_are_not_copied() -> None:
    value = {"metadata": {"name": "x"}, "extra": [1, {"a": 2}]}
    assert wrap(value, SECRET) is value


def test_wrapped_objects_in_expressions() -> None:
    secret = wrap({"metadata": {"at": "2024-01-02T03:04:05Z"}, "data": {"a": "aGk="}}, SECRET)
    expression = parse("string(secret.data.a) + string(secret.metadata.at.getFullYear())")
    assert expression.evaluate({"secret": secret}) == "hi2024"


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("{'a': 1u, 'b': [1.5, 2.0, null, true]}", {"a": 1, "b": [1.5, 2, None, True]}),
        ("timestamp('2024-01-02T05:04:05.9+02:00')", "2024-01-02T03:04:05Z"),
        ("timestamp('0001-01-01T00:00:00Z')", None),
        ("duration('1h')", "1h0m0s"),
        ("duration('90s') + duration('1.5s')", "1m31.5s"),
        ("[duration('0'), duration('1500us'), duration('-2m')]", ["0s", "1.5ms", "-2m0s"]),
        ("{'a': optional.none(), 'b': optional.of(1)}", {"a": None, "b": 1}),
        ("{'a': omit(), 'b': [omit(), {'c': omit()}]}", {"b": [{}]}),
        ("omit()", OMIT),
    ],
)
def test_values_as_json(source: str, wanted: Any) -> None:
    got = to_json(parse(source, Environment(omit=True)).evaluate({}))
    assert (got, repr(got)) == (wanted, repr(wanted))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("b'a'", "bytes cannot be used directly as a value; wrap them in string() or base64.encode()"),
        ("18446744073709551615u", "integer overflow"),
        ("{1: 2}", "map keys must be strings"),
        ("quantity('1')", "a value of type kubernetes.Quantity cannot be used directly; convert it first"),
        ("[double('NaN')]", "NaN and infinity cannot be used as values"),
        ("type(1)", "a value of type type cannot be used directly; convert it first"),
    ],
)
def test_values_without_json(source: str, message: str) -> None:
    with pytest.raises(CelError) as caught:
        to_json(parse(source).evaluate({}))
    assert caught.value.message == message


def test_shared_parts_do_not_explode() -> None:
    value: Any = [1]
    for _ in range(60):
        value = [value, value]
    with pytest.raises(CelError):
        to_json(value)
