"""CRDs whose names are in use: they wait without writing, until the names are free."""

from __future__ import annotations

import asyncio
import time

from devcluster.registry.crds import established, in_conflict
from devcluster.server import Server, Settings, serve
from devcluster.storage.memory import Manifest
from tests.custom_kinds import custom_definition

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
FIRST, SECOND = "things.names.example.com", "others.names.example.com"


async def found(server: Server, name: str, *, conflict: bool) -> Manifest:
    """The CRD, once its names are accepted, or are not."""
    deadline = time.monotonic() + 60
    while True:
        definition = server.store.get(DEFINITIONS, "", name)
        assert definition is not None
        if in_conflict(definition) if conflict else established(definition):
            return definition
        assert time.monotonic() < deadline, definition
        await asyncio.sleep(0.005)


async def test_names_in_use_are_accepted_once_they_are_free() -> None:
    server = await serve(Settings())
    try:
        server.store.create(custom_definition(FIRST, "Thing"))
        await found(server, FIRST, conflict=False)
        server.store.create(custom_definition(SECOND, "Thing"))
        definition = await found(server, SECOND, conflict=True)
        assert not established(definition)
        server.store.create(custom_definition("last.elsewhere.example.com", "Last"))
        await found(server, "last.elsewhere.example.com", conflict=False)
        assert server.store.get(DEFINITIONS, "", SECOND) == definition, "it is not written again and again"
        server.store.delete(DEFINITIONS, "", FIRST)
        await found(server, SECOND, conflict=False)
    finally:
        await server.stop()
