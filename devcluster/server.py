"""The server: assembles storage, registry, controllers and HTTP, and listens on loopback."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from devcluster import certificates, controllers, kubeconfig
from devcluster.controllers import ControllerManager
from devcluster.http.api import Api
from devcluster.http.front import Front
from devcluster.kinds.kinds import Kinds
from devcluster.kinds.validation_rules import RuleEvaluator
from devcluster.registry.crds import Definitions
from devcluster.registry.garbage_collector import GarbageCollector
from devcluster.registry.local_store import LocalStore
from devcluster.registry.namespace_deletion import NamespaceController
from devcluster.registry.requests import Target, WriteOptions
from devcluster.registry.writes import Writes
from devcluster.storage.journal import Journal
from devcluster.storage.memory import Manifest, Memory

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


@dataclass(slots=True)
class Settings:
    """How a server runs.

    Port 0 takes a free port. `controllers` starts the garbage collector, the deletion of namespaces and the
    controllers of workloads. `rules` evaluates the CEL rules of CRDs; without it they are not evaluated.
    """

    port: int = 0
    host: str = "127.0.0.1"
    controllers: bool = True
    ready_after: float = 2.0
    state: Path | None = None
    rules: RuleEvaluator | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))


class Server:
    """One simulated cluster. `store` is for code in the same process and event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.token = settings.token
        self.memory = Memory()
        self.writes = Writes(self.memory, Kinds(), settings.rules)
        self.definitions = Definitions(self.writes)
        self.store = LocalStore(self.writes)
        self.api = Api(self.writes)
        self.ca = b""
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._controllers: ControllerManager | None = None
        self._journal: Journal | None = None

    @property
    def url(self) -> str:
        return f"https://{self.settings.host}:{self.port}"

    async def start(self) -> None:
        context, self.ca = certificates.create()
        if self.settings.state is not None:
            self._journal = Journal(self.memory, self.settings.state)
            await self._journal.open()
            self.definitions.restore()
        self._create_initial_objects()
        if self.settings.controllers:
            self._start_controllers()
        front = Front(self.api, self.token)
        self._runner = web.AppRunner(front.application(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    def _start_controllers(self) -> None:
        for worker in (GarbageCollector(self.writes), NamespaceController(self.writes)):
            self._tasks.append(asyncio.create_task(worker.run()))
        durations = controllers.durations_for(self.settings.ready_after)
        settings = controllers.Settings(durations=durations, certificate=self.ca.decode())
        self._controllers = controllers.start(self.store, settings=settings)

    async def stop(self) -> None:
        self.api.stopping.set()
        if self._controllers is not None:
            self._controllers.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        if self._journal is not None:
            self._journal.close()

    def write_kubeconfig(self, path: Path) -> Path:
        """Write a kubeconfig for kubectl and clients; only its owner can read it."""
        return kubeconfig.write(path, self.url, self.token, self.ca)

    def _create_initial_objects(self) -> None:
        kind = self.writes.kinds.find("", "v1", "namespaces")
        assert kind is not None
        for name in NAMESPACES:
            if self.memory.get("namespaces", "", name) is None:
                manifest: Manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
                self.writes.create(Target(kind), manifest, WriteOptions("kube-apiserver"))
        self._create_api_service()

    def _create_api_service(self) -> None:
        """The Service through which the pods of a real cluster reach its API."""
        if self.memory.get("services", "default", "kubernetes") is not None:
            return
        kind = self.writes.kinds.find("", "v1", "services")
        assert kind is not None
        labels = {"component": "apiserver", "provider": "kubernetes"}
        ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]
        manifest: Manifest = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kubernetes", "labels": labels},
            "spec": {"clusterIP": "10.96.0.1", "ports": ports},
        }
        self.writes.create(Target(kind, "default"), manifest, WriteOptions("kube-apiserver"))


async def serve(settings: Settings | None = None) -> Server:
    """Start a server. Stop it with `await server.stop()`."""
    server = Server(settings or Settings())
    await server.start()
    return server
