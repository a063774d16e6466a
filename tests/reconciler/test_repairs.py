"""Repairs of one field that do not last: when each is due, when it is a conflict, how it is reported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.cache.repair_log import RepairLog
from reconciler.objects.accessors import condition_of
from reconciler.plan.compare import FieldDifference
from reconciler.plan.repairs import LONGEST_WAIT, QUIET, repairs_from
from tests.reconciler.builders import publish_contract
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import create_ready

UID, IDENTITY = "instance", ("apps", "Deployment", "home", "app")
BODY: dict[str, Any] = {"spec": {"replicas": 1, "paused": False}}


def difference(name: str = "replicas", desired: Any = 1) -> FieldDifference:
    return FieldDifference(f"spec.{name}", "unowned", ("spec", name), ("f:spec", f"f:{name}"), desired, 9)


class Rival:
    """Changes a field so many seconds after each repair. The log sees it at once, as a watch reports it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.log = RepairLog(lambda: self.now)

    def changes(self, what: FieldDifference, after: float = 0.0) -> float:
        """How long the repair of its next change waits. Then it is repaired."""
        self.now += after
        waited = self.log.due_in(UID, IDENTITY, (what,))
        if waited:
            self.log.observed(UID, IDENTITY, BODY, {what.labels})
            assert (self.log.next_look(UID) or 0) <= waited + 0.1
        self.now += waited
        assert self.log.due_in(UID, IDENTITY, (what,)) == 0
        self.log.repaired(UID, IDENTITY, (what,), "rival")
        self.log.observed(UID, IDENTITY, BODY, ())
        return waited

    @property
    def is_conflict(self) -> bool:
        return any(one.is_conflict for one in self.log.of(UID, IDENTITY))


def test_a_single_change_is_repaired_at_once_and_further_ones_wait_twice_as_long_each_time() -> None:
    rival = Rival()
    assert [rival.changes(difference()) for _ in range(6)] == [0, 1, 2, 4, 8, 16]
    assert [rival.changes(difference()) for _ in range(1100)][-1] == LONGEST_WAIT


def test_the_third_change_in_a_row_is_a_conflict_until_the_field_keeps_its_value() -> None:
    rival = Rival()
    seen = []
    for _ in range(3):
        rival.changes(difference())
        seen.append(rival.is_conflict)
    assert seen == [False, False, True]
    rival.now += QUIET - 1
    rival.log.observed(UID, IDENTITY, BODY, ())
    assert rival.is_conflict
    assert rival.log.next_look(UID) is not None, "a pass has to find that it is over"
    rival.now += 2
    rival.log.observed(UID, IDENTITY, BODY, ())
    assert not rival.is_conflict
    assert rival.log.next_look(UID) is None
    assert rival.changes(difference()) == 0, "a new series"


def test_single_changes_now_and_then_are_repaired_at_once() -> None:
    rival = Rival()
    assert [rival.changes(difference(), after=QUIET + 1) for _ in range(5)] == [0] * 5
    assert not rival.is_conflict


def test_a_conflict_lasts_while_a_repair_waits_for_longer_than_the_quiet_time() -> None:
    rival = Rival()
    for _ in range(12):
        rival.changes(difference())
    assert rival.changes(difference()) == LONGEST_WAIT > QUIET
    assert rival.is_conflict


def test_other_fields_and_other_values_do_not_wait() -> None:
    rival = Rival()
    for _ in range(6):
        rival.changes(difference())
    other = difference("paused", desired=False)
    assert rival.log.due_in(UID, IDENTITY, (difference(),)) > 0
    assert rival.log.due_in(UID, IDENTITY, (other,)) == 0
    assert rival.log.due_in(UID, IDENTITY, (difference(), other)) == 0
    assert rival.log.due_in(UID, IDENTITY, (difference(desired=2),)) == 0
    assert rival.log.due_in(UID, (*IDENTITY[:3], "other"), (difference(),)) == 0


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"spec": {"paused": False}}, id="left-out"),
        pytest.param({"spec": {"replicas": 2}}, id="another-value"),
    ],
)
def test_a_template_that_does_not_set_the_value_any_more_ends_the_conflict(body: dict[str, Any]) -> None:
    rival = Rival()
    for _ in range(6):
        rival.changes(difference())
    rival.log.observed(UID, IDENTITY, body, ())
    assert not rival.is_conflict


