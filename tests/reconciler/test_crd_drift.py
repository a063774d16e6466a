"""A generated definition that was edited or deleted by hand: what is drift, and what restores it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.compiler import Definition, builtin_kinds, compile_text, kinds_with
from contracts.documents import read
from contracts.models import Contract
from portal.audit.models import Entry
from reconciler.kinds.crd import CRD_RESOURCE, crd_of, foreign_owner
from reconciler.kinds.crd_repairs import LONGEST_WAIT, QUIET, CrdRepairs
from reconciler.objects.health import health_of
from reconciler.objects.names import CONTRACT_MANAGER
from reconciler.plan import field_differences
from tests.clusters import any_cluster
from tests.conftest import REPOSITORY, conformance_folder
from tests.contracts.definitions import config_map, defined
from tests.reconciler.contracts import PAIR
from tests.reconciler.harness import Cluster, Harness, wait_for
from tests.reconciler.steps import create_ready, wait_until_ready

CRD = (CRD_RESOURCE.api_version, CRD_RESOURCE.kind, "")
SCHEMA = "metadata: {labels: {team: a}, annotations: {note: b}}\nshortNames: [ex]"
EXAMPLES = conformance_folder() / "kro"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with any_cluster(controllers=False) as kubeconfig:
        made = Cluster(kubeconfig)
        yield made
        made.close()


def applied(cluster: Cluster, definition: Definition) -> dict[str, Any]:
    """The definition as a client reads it once its kind is established."""

    def established() -> dict[str, Any] | None:
        live = cluster.read(*CRD, definition.crd_name)
        return live if health_of(live).state == "ready" else None

    async def apply() -> None:
        await cluster.client.apply(CRD_RESOURCE, crd_of(definition), manager=CONTRACT_MANAGER)

    cluster.run(apply())
    found: dict[str, Any] = wait_for(established, f"{definition.crd_name} is established")
    return found


# -- what is drift ------------------------------------------------------------------------------------------


def definitions_of_examples() -> Iterator[tuple[str, Definition]]:
    """Everything that kro's examples and our samples define."""
    crds = [
        one.data for path in sorted((EXAMPLES / "crds").glob("*.yaml")) for one in read(path.read_text())[0]
    ]
    kinds = kinds_with(builtin_kinds(), crds=crds)
    roots = (EXAMPLES / "examples", REPOSITORY / "contracts" / "samples")
    for path in sorted(path for root in roots for path in root.rglob("*.yaml")):
        text = path.read_text()
        definition = compile_text(text, kinds=kinds).definition if "GraphDefinition" in text else None
        if definition is not None:
            yield path.name, definition


def test_an_untouched_definition_has_no_drift(cluster: Cluster) -> None:
    """Otherwise it would be applied again and again."""
    seen, found = set(), {}
    for name, definition in definitions_of_examples():
        if definition.crd_name in seen:
            continue
        seen.add(definition.crd_name)
        live = applied(cluster, definition)
        found[name] = field_differences(crd_of(definition), live, CONTRACT_MANAGER)
        assert not foreign_owner(live, definition.name), name
        cluster.delete(*CRD, definition.crd_name)
    assert {name: fields for name, fields in found.items() if fields} == {}
    assert len(seen) >= (20 if EXAMPLES.is_dir() else 6)


def version(**changes: Any) -> dict[str, Any]:
    """A patch of the only version. A merge patch replaces the list."""
    head = {"name": "v1alpha1", "served": True, "storage": True, "subresources": {"status": {}}}
    anything = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {"spec": {"versions": [{**head, "schema": anything, **changes}]}}


