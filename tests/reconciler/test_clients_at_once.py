"""Clients that create and delete instances at the same time, at random moments: nothing remains."""

from __future__ import annotations

import os
import random
import threading
import time
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from catalog.models import Change, ChangeState, Instance
from contracts.models import Contract
from portal.accounts.models import APIToken
from tests.reconciler.contracts import PAIR
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import wait_until_served

ROUNDS = int(os.environ.get("SLIPWAY_CLIENT_ROUNDS", "8"))  # of each client


class APIClient(threading.Thread):
    """Creates an instance, perhaps updates it, and deletes it, round after round."""

    def __init__(self, token: str, contract: Contract, namespace: str, number: int) -> None:
        super().__init__(daemon=True)
        self._client = Client(headers={"Authorization": f"Bearer {token}"})
        self._contract, self._namespace, self._number = contract, namespace, number
        self._chance = random.Random(number)
        self.failures: list[str] = []

    def run(self) -> None:
        try:
            for number in range(ROUNDS):
                self._round(f"c{self._number}-{number}")
        except Exception as error:  # shown by the test
            self.failures.append(repr(error))
        finally:
            connections.close_all()

    def _round(self, name: str) -> None:
        body = {"contract": self._contract.name, "namespace": self._namespace, "name": name}
        created = self._call("post", "/api/v1/instances/", {**body, "spec": {"text": name}})
        path = f"/api/v1/instances/{created['instance']['id']}/"
        self._pause()
        if self._chance.random() < 0.5:
            self._call("put", path, {"spec": {"text": f"{name} again"}})
            self._pause()
        self._call("delete", path)

    def _pause(self) -> None:
        time.sleep(self._chance.choice((0, 0, 0.01, 0.05, 0.15, 0.4)))  # the moment is random on purpose

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = {} if body is None else {"data": body, "content_type": "application/json"}
        for _ in range(20):
            answer = getattr(self._client, method)(path, **data)
            if answer.status_code != 503:  # the database is busy: retry, as Retry-After says
                break
            time.sleep(0.1)
        if answer.status_code != 202:
            self.failures.append(f"{method} {path}: {answer.status_code} {answer.content[:200]!r}")
        return answer.json()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_three_clients_create_and_delete_at_random(harness: Harness) -> None:
    contract = harness.publish(PAIR)
    wait_until_served(harness, contract)
    _, token = APIToken.issue(harness.user, "test")
    clients = [APIClient(token, contract, harness.namespace, number) for number in range(3)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(1000)
    assert [failure for client in clients for failure in client.failures] == []
    wait_for(lambda: not Instance.objects.exists(), "every instance is deleted", 60)
    wait_for(lambda: not Change.objects.open().exists(), "every change is decided")
    assert harness.cluster.list(contract.api_version, contract.kind, harness.namespace) == []
    label = "app.kubernetes.io/managed-by=slipway"
    assert harness.cluster.list("v1", "ConfigMap", harness.namespace, label) == []
    states = set(Change.objects.values_list("action", "state"))
    assert states <= {
        ("create", ChangeState.DELIVERED),
        ("create", ChangeState.SUPERSEDED),
        ("update", ChangeState.DELIVERED),
        ("update", ChangeState.SUPERSEDED),
        ("delete", ChangeState.DELIVERED),
    }