@pytest.mark.parametrize(
    ("clock", "wait"),
    [
        pytest.param(1.0, 31.0, id="soon"),
        pytest.param(40.0, 0.0, id="after-its-wait"),
        pytest.param(-5000.0, 32.0, id="with-a-clock-that-was-set-back"),
    ],
)
def test_the_rows_continue_the_series_after_a_restart(clock: float, wait: float) -> None:
    rival = Rival()
    for _ in range(6):
        rival.changes(difference())
    rival.log.observed(UID, IDENTITY, BODY, {difference().labels})
    stored = json.loads(json.dumps([one.as_dict() for one in rival.log.of(UID, IDENTITY)]))
    rival.now += clock
    restarted = RepairLog(lambda: rival.now)
    restarted.seed(UID, {IDENTITY: repairs_from(stored)})
    assert restarted.due_in(UID, IDENTITY, (difference(),)) == wait
    assert restarted.of(UID, IDENTITY)[0].is_conflict
    restarted.forget_instance(UID)
    assert restarted.due_in(UID, IDENTITY, (difference(),)) == 0


# -- with a running reconciler ------------------------------------------------------------------------------

SCALED = """
- id: app
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: "${schema.metadata.name}", labels: {tier: web}}
    spec:
      REPLICAS
      selector: {matchLabels: {app: "${schema.metadata.name}"}}
      template:
        metadata: {labels: {app: "${schema.metadata.name}"}}
        spec: {containers: [{name: app, image: nginx}]}
- id: scaler
  template:
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: "${schema.metadata.name}"}
    spec:
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "${app.metadata.name}"}
      minReplicas: 2
      maxReplicas: 4
      metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
"""


def test_a_conflict_with_an_autoscaler_slows_down_and_is_explained(
    stopped_harness: Harness, kubeconfig: Path
) -> None:
    harness = stopped_harness
    harness.manager.start()
    contract = publish_contract(harness, SCALED.replace("REPLICAS", "replicas: 1"))
    harness.create(contract, "one")
    app = ("apps/v1", "Deployment", harness.namespace, "one")

    def condition() -> Mapping[str, Any] | None:
        live = harness.instance(contract, "one")
        return live and condition_of(live, "FieldConflict")

    wait_for(lambda: harness.get_row("one").reason == "FieldConflict", "the conflict is reported")
    found = condition()
    assert found is not None
    assert (found["status"], found["reason"]) == ("True", "RepeatedRepairs")
    for name in ("spec.replicas", "kube-controller-manager", "slipway/children", "Leave the field out"):
        assert name in found["message"]
    row = harness.get_row("one")
    assert (row.state, row.reason_node) == ("degraded", "app")
    assert harness.cluster.read(*app)["metadata"]["generation"] < 20

    harness.cluster.merge(*app, {"metadata": {"labels": {"tier": "edited"}}})
    wait_for(lambda: harness.cluster.read(*app)["metadata"]["labels"]["tier"] == "web", "repaired at once")

    harness.manager.stop()
    before = harness.cluster.read(*app)["metadata"]["generation"]
    stored = row.resources.get(node="app").repairs
    assert stored[0]["repairs"] >= 2, "a restart continues the series"
    harness.manager.start()
    wait_for(lambda: harness.running_manager.controllers, "it runs again")
    events = row.events.filter(reason="DriftRepaired", message__endswith=": spec.replicas.")
    assert events.count() == 1, "occurrences are counted, not stored"
    repair = events.get()
    assert repair.count >= 2
    assert repair.first_at <= repair.at

    publish_contract(harness, SCALED.replace("REPLICAS", ""))
    wait_for(lambda: harness.get_row("one").state == "ready", "without the field it is ready")
    assert condition() is None
    assert harness.cluster.read(*app)["metadata"]["generation"] < before + 6


def test_a_single_edit_is_no_conflict(harness: Harness) -> None:
    contract = publish_contract(
        harness, SCALED.partition("- id: scaler")[0].replace("REPLICAS", "replicas: 1")
    )
    create_ready(harness, contract, "one")
    app = ("apps/v1", "Deployment", harness.namespace, "one")
    harness.cluster.merge(*app, {"spec": {"replicas": 3}})
    wait_for(lambda: harness.cluster.read(*app)["spec"]["replicas"] == 1, "it is repaired at once", seconds=5)
    assert condition_of(harness.get_instance(contract, "one"), "FieldConflict") is None
