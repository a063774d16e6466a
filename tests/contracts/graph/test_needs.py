# ruff: noqa: E501
"""Dependencies and order of nodes, and nodes of unknown kinds (kro §4.1, §4.2)."""

from __future__ import annotations

import pytest

from tests.contracts.definitions import compiled, config_map, defined, wired

UNKNOWN = "- id: db\n  EXTRA\n  template: {apiVersion: x.y/v1, kind: Database, metadata: {name: d}}\n"
ITEMS = "forEach: [{i: '${schema.spec.items}'}]"


def reads(expression: str, extra: str = "") -> str:
    """A node “z” whose template contains one expression, after nodes “a” and “b”."""
    return (
        config_map("a")
        + config_map("b")
        + config_map(
            "z", f"data:\n  k: |-\n    ${{{expression}}}", extra, name="${i}" if extra == ITEMS else ""
        )
    )


NEEDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a template": (reads("a.metadata.name"), ("a",)),
    "several uses of one node are one dependency": (reads("a.metadata.name + a.data.k + b.data.k"), ("a", "b")),
    "in the author's order, not in that of the uses": (reads("b.data.k + a.data.k"), ("a", "b")),
    "both branches of a ternary": (reads("schema.spec.flag ? a.data.k : b.data.k"), ("a", "b")),
    "every operand of || and &&": (reads("string(schema.spec.flag || a.data.k == '' && b.data.k == '')"), ("a", "b")),
    "an optional part": (reads("a.?data.?k.orValue('')"), ("a",)),
    "has()": (reads("string(has(a.data))"), ("a",)),
    "an index": (reads("a.data['k']"), ("a",)),
    "the range of a comprehension": (reads("[a.data.k].map(x, x + b.data.k).join('')"), ("a", "b")),
    "a variable of a comprehension is not a node": (reads("schema.spec.items.map(a, a).join('')"), ()),
    "a bound variable is not a node": (reads("cel.bind(a, schema.spec.name, a + a)"), ()),
    "a name inside a string is not a node": (reads("'a.metadata.name'"), ()),
    "a name in a literal is not a node": (config_map("a") + config_map("z", "data: {k: a.metadata.name}"), ()),
    "a field of that name is not a node": (reads("schema.spec.free.a"), ()),
    "schema is not a node": (reads("schema.metadata.name"), ()),
    "forEach": (config_map("a") + config_map("z", extra="forEach: [{i: '${a.data.map(k, k)}'}]", name="${i}"), ("a",)),
    "includeWhen": (config_map("a") + config_map("z", extra="includeWhen: ['${has(a.data)}']"), ("a",)),
    "readyWhen adds none": (config_map("a") + config_map("z", extra="readyWhen: ['${has(z.data)}']"), ()),
    "the name of an external object": (config_map("a") + "- id: z\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: '${a.data.k}'}}\n", ("a",)),
    "a selector": (config_map("a") + "- id: z\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {matchLabels: {app: '${a.data.k}'}}}}\n", ("a",)),
    "an iterator that is not named as a node": (reads("i", ITEMS), ()),
    "a label or an annotation": (config_map("a") + config_map("z").replace("name: z\n", "name: z\n      annotations: {after: '${a.metadata.uid}'}\n"), ("a",)),
}  # fmt: skip


@pytest.mark.parametrize(("resources", "needs"), NEEDS.values(), ids=NEEDS.keys())
def test_an_expression_depends_on_the_nodes_that_it_reads(resources: str, needs: tuple[str, ...]) -> None:
    assert defined(resources).node("z").needs == needs


def test_status_expressions_do_not_affect_the_order() -> None:
    definition = defined(
        config_map("b") + config_map("a"), status="x: ${a.metadata.name}\ny: ${b.metadata.name}"
    )
    assert definition.order == ("b", "a")
    assert [node.needs for node in definition.nodes] == [(), ()]


ORDERS = {
    "no dependencies": ("a b c d e f", "", "a b c d e f"),
    "a later one needs an earlier one": ("a b c d e f", "c>d", "a b c d e f"),
    "an earlier one needs its neighbour": ("a b c d e f", "d>c", "a b d c e f"),
    "the first needs the last": ("a b c d e f", "f>a f>b b>a", "c d e f b a"),
    "two cycles": ("a b c d e f", "b>a c>a d>b d>c f>e a>e", "d b c a f e"),
    "the earlier of two that become free": ("a b c d", "a>b c>b c>d", "a c b d"),
    "a released node stays after earlier ones": ("a b c", "a>c", "a b c"),
    "the author's order, not the alphabetical one": ("d z c a", "d>z d>c d>a", "d z c a"),
    "a chain against the author's order": ("a b c", "c>b b>a", "c b a"),
}


