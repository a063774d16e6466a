"""Killed at every moment: each life of the reconciler makes one write to the cluster and dies by SIGKILL.

So creation, change, pruning and deletion of an instance with a collection go through every state that lies
between two writes, and the next life has to continue with nothing but cluster and rows. So do adoption, a new
revision, a repair of the definition, and a namespace with a new owner.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from catalog.changes import propose_deletion, propose_update
from catalog.models import Change, ChangeState, Event
from catalog.touched import Base
from contracts.grants import revoke
from contracts.models import Contract, Grant
from portal.accounts.models import Role, Team, TeamNamespace
from reconciler.objects.accessors import annotations_of, namespace_of
from tests.proxy import Forward, Proxy, status_response
from tests.reconciler.contracts import PAIR
from tests.reconciler.fork_server import ForkServer, fork_server
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.processes import database_file
from tests.reconciler.steps import get_condition

CREW = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: crew}
spec:
  schema:
    group: GROUP
    apiVersion: v1alpha1
    kind: Crew
    spec:
      text: string
      members: "[]string"
    status:
      count: ${size(member)}
  resources:
    - id: ship
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-ship"}
        data: {text: "${schema.spec.text}"}
    - id: member
      forEach:
        - who: ${schema.spec.members}
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-${who}"}
        data: {ship: "${ship.metadata.uid}", text: "${schema.spec.text}"}
    - id: roll
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-roll"}
        data: {count: "${string(size(member))}"}
"""
KIT = """
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: kit}
spec:
  schema:
    group: GROUP
    apiVersion: v1alpha1
    kind: Kit
    spec:
      secret: boolean
      accounts: "[]string"
  resources:
    - id: account
      forEach:
        - who: ${schema.spec.accounts}
      template:
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: "${schema.metadata.name}-${who}"}
    - id: secret
      includeWhen: ["${schema.spec.secret}"]
      template:
        apiVersion: v1
        kind: Secret
        metadata: {name: "${schema.metadata.name}-NAMESPACE", namespace: default}
"""
PAIR_OF_SIZE = PAIR.replace(
    "extra: boolean | default=false", "extra: boolean | default=false\n      size: integer | default=1"
).replace('"${schema.spec.text}"}', '"${schema.spec.text}", size: "${string(schema.spec.size)}"}')
CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
INVENTORY = (
    "applyset.kubernetes.io/contains-group-kinds",
    "applyset.kubernetes.io/additional-namespaces",
)
MOST_LIVES = 60


