"""What an instance may touch, as a table, and attacks on what other teams own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contracts.grants import revoke
from contracts.models import Contract, Grant, Revision
from contracts.runtime.bounds import Granted, GrantedEntry, Home, granted_entries, violation
from portal.accounts.models import Team, TeamNamespace, User
from reconciler.kinds.compiled import published_contracts
from reconciler.objects.accessors import Reference
from reconciler.plan.reach import Bounds
from tests.contracts.definitions import config_map, defined, definition_text
from tests.reconciler.builders import delete_instance, live_status, publish_contract
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import (
    create_ready,
    event_reasons,
    get_condition,
    wait_until_ready,
    wait_until_served,
)

SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"

TEAMS = {"home": "shop", "shop-staging": "shop", "search": "search", "monitoring": "platform"}
COMPUTED = "${schema.spec.place}"
RIGHTS = "rbac.authorization.k8s.io"


def reference(text: str) -> Reference:
    """``Kind namespace/name``; of the core group, or of RBAC's for its kinds."""
    kind, _, rest = text.partition(" ")
    namespace, _, name = rest.rpartition("/")
    group = RIGHTS if "Role" in kind else ""
    return Reference(f"{group}/v1" if group else "v1", kind, namespace, name)


def entry(kind: str, namespace: str = "", name: str = "") -> GrantedEntry:
    return GrantedEntry(RIGHTS if "Role" in kind else "", kind, namespace, name)


# The object; what is granted; the beginning of the refusal, or nothing.
RULES: dict[str, tuple[str, Granted, str]] = {
    "own namespace": ("ConfigMap home/a", (), ""),
    "another namespace of the team": ("ConfigMap shop-staging/a", (), ""),
    "a namespace of another team": (
        "ConfigMap search/a",
        (),
        "ConfigMap search/a is out of reach: the namespace search does not belong to the team",
    ),
    "a namespace of no team": ("ConfigMap kube-system/a", (), "ConfigMap kube-system/a is out of reach"),
    "cluster-scoped": ("Namespace /a", (), "Namespace a is out of reach: it is not in a namespace."),
    "rights in the own namespace": (
        "RoleBinding home/a",
        (),
        "RoleBinding home/a is out of reach: it gives rights.",
    ),
    "granted rights there": (
        "RoleBinding home/a",
        [entry("RoleBinding", "${schema.metadata.namespace}", "a")],
        "",
    ),
    "rights granted elsewhere": (
        "RoleBinding home/a",
        [entry("RoleBinding", "monitoring", "a")],
        "RoleBinding home/a is out of reach",
    ),
    "everything": ("ClusterRoleBinding /a", None, ""),
    "a granted literal": ("ConfigMap monitoring/a", [entry("ConfigMap", "monitoring", "a")], ""),
    "another kind": (
        "Secret monitoring/a",
        [entry("ConfigMap", "monitoring", "a")],
        "Secret monitoring/a is",
    ),
    "another name": ("ConfigMap monitoring/b", [entry("ConfigMap", "monitoring", "a")], "ConfigMap"),
    "another namespace": ("ConfigMap search/a", [entry("ConfigMap", "monitoring", "a")], "ConfigMap"),
    "a computed name in a literal namespace": (
        "ConfigMap monitoring/b",
        [entry("ConfigMap", "monitoring", COMPUTED)],
        "",
    ),
    "a computed namespace of no team": ("ConfigMap new/a", [entry("ConfigMap", COMPUTED, "a")], ""),
    "a computed namespace of another team": (
        "ConfigMap search/a",
        [entry("ConfigMap", COMPUTED, "a")],
        "ConfigMap search/a is out of reach",
    ),
    "every namespace": ("ConfigMap search/a", [entry("ConfigMap", "*", "a")], ""),
    "a computed Namespace": ("Namespace /new", [entry("Namespace", "", COMPUTED)], ""),
    "a computed Namespace of another team": (
        "Namespace /search",
        [entry("Namespace", "", COMPUTED)],
        "Namespace search is out of reach",
    ),
    "a literal Namespace of another team": ("Namespace /search", [entry("Namespace", "", "search")], ""),
}


@pytest.mark.parametrize(("what", "granted", "refused"), RULES.values(), ids=RULES.keys())
def test_reach(what: str, granted: Granted, refused: str) -> None:
    one = reference(what)
    found = violation(one, bool(one.namespace), Home("home", TEAMS), granted)
    assert found.startswith(refused)
    assert bool(found) is bool(refused)
    if found:
        assert found.endswith("ask a portal admin to grant this reach to the contract.")