EDITS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "another schema": (version(), ["spec.versions"]),
    "columns": (version(additionalPrinterColumns=[]), ["spec.versions"]),
    "short names": ({"spec": {"names": {"shortNames": ["other"]}}}, ["spec.names.shortNames"]),
    "categories that we do not set": ({"spec": {"names": {"categories": ["all"]}}}, []),
    "a label of the author": ({"metadata": {"labels": {"team": "z"}}}, ["metadata.labels.team"]),
    "a label of the author, removed": ({"metadata": {"labels": {"team": None}}}, ["metadata.labels.team"]),
    "an annotation of the author": (
        {"metadata": {"annotations": {"note": "z"}}},
        ["metadata.annotations.note"],
    ),
    "the owner's label": (
        {"metadata": {"labels": {"app.kubernetes.io/managed-by": "helm"}}},
        ['metadata.labels["app.kubernetes.io/managed-by"]'],
    ),
    "all labels and annotations": (
        {"metadata": {"labels": None, "annotations": None}},
        [
            'metadata.labels["app.kubernetes.io/managed-by"]',
            'metadata.labels["applyset.kubernetes.io/is-parent-type"]',
            'metadata.labels["slipway.dev/contract"]',
            "metadata.labels.team",
            'metadata.annotations["slipway.dev/contract"]',
            'metadata.annotations["slipway.dev/digest"]',
            "metadata.annotations.note",
        ],
    ),
    "the digest": (
        {"metadata": {"annotations": {"slipway.dev/digest": "0"}}},
        ['metadata.annotations["slipway.dev/digest"]'],
    ),
    "a label of another client": ({"metadata": {"labels": {"cost": "1"}}}, []),
    "an annotation of another client": ({"metadata": {"annotations": {"cost": "1"}}}, []),
    "a finalizer of another client": ({"metadata": {"finalizers": ["example.com/hold"]}}, []),
    "the default conversion, written out": ({"spec": {"conversion": {"strategy": "None"}}}, []),
}  # fmt: skip


@pytest.mark.parametrize(("patch", "fields"), EDITS.values(), ids=EDITS.keys())
def test_which_edits_are_drift(cluster: Cluster, patch: dict[str, Any], fields: list[str]) -> None:
    definition = defined(config_map("a"), schema=SCHEMA)
    desired, live = crd_of(definition), applied(cluster, definition)
    assert field_differences(desired, live, CONTRACT_MANAGER) == []
    cluster.merge(*CRD, definition.crd_name, patch)
    edited = cluster.read(*CRD, definition.crd_name)
    assert not foreign_owner(edited, definition.name), "it is still the contract's"
    found = sorted({one.path for one in field_differences(desired, edited, CONTRACT_MANAGER)})
    assert found == sorted(fields)
    cluster.merge(*CRD, definition.crd_name, {"metadata": {"finalizers": None}})
    assert not field_differences(desired, applied(cluster, definition), CONTRACT_MANAGER), "it is restored"


def test_what_another_tool_installed_is_foreign(cluster: Cluster) -> None:
    definition = defined(config_map("a"), schema="group: foreign.example.com")
    crd = crd_of(definition)
    metadata = {"name": definition.crd_name, "labels": {"app.kubernetes.io/managed-by": "helm"}}
    cluster.apply({**crd, "metadata": metadata}, manager="helm")
    assert foreign_owner(cluster.read(*CRD, definition.crd_name), definition.name) == "“helm”"


# -- two managers fight -------------------------------------------------------------------------------------


class Fight:
    """Another client changes a definition each time it was restored."""

    def __init__(self) -> None:
        self.now = 0.0
        self.repairs = CrdRepairs(lambda: self.now)
        self.desired = crd_of(defined(config_map("a")))
        self.number = 0
        self.repairs.record(self.desired, self.live("a"), None)

    def live(self, scope: str) -> dict[str, Any]:
        self.number += 1
        entry = {"manager": "kubectl-edit", "operation": "Update", "time": "2026-01-01T00:00:00Z"}
        metadata = {"uid": "1", "resourceVersion": str(self.number), "managedFields": [entry]}
        return {
            **self.desired,
            "metadata": {**self.desired["metadata"], **metadata},
            "spec": {"scope": scope},
        }

    def edited(self) -> tuple[float, str]:
        """Restore it as soon as that is due. Returns how long that took, and who changed it."""
        edited = self.live(f"edit {self.number}")
        drift = self.repairs.drift(self.desired, edited)
        assert drift is not None
        waited, self.now = drift.wait, self.now + drift.wait
        due = self.repairs.drift(self.desired, edited)
        assert due is not None
        assert due.wait == 0
        self.repairs.record(self.desired, self.live("as desired"), due)
        return waited, drift.by


