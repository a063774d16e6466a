"""The references of an expression, for the dependency graph and the editor."""

from __future__ import annotations

import pytest

from contracts.cel import parse


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("1 + 2", []),
        ("schema.spec.name", ["schema.spec.name"]),
        ("a.b + c", ["a.b", "c"]),
        ("schema.spec['want'].x", ["schema.spec.want.x"]),
        ("pods[schema.spec.i].status.podIP", ["pods.[].status.podIP", "schema.spec.i"]),
        ("pods[0].x", ["pods.[].x"]),
        ("a.?b[?'c'].orValue(d.e)", ["a.b.c", "d.e"]),
        ("has(a.b.c) ? a.b.c : ''", ["a.b.c", "a.b.c"]),
        ("d.status.conditions.exists(c, c.type == schema.spec.t)", ["d.status.conditions", "schema.spec.t"]),
        ("m.transformMap(k, v, k + v + w)", ["m", "w"]),
        ("cel.bind(x, a.b, x + y)", ["a.b", "y"]),
        ("x.map(x, x.y)", ["x"]),
        ("x.map(i, .i)", ["x", "i"]),
        ("random.seededString(5, schema.metadata.uid)", ["schema.metadata.uid"]),
        ("json.status.x + json.marshal(y)", ["json.status.x", "y"]),
        ("lists.size()", ["lists"]),
        ("f(a).b.c", ["a"]),
        ("type(x) == int", ["x", "int"]),
        ("a.opt.optMap(v, v.x + b)", ["a.opt", "b"]),
    ],
)
def test_references(source: str, wanted: list[str]) -> None:
    assert [str(found) for found in parse(source).references] == wanted


def test_references_have_positions() -> None:
    source = "x +\n  schema.spec.ports[n].name"
    found = {
        str(reference): source[reference.start : reference.end] for reference in parse(source).references
    }
    assert found == {"x": "x", "schema.spec.ports.[].name": "schema.spec.ports[n].name", "n": "n"}


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a.b", set()),
        ("has(a.b) && size(x) > 1", {"has", "size"}),
        ("lists.range(3).map(i, string(i))", {"lists.range", "map", "string"}),
        ("cel.bind(a, 1, a.foo())", {"cel.bind", "foo"}),
    ],
)
def test_functions(source: str, wanted: set[str]) -> None:
    assert parse(source).functions == wanted