@pytest.mark.parametrize("granted", [True, False])
def test_a_cluster_scoped_kind_that_the_compiler_did_not_know_can_be_granted(granted: bool) -> None:
    node = "- id: one\n  template: {apiVersion: example.com/v1, kind: Widget, metadata: {name: x}}"
    definition = defined(node)
    keys = definition.reach.keys if granted else frozenset()
    entries = granted_entries(definition, keys).get("one", ())
    home = Home("home", TEAMS)
    for name, may in (("x", granted), ("y", False)):
        widget = Reference("example.com/v1", "Widget", "", name)
        assert bool(violation(widget, False, home, entries)) is not may
    elsewhere = Reference("example.com/v1", "Widget", "search", "x")
    assert violation(elsewhere, True, home, entries)  # it turned out to be namespaced


def test_namespaces_without_a_team_do_not_belong_together() -> None:
    """Also if a team has the name of the namespace of the instance."""
    assert violation(reference("ConfigMap b/a"), True, Home("a", {}), ())
    assert violation(reference("ConfigMap b/a"), True, Home("shop", {"b": "shop"}), ())
    assert not violation(reference("ConfigMap a/a"), True, Home("a", {}), ())


def test_a_cluster_scoped_instance_has_no_namespace() -> None:
    assert violation(reference("ConfigMap home/a"), True, Home("", TEAMS), ())


INSTANCE: dict[str, Any] = {
    "apiVersion": "example.com/v1",
    "kind": "Example",
    "metadata": {"name": "one", "namespace": "home", "uid": "our-uid"},
}


@pytest.mark.parametrize(
    ("namespace", "uid", "may"),
    [
        pytest.param("home", "another-uid", True, id="within reach, of a predecessor of the same name"),
        pytest.param("search", "our-uid", True, id="created under a grant that was revoked"),
        pytest.param("search", "another-uid", False, id="out of reach, of a predecessor of the same name"),
        pytest.param("search", "", False, id="out of reach, with the id of the ApplySet alone"),
    ],
)
def test_what_may_be_deleted_with_the_instance(namespace: str, uid: str, may: bool) -> None:
    labels = {"slipway.dev/instance-id": uid} if uid else {}
    metadata = {"name": "a", "namespace": namespace, "labels": labels}
    member = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    assert Bounds(TEAMS).may_delete(INSTANCE, member) is may


# -- attacks ------------------------------------------------------------------------------------------------


def other_teams_namespace(harness: Harness, name: str) -> dict[str, Any]:
    """A namespace of another team with a Secret in it; returns the Namespace."""
    team = Team.objects.create(slug=f"victim-{harness.suffix}", name="Victim")
    TeamNamespace.objects.create(team=team, name=name)
    return unowned_namespace(harness, name)


def unowned_namespace(harness: Harness, name: str) -> dict[str, Any]:
    harness.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for kind in ("Secret", "ConfigMap"):
        metadata = {"name": "settings", "namespace": name}
        harness.cluster.apply({"apiVersion": "v1", "kind": kind, "metadata": metadata})
    wait_for(lambda: harness.cluster.get("v1", "ConfigMap", name, "kube-root-ca.crt"), "it is complete")
    return harness.cluster.read("v1", "Namespace", "", name)