def test_repairs_of_a_fight_are_delayed() -> None:
    fight = Fight()
    assert [fight.edited() for _ in range(5)] == [(wait, "kubectl-edit") for wait in (0, 2, 4, 8, 16)]
    assert max(fight.edited()[0] for _ in range(8)) == LONGEST_WAIT
    fight.now += QUIET + 1
    assert [fight.edited()[0] for _ in range(2)] == [0, 2], "the fight was over"


def test_a_new_revision_is_applied_at_once_during_a_fight() -> None:
    fight = Fight()
    for _ in range(4):
        fight.edited()
    desired = crd_of(defined(config_map("a"), spec="other: string", status=""))
    drift = fight.repairs.drift(desired, fight.live("as desired"))
    assert drift is not None
    assert (drift.wait, drift.by) == (0, "")


def test_what_the_server_writes_in_another_form_is_applied_once() -> None:
    fight = Fight()
    live = fight.live("as the server writes it")
    assert fight.repairs.drift(fight.desired, live) is not None
    fight.repairs.record(fight.desired, live, None)
    assert fight.repairs.drift(fight.desired, live) is None


# -- with a running reconciler ------------------------------------------------------------------------------


def spec_of(harness: Harness) -> Any:
    return harness.cluster.read(*CRD, f"pairs.{harness.group}")["spec"]


def kind_ready(contract: Contract) -> dict[str, str]:
    contract.refresh_from_db()
    return next(one for one in contract.conditions if one["type"] == "KindReady")


def test_an_edited_definition_is_restored_and_its_instances_remain(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one")
    spec, uid = spec_of(harness), harness.get_instance(contract, "one")["metadata"]["uid"]
    patch = version()
    patch["metadata"] = {"labels": {"app.kubernetes.io/managed-by": None, "cost": "1"}}
    harness.cluster.merge(*CRD, f"pairs.{harness.group}", patch)
    wait_for(lambda: spec_of(harness) == spec, "the schema is restored")
    labels = harness.cluster.read(*CRD, f"pairs.{harness.group}")["metadata"]["labels"]
    assert (labels["app.kubernetes.io/managed-by"], labels["cost"]) == ("slipway", "1")
    wait_until_ready(harness, "one")
    assert harness.get_instance(contract, "one")["metadata"]["uid"] == uid


def test_a_fight_is_reported_and_slows_down(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one")
    spec = spec_of(harness)
    for _ in range(2):
        harness.cluster.merge(*CRD, f"pairs.{harness.group}", version())
        wait_for(lambda: spec_of(harness) == spec, "the schema is restored")
    harness.cluster.merge(*CRD, f"pairs.{harness.group}", version())
    message = "kubectl-edit keeps changing the definition in the cluster (spec.versions)."
    wait_for(lambda: kind_ready(contract)["message"].startswith(message), "the fight is reported")
    assert kind_ready(contract)["status"] == "True"
    wait_for(lambda: spec_of(harness) == spec, "the schema is restored")
    wait_for(lambda: kind_ready(contract)["message"] == "The kind Pair is served.")


def test_a_deleted_definition_is_recreated_and_its_instances_are_deleted(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    create_ready(harness, contract, "one")
    old = harness.cluster.read(*CRD, f"pairs.{harness.group}")["metadata"]["uid"]
    harness.cluster.delete(*CRD, f"pairs.{harness.group}")

    def created_again() -> bool:
        live = harness.cluster.get(*CRD, f"pairs.{harness.group}")
        return live is not None and live["metadata"]["uid"] != old and health_of(live).state == "ready"

    wait_for(created_again, "it is created again")
    wait_for(lambda: harness.row("one") is None, "the instance was deleted with the kind")
    assert harness.child("ConfigMap", "one-first") is None, "and its resources with it"
    entry = wait_for(lambda: Entry.objects.filter(verb="contract.kind_recreated").first(), "it is in the log")
    assert (entry.subject_name, entry.detail) == (str(contract), {"instances deleted": 1})
    create_ready(harness, contract, "one")
