"""A destination's row → a client. The environment says how to reach a cluster, never the row."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from catalog.models import Destination
from reconciler.kube import Access, Client, read_in_cluster, read_kubeconfig


def kubeconfig_path() -> Path | None:
    """The kubeconfig to use: ``KUBECONFIG``, else the embedded cluster's own; None inside a cluster."""
    if settings.KUBECONFIG:
        return Path(settings.KUBECONFIG).expanduser()
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return None
    return Path(settings.STATE_DIR) / "kubeconfig"


async def read_access() -> Access:
    """Read again for every connection, because the embedded cluster has another port after a restart."""
    path = kubeconfig_path()
    return await read_in_cluster() if path is None else await read_kubeconfig(path)


def connect(permit: Callable[[], None] = lambda: None) -> Client:
    """A client of the default destination; it connects when needed. ``permit``: as in ``Client``."""
    return Client(read_access, permit)


def default_destination() -> Destination:
    """The row of the cluster that this reconciler manages, created if necessary."""
    with transaction.atomic():
        row, _ = Destination.objects.get_or_create(
            is_default=True, defaults={"slug": "default", "title": "Default cluster"}
        )
    return row
