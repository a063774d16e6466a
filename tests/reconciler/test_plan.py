"""The planner, as a table: desired and live objects → steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from contracts.compiler import Definition, compile_text
from contracts.runtime import render
from reconciler.objects.accessors import reference_to
from reconciler.objects.names import APPLYSET_PART_OF, INSTANCE_ID
from reconciler.plan import (
    Apply,
    Bounds,
    Delete,
    Graph,
    Inventory,
    LastApplied,
    Observation,
    Plan,
    Prune,
    Refuse,
    Wait,
    apply_order,
    children,
    last_applied,
    plan,
    plan_deletion,
    set_id,
)
from reconciler.plan.children import with_encoded_data
from reconciler.plan.instance import refusal, step_for
from reconciler.plan.nesting import MAX_DEPTH, depth_of
from tests.contracts.definitions import config_map, defined, wired
from tests.reconciler.contracts import PAIR

INSTANCE: dict[str, Any] = {
    "apiVersion": "example.com/v1alpha1",
    "kind": "Pair",
    "metadata": {"name": "one", "namespace": "home", "uid": "instance-uid"},
    "spec": {"text": "hi", "extra": False},
}


@pytest.fixture(scope="module")
def pair() -> Definition:
    definition = compile_text(PAIR.replace("GROUP", "example.com")).definition
    assert definition is not None
    return definition


def as_applied(body: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """The live object after our manager applied this body."""
    owned = {
        "f:metadata": {
            "f:labels": {f"f:{key}": {} for key in body["metadata"]["labels"]},
            "f:annotations": {f"f:{key}": {} for key in body["metadata"]["annotations"]},
        },
        "f:data": {f"f:{key}": {} for key in body["data"]},
    }
    entry = {"manager": "slipway/children", "operation": "Apply", "fieldsV1": owned}
    uid = metadata.pop("uid", f"uid-of-{body['metadata']['name']}")
    return {**body, "metadata": {**body["metadata"], "uid": uid, "managedFields": [entry], **metadata}}


def decide(
    pair: Definition,
    observed: dict[str, Any],
    live: list[dict[str, Any]],
    *,
    instance: dict[str, Any] = INSTANCE,
    known: dict[str, LastApplied] | None = None,
) -> Plan:
    rendering = render(pair, instance, observed)
    found = {reference_to(one).identity: one for one in live}
    graph = Graph(pair, rendering, observed, children(instance, pair, rendering))
    return plan(Observation(instance, live, found), graph, known)


def decide_about_stranger(pair: Definition, stranger: dict[str, Any]) -> Plan:
    """A plan when an object of the same name exists that is no member of the instance."""
    rendering = render(pair, INSTANCE, {})
    graph = Graph(pair, rendering, {}, children(INSTANCE, pair, rendering))
    return plan(Observation(INSTANCE, [], {reference_to(stranger).identity: stranger}), graph, None)


@pytest.mark.parametrize(
    ("owner", "teams", "shown"),
    [
        ("Pair home/two", {}, "Pair home/two"),
        ("Pair beside/two", {"home": "a", "beside": "a"}, "Pair beside/two"),
        ("Pair theirs/two", {"home": "a", "theirs": "b"}, "another team's instance"),
        ("Pair nobodys/two", {"home": "a"}, "another team's instance"),
        ("Pair theirs/two", {}, "another team's instance"),
        ("Pair two", {"home": "a"}, "another team's instance"),
    ],
)
def test_the_instance_of_another_team_is_not_named(
    pair: Definition, owner: str, teams: dict[str, str], shown: str
) -> None:
    live = {"metadata": {"annotations": {"slipway.dev/instance": owner}, "labels": {APPLYSET_PART_OF: "x"}}}
    (child, *_) = children(INSTANCE, pair, render(pair, INSTANCE, {}))
    refused = refusal(INSTANCE, child, live, Bounds(teams, None))
    assert refused is not None
    assert f"belongs to {shown}. It was not changed." in refused.reason


def first(pair: Definition) -> dict[str, Any]:
    return dict(children(INSTANCE, pair, render(pair, INSTANCE, {}))[0].body)


def summary(steps: Any) -> list[tuple[str, str, str]]:
    shown: list[tuple[str, str, str]] = []
    for step in steps:
        match step:
            case Apply():
                shown.append(("apply", step.node, step.why))
            case Wait():
                shown.append(("wait", step.node, step.code))
            case Refuse():
                shown.append(("refuse", step.node, step.reason))
            case Prune():
                shown.append(("prune", step.node, step.uid))
    return shown


def test_nothing_is_created_yet(pair: Definition) -> None:
    planned = decide(pair, {}, [])
    assert summary(planned.steps) == [
        ("wait", "second", "dependency-not-ready"),
        ("apply", "first", "create"),
    ]
    assert planned.before == Inventory(frozenset({"ConfigMap"}))


def test_a_child_carries_its_owner_its_node_and_its_order(pair: Definition) -> None:
    metadata = first(pair)["metadata"]
    assert metadata["namespace"] == "home"
    assert metadata["labels"] == {
        "app.kubernetes.io/managed-by": "slipway",
        "slipway.dev/instance-id": "instance-uid",
        "slipway.dev/node": "first",
        "applyset.kubernetes.io/part-of": set_id(INSTANCE),
    }
    assert metadata["annotations"] == {
        "slipway.dev/apply-order": "1",
        "slipway.dev/instance": "Pair home/one",
    }


def test_the_next_layer_follows_what_is_observed(pair: Definition) -> None:
    live = as_applied(first(pair))
    assert summary(decide(pair, {"first": live}, [live]).steps) == [("apply", "second", "create")]


def both(pair: Definition) -> list[dict[str, Any]]:
    one = as_applied(first(pair))
    rendering = render(pair, INSTANCE, {"first": one})
    two = children(INSTANCE, pair, rendering)[1]
    return [one, as_applied(dict(two.body))]


def test_what_is_up_to_date_is_not_applied_again(pair: Definition) -> None:
    live = both(pair)
    planned = decide(pair, {"first": live[0], "second": live[1]}, live)
    assert planned.steps == ()
    assert planned.after == Inventory(frozenset({"ConfigMap"}))


def test_a_new_desired_value_is_an_update_and_a_change_by_others_is_drift(pair: Definition) -> None:
    live = both(pair)
    known = {one["metadata"]["uid"]: last_applied(child.body, one) for one, child in zip(
        live, children(INSTANCE, pair, render(pair, INSTANCE, {"first": live[0]})), strict=True
    )}  # fmt: skip
    edited = {**live[0], "data": {"text": "wrong"}}
    observed = {"first": edited, "second": live[1]}
    drift = decide(pair, observed, [edited, live[1]], known=known)
    assert [(step.why, step.fields) for step in drift.applies] == [("repair", ("data.text",))]
    other = {**INSTANCE, "spec": {"text": "new", "extra": False}}
    update = decide(pair, {"first": live[0], "second": live[1]}, live, instance=other, known=known)
    assert [(step.why, step.fields) for step in update.applies] == [("update", ("data.text",))]


def test_a_value_that_the_server_normalizes_is_applied_once(pair: Definition) -> None:
    body = first(pair)
    rewritten = {**as_applied(body), "data": {"text": "HI"}}
    assert [step.why for step in decide(pair, {}, [rewritten]).applies] == ["update"]
    known = {rewritten["metadata"]["uid"]: last_applied(body, rewritten)}
    assert decide(pair, {}, [rewritten], known=known).applies == ()


@pytest.mark.parametrize(
    ("labels", "annotations", "owner"),
    [
        pytest.param(
            {APPLYSET_PART_OF: "applyset-other-v1"},
            {"slipway.dev/instance": "Pair home/two"},
            "Pair home/two",
            id="another-instance",
        ),
        pytest.param(
            {
                APPLYSET_PART_OF: "applyset-x-v1",
                "kro.run/instance-name": "k",
                "kro.run/instance-namespace": "home",
            },
            {},
            "the kro instance home/k",
            id="kro",
        ),
        pytest.param(
            {APPLYSET_PART_OF: "applyset-x-v1"}, {}, "the ApplySet applyset-x-v1", id="another-tool"
        ),
        pytest.param(
            {"slipway.dev/instance-id": "other-uid"}, {}, "the instance other-uid", id="by-its-label-alone"
        ),
    ],
)
def test_what_belongs_to_others_is_refused_with_their_name(
    pair: Definition, labels: dict[str, str], annotations: dict[str, str], owner: str
) -> None:
    body = first(pair)
    theirs = {
        **body,
        "metadata": {**body["metadata"], "labels": labels, "annotations": annotations, "uid": "u"},
    }
    planned = decide_about_stranger(pair, theirs)
    assert summary(planned.refusals) == [
        ("refuse", "first", f"ConfigMap home/one-first belongs to {owner}. It was not changed.")
    ]
    assert planned.applies == ()


@dataclass(frozen=True)
class Stranger:
    """An unmanaged object, and what could permit its adoption. ``refused``: why it is not adopted."""

    annotations: dict[str, str] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)
    namespace: str = "home"
    labels: dict[str, str] = field(default_factory=dict)
    refused: str = ""


ADOPT = {"slipway.dev/adopt": "true"}
EXISTS = "already exists and is not managed by Slipway."
ADOPTIONS = {
    "nothing says so": Stranger(
        refused=f"ConfigMap home/one-first {EXISTS} Choose another name, delete it, or annotate the instance "
        'with slipway.dev/adopt: "true".',
    ),
    "the instance says so": Stranger(ADOPT),
    "another value": Stranger({"slipway.dev/adopt": "yes"}, refused="annotate the instance"),
    "the contract says so": Stranger(bounds=Bounds(adopt=True)),
    "ours, by the uid": Stranger(labels={"slipway.dev/instance-id": "instance-uid"}),
    "another namespace of the team": Stranger(ADOPT, Bounds({"home": "shop", "other": "shop"}), "other"),
    "a granted namespace of another team": Stranger(
        ADOPT,
        Bounds({"home": "shop", "other": "search"}, granted=None, adopt=True),
        "other",
        refused=f"ConfigMap other/one-first {EXISTS} It is in a namespace of another team and cannot be "
        "adopted. Choose another name.",
    ),
    "a granted namespace that no team owns": Stranger(ADOPT, Bounds({"home": "shop"}, granted=None), "other"),
    "not in a namespace": Stranger(
        ADOPT,
        Bounds(granted=None, adopt=True),
        "",
        refused=f"ConfigMap one-first {EXISTS} Objects outside namespaces are never adopted. Choose another "
        "name, or delete it.",
    ),
}


@pytest.mark.parametrize("stranger", ADOPTIONS.values(), ids=ADOPTIONS.keys())
def test_what_is_unmanaged_is_adopted_only_explicitly(pair: Definition, stranger: Stranger) -> None:
    instance = {**INSTANCE, "metadata": {**INSTANCE["metadata"], "annotations": stranger.annotations}}
    child = children(instance, pair, render(pair, instance, {}))[0]
    child = replace(child, reference=child.reference._replace(namespace=stranger.namespace))
    entry = {"manager": "helm", "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": {}}
    metadata = {"name": "one-first", "namespace": stranger.namespace, "uid": "u", "managedFields": [entry]}
    live = {**child.body, "metadata": {**metadata, "labels": stranger.labels}}
    found = refusal(instance, child, live, stranger.bounds)
    if stranger.refused:
        assert found is not None
        assert found.code == "NotAdopted"
        assert stranger.refused in found.reason
        return
    assert found is None
    step = step_for(child, live, {})
    assert isinstance(step, Apply)
    assert (step.why, step.by) == ("adopt", "helm")


def leftover(pair: Definition, name: str, node: str) -> dict[str, Any]:
    body = first(pair)
    metadata = {
        **body["metadata"],
        "name": name,
        "labels": {**body["metadata"]["labels"], "slipway.dev/node": node},
    }
    return as_applied({**body, "metadata": metadata})


def test_prune_only_when_nothing_is_pending(pair: Definition) -> None:
    live = both(pair)
    left = [leftover(pair, "one-extra", "extra"), leftover(pair, "one-second-old", "second")]
    waiting = decide(pair, {}, [live[0], *left])
    assert not waiting.prunes
    ready = decide(pair, {"first": live[0], "second": live[1]}, [*live, *left])
    assert [step.reference.name for step in ready.prunes] == ["one-extra", "one-second-old"]
    assert all(step.uid for step in ready.prunes)


def test_an_object_that_is_being_deleted_is_waited_for(pair: Definition) -> None:
    deleting = as_applied(
        first(pair), deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["example.com/backup"]
    )
    planned = decide(pair, {}, [deleting])
    assert planned.applies == ()
    assert planned.waits[-1].reason == (
        "ConfigMap home/one-first is being deleted; waiting for the finalizer example.com/backup."
    )


def test_the_inventory_grows_before_and_shrinks_after(pair: Definition) -> None:
    old = {
        "applyset.kubernetes.io/contains-group-kinds": "ConfigMap,Secret",
        "applyset.kubernetes.io/additional-namespaces": "elsewhere",
    }
    instance = {**INSTANCE, "metadata": {**INSTANCE["metadata"], "annotations": old}}
    live = both(pair)
    planned = decide(pair, {"first": live[0], "second": live[1]}, live, instance=instance)
    assert planned.before == Inventory(frozenset({"ConfigMap", "Secret"}), frozenset({"elsewhere"}))
    assert planned.after == Inventory(frozenset({"ConfigMap"}))


KIT = """
- id: first
  includeWhen: ["${schema.spec.first}"]
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}
- id: second
  includeWhen: ["${schema.spec.second}"]
  template: {apiVersion: v1, kind: Secret, metadata: {name: b, namespace: elsewhere}}