@pytest.mark.parametrize(("names", "edges", "order"), ORDERS.values(), ids=ORDERS.keys())
def test_nodes_are_in_the_authors_order_after_their_dependencies(names: str, edges: str, order: str) -> None:
    assert " ".join(defined(wired(names, edges)).order) == order


UNCHECKED = {
    "readyWhen": UNKNOWN.replace("EXTRA", "readyWhen: ['${db.status.ready}']"),
    "readyWhen of an optional": UNKNOWN.replace("EXTRA", "readyWhen: ['${db.?status.?ready}']"),
    "readyWhen with a default": UNKNOWN.replace("EXTRA", "readyWhen: ['${db.?status.?ready.orValue(false)}']"),
    "readyWhen of each": UNKNOWN.replace("EXTRA", "forEach: [{i: '${schema.spec.?items.orValue([])}'}]\n  readyWhen: ['${each.status.ready}']").replace("name: d", "name: '${i}'"),
    "readyWhen of an external object": "- id: db\n  externalRef: {apiVersion: x.y/v1, kind: Database, metadata: {name: d}}\n  readyWhen: ['${db.status.ready}']\n",
    "includeWhen of another": UNKNOWN.replace("  EXTRA\n", "") + config_map("a", extra="includeWhen: ['${db.status.ready}']"),
    "forEach": UNKNOWN.replace("  EXTRA\n", "") + config_map("a", extra="forEach: [{i: '${db.status.hosts}'}]", name="${i}"),
}  # fmt: skip


@pytest.mark.parametrize("resources", UNCHECKED.values(), ids=UNCHECKED.keys())
def test_expressions_over_an_unknown_kind_are_not_type_checked(resources: str) -> None:
    """The schema of the kind may define a bool or a list, so a missing CRD is only a warning."""
    compilation = compiled(resources)
    assert [problem.code for problem in compilation.problems] == ["unknown-kind"]
    assert compilation.ok


@pytest.mark.parametrize(
    "resources",
    [
        config_map("a", extra="includeWhen: ['${schema.spec.free.on}']"),
        config_map("a", extra="forEach: [{i: '${schema.spec.free.hosts}'}]", name="${i}"),
        UNKNOWN.replace("EXTRA", "readyWhen: ['${size(db.status.hosts)}']"),
    ],
    ids=["a free field of the instance", "a list in it", "a number from an unknown kind"],
)
def test_a_certain_type_error_is_refused(resources: str) -> None:
    assert "cel-type" in [problem.code for problem in compiled(resources).problems]


CYCLES = {
    "two nodes": (("a", "b"), ("b", "a")),
    "three nodes": (("a", "c"), ("c", "b"), ("b", "a")),
    "four nodes": (("a", "d"), ("d", "c"), ("c", "b"), ("b", "a")),
}


@pytest.mark.parametrize("edges", CYCLES.values(), ids=CYCLES.keys())
def test_a_cycle_is_reported_with_its_expressions(edges: tuple[tuple[str, str], ...]) -> None:
    text = "".join(config_map(user, f"data: {{k: '${{{need}.data.k}}'}}") for user, need in sorted(edges))
    (problem,) = compiled(text).problems
    path = " → ".join([*(user for user, _ in edges), edges[0][0]])
    assert problem.message == f"These nodes depend on each other: {path}."
    assert all(f"“{need}.data.k” in {user}" in problem.hint for user, need in edges)
    assert (problem.path, problem.line > 0) == ("spec.resources[0].template.data.k", True)


def test_an_iterator_named_as_its_own_node_is_reported_once() -> None:
    compilation = compiled(
        config_map("a", extra="forEach: [{a: '${schema.spec.?items.orValue([])}'}]", name="${a}")
    )
    assert [problem.code for problem in compilation.problems] == ["duplicate-id"]


def test_all_cycles_and_other_problems_are_reported_together() -> None:
    text = (
        config_map("a", "data: {k: '${b.data.k}'}")
        + config_map("b", "data: {k: '${a.data.k}'}")
        + config_map("c", "data: {k: '${d.data.k}'}")
        + config_map("d", "data: {k: '${c.data.k}', l: '${missing.x}'}")
        + config_map("e", "data: {k: '${e.data.k}'}")
    )
    assert sorted(problem.code for problem in compiled(text).problems) == [
        "cycle",
        "cycle",
        "self-reference",
        "unknown-name",
    ]