def everything_in(harness: Harness, name: str) -> str:
    """The namespace and what these attacks could change in it, as text."""
    found = [harness.cluster.read("v1", "Namespace", "", name)]
    for version, kind in (
        ("v1", "Secret"),
        ("v1", "ConfigMap"),
        ("v1", "ResourceQuota"),
        ("v1", "LimitRange"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        (f"{RIGHTS}/v1", "RoleBinding"),
    ):
        found += harness.cluster.list(version, kind, name)
    return json.dumps(found, sort_keys=True)


def wait_until_failed(harness: Harness, text: str) -> None:
    def failed() -> bool:
        row = harness.row("one")
        return row is not None and row.state == "failed" and text in row.message

    wait_for(failed, f"it fails because {text}")


def publish_sample(harness: Harness, *, granted: bool = True) -> Contract:
    return harness.publish((SAMPLES / "team-namespace.yaml").read_text(), granted=granted)


@pytest.mark.parametrize("granted", [True, False], ids=["granted", "not granted"])
@pytest.mark.parametrize("owned", [True, False], ids=["of another team", "of no team"])
def test_an_existing_namespace_is_not_taken_over(harness: Harness, owned: bool, granted: bool) -> None:
    victim = f"{harness.namespace}-one"
    (other_teams_namespace if owned else unowned_namespace)(harness, victim)
    before = everything_in(harness, victim)
    contract = publish_sample(harness, granted=granted)
    adopt = {"slipway.dev/adopt": "true"}
    harness.create(contract, "one", annotations=adopt, group="attackers", access="admin")
    wait_until_failed(harness, f"Namespace {victim}")
    wait_for(lambda: live_status(harness, contract).get("state") == "ERROR")
    assert event_reasons(harness, "one") & {"NotAdopted", "OutOfReach"}
    assert everything_in(harness, victim) == before
    delete_instance(harness, "one")
    assert everything_in(harness, victim) == before


def test_joined_names_of_two_teams_do_not_collide(harness: Harness) -> None:
    """``a`` + ``b-c`` and ``a-b`` + ``c`` are one name. The second one is made with kubectl."""
    near = f"{harness.namespace}-b"
    unowned_namespace(harness, near)
    team = Team.objects.create(slug=f"victim-{harness.suffix}", name="Victim")
    TeamNamespace.objects.create(team=team, name=near)
    contract = publish_sample(harness)
    wait_until_served(harness, contract)
    theirs = harness.manifest(contract, "c", group="victims")
    theirs["metadata"]["namespace"] = near
    harness.cluster.apply(theirs)

    def state() -> Any:
        found = harness.cluster.read(contract.api_version, contract.kind, near, "c")
        return (found.get("status") or {}).get("state")

    wait_for(lambda: state() == "ACTIVE", "the namespace of the other team is ready")
    victim = f"{near}-c"
    before = everything_in(harness, victim)
    mine = harness.manifest(contract, "b-c", group="attackers", access="admin")
    mine["metadata"]["annotations"] = {"slipway.dev/adopt": "true"}
    harness.cluster.apply(mine)
    text = f"Namespace {victim} belongs to another team's instance. It was not changed."
    wait_for(lambda: (row := harness.row("b-c")) and text in row.message, "it is refused")
    assert everything_in(harness, victim) == before
    delete_instance(harness, "b-c")
    assert everything_in(harness, victim) == before


def assert_not_shown(harness: Harness, name: str) -> None:
    """The live manifest of an object that is not the instance's is not read with the portal's rights."""
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    for row in harness.get_row(name).resources.all():
        address = reverse("reconciler:manifest", args=[row.instance.pk, row.pk])
        answer = client.get(address, {"format": "json"})
        assert (answer.status_code, answer.json()) == (
            404,
            {"detail": f"{row} is not an object of this instance."},
        )


def test_an_unmanaged_object_is_left_alone_without_the_annotation(harness: Harness) -> None:
    metadata = {"name": "settings", "namespace": harness.namespace}
    mine = harness.cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "mine"}}
    )
    contract = publish_contract(harness, config_map("a", "data: {k: v}", name="settings"))
    harness.create(contract, "one")
    wait_until_failed(
        harness,
        f"ConfigMap {harness.namespace}/settings already exists and is not managed by Slipway. Choose "
        'another name, delete it, or annotate the instance with slipway.dev/adopt: "true".',
    )
    assert "NotAdopted" in event_reasons(harness, "one")
    row = harness.get_row("one").resources.get()
    assert (row.uid, row.state) == ("", "failed")
    assert_not_shown(harness, "one")
    delete_instance(harness, "one")
    assert harness.get_child("ConfigMap", "settings")["metadata"]["uid"] == mine["metadata"]["uid"]
    assert harness.get_child("ConfigMap", "settings")["data"] == {"k": "mine"}


def test_a_contract_may_permit_adoption(harness: Harness) -> None:
    metadata = {"name": "settings", "namespace": harness.namespace}
    harness.cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    document = "---\napiVersion: slipway.dev/v1alpha1\nkind: Contract\nspec: {adopt: true}\n"
    text = publish_text(config_map("a", "data: {k: v}", name="settings")) + document
    contract = harness.publish(text)
    harness.create(contract, "one")
    wait_until_ready(harness, "one")
    assert harness.get_child("ConfigMap", "settings")["data"] == {"k": "v"}