- id: many
  forEach: [{i: "${schema.spec.items}"}]
  template: {apiVersion: v1, kind: ServiceAccount, metadata: {name: "${i}"}}
- id: later
  template: {apiVersion: v1, kind: Service, metadata: {name: c}, spec: {externalName: "${first.data.k}"}}
"""
KIT_SPEC = 'first: boolean\nsecond: boolean\nitems: "[]string"'
# spec → kinds, other namespaces
INVENTORIES = {
    "nothing but what waits": ({"first": True}, "ConfigMap Service", ""),
    "a node that is excluded, and what needs it": ({}, "", ""),
    "an object in another namespace": ({"second": True}, "Secret", "elsewhere"),
    "a collection with items": ({"items": ["x"]}, "ServiceAccount", ""),
    "a collection without items": ({"items": []}, "", ""),
    "everything": (
        {"first": True, "second": True, "items": ["x", "y"]},
        "ConfigMap Secret Service ServiceAccount",
        "elsewhere",
    ),
}


@pytest.mark.parametrize(("spec", "kinds", "namespaces"), INVENTORIES.values(), ids=INVENTORIES.keys())
def test_the_inventory_has_what_is_desired_or_not_known_yet(
    spec: dict[str, Any], kinds: str, namespaces: str
) -> None:
    kit = defined(KIT, spec=KIT_SPEC, types="")
    instance = {**INSTANCE, "spec": {"first": False, "second": False, "items": [], **spec}}
    planned = decide(kit, {}, [], instance=instance)
    wanted = Inventory(frozenset(kinds.split()), frozenset(namespaces.split()))
    assert (planned.before, planned.after) == (wanted, wanted)


def test_a_recorded_kind_that_is_not_served_now_stays_in_the_inventory(pair: Definition) -> None:
    """Its objects may still exist, for example while the server of an aggregated API is away."""
    annotations = {
        "applyset.kubernetes.io/contains-group-kinds": "ConfigMap,Lost.example.com,Secret",
        "applyset.kubernetes.io/additional-namespaces": "elsewhere",
    }
    instance = {**INSTANCE, "metadata": {**INSTANCE["metadata"], "annotations": annotations}}
    rendering = render(pair, instance, {})
    graph = Graph(pair, rendering, {}, children(instance, pair, rendering))
    unserved = frozenset({"Lost.example.com", "Never.example.com"})
    after = plan(Observation(instance, unserved=unserved), graph, None).after
    kinds = frozenset({"ConfigMap", "Lost.example.com"})
    assert after == Inventory(kinds, frozenset({"elsewhere"}))


def test_apply_order_counts_from_the_dependents_end(pair: Definition) -> None:
    assert apply_order(pair) == {"first": 1, "second": 2, "extra": 2}


WAVES = {
    "one alone": ("a", "", "a1"),
    "no dependencies": ("a b c", "", "a1 b1 c1"),
    "a chain": ("a b c", "a>b b>c", "a1 b2 c3"),
    "a diamond": ("a b c d", "a>b a>c b>d c>d", "a1 b2 c2 d3"),
    "branches of different length end together": ("a b c d e", "a>b a>c b>d", "a1 b2 c3 d3 e3"),
    "a short branch is as late as it can be": ("a b c d", "a>b b>c d>c", "a1 b2 c3 d2"),
    "external objects count as a layer": ("E b c", "E>b b>c", "E1 b2 c3"),
}


@pytest.mark.parametrize(("names", "edges", "waves"), WAVES.values(), ids=WAVES.keys())
def test_waves_are_counted_from_nodes_without_dependents(names: str, edges: str, waves: str) -> None:
    """The highest wave is deleted first (kro §4.8)."""
    found = apply_order(defined(wired(names, edges)))
    assert found == {wave[0].lower(): int(wave[1]) for wave in waves.split()}


def test_objects_of_unknown_nodes_are_pruned_first_then_from_the_end_of_the_order(pair: Definition) -> None:
    live = both(pair)
    left = [
        leftover(pair, "one-1", "first"),
        leftover(pair, "one-2", "second"),
        leftover(pair, "one-3", "unknown"),
        leftover(pair, "one-4", "second"),
    ]
    steps = decide(pair, {"first": live[0], "second": live[1]}, [*live, *left]).prunes
    assert [step.reference.name for step in steps] == ["one-3", "one-2", "one-4", "one-1"]
    assert len({step.group for step in steps}) == 3


ORDERS = {
    "a number": ("2", 2),
    "nothing": (None, 0),
    "no number": ("second", 0),
    "a negative number": ("-1", 0),
    "a digit that is no number": ("²", 0),
}


@pytest.mark.parametrize(("written", "wave"), ORDERS.values(), ids=ORDERS.keys())
def test_an_object_without_a_wave_is_deleted_last(written: str | None, wave: int) -> None:
    def member(name: str, order: str | None) -> dict[str, Any]:
        annotations = {} if order is None else {"slipway.dev/apply-order": order}
        metadata = {"name": name, "namespace": "home", "uid": name, "annotations": annotations}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}

    steps = plan_deletion([member("it", written), member("other", "1")]).steps
    assert [step.reference.name for step in steps if isinstance(step, Delete)] == [
        "it" if wave > 1 else "other"
    ]


def test_items_are_numbered_with_the_first_dimension_slowest() -> None:
    loop = 'forEach: [{i: \'${["p", "q"]}\'}, {j: \'${["x", "y"]}\'}]'
    definition = defined(config_map("a", extra=loop, name="${i}${j}"))
    items = children(INSTANCE, definition, render(definition, INSTANCE, {}))
    places = [
        (child.body["metadata"]["name"], child.body["metadata"]["labels"]["slipway.dev/collection-index"])
        for child in items
    ]
    assert places == [("px", "0"), ("py", "1"), ("qx", "2"), ("qy", "3")]


def deleted_names(steps: Iterable[object]) -> list[str]:
    deletions = [step for step in steps if isinstance(step, Delete)]
    assert deletions == list(steps)
    return [step.reference.name for step in deletions]


def test_deletion_takes_the_highest_wave_and_waits_for_it(pair: Definition) -> None:
    one, two = both(pair)
    step = plan_deletion([one, two])
    assert deleted_names(step.steps) == ["one-second"]
    deleting = {
        **two,
        "metadata": {**two["metadata"], "deletionTimestamp": "now", "finalizers": ["x.com/hold"]},
    }
    (wait,) = plan_deletion([one, deleting]).steps
    assert isinstance(wait, Wait)
    assert wait.reason.endswith("; waiting for the finalizer x.com/hold.")
    assert deleted_names(plan_deletion([one]).steps) == ["one-first"]
    assert plan_deletion([]).done


def test_secrets_are_compared_as_the_server_stores_them() -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "eA=="}, "stringData": {"a": "y", "b": "z"}}
    assert with_encoded_data(body) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "data": {"a": "eQ==", "b": "eg=="},
    }


def nested_in(levels: int) -> dict[str, dict[str, Any]]:
    """Instances by uid: “0” is in “1”, which is in “2”, and so on."""
    return {
        str(level): {"metadata": {"uid": str(level), "labels": {INSTANCE_ID: str(level + 1)}}}
        for level in range(levels + 1)
    }


@pytest.mark.parametrize("levels", [0, 1, 3, MAX_DEPTH])
def test_the_depth_of_an_instance(levels: int) -> None:
    known = nested_in(levels)
    assert depth_of(known["0"], known.get) == levels


def test_labels_that_form_a_cycle() -> None:
    one = {"metadata": {"uid": "1", "labels": {INSTANCE_ID: "1"}}}
    assert depth_of(one, {"1": one}.get) == MAX_DEPTH


@pytest.mark.parametrize(
    ("depth", "kinds", "exists", "refused"),
    [
        pytest.param(MAX_DEPTH - 1, ["ConfigMap"], False, False, id="within the limit"),
        pytest.param(MAX_DEPTH, ["ConfigMap"], False, True, id="too deep"),
        pytest.param(MAX_DEPTH, ["ConfigMap"], True, False, id="it exists already"),
        pytest.param(MAX_DEPTH, [], False, False, id="not of a contract's kind"),
    ],
)
def test_instances_are_not_created_within_too_many_others(
    pair: Definition, depth: int, kinds: list[str], exists: bool, refused: bool
) -> None:
    rendering = render(pair, INSTANCE, {})
    graph = Graph(pair, rendering, {}, children(INSTANCE, pair, rendering))
    live = as_applied(first(pair))
    found = {reference_to(live).identity: live} if exists else {}
    observation = Observation(INSTANCE, [*found.values()], found, contract_kinds=kinds, depth=depth)
    assert [step.code for step in plan(observation, graph).refusals] == ["NestedTooDeep"] * refused
