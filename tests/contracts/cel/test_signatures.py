"""Every function accepts the arguments of its signature, and returns a value of its result type."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.cel import CelError, Duration, Limits, OptionalValue, Timestamp, UInt
from contracts.cel.functions import FUNCTIONS, METHODS, Function, Overload
from contracts.cel.library.kubernetes.network import CIDRValue, IPValue, cidr, ip
from contracts.cel.library.kubernetes.quantity import Quantity
from contracts.cel.library.kubernetes.semver import semver
from contracts.cel.library.kubernetes.urls import url
from contracts.cel.limits import Budget
from contracts.cel.types.cel_types import (
    ListType,
    MapType,
    OptionalType,
    StructType,
    Type,
    TypeParam,
    TypeType,
    accepts,
)
from contracts.cel.values.cel_values import INT_MAX, INT_MIN, TIME_MAX, TIME_MIN, UINT_MAX, Omit, TypeValue

TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            "10Gi",
            "1e3",
            "100m",
            "::1",
            "10.0.0.1",
            "10.0.0.0/8",
            "1.2.3-rc.1+x",
            "https://u@h:80/p?q=1#f",
            "/a%2",
        ]
    ),
    st.sampled_from(
        ["[a-z]+", "(", "%s %d", "%.3f", "%x", "%", "aGk=", '{"a": [1e400]}', '"\\ud800"', "1h1.5s", "+02:00"]
    ),
    st.sampled_from(
        ["2024-02-30T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "UTC", "../etc/passwd", "Ready", "-0"]
    ),
)
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "int": st.one_of(st.integers(INT_MIN, INT_MAX), st.integers(-3, 20)),
    "uint": st.integers(0, UINT_MAX).map(UInt),
    "double": st.floats(),
    "string": TEXTS,
    "bytes": st.binary(max_size=8),
    "timestamp": st.one_of(st.integers(TIME_MIN, TIME_MAX), st.sampled_from([TIME_MIN, TIME_MAX])).map(
        Timestamp
    ),
    "duration": st.integers(INT_MIN, INT_MAX).map(Duration),
    "kubernetes.Quantity": st.fractions(max_denominator=10**9).map(Quantity),
    "net.IP": st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(IPValue),
    "net.CIDR": st.sampled_from(["10.1.2.3/8", "::1/64", "0.0.0.0/0", "1.2.3.4/32"]).map(cidr),
    "kubernetes.URL": st.sampled_from(["/a", "https://h:1/p?a=%20&b", "mailto:x"]).map(
        lambda text: url(_budget(), text)
    ),
    "kubernetes.Semver": st.sampled_from(["1.2.3", "1.0.0-a.1", "1.0.0-1"]).map(semver),
}
JSON = st.recursive(
    st.one_of(st.none(), *(SCALARS[name] for name in ("bool", "int", "double", "string"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=5,
)


def _budget() -> Budget:
    return Budget(Limits(steps=100_000, size=100_000))


def _values(kind: Type, open_types: dict[Type, Type]) -> st.SearchStrategy[Any]:
    if isinstance(kind, TypeParam):
        return _values(open_types[kind], open_types)
    if isinstance(kind, ListType):
        return st.lists(_values(kind.element, open_types), max_size=5)
    if isinstance(kind, MapType):
        keys = st.text(max_size=3) if isinstance(kind.key, TypeParam) else _values(kind.key, open_types)
        return st.dictionaries(keys, _values(kind.value, open_types), max_size=3)
    if isinstance(kind, OptionalType):
        some = _values(kind.inner, open_types).map(lambda value: OptionalValue(True, value))
        return st.one_of(st.just(OptionalValue(False)), some)
    return SCALARS.get(kind.name, JSON)


def _arguments(overload: Overload) -> st.SearchStrategy[tuple[Any, ...]]:
    """Values of the types in a signature; a type parameter has the same type throughout."""
    params = {part for param in overload.params for part in _open(param)}

    def of(resolved_by_classes: list[str]) -> st.SearchStrategy[tuple[Any, ...]]:
        kinds = {
            param: Type(name)
            for param, name in zip(sorted(params, key=str), resolved_by_classes, strict=True)
        }
        return st.tuples(*(_values(param, kinds) for param in overload.params))

    names = st.sampled_from([*sorted(SCALARS), "dyn"])
    return st.lists(names, min_size=len(params), max_size=len(params)).flatmap(of)


def _open(kind: Type) -> set[Type]:
    if isinstance(kind, TypeParam):
        return {kind}
    parts = [getattr(kind, name, None) for name in ("element", "key", "value", "inner")]
    return set().union(*(_open(part) for part in parts if isinstance(part, Type)))


def _gives(kind: Type, value: Any) -> bool:
    if isinstance(kind, (StructType, MapType)):
        return isinstance(value, dict)
    if isinstance(kind, TypeType):
        return isinstance(value, TypeValue)
    if isinstance(kind, OptionalType):
        return isinstance(value, OptionalValue)
    return accepts(kind, type(value)) or isinstance(value, Omit)


ALL = [
    pytest.param(function, overload, id=f"{function.name}({', '.join(map(str, overload.params))})")
    for table in (FUNCTIONS, METHODS)
    for function in table.values()
    for overload in function.overloads
]


@pytest.mark.parametrize(("function", "overload"), ALL)
def test_signature(function: Function, overload: Overload) -> None:
    @settings(max_examples=8, deadline=datetime.timedelta(seconds=5), database=None)
    @given(_arguments(overload))
    def holds(arguments: tuple[Any, ...]) -> None:
        try:
            value = overload.implementation(_budget(), *arguments)
        except CelError:
            return
        assert _gives(overload.result, value) or arguments == ([],)  # an empty list has no type at run time

    holds()


def test_the_type_of_an_address_range_is_its_own() -> None:
    assert isinstance(cidr("10.0.0.0/8"), CIDRValue)
    assert isinstance(ip("::1"), IPValue)
