# ruff: noqa: E501
"""The desired objects, pending reasons and problems of each node, given what is observed (kro §3.6–§3.8, §4.3–§4.7, §10)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from contracts.runtime import Rendering, instance_of, render
from tests.contracts.definitions import config_map, defined, instance

SECOND = "data:\n  k: ${a.data.k}"


def live(rendering: Rendering, node_id: str, **more: Any) -> Any:
    """The object of a node as the cluster would have it, with additional fields."""
    made = [{**copy.deepcopy(manifest), **more} for manifest in rendering.nodes[node_id].manifests]
    return made[0] if len(made) == 1 and more.get("_many") is None else made


def states(rendering: Rendering) -> dict[str, tuple[str, bool, str]]:
    return {node.id: (node.state, node.ready, node.code) for node in rendering.nodes.values()}


def test_a_chain_is_rendered_one_node_per_pass() -> None:
    definition = defined(
        config_map("c", "data: {k: '${b.data.k}'}")
        + config_map("a", "data: {k: '1'}")
        + config_map("b", SECOND)
    )
    given = instance(definition)
    observed: dict[str, Any] = {}
    first = render(definition, given, observed)
    assert list(first.nodes) == ["a", "b", "c"]
    assert states(first) == {
        "a": ("desired", False, "not-observed"),
        "b": ("pending", False, "dependency-not-ready"),
        "c": ("pending", False, "dependency-not-ready"),
    }
    observed["a"] = live(first, "a")
    second = render(definition, given, observed)
    assert states(second)["b"] == ("desired", False, "not-observed")
    observed["b"] = live(second, "b")
    third = render(definition, given, observed)
    assert third.nodes["c"].manifests[0]["data"] == {"k": "1"}
    assert third.nodes["c"].reason == "Not created yet."


def test_reasons_name_the_missing_field() -> None:
    definition = defined(
        config_map("a")
        + config_map("b", "data: {k: '${a.metadata.uid}'}")
        + config_map("c", "data: {k: '${a.metadata.name}${b.metadata.name}'}")
    )
    rendering = render(definition, instance(definition), {})
    assert rendering.nodes["b"].reason == "Waiting for “a”: Not created yet."
    assert rendering.nodes["b"].waiting_for == ("a",)
    assert rendering.nodes["c"].reason == "Waiting for “a”, “b”."
    observed = {"a": live(rendering, "a")}
    rendering = render(definition, instance(definition), observed)
    assert rendering.nodes["b"].reason == "Waiting: “a.metadata.uid” is not known yet."
    assert (rendering.nodes["b"].code, rendering.nodes["b"].waiting_for) == (
        "field-missing",
        ("a.metadata.uid",),
    )
    assert rendering.fatal is False


def test_the_reason_of_a_long_chain_is_one_sentence() -> None:
    definition = defined(
        config_map("a", "data: {k: '${schema.spec.labels.x}'}")
        + config_map("b", "data: {k: '${a.data.k}'}")
        + config_map("c", "data: {k: '${b.data.k}'}")
        + config_map("d", "data: {k: '${c.data.k}'}")
        + config_map("e", extra="includeWhen: ['${d.data.k == \"\"}']")
    )
    rendering = render(definition, instance(definition), {})
    missing = "Waiting: “spec.labels” is not set in this instance."
    assert [node.reason for node in rendering.nodes.values()] == [
        missing,
        f"Waiting for “a”: {missing}",
        f"Waiting for “b”, which is waiting for “a”: {missing}",
        f"Waiting for “c”, which is waiting for “a”: {missing}",
        f"Waiting for “d”, which is waiting for “a”: {missing}",
    ]


def test_an_unset_optional_field_is_named_as_a_field_of_the_instance() -> None:
    definition = defined(config_map("a", "data: {k: '${string(schema.spec.ratio)}'}"))
    node = render(definition, instance(definition), {}).nodes["a"]
    assert (node.state, node.reason) == ("pending", "Waiting: “spec.ratio” is not set in this instance.")


def test_namespaces_and_names() -> None:
    definition = defined(
        config_map("a")
        + config_map("b", name="b\n      namespace: other")
        + "- id: c\n  template: {apiVersion: v1, kind: Namespace, metadata: {name: c}}\n"
        + config_map("d", name="d\n      namespace: ''")
    )
    rendering = render(definition, instance(definition), {})
    assert [node.manifests[0]["metadata"].get("namespace") for node in rendering.nodes.values()] == [
        "team",
        "other",
        None,
        "team",
    ]


VALUES = {
    "a map": ("data: ${schema.spec.labels}", {"labels": {"x": "1"}}, {"data": {"x": "1"}}),
    "a string template": (
        "data: {k: 'a-${schema.spec.name}-${string(schema.spec.size)}'}",
        {"size": 5},
        {"data": {"k": "a-demo-5"}},
    ),
    "instance data are never read as expressions": (
        "data: {k: '${schema.spec.name}'}",
        {"name": "${schema.metadata.name}"},
        {"data": {"k": "${schema.metadata.name}"}},
    ),
    "a literal ${X}": ("data: {k: '${\"${X}\"}'}", {}, {"data": {"k": "${X}"}}),
    "a dollar before an expression": ("data: {k: '$${schema.spec.name}'}", {}, {"data": {"k": "$demo"}}),
    "an unclosed expression": ("data: {k: 'a ${b'}", {}, {"data": {"k": "a ${b"}}),
    "an empty optional is null": ("data: {k: '${schema.spec.?free.?x}'}", {}, {"data": {"k": None}}),
    "a default for an optional": (
        "data: {k: '${schema.spec.?free.?x.orValue(\"d\")}'}",
        {},
        {"data": {"k": "d"}},
    ),
    "omit removes the key": ("data: {k: '${omit()}', l: m}", {}, {"data": {"l": "m"}}),
    "integral floats have no fraction": (
        "data: {k: '${string(schema.spec.size)}'}\nimmutable: true",
        {},
        {"data": {"k": "3"}, "immutable": True},
    ),
    "seeded random": (
        "data: {k: '${random.seededString(10, \"test-seed\")}'}",
        {},
        {"data": {"k": "5czheg3o5c"}},
    ),
}


@pytest.mark.parametrize(("body", "spec", "content"), VALUES.values(), ids=VALUES.keys())
def test_values_of_a_template(body: str, spec: dict[str, Any], content: dict[str, Any]) -> None:
    definition = defined(config_map("a", body))
    made = render(definition, instance(definition, **spec), {}).nodes["a"].manifests[0]
    assert {
        key: value for key, value in made.items() if key not in ("apiVersion", "kind", "metadata")
    } == content


def test_each_pass_returns_new_manifests() -> None:
    definition = defined(config_map("a", "data: {k: v}"))
    first = render(definition, instance(definition), {}).nodes["a"].manifests[0]
    first["data"]["k"] = "changed"
    assert render(definition, instance(definition), {}).nodes["a"].manifests[0]["data"] == {"k": "v"}


def test_a_fatal_error_has_a_path_and_nothing_is_rendered() -> None:
    definition = defined(
        config_map("a", "data: {k: '${string(10 / schema.spec.size)}'}")
        + config_map("b")
        + config_map("c", "data: {k: '${a.data.k}'}")
    )
    rendering = render(definition, instance(definition, size=0), {})
    assert rendering.fatal
    assert states(rendering)["a"] == ("failed", False, "expression-failed")
    assert states(rendering)["b"][0] == "desired"
    assert states(rendering)["c"] == ("pending", False, "dependency-not-ready")
    (problem,) = rendering.problems
    assert problem.path == "resources.a"
    assert problem.line > 0
    assert "10 / schema.spec.size" in problem.message


INCLUDES = {
    "true": ("${schema.spec.flag}", {"flag": True}, "desired", ""),
    "false": ("${schema.spec.flag}", {"flag": False}, "ignored", "excluded"),
    "an empty optional is false": (
        "${schema.spec.?free.?on.optMap(v, v == true)}",
        {},
        "ignored",
        "excluded",
    ),
    "a missing field is fatal": ("${schema.spec.free.on == true}", {}, "failed", "schema-field-missing"),
    "has() prevents it": (
        "${has(schema.spec.free) && schema.spec.free.on == true}",
        {},
        "ignored",
        "excluded",
    ),
}


@pytest.mark.parametrize(("condition", "spec", "state", "code"), INCLUDES.values(), ids=INCLUDES.keys())
def test_includewhen(condition: str, spec: dict[str, Any], state: str, code: str) -> None:
    definition = defined(config_map("a", extra=f"includeWhen: ['{condition}']"))
    rendering = render(definition, instance(definition, **spec), {})
    node = rendering.nodes["a"]
    assert (node.state, node.code) == (state, code or "not-observed")
    assert rendering.fatal is (state == "failed")


def test_entries_are_evaluated_in_order_until_one_is_false() -> None:
    definition = defined(
        config_map("a", extra="includeWhen: ['${schema.spec.flag}', '${schema.spec.free.on == true}']")
    )
    assert render(definition, instance(definition, flag=False), {}).nodes["a"].state == "ignored"
    assert render(definition, instance(definition, flag=True), {}).fatal


def test_exclusion_spreads_along_every_kind_of_edge() -> None:
    definition = defined(
        config_map("a", "data: {k: v}", "includeWhen: ['${schema.spec.flag}']")
        + config_map("b", SECOND)
        + config_map("c", extra="includeWhen: ['${has(b.data)}']")
        + config_map("d", extra="forEach: [{i: '${[c.metadata.name]}'}]", name="${i}")
        + config_map("e")
    )
    rendering = render(definition, instance(definition, flag=False), {})
    assert {node.id: node.state for node in rendering.nodes.values()} == {
        "a": "ignored",
        "b": "ignored",
        "c": "ignored",
        "d": "ignored",
        "e": "desired",
    }
    assert rendering.nodes["d"].reason == "Excluded because “c” is excluded."
    assert rendering.nodes["b"].ready


def test_includewhen_on_a_node_waits_for_it() -> None:
    definition = defined(
        config_map("a", "data: {go: 'no'}")
        + config_map("b", extra="includeWhen: ['${a.data.go == \"yes\"}']")
    )
    waiting = render(definition, instance(definition), {})
    assert states(waiting)["b"] == ("pending", False, "dependency-not-ready")
    a = live(waiting, "a")
    assert states(render(definition, instance(definition), {"a": a}))["b"][0] == "ignored"
    a["data"]["go"] = "yes"
    assert states(render(definition, instance(definition), {"a": a}))["b"][0] == "desired"


READY = {
    "no condition": ("", {"data": {}}, True, "", ""),
    "true": ("${a.data.done == 'yes'}", {"data": {"done": "yes"}}, True, "", ""),
    "false": (
        "${a.data.done == 'yes'}",
        {"data": {"done": "no"}},
        False,
        "ready-when",
        "Waiting until a.data.done == 'yes' is true.",
    ),
    "a missing field": (
        "${a.data.done == 'yes'}",
        {},
        False,
        "ready-when",
        "Waiting: “a.data” is not known yet.",
    ),
    "an empty optional": (
        "${a.?data.?done.optMap(v, v == 'yes')}",
        {},
        False,
        "ready-when",
        "Waiting until a.?data.?done.optMap(v, v == 'yes') is true.",
    ),
    "a fatal error": ("${1 / size(a.data) > 0}", {"data": {}}, False, "ready-when-failed", ""),
    "being deleted": (
        "",
        {"metadata": {"name": "a", "deletionTimestamp": "2026-01-01T00:00:00Z"}},
        False,
        "terminating",
        "The object is being deleted.",
    ),
}


@pytest.mark.parametrize(("condition", "more", "ready", "code", "reason"), READY.values(), ids=READY.keys())
def test_readywhen(condition: str, more: dict[str, Any], ready: bool, code: str, reason: str) -> None:
    extra = f'readyWhen: ["{condition}"]' if condition else ""
    definition = defined(config_map("a", extra=extra) + config_map("b", "data: {k: '${a.metadata.name}'}"))
    observed = {
        "a": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "team"}, **more}
    }
    rendering = render(definition, instance(definition), observed)
    node = rendering.nodes["a"]
    assert (node.ready, node.code) == (ready, code)
    assert reason in node.reason
    assert rendering.nodes["b"].state == ("desired" if ready else "pending")
    assert rendering.fatal is False


def test_readywhen_reads_plain_json() -> None:
    definition = defined(
        "- id: s\n  readyWhen: ['${s.data.k == dyn(\"YQ==\")}']\n  template: {apiVersion: v1, kind: Secret, metadata: {name: s}}\n"
        + config_map("c", "data: {k: '${string(s.data.k)}'}")
    )
    observed = {
        "s": {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "s", "namespace": "team"},
            "data": {"k": "YQ=="},
        }
    }
    rendering = render(definition, instance(definition), observed)
    assert rendering.nodes["s"].ready
    assert rendering.nodes["c"].manifests[0]["data"] == {"k": "a"}


SEEN = """
- id: s
  template: {apiVersion: v1, kind: Secret, metadata: {name: s}}
