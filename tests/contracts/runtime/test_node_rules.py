# ruff: noqa: E501
"""When a node is excluded, pending, desired and ready: a row for every rule (kro §4.3–§4.7, §5.5, §12)."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.runtime import Rendering, instance_of, render
from tests.contracts.definitions import config_map, defined

DATABASE = "- id: db\n  externalRef: {apiVersion: x.y/v1, kind: Database, metadata: {name: d}}\n"
SELECTED = "- id: s\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {}}}\n"
ITEMS = "forEach: [{i: '${schema.spec.items}'}]"


def live(name: str, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "team"},
        **more,
    }


def rendered(resources: str, observed: dict[str, Any] | None = None, **spec: Any) -> Rendering:
    parts = {key: spec.pop(key) for key in ("status", "schema") if key in spec}
    definition = defined(resources, **parts)
    metadata = {"name": "shop", "namespace": "team"}
    return render(definition, instance_of(definition, spec, metadata), observed or {})


def shown(rendering: Rendering, node_id: str) -> str:
    """“state code”, with a “+” when it is ready."""
    node = rendering.nodes[node_id]
    return f"{node.state}{'+' if node.ready else ''} {node.code}".strip()


def ready(*conditions: str, on: str = "") -> str:
    entries = "".join(f"\n- |-\n  ${{{condition}}}" for condition in conditions)
    return f"{on}\nreadyWhen:{entries}" if conditions else on


def include(*conditions: str, on: str = "") -> str:
    return f"{on}\nincludeWhen:" + "".join(f"\n- |-\n  ${{{condition}}}" for condition in conditions)


DONE, ASKS = "a.data.done == 'yes'", "a.data.asked == 'yes'"
READINESS = {
    "nothing observed": (ready(DONE), {}, "desired not-observed"),
    "no condition and observed": (ready(), {"a": live("a")}, "desired+"),
    "every entry is true": (ready(DONE, ASKS), {"a": live("a", data={"done": "yes", "asked": "yes"})}, "desired+"),
    "the first is false": (ready(DONE, ASKS), {"a": live("a", data={"done": "no", "asked": "yes"})}, "desired ready-when"),
    "the last is false": (ready(DONE, ASKS), {"a": live("a", data={"done": "yes", "asked": "no"})}, "desired ready-when"),
    "one is pending": (ready(DONE, ASKS), {"a": live("a", data={"done": "yes"})}, "desired ready-when"),
    "one is fatal": (ready("1 / size(a.data) > 0"), {"a": live("a", data={})}, "desired ready-when-failed"),
    "a null is nothing": (ready(DONE), {"a": live("a", data=None)}, "desired ready-when"),
    "desired and observed differ": (ready("a.data.k == 'v'"), {"a": live("a", data={"k": "old"})}, "desired ready-when"),
}  # fmt: skip


@pytest.mark.parametrize(("extra", "observed", "found"), READINESS.values(), ids=READINESS.keys())
def test_readiness_of_one_object(extra: str, observed: dict[str, Any], found: str) -> None:
    rendering = rendered(
        config_map("a", "data: {k: v}", extra) + config_map("b", "data: {k: '${a.metadata.name}'}"), observed
    )
    assert shown(rendering, "a") == found
    assert rendering.nodes["b"].state == ("desired" if found == "desired+" else "pending")


OK = "each.?data.?ok.optMap(v, v == 'yes')"
GOOD, BAD = {"data": {"ok": "yes"}}, {"data": {"ok": "no"}}
COLLECTIONS = {
    "every item": ([live("p", **GOOD), live("q", **GOOD)], "desired+", ""),
    "one item is not": ([live("p", **GOOD), live("q", **BAD)], "desired ready-when", "ConfigMap team/q: Waiting until"),
    "an empty optional is false": ([live("p", **GOOD), live("q")], "desired ready-when", "ConfigMap team/q: Waiting until"),
    "one is missing": ([live("p", **GOOD)], "desired not-observed", "1 of 2 objects are created."),
    "none exists": ([], "desired not-observed", "0 of 2 objects are created."),
    "nothing was observed": (None, "desired not-observed", "0 of 2 objects are created."),
    "extra items do not count": ([live("p", **GOOD), live("x", **GOOD)], "desired not-observed", "1 of 2"),
    "extra items need not be ready": ([live("p", **GOOD), live("q", **GOOD), live("x", **BAD)], "desired+", ""),
}  # fmt: skip


@pytest.mark.parametrize(("items", "found", "reason"), COLLECTIONS.values(), ids=COLLECTIONS.keys())
def test_readiness_of_a_collection(items: Any, found: str, reason: str) -> None:
    rendering = rendered(
        config_map("a", extra=ready(OK, on=ITEMS), name="${i}"),
        {} if items is None else {"a": items},
        items=["p", "q"],
    )
    assert shown(rendering, "a") == found
    assert rendering.nodes["a"].reason.startswith(reason)


INCLUSIONS = {
    "every entry is true": (include("schema.spec.flag", "schema.spec.size == 3"), "desired not-observed"),
    "one does not": (include("schema.spec.flag", "schema.spec.size == 4"), "ignored+ excluded"),
    "false before a pending entry": (include("schema.spec.size == 4", "a.data.go == 'yes'"), "ignored+ excluded"),
    "a pending entry before false": (include("a.data.go == 'yes'", "schema.spec.size == 4"), "pending dependency-not-ready"),
    "of a whole collection": (include("schema.spec.size == 4", on="forEach: [{i: '${[\"p\"]}'}]"), "ignored+ excluded"),
    "a fatal error": (include("1 / (schema.spec.size - 3) > 0"), "failed expression-failed"),
}  # fmt: skip


@pytest.mark.parametrize(("extra", "found"), INCLUSIONS.values(), ids=INCLUSIONS.keys())
def test_a_node_is_included_if_every_entry_is_true(extra: str, found: str) -> None:
    name = "${i}" if "forEach" in extra else "z"
    rendering = rendered(config_map("a") + config_map("z", extra=extra, name=name))
    assert shown(rendering, "z") == found
    assert rendering.fatal is found.startswith("failed")


def test_dependents_of_an_excluded_node_are_not_evaluated() -> None:
    """Its own includeWhen would be fatal; the node that it depends on decides first."""
    rendering = rendered(
        config_map("a", extra=include("schema.spec.size == 4"))
        + config_map("b", "data: {k: '${a.metadata.name}'}", include("schema.spec.free.on == true"))
    )
    assert (shown(rendering, "b"), rendering.fatal) == ("ignored+ dependency-ignored", False)


def test_a_pending_includewhen_does_not_exclude_and_blocks_dependents() -> None:
    rendering = rendered(
        config_map("a")
        + config_map("b", extra=include("a.data.go == 'yes'"))
        + config_map("c", "data: {k: '${b.metadata.name}'}"),
        {"a": live("a", data={})},
    )
    assert (shown(rendering, "b"), shown(rendering, "c")) == ("pending field-missing", "pending dependency-not-ready")  # fmt: skip


def test_an_external_object_can_be_excluded() -> None:
    reference = DATABASE.replace(
        "  externalRef", "  includeWhen: ['${schema.spec.size == 4}']\n  externalRef"
    )
    rendering = rendered(reference + config_map("a", "data: {k: '${db.metadata.name}'}"))
    assert (shown(rendering, "db"), shown(rendering, "a")) == (
        "ignored+ excluded",
        "ignored+ dependency-ignored",
    )
    assert rendering.nodes["db"].lookups == ()


CONFLICTS = {
    "two nodes": (config_map("a", name="p") + config_map("b", name="p"), "b", "“b” and “a” are the same object: ConfigMap team/p."),
    "a node and an item": (config_map("a", name="p") + config_map("b", extra=ITEMS, name="${i}"), "b", "“b” and “a” are the same object: ConfigMap team/p."),
    "another version of the same kind": ("- id: a\n  template: {apiVersion: x.y/v1, kind: Z, metadata: {name: p}}\n- id: b\n  template: {apiVersion: x.y/v2, kind: Z, metadata: {name: p}}\n", "b", "“b” and “a” are the same object: Z team/p."),
    "two items": (config_map("b", extra=ITEMS, name="p${i.substring(0, 0)}"), "b", "Two items of “b” are the same object: ConfigMap team/p."),
}  # fmt: skip


@pytest.mark.parametrize(("resources", "node", "reason"), CONFLICTS.values(), ids=CONFLICTS.keys())
def test_two_nodes_with_the_same_object_are_fatal(resources: str, node: str, reason: str) -> None:
    rendering = rendered(resources, items=["p", "q"])
    assert (shown(rendering, node), rendering.fatal) == ("failed identity-collision", True)
    assert rendering.nodes[node].reason == reason


DIFFERENT = {
    "in two namespaces": config_map("a", name="p") + config_map("b", name="p\n      namespace: other"),
    "of two kinds": config_map("a", name="p") + "- id: b\n  template: {apiVersion: v1, kind: Secret, metadata: {name: p}}\n",
    "of two groups": "- id: a\n  template: {apiVersion: x.y/v1, kind: Z, metadata: {name: p}}\n- id: b\n  template: {apiVersion: z.y/v1, kind: Z, metadata: {name: p}}\n",
    "one created and one read": config_map("a", name="p") + "- id: b\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: p}}\n",
    "one of them excluded": config_map("a", name="p") + config_map("b", extra=include("schema.spec.size == 4"), name="p"),
}  # fmt: skip


@pytest.mark.parametrize("resources", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_equal_names_alone_are_no_conflict(resources: str) -> None:
    assert not rendered(resources).fatal


LISTS = {
    "a list": (["p"], "desired not-observed", ""),
    "an empty list": ([], "desired+", ""),
    "a string": ("p", "failed foreach-not-a-list", "forEach “i” returns string, not a list."),
    "a map": ({"p": 1}, "failed foreach-not-a-list", "forEach “i” returns map, not a list."),
    "null": (None, "failed foreach-not-a-list", "forEach “i” returns null, not a list."),
}  # fmt: skip


@pytest.mark.parametrize(("hosts", "found", "reason"), LISTS.values(), ids=LISTS.keys())
def test_invalid_values_of_an_unchecked_list(hosts: Any, found: str, reason: str) -> None:
    rendering = rendered(
        DATABASE + config_map("a", extra="forEach: [{i: '${db.status.hosts}'}]", name="${i}"),
        {"db": {"kind": "Database", "metadata": {"name": "d"}, "status": {"hosts": hosts}}},
    )
    assert shown(rendering, "a") == found
    assert rendering.nodes["a"].reason.startswith(reason)
    assert rendering.fatal is found.startswith("failed")


@pytest.mark.parametrize(
    ("value", "found"),
    [(True, "desired+"), (False, "desired ready-when"), ("true", "desired ready-when"), (1, "desired ready-when")],
)  # fmt: skip
def test_only_true_is_ready(value: Any, found: str) -> None:
    reference = DATABASE.replace("  externalRef", "  readyWhen: ['${db.status.ready}']\n  externalRef")
    observed = {"db": {"kind": "Database", "metadata": {"name": "d"}, "status": {"ready": value}}}
    assert shown(rendered(reference, observed), "db") == found


def test_a_collection_may_iterate_over_a_collection_or_a_selection() -> None:
    rendering = rendered(
        config_map("a", extra=ITEMS, name="${i}")
        + config_map("b", extra="forEach: [{x: '${a}'}]", name="b-${x.metadata.name}")
        + SELECTED
        + config_map(
            "c", extra="forEach: [{x: \"${s.filter(x, x.data.on == 'yes')}\"}]", name="c-${x.metadata.name}"
        ),
        {
            "a": [live("q"), live("p")],
            "s": [live("n", data={"on": "yes"}), live("m", data={"on": "no"}), live("l", data={"on": "yes"})],
        },
        items=["p", "q"],
    )
    names = {
        node: [made["metadata"]["name"] for made in state.manifests]
        for node, state in rendering.nodes.items()
    }
    assert (names["b"], names["c"]) == (["b-p", "b-q"], ["c-n", "c-l"])


def test_a_selection_keeps_the_order_of_its_list() -> None:
    rendering = rendered(
        SELECTED + config_map("a", "data: {k: '${s.map(x, x.metadata.name).join(\" \")}'}"),
        {"s": [live("q"), live("p"), live("r")]},
    )
    assert rendering.nodes["a"].manifests[0]["data"] == {"k": "q p r"}


LOOKUPS = {
    "the instance's namespace": ("apiVersion: v1, kind: Secret, metadata: {name: m}", ("team", "m", None)),
    "a given namespace": ("apiVersion: v1, kind: Secret, metadata: {name: m, namespace: there}", ("there", "m", None)),
    "a computed namespace": ("apiVersion: v1, kind: Secret, metadata: {name: m, namespace: '${schema.spec.name}'}", ("demo", "m", None)),
    "a kind without namespaces": ("apiVersion: v1, kind: Namespace, metadata: {name: m}", ("", "m", None)),
    "a selector in all namespaces": ("apiVersion: v1, kind: Secret, metadata: {selector: {}}", ("", "", {})),
    "a selector in one namespace": ("apiVersion: v1, kind: Secret, metadata: {namespace: there, selector: {}}", ("there", "", {})),
    "a selector of a kind without namespaces": ("apiVersion: v1, kind: Namespace, metadata: {selector: {matchLabels: {a: b}}}", ("", "", {"matchLabels": {"a": "b"}})),
    "a computed selector": ("apiVersion: v1, kind: Secret, metadata: {selector: {matchExpressions: [{key: a, operator: In, values: ['${schema.spec.name}']}]}}", ("", "", {"matchExpressions": [{"key": "a", "operator": "In", "values": ["demo"]}]})),
}  # fmt: skip


@pytest.mark.parametrize(("reference", "found"), LOOKUPS.values(), ids=LOOKUPS.keys())
def test_the_reference_of_an_external_object(reference: str, found: tuple[Any, ...]) -> None:
    (lookup,) = rendered(f"- id: e\n  externalRef: {{{reference}}}\n").nodes["e"].lookups
    assert (lookup.namespace, lookup.name, lookup.selector) == found


UNKNOWN_SPAN = {
    "a pending name": ("metadata: {name: '${a.metadata.uid}'}", "", "pending field-missing"),
    "an empty name": ("metadata: {name: '${schema.spec.items.join(\"\")}'}", "", "failed no-name"),
    "no namespace to fall back to": ("metadata: {name: m, namespace: '${schema.spec.items.join(\"\")}'}", "scope: Cluster", "failed no-namespace"),
    "a selector needs none": ("metadata: {selector: {}}", "scope: Cluster", "pending not-observed"),
}  # fmt: skip


@pytest.mark.parametrize(("reference", "schema", "found"), UNKNOWN_SPAN.values(), ids=UNKNOWN_SPAN.keys())
def test_an_invalid_reference_of_an_external_object(reference: str, schema: str, found: str) -> None:
    text = config_map("a", name="a\n      namespace: x") + (
        f"- id: e\n  externalRef: {{apiVersion: v1, kind: Secret, {reference}}}\n"
    )
    rendering = rendered(text, {"a": live("a")}, schema=schema, items=[])
    assert shown(rendering, "e") == found
    assert rendering.nodes["e"].lookups == () or found == "pending not-observed"


def test_a_type_error_in_a_string_template_names_the_type() -> None:
    rendering = rendered(config_map("a", "data: {k: 'a-${schema.spec.free.x}'}"), free={"x": [1]})
    assert rendering.nodes["a"].reason.endswith("“schema.spec.free.x” is list.")


STATUS = {
    "a field": ("k: ${a.data.k}", {"k": "v"}),
    "a string with a pending part": ("k: x-${a.data.k}-${a.metadata.uid}", {}),
    "deep fields": ("x: {w: {z: '${a.data.k}'}}", {"x": {"w": {"z": "v"}}}),
    "a pending deep field leaves no empty maps": ("x: {w: {z: '${a.metadata.uid}'}}", {}),
    "an empty map and an empty list are omitted": ("x: {}\nw: []\nk: ${a.data.k}", {"k": "v"}),
    "a list": ("x: ['${a.data.k}', '${schema.spec.name}']", {"x": ["v", "demo"]}),
    "a list with a pending item": ("x: ['${a.data.k}', '${a.metadata.uid}']", {}),
    "a list with a gap": ("x: ['${a.metadata.uid}', '${a.data.k}']", {}),
    "a list of maps with an unknown field": ("x: [{k: '${a.data.k}', u: '${a.metadata.uid}'}]", {"x": [{"k": "v"}]}),
    "a whole map": ("x: ${a.data}", {"x": {"k": "v"}}),
    "an empty map as a value": ("x: ${a.metadata.?labels.orValue({})}", {"x": {}}),
    "an empty list as a value": ("x: ${schema.spec.items}", {"x": []}),
    "an empty optional": ("x: ${a.data.?z}", {"x": None}),
    "state is set by the reconciler": ("state: ${a.data.k}\nk: ${a.data.k}", {"k": "v"}),
}  # fmt: skip


@pytest.mark.parametrize(("status", "found"), STATUS.values(), ids=STATUS.keys())
def test_a_status_field_is_present_when_it_is_known(status: str, found: dict[str, Any]) -> None:
    rendering = rendered(
        config_map("a", "data: {k: v}"), {"a": live("a", data={"k": "v"})}, status=status, items=[]
    )
    assert rendering.status == found
    assert rendering.problems == ()


@pytest.mark.parametrize(("count", "state"), [(1000, "desired"), (1001, "failed")])
def test_a_collection_has_at_most_a_thousand_items(count: int, state: str) -> None:
    rendering = rendered(config_map("a", extra=ITEMS, name="${i}"), items=[f"i{n}" for n in range(count)])
    assert rendering.nodes["a"].state == state


def test_no_expression_reads_the_status_of_its_instance() -> None:
    definition = defined(config_map("a", "data: {k: '${string(has(dyn(schema).status))}'}"))
    given = {**instance_of(definition, {}), "status": {"state": "ACTIVE"}}
    assert render(definition, given, {}).nodes["a"].manifests[0]["data"] == {"k": "false"}
