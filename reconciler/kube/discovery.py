"""The REST map: which kinds a cluster serves, and under which path.

Uses aggregated discovery (two requests) where the server offers it, else one request per group and version. A
kind that is not in the map is looked up again, at most once a second: its CRD may have been installed
meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.kube.errors import ApiError, NotServed
from reconciler.objects.accessors import group_kind

if TYPE_CHECKING:
    from reconciler.kube.client import Client

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
REFRESH_PERIOD = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind that a cluster serves."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_kind(self) -> str:
        return group_kind(self.group, self.kind)

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path of a collection or an object. Parts are quoted, so that no name can change the request."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/" + "/".join(quote(part, safe="") for part in parts)


class RestMap:
    """The kinds of one cluster, read when first needed."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._kinds: dict[tuple[str, str], Resource] = {}
        self._preferred: dict[str, list[Resource]] = {}  # "Kind.group" → versions, preferred first
        self._read_at = -REFRESH_PERIOD
        self._dirty = False
        self._lock = asyncio.Lock()

    async def find(self, api_version: str, kind: str) -> Resource:
        """Raises ``NotServed``."""
        if self._dirty or (api_version, kind) not in self._kinds:
            await self._refresh()
        found = self._kinds.get((api_version, kind))
        if found is None:
            raise NotServed(api_version, kind)
        return found

    async def find_group_kind(self, group_kind: str) -> Resource | None:
        """The preferred version of ``Kind.group``; None when it is not served (any more)."""
        if self._dirty or group_kind not in self._preferred:
            await self._refresh()
        return next(iter(self._preferred.get(group_kind, ())), None)

    async def everything(self) -> list[Resource]:
        if self._dirty or not self._kinds:
            await self._refresh()
        return list(self._kinds.values())

    def forget(self) -> None:
        """The kinds changed: read them again at the next lookup."""
        self._dirty = True

    async def _refresh(self) -> None:
        async with self._lock:
            if not self._dirty and time.monotonic() - self._read_at < REFRESH_PERIOD:
                return
            self._dirty = False
            try:
                resources = [resource async for resource in read(self._client)]
            except BaseException:
                self._dirty = True
                raise
            self._read_at = time.monotonic()
            self._kinds = {(resource.api_version, resource.kind): resource for resource in resources}
            self._preferred = {}
            for resource in resources:
                self._preferred.setdefault(resource.group_kind, []).append(resource)


async def read(client: Client) -> Any:
    """Every kind, group by group, the preferred version first."""
    for root in ("/api", "/apis"):
        answer = await client.request("GET", root, headers={"Accept": AGGREGATED})
        if answer.get("kind") == "APIGroupDiscoveryList":
            for resource in aggregated(answer):
                yield resource
            continue
        for group_version in legacy_group_versions(root, answer):
            try:
                document = await client.request("GET", f"{root}/{group_version}")
            except ApiError as error:
                if error.code in (404, 503):  # an aggregated API whose server is unreachable
                    continue
                raise
            for resource in legacy(group_version, document):
                yield resource


def aggregated(answer: Mapping[str, Any]) -> Iterator[Resource]:
    for group in answer.get("items") or ():
        name = (group.get("metadata") or {}).get("name") or ""
        for version in group.get("versions") or ():
            for entry in version.get("resources") or ():
                kind = entry.get("responseKind") or {}
                yield Resource(
                    group=name,
                    version=version["version"],
                    kind=kind.get("kind") or "",
                    plural=entry["resource"],
                    namespaced=entry.get("scope") == "Namespaced",
                )


def legacy_group_versions(root: str, answer: Mapping[str, Any]) -> Iterable[str]:
    if root == "/api":
        yield from answer.get("versions") or ()
        return
    for group in answer.get("groups") or ():
        preferred = (group.get("preferredVersion") or {}).get("groupVersion")
        versions = [version["groupVersion"] for version in group.get("versions") or ()]
        yield from sorted(versions, key=lambda version: version != preferred)


def legacy(group_version: str, document: Mapping[str, Any]) -> Iterator[Resource]:
    group, _, version = group_version.rpartition("/")
    for entry in document.get("resources") or ():
        if "/" in entry["name"]:
            continue  # a subresource
        yield Resource(
            group=group,
            version=version,
            kind=entry["kind"],
            plural=entry["name"],
            namespaced=bool(entry.get("namespaced")),
        )
