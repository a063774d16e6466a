"""The harness of the reconciler's tests: a portal's rows, a cluster and a manager, observed from outside."""

from __future__ import annotations

import asyncio
import builtins
import os
import secrets
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from catalog.changes import propose_creation
from catalog.models import Change, Destination, Instance
from contracts.compiler import compile_text
from contracts.grants import give
from contracts.models import Contract, Revision
from portal.accounts.models import Role, Team, TeamNamespace, User
from reconciler.destinations import default_destination
from reconciler.kube import Client, NotServed, Resource, read_kubeconfig
from reconciler.manager.controllers import Controllers
from reconciler.manager.embedded import EmbeddedManager
from reconciler.manager.manager import Manager

T = TypeVar("T")
# Seconds that a test waits for an expected state, on a machine that has much else to do. A real autoscaler
# evaluates its target every 15 seconds.
TIMEOUT = 60.0 if "SLIPWAY_TEST_KUBECONFIG" in os.environ else 30.0


class Cluster:
    """Another client of the same API server, such as a user with kubectl; synchronous."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.client = Client(lambda: read_kubeconfig(kubeconfig))

    def close(self) -> None:
        self.run(self.client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def run(self, request: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(request, self._loop).result(TIMEOUT)

    async def find(self, api_version: str, kind: str) -> Resource:
        """A kind that was just added is found at once. Raises ``NotServed``."""
        try:
            return await self.client.kinds.find(api_version, kind)
        except NotServed:
            self.client.kinds.forget()
            return await self.client.kinds.find(api_version, kind)

    def served(self, api_version: str, kind: str) -> bool:
        self.client.kinds.forget()
        try:
            self.run(self.find(api_version, kind))
        except NotServed:
            return False
        return True

    def read(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
        """The object, which has to exist."""
        found = self.get(api_version, kind, namespace, name)
        assert found is not None, f"there is no {kind} {namespace}/{name}"
        return found

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        async def request() -> dict[str, Any] | None:
            resource = await self.find(api_version, kind)
            return await self.client.get(resource, namespace, name)

        return self.run(request())

    def list(
        self, api_version: str, kind: str, namespace: str = "", labels: str = ""
    ) -> list[dict[str, Any]]:
        async def request() -> builtins.list[dict[str, Any]]:
            resource = await self.find(api_version, kind)
            return (await self.client.list_all(resource, namespace, labels=labels))[0]

        return self.run(request())

    def apply(self, body: dict[str, Any], manager: str = "kubectl") -> dict[str, Any]:
        async def request() -> dict[str, Any]:
            resource = await self.find(body["apiVersion"], body["kind"])
            return await self.client.apply(resource, body, manager=manager)

        return self.run(request())

    def merge(
        self, api_version: str, kind: str, namespace: str, name: str, patch: dict[str, Any]
    ) -> dict[str, Any]:
        """As ``kubectl edit`` does."""

        async def request() -> dict[str, Any]:
            resource = await self.find(api_version, kind)
            return await self.client.merge(resource, namespace, name, patch, manager="kubectl-edit")

        return self.run(request())

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        async def request() -> bool:
            resource = await self.find(api_version, kind)
            return await self.client.delete(resource, namespace, name)

        self.run(request())


class Harness:
    """One per test. ``suffix`` keeps the kinds and namespaces of tests apart on a cluster that they share."""

    def __init__(self, kubeconfig: Path) -> None:
        self.suffix = secrets.token_hex(3)
        self.namespace = f"test-{self.suffix}"
        self.group = f"t{self.suffix}.slipway.dev"
        self.cluster = Cluster(kubeconfig)
        self.manager = EmbeddedManager()
        self.team = Team.objects.create(slug=f"team-{self.suffix}", name="Team")
        TeamNamespace.objects.create(team=self.team, name=self.namespace)
        self.user = User.objects.create_user(f"user-{self.suffix}")
        self.team.memberships.create(user=self.user, role=Role.DEVELOPER)
        self.destination: Destination = default_destination()
        self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})

    @property
    def running_manager(self) -> Manager:
        assert self.manager.manager is not None, "the manager is not running"
        return self.manager.manager

    @property
    def running_controllers(self) -> Controllers:
        controllers = self.running_manager.controllers
        assert controllers is not None, "the controllers are not running"
        return controllers

    def close(self) -> None:
        self.manager.stop()
        self.cluster.close()

    # -- what users do ----------------------------------------------------------------------------------

    def publish(self, text: str, *, granted: bool = True) -> Contract:
        """Publish a contract, and grant what it reaches.

        ``GROUP`` in its text becomes the API group of this test.
        """
        text = text.replace("GROUP", self.group)
        compilation = compile_text(text)
        assert compilation.definition is not None, [str(one) for one in compilation.problems]
        definition = compilation.definition
        known = Contract.objects.filter(name=definition.name).first()
        contract = known or Contract.objects.create(
            name=definition.name,
            group=definition.group,
            version=definition.version,
            kind=definition.kind,
            plural=definition.plural,
            namespaced=definition.namespaced,
            owner=self.team,
            title=definition.kind,
        )
        number = contract.revisions.count() + 1
        contract.revision = Revision.objects.create(
            contract=contract, number=number, text=text, digest=definition.digest, author_name="test"
        )
        contract.save()
        if granted:
            give(contract, definition.reach, by=None, reason="Needed by the test")
        contract.announce()
        return contract

    def manifest(self, contract: Contract, name: str, **spec: Any) -> dict[str, Any]:
        return {
            "apiVersion": contract.api_version,
            "kind": contract.kind,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        }

    def create(
        self, contract: Contract, name: str, *, annotations: dict[str, str] | None = None, **spec: Any
    ) -> Change:
        """Through the portal."""
        manifest = self.manifest(contract, name, **spec)
        if annotations:
            manifest["metadata"]["annotations"] = annotations
        return propose_creation(
            contract=contract, destination=self.destination, manifest=manifest, by=self.user
        )

    def row(self, name: str) -> Instance | None:
        return Instance.objects.filter(name=name, namespace=self.namespace).first()

    def get_row(self, name: str) -> Instance:
        """The row, which has to exist."""
        row = self.row(name)
        assert row is not None, f"there is no row {name}"
        return row

    def instance(self, contract: Contract, name: str) -> dict[str, Any] | None:
        return self.cluster.get(contract.api_version, contract.kind, self.namespace, name)

    def child(self, kind: str, name: str, api_version: str = "v1") -> dict[str, Any] | None:
        return self.cluster.get(api_version, kind, self.namespace, name)

    def get_instance(self, contract: Contract, name: str) -> dict[str, Any]:
        """The instance in the cluster, which has to exist."""
        return self.cluster.read(contract.api_version, contract.kind, self.namespace, name)

    def get_child(self, kind: str, name: str, api_version: str = "v1") -> dict[str, Any]:
        """The object in the cluster, which has to exist."""
        return self.cluster.read(api_version, kind, self.namespace, name)


def wait_for(condition: Callable[[], Any], what: str = "", seconds: float = TIMEOUT) -> Any:
    """Evaluate ``condition`` until it is true, and return its value."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or condition.__doc__ or condition}")
        time.sleep(0.02)