def publish_text(resources: str) -> str:
    return definition_text(resources, spec="n: integer", types="", schema="group: GROUP")


def test_the_sample_works_with_exactly_its_reach(harness: Harness) -> None:
    contract = publish_sample(harness)
    create_ready(harness, contract, "one", group="developers")
    place = f"{harness.namespace}-one"
    assert harness.cluster.read("v1", "ResourceQuota", place, "team")
    revoke(Grant.objects.get(), by=None, reason="No longer needed by the test")
    wait_until_failed(harness, f"Namespace {place} is out of reach")
    assert harness.cluster.read("v1", "ResourceQuota", place, "team")
    delete_instance(harness, "one")  # what it created under the earlier grant
    wait_for(lambda: harness.cluster.get("v1", "Namespace", "", place) is None, "the namespace is deleted")


def test_a_namespace_that_the_team_gets_is_within_reach(harness: Harness) -> None:
    place = f"{harness.namespace}-staging"
    harness.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}})
    node = config_map("a", "data: {k: v}", name="mine")
    node = node.replace("name: mine", f"name: mine\n      namespace: {place}")
    contract = publish_contract(harness, node, granted=False)
    harness.create(contract, "one")
    wait_until_failed(harness, f"ConfigMap {place}/mine is out of reach")
    TeamNamespace.objects.create(team=harness.team, name=place)
    wait_until_ready(harness, "one")
    assert harness.cluster.read("v1", "ConfigMap", place, "mine")["data"] == {"k": "v"}


def test_without_a_grant_nothing_is_written_in_other_namespaces(harness: Harness) -> None:
    victim = f"{harness.namespace}-victim"
    other_teams_namespace(harness, victim)
    before = everything_in(harness, victim)
    node = config_map("a", "data: {k: v}", name="settings")
    node = node.replace("name: settings", f"name: settings\n      namespace: {victim}")
    contract = publish_contract(harness, node, granted=False)
    harness.create(contract, "one", annotations={"slipway.dev/adopt": "true"})
    wait_until_failed(harness, f"ConfigMap {victim}/settings is out of reach")
    assert "OutOfReach" in event_reasons(harness, "one")
    wait_for(lambda: live_status(harness, contract).get("state") == "ERROR")
    ready = get_condition(harness.get_instance(contract, "one"), "Ready")
    assert (ready["status"], "is out of reach" in ready["message"]) == ("False", True)
    delete_instance(harness, "one")
    assert everything_in(harness, victim) == before


def test_without_a_grant_nothing_is_read_in_other_namespaces(harness: Harness) -> None:
    victim = f"{harness.namespace}-victim"
    other_teams_namespace(harness, victim)
    metadata = {"name": "password", "namespace": victim}
    harness.cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "hunter2"}}
    )
    node = f"""
- id: theirs
  externalRef:
    apiVersion: v1
    kind: ConfigMap
    metadata: {{name: password, namespace: {victim}}}
"""
    contract = publish_contract(harness, node, granted=False, status="seen: ${theirs.data.k}")
    harness.create(contract, "one")
    wait_until_failed(harness, f"ConfigMap {victim}/password is out of reach")
    assert "hunter2" not in json.dumps(harness.get_instance(contract, "one"))
    row = harness.get_row("one")
    assert "hunter2" not in json.dumps([row.status, row.nodes, row.message])


def test_what_is_granted_costs_one_query_for_all_contracts(db: None, django_assert_num_queries: Any) -> None:
    team, other = (Team.objects.create(slug=slug, name=slug) for slug in ("one", "other"))
    for number in range(3):
        name = f"c{number}"
        columns = {"group": "example.com", "version": "v1", "kind": f"C{number}", "plural": f"c{number}s"}
        contract = Contract.objects.create(name=name, owner=team, title=name, **columns)
        contract.revision = Revision.objects.create(contract=contract, number=1, text="", digest=name)
        contract.save()
    for owner, name, keys in [(team, "c0", ["a"]), (team, "c0", ["b"]), (other, "c1", ["c"])]:
        Grant.objects.create(contract_name=name, owner=owner, from_revision=1, keys=keys, descriptions=keys)
    with django_assert_num_queries(2):
        found = {one.name: one.granted for one in published_contracts()}
    assert found == {"c0": {"a", "b"}, "c1": frozenset(), "c2": frozenset()}
