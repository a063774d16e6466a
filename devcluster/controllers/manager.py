"""All controllers, and how they are started."""

from __future__ import annotations

from devcluster.controllers import event_expiry, namespaces
from devcluster.controllers.framework.clock import Clock, LoopClock
from devcluster.controllers.framework.controller import Controller
from devcluster.controllers.framework.loop import ControllerManager
from devcluster.controllers.framework.objects import Object, name_of, resource_of
from devcluster.controllers.framework.settings import Settings
from devcluster.controllers.networking import addresses, endpoints
from devcluster.controllers.nodes import kubelet, nodes, scheduler, volumes
from devcluster.controllers.policy import autoscaling, disruption, quotas
from devcluster.controllers.workloads import (
    cron_jobs,
    daemon_sets,
    deployments,
    jobs,
    replica_sets,
    stateful_sets,
)
from devcluster.machinery.errors import ApiError
from devcluster.storage.store import Store

ALL: tuple[Controller, ...] = (
    nodes.CONTROLLER,
    deployments.CONTROLLER,
    replica_sets.CONTROLLER,
    stateful_sets.CONTROLLER,
    daemon_sets.CONTROLLER,
    jobs.CONTROLLER,
    cron_jobs.CONTROLLER,
    scheduler.CONTROLLER,
    kubelet.CONTROLLER,
    endpoints.CONTROLLER,
    addresses.SERVICES,
    addresses.INGRESSES,
    volumes.CLAIMS,
    volumes.VOLUMES,
    namespaces.CONTROLLER,
    autoscaling.CONTROLLER,
    disruption.CONTROLLER,
    quotas.CONTROLLER,
    event_expiry.CONTROLLER,
)


def start(store: Store, *, settings: Settings | None = None) -> ControllerManager:
    """Run the controllers in the current event loop. Missing nodes and the storage class are created."""
    settings = settings or Settings()
    controllers = assemble(store, settings, LoopClock())
    controllers.run()
    return controllers


def assemble(store: Store, settings: Settings, clock: Clock) -> ControllerManager:
    """The selected controllers, not running yet: for tests that advance the clock."""
    seed(store, clock)
    chosen = [each for each in ALL if settings.only is None or each.name in settings.only]
    return ControllerManager(store, chosen, settings, clock)


def seed(store: Store, clock: Clock | None = None) -> None:
    """Create the simulated nodes and the default storage class unless they exist."""
    for body in [*nodes.simulated_nodes((clock or LoopClock()).now()), volumes.default_storage_class()]:
        if store.get(resource_of(body["kind"]), "", name_of(body)) is None:
            _create(store, body)


def _create(store: Store, body: Object) -> None:
    try:
        store.create(body, manager="devcluster")
    except ApiError as error:
        if error.code != 409:
            raise
    if body.get("status"):
        store.update_status(body, manager="devcluster")