class Trap:
    """Between a reconciler and its cluster: forwards one write, and kills its sender.

    ``answered``: the sender is killed at its next write, so it received the answer to the first; else the
    answer is lost. Other writes of a dead process are not forwarded.
    """

    def __init__(self, proxy: Proxy, answered: bool) -> None:
        self._answered = answered
        proxy.handler = self.answer
        self._victim = self._writes = 0
        self.made: Counter[str] = Counter()
        self.deleted: Counter[str] = Counter()

    def set_for(self, victim: int) -> None:
        self._victim, self._writes = victim, 0

    async def answer(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        path, body = request.path, await request.read()
        if request.method == "GET" or "/leases" in path or not self._victim:
            return await forward(body)
        self._writes += 1
        if self._writes > 1:
            self._kill()
            return status_response(503, "ServiceUnavailable", "it is dead")
        answer = await forward(body)
        name = path.rpartition("/")[2]
        if "/configmaps/" in path:
            self.made[name] += answer.status == 201
            self.deleted[name] += request.method == "DELETE" and answer.status == 200
        if not self._answered:
            self._kill()
        return answer

    def _kill(self) -> None:
        if self._victim > 0:
            os.kill(self._victim, signal.SIGKILL)
            self._victim = -1  # no process: no further write is forwarded

    @property
    def sprung(self) -> bool:
        return self._victim == -1

    def spring(self) -> None:
        self._kill()


class Lives:
    def __init__(self, fork_server: ForkServer, trap: Trap) -> None:
        self._fork_server, self._trap, self.number = fork_server, trap, 0

    def until(self, done: Callable[[], Any], after_each: Callable[[], None] = lambda: None) -> None:
        """One life after the other until ``done`` is true and nothing is left to write."""
        for _ in range(MOST_LIVES):
            pid = self._fork_server.start()
            self.number += 1
            self._trap.set_for(pid)
            wait_for(lambda: self._trap.sprung or done(), "it writes, or is done")
            finished = not self._trap.sprung
            self._trap.spring()
            self._fork_server.reap(pid)
            after_each()
            if finished:
                return
        raise AssertionError(f"{MOST_LIVES} lives did not suffice")


@pytest.fixture
def manager_kubeconfig(proxy: Proxy) -> Path:
    return proxy.kubeconfig


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("answered", [False, True], ids=["answers-lost", "answers-received"])
def test_one_write_in_every_life(
    stopped_harness: Harness, proxy: Proxy, tmp_path: Path, answered: bool
) -> None:
    harness, trap = stopped_harness, Trap(proxy, answered)
    with fork_server(proxy.kubeconfig, tmp_path, database_file()) as children:
        lives = Lives(children, trap)
        contract = harness.publish(CREW)

        harness.create(contract, "one", text="old", members=["a", "b", "c"])
        lives.until(lambda: is_settled(harness, contract))
        assert maps(harness) == {"one-ship", "one-a", "one-b", "one-c", "one-roll"}
        uids = {one["metadata"]["name"]: one["metadata"]["uid"] for one in listed(harness)}

        row = harness.row("one")
        assert row is not None
        manifest = harness.manifest(contract, "one", text="new", members=["b", "c", "d"])
        change = propose_update(instance=row, manifest=manifest, by=harness.user, base=Base(row.manifest))
        lives.until(
            lambda: is_delivered(change) and is_settled(harness, contract) and "one-a" not in maps(harness)
        )
        after = {one["metadata"]["name"]: one for one in listed(harness)}
        assert set(after) == {"one-ship", "one-b", "one-c", "one-d", "one-roll"}
        assert {name: one["metadata"]["uid"] for name, one in after.items() if name in uids} == {
            name: uid for name, uid in uids.items() if name != "one-a"
        }
        assert {one["data"].get("text") for name, one in after.items() if name != "one-roll"} == {"new"}
        assert harness.get_instance(contract, "one")["status"]["count"] == 3

        propose_deletion(instance=harness.get_row("one"), by=harness.user)
        lives.until(lambda: harness.row("one") is None)
        assert not maps(harness)
        assert harness.instance(contract, "one") is None

    assert lives.number > 20
    everything = {*uids, "one-d"}
    assert dict(trap.made) == dict.fromkeys(everything, 1)
    assert dict(trap.deleted) == dict.fromkeys(everything, 1)
    assert not Change.objects.exclude(state=ChangeState.DELIVERED).exists()
    assert not Event.objects.filter(reason__in=["Restored", "DriftRepaired", "Adopted"]).exists()


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("answered", [False, True], ids=["answers-lost", "answers-received"])
def test_the_inventory_covers_every_object_at_every_moment_and_shrinks(
    stopped_harness: Harness, proxy: Proxy, tmp_path: Path, answered: bool
) -> None:
    """Kinds and a namespace are recorded before their first object, and forgotten after their last one."""
    harness, trap = stopped_harness, Trap(proxy, answered)
    with fork_server(proxy.kubeconfig, tmp_path, database_file()) as children:
        lives = Lives(children, trap)
        contract = harness.publish(KIT.replace("NAMESPACE", harness.namespace))

        def inventory() -> tuple[str, str]:
            live = harness.get_instance(contract, "one")
            return tuple(live["metadata"].get("annotations", {}).get(name, "") for name in INVENTORY)

        def owned() -> set[tuple[str, str]]:
            """Kind and namespace of every object of the instance."""
            label, owner = "app.kubernetes.io/managed-by=slipway", f"Kit {harness.namespace}/one"
            kinds = ("Secret", "ServiceAccount")
            found = [(kind, one) for kind in kinds for one in harness.cluster.list("v1", kind, labels=label)]
            return {
                (kind, namespace_of(one))
                for kind, one in found
                if annotations_of(one)["slipway.dev/instance"] == owner
            }

        def check() -> None:
            kinds, namespaces = (set(part.split(",")) for part in inventory()) if owned() else (set(), set())
            assert {kind for kind, _ in owned()} <= kinds
            assert {namespace for _, namespace in owned()} - {harness.namespace} <= namespaces

        def change(**spec: Any) -> None:
            row = harness.get_row("one")
            manifest = harness.manifest(contract, "one", **spec)
            propose_update(instance=row, manifest=manifest, by=harness.user)

        everything = ("Secret,ServiceAccount", "default")
        harness.create(contract, "one", secret=True, accounts=["a", "b"])
        lives.until(lambda: is_settled(harness, contract) and inventory() == everything, check)
        change(secret=True, accounts=[])
        lives.until(lambda: inventory() == ("Secret", "default"), check)
        change(secret=False, accounts=["c"])
        lives.until(lambda: inventory() == ("ServiceAccount", ""), check)
        change(secret=True, accounts=["c"])
        lives.until(lambda: is_settled(harness, contract) and inventory() == everything, check)
        propose_deletion(instance=harness.get_row("one"), by=harness.user)
        lives.until(lambda: harness.row("one") is None, check)
        assert not owned()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_grant_that_is_revoked_while_an_instance_is_created(
    stopped_harness: Harness, proxy: Proxy, tmp_path: Path
) -> None:
    """From then on nothing is written out of reach; what was created there is deleted with the instance."""
    harness, trap = stopped_harness, Trap(proxy, answered=False)
    with fork_server(proxy.kubeconfig, tmp_path, database_file()) as children:
        lives = Lives(children, trap)
        contract = harness.publish(KIT.replace("NAMESPACE", harness.namespace))

        def there() -> dict[str, Any] | None:
            return harness.cluster.get("v1", "Secret", "default", f"one-{harness.namespace}")

        def refused() -> bool:
            row = harness.row("one")
            return row is not None and row.state == "failed" and "is out of reach" in row.message

        harness.create(contract, "one", secret=True, accounts=["a"])
        lives.until(there)
        created = there()
        revoke(Grant.objects.get(), by=None, reason="No longer")
        lives.until(refused)
        assert there() == created
        row = harness.get_row("one")
        manifest = harness.manifest(contract, "one", secret=True, accounts=["a", "b"])
        change = propose_update(instance=row, manifest=manifest, by=harness.user)
        label = "app.kubernetes.io/managed-by=slipway"

        def accounts() -> set[str]:
            found = harness.cluster.list("v1", "ServiceAccount", harness.namespace, label)
            return {one["metadata"]["name"] for one in found}

        lives.until(lambda: is_delivered(change) and accounts() == {"one-a", "one-b"} and refused())
        assert there() == created
        propose_deletion(instance=harness.get_row("one"), by=harness.user)
        lives.until(lambda: harness.row("one") is None)
        assert there() is None
        assert accounts() == set()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_happens_to_a_contract_and_its_namespace(
    stopped_harness: Harness, proxy: Proxy, tmp_path: Path
) -> None:
    """Adoption, a new revision, an edited definition, a new owner of the namespace, and withdrawal."""
    harness, trap = stopped_harness, Trap(proxy, answered=False)
    cluster, namespace = harness.cluster, harness.namespace
    with fork_server(proxy.kubeconfig, tmp_path, database_file()) as children:
        lives = Lives(children, trap)
        contract = harness.publish(PAIR)
        metadata = {"name": "one-first", "namespace": namespace}
        existing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mine": "kept"}}
        uid = cluster.apply(existing)["metadata"]["uid"]

        harness.create(contract, "one", text="a", annotations={"slipway.dev/adopt": "true"})
        lives.until(lambda: is_settled(harness, contract))
        adopted = harness.get_child("ConfigMap", "one-first")
        assert (adopted["metadata"]["uid"], adopted["data"]) == (uid, {"mine": "kept", "text": "a"})
        assert maps(harness) == {"one-first", "one-second"}

        harness.publish(PAIR_OF_SIZE)
        lives.until(
            lambda: (
                is_settled(harness, contract)
                and harness.get_child("ConfigMap", "one-first")["data"].get("size") == "1"
            )
        )
        name = f"{contract.plural}.{contract.group}"
        spec = cluster.read(*CRD, "", name)["spec"]
        edit = {"spec": {"versions": [{**spec["versions"][0], "schema": {"openAPIV3Schema": ANYTHING}}]}}
        cluster.merge(*CRD, "", name, edit)
        lives.until(lambda: cluster.read(*CRD, "", name)["spec"] == spec)

        other = Team.objects.create(slug="other", name="Other")
        other.memberships.create(user=harness.user, role=Role.DEVELOPER)
        owned = TeamNamespace.objects.get(name=namespace)
        owned.team = other
        owned.save()
        contract.withdraw(by=None, reason="Replaced")
        lives.until(lambda: is_settled(harness, contract))
        assert harness.get_row("one").team == other
        assert harness.get_child("ConfigMap", "one-first")["metadata"]["uid"] == uid

        propose_deletion(instance=harness.get_row("one"), by=harness.user)
        lives.until(lambda: harness.row("one") is None)
        assert not maps(harness)
    assert dict(+trap.made) == {"one-second": 1}
    assert dict(+trap.deleted) == {"one-first": 1, "one-second": 1}
    assert not Change.objects.exclude(state=ChangeState.DELIVERED).exists()
    assert not Event.objects.filter(reason__in=["Restored", "DriftRepaired"]).exists()
    assert Event.objects.filter(reason="Adopted").count() <= 1


def is_settled(harness: Harness, contract: Contract) -> bool:
    """Ready on the page and in the cluster, of the spec that it has now."""
    row = harness.row("one")
    if row is None or row.state != "ready":
        return False
    live = harness.get_instance(contract, "one")
    ready = get_condition(live, "Ready")
    return bool((ready["status"], ready["observedGeneration"]) == ("True", live["metadata"]["generation"]))


def is_delivered(change: Change) -> bool:
    change.refresh_from_db()
    return change.state == ChangeState.DELIVERED


def listed(harness: Harness) -> list[dict[str, Any]]:
    return harness.cluster.list("v1", "ConfigMap", harness.namespace, "app.kubernetes.io/managed-by=slipway")


def maps(harness: Harness) -> set[str]:
    return {one["metadata"]["name"] for one in listed(harness)}