- id: included
  includeWhen: ['${string(s.data.k) == "x,y"}']
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: included}}
- id: looped
  forEach: [{i: '${string(s.data.k).split(",")}'}]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${i}'}}
- id: external
  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${string(s.data.k).replace(",", "-")}'}}
"""


def test_all_expressions_but_readywhen_read_objects_by_their_schema() -> None:
    definition = defined(SEEN, status="made: ${s.metadata.creationTimestamp.getFullYear()}")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "team", "creationTimestamp": "2026-01-02T03:04:05Z"},
        "data": {"k": "eCx5"},
    }
    rendering = render(definition, instance(definition), {"s": secret})
    assert rendering.nodes["included"].state == "desired"
    assert [each["metadata"]["name"] for each in rendering.nodes["looped"].manifests] == ["x", "y"]
    assert rendering.nodes["external"].lookups[0].name == "x-y"
    assert rendering.status == {"made": 2026}


def test_secret_data_is_copied_unchanged() -> None:
    definition = defined(
        "- id: s\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: s}}\n"
        "- id: c\n  template: {apiVersion: v1, kind: Secret, metadata: {name: c}, data: '${s.data}'}\n"
    )
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"k": "YQ=="}}
    rendering = render(definition, instance(definition), {"s": secret})
    assert rendering.nodes["c"].manifests[0]["data"] == {"k": "YQ=="}


def test_a_null_is_absent_and_copied_with_its_object() -> None:
    definition = defined(
        config_map("a", "data: {k: '${schema.spec.free.?x.orValue(\"none\")}'}")
        + config_map("b", "data: {k: '${json.marshal(schema.spec.free)}'}")
    )
    rendering = render(definition, instance(definition, free={"x": None, "y": 1}), {})
    made = [rendering.nodes[name].manifests[0]["data"]["k"] for name in ("a", "b")]
    assert made == ["none", '{"x":null,"y":1}']


def test_includewhen_on_a_node_waits_for_a_field_of_it_too() -> None:
    definition = defined(config_map("a") + config_map("b", extra="includeWhen: ['${a.data.go == \"yes\"}']"))
    first = render(definition, instance(definition), {})
    rendering = render(definition, instance(definition), {"a": live(first, "a")})
    assert (rendering.nodes["b"].state, rendering.nodes["b"].code, rendering.fatal) == (
        "pending",
        "field-missing",
        False,
    )


def test_two_nodes_that_render_one_object_are_fatal() -> None:
    definition = defined(config_map("a", name="same") + config_map("b", name="same"))
    rendering = render(definition, instance(definition), {})
    assert rendering.fatal
    assert rendering.nodes["b"].reason == "“b” and “a” are the same object: ConfigMap team/same."


EXTERNAL = (
    "- id: e\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: 'x-${schema.spec.name}'}}\n"
)
SELECTED = "- id: e\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {matchLabels: {app: '${schema.spec.name}'}}}}\n"


def test_a_missing_external_object_is_pending_and_never_written() -> None:
    definition = defined(EXTERNAL + config_map("b", "data: {k: '${e.data.k}'}"))
    rendering = render(definition, instance(definition), {"e": None})
    node = rendering.nodes["e"]
    assert (node.state, node.code, node.manifests) == ("pending", "external-missing", ())
    assert node.reason == "Waiting for the ConfigMap “x-demo” in namespace team, which does not exist."
    (lookup,) = node.lookups
    assert (
        lookup.api_version,
        lookup.kind,
        lookup.plural,
        lookup.namespace,
        lookup.name,
        lookup.selector,
    ) == ("v1", "ConfigMap", "configmaps", "team", "x-demo", None)
    found = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x-demo"}, "data": {"k": "v"}}
    rendering = render(definition, instance(definition), {"e": found})
    assert (rendering.nodes["e"].state, rendering.nodes["e"].ready) == ("desired", True)
    assert rendering.nodes["b"].manifests[0]["data"] == {"k": "v"}


def test_an_external_selection_is_a_list_and_no_match_is_ready() -> None:
    definition = defined(SELECTED + config_map("b", "data: {k: '${string(size(e))}'}"))
    rendering = render(definition, instance(definition), {})
    assert (rendering.nodes["e"].state, rendering.nodes["e"].code) == ("pending", "not-observed")
    (lookup,) = rendering.nodes["e"].lookups
    assert (lookup.namespace, lookup.name, lookup.selector) == ("", "", {"matchLabels": {"app": "demo"}})
    rendering = render(definition, instance(definition), {"e": []})
    assert rendering.nodes["b"].manifests[0]["data"] == {"k": "0"}


@pytest.mark.parametrize(
    ("condition", "ready"),
    [("${size(e) > 1}", False), ("${has(each.data)}", True), ("${each.data.k == 'x'}", False)],
)
def test_readywhen_of_a_selection_reads_the_list_and_each_item(condition: str, ready: bool) -> None:
    definition = defined(SELECTED.rstrip("\n") + f'\n  readyWhen: ["{condition}"]\n')
    rendering = render(
        definition, instance(definition), {"e": [{"metadata": {"name": "q"}, "data": {"k": "v"}}]}
    )
    assert rendering.nodes["e"].ready is ready


def test_children_of_a_cluster_scoped_instance_need_a_namespace() -> None:
    definition = defined(
        config_map("a", name="a\n      namespace: ${schema.spec.name}"), schema="scope: Cluster"
    )
    assert (
        render(definition, instance_of(definition, {"name": "there"}), {})
        .nodes["a"]
        .manifests[0]["metadata"]["namespace"]
        == "there"
    )
    rendering = render(definition, instance_of(definition, {"name": ""}), {})
    assert (rendering.nodes["a"].code, rendering.fatal) == ("no-namespace", True)


STATUS = """
name: ${schema.spec.name}
url: http://${a.data.host}/
uid: ${a.metadata.uid}
bad: ${10 / schema.spec.size}
list:
- ${a.data.host}
- ${a.metadata.uid}
rows: ['${a.data.host}', {k: '${schema.spec.name}'}]
state: ${schema.spec.name}
"""


def test_the_status_contains_known_fields_and_omits_failing_ones() -> None:
    definition = defined(config_map("a", "data: {host: h}"), status=STATUS)
    early = render(definition, instance(definition, size=0), {})
    assert early.status == {"name": "demo"}
    assert [(p.code, p.path) for p in early.problems] == [("status-failed", "status.bad")]
    assert early.fatal is False
    a = live(early, "a")
    later = render(definition, instance(definition, size=5), {"a": a})
    assert later.status == {"name": "demo", "url": "http://h/", "bad": 2, "rows": ["h", {"k": "demo"}]}
    a["metadata"]["uid"] = "u1"
    assert render(definition, instance(definition, size=5), {"a": a}).status["list"] == ["h", "u1"]


def test_the_status_of_an_excluded_node_is_omitted() -> None:
    definition = defined(
        config_map("a", "data: {k: v}", "includeWhen: ['${schema.spec.flag}']"), status="k: ${a.data.k}"
    )
    a = live(render(definition, instance(definition), {}), "a")
    assert render(definition, instance(definition, flag=True), {"a": a}).status == {"k": "v"}
    assert render(definition, instance(definition, flag=False), {"a": a}).status == {}


def test_a_timestamp_and_a_double_are_written_as_kro_writes_them() -> None:
    definition = defined(
        config_map("a"), status="when: ${a.metadata.creationTimestamp}\ndouble: ${schema.spec.ratio * 2.0}"
    )
    a = {
        "metadata": {"name": "a", "namespace": "team", "creationTimestamp": "2026-01-02T03:04:05Z"},
        "kind": "ConfigMap",
        "apiVersion": "v1",
    }
    assert render(definition, instance(definition, ratio=1), {"a": a}).status == {
        "when": "2026-01-02T03:04:05Z",
        "double": 2,
    }
