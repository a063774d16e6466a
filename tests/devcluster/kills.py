"""Kills a cluster in a process of its own while clients write, and compares it with their answers."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from devcluster.storage.journal import journal_path
from tests.devcluster.http import Http, read_credentials

Manifest = dict[str, Any]

CM = "/api/v1/namespaces/default/configmaps"
UNREACHABLE = (OSError, http.client.HTTPException)
CLIENTS = 3
NAMES = 6
LARGEST = 200_000  # bytes of one object: enough for a compaction now and then in a round


def config_map(name: str, **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


class Cluster:
    """`python -m devcluster` with its state in a folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.state = folder / "state.json"
        self.kubeconfig = folder / "kubeconfig"
        self._options = options
        self._process: subprocess.Popen[str]
        self.server = self.token = self.ca = ""

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Cluster:
        command = [
            sys.executable, "-m", "devcluster", "--kubeconfig", str(self.kubeconfig),
            "--state", str(self.state), "--ready-after", "0.05", *self._options,
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert " ready at " in self._process.stdout.readline()
        read = read_credentials(self.kubeconfig)
        self.server, self.token, self.ca = read.server, read.token, read.ca
        return self

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()


@dataclass
class Client:
    """Writes to names of its own. `objects` holds the answers, `unanswered` the write that has none yet."""

    number: int
    random: random.Random
    objects: dict[str, Manifest] = field(default_factory=dict)
    unanswered: tuple[str, Manifest | None] | None = None
    writes: int = 0
    version: int = 0

    def write_until_killed(self, cluster: Cluster) -> None:
        requests = Http(cluster)
        while True:
            name = f"client-{self.number}-{self.random.randrange(NAMES)}"
            try:
                self._write(requests, name)
            except UNREACHABLE:
                return

    def _write(self, requests: Http, name: str) -> None:
        live = self.objects.get(name)
        size = self.random.choice((10, 1000, LARGEST))
        wanted = config_map(name, text=f"{self.writes} ".ljust(size, "x"))
        if live is None:
            self.unanswered = name, wanted
            answer = requests.post(CM, wanted)
        elif self.random.random() < 0.3:
            self.unanswered = name, None
            answer = requests.delete(f"{CM}/{name}")
        else:
            self.unanswered = name, wanted
            answer = requests.merge(f"{CM}/{name}", wanted)
        assert answer.status in (200, 201), answer.body
        if self.unanswered[1] is None:
            del self.objects[name]
        else:
            self.objects[name] = answer.body
            self.version = max(self.version, int(answer.body["metadata"]["resourceVersion"]))
        self.unanswered = None
        self.writes += 1

    def check(self, found: dict[str, Manifest]) -> None:
        """Every answered write is there, and the unanswered one completely or not at all."""
        mine = {name: one for name, one in found.items() if name.startswith(f"client-{self.number}-")}
        if self.unanswered is not None:
            name, wanted = self.unanswered
            if mine.get(name) != self.objects.get(name):
                assert (mine[name]["data"] if name in mine else None) == (wanted["data"] if wanted else None)
                before, after = self.objects.pop(name, None), mine.get(name)
                if before is not None and after is not None:
                    assert after["metadata"]["uid"] == before["metadata"]["uid"]
                if after is not None:
                    self.objects[name] = after
            self.unanswered = None
        assert mine == self.objects


@dataclass
class Watcher:
    """What a client knows that watches: the objects, and the newest version that it has seen."""

    objects: dict[str, Manifest] = field(default_factory=dict)
    version: int = 0
    expired: bool = False

    def list(self, cluster: Cluster) -> None:
        answer = Http(cluster).get(CM).body
        self.objects = {one["metadata"]["name"]: one for one in with_kind(answer["items"])}
        self.version, self.expired = int(answer["metadata"]["resourceVersion"]), False

    def watch(self, cluster: Cluster, until: str = "") -> None:
        """Follow the events until the connection ends, or an object of this name appears."""
        try:
            for line in lines(cluster, f"{CM}?watch=1&timeoutSeconds=60&resourceVersion={self.version}"):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    assert event["object"]["code"] == 410, event
                    self.expired = True
                    return
                self._apply(event["type"], event["object"])
                if until in self.objects and until:
                    return
        except (*UNREACHABLE, ValueError):  # ValueError: the last line is not complete
            return

    def _apply(self, kind: str, manifest: Manifest) -> None:
        name, version = manifest["metadata"]["name"], int(manifest["metadata"]["resourceVersion"])
        assert version > self.version
        assert (kind == "ADDED") == (name not in self.objects)
        self.version = version
        if kind == "DELETED":
            del self.objects[name]
        else:
            self.objects[name] = manifest


def with_kind(items: list[Manifest]) -> list[Manifest]:
    return [{"apiVersion": "v1", "kind": "ConfigMap", **one} for one in items]


def lines(cluster: Cluster, path: str) -> Iterator[bytes]:
    netloc = urllib.parse.urlsplit(cluster.server).netloc
    link = http.client.HTTPSConnection(
        netloc, timeout=30, context=ssl.create_default_context(cadata=cluster.ca)
    )
    try:
        link.request("GET", path, headers={"Authorization": f"Bearer {cluster.token}"})
        response = link.getresponse()
        while line := response.readline():
            yield line
    finally:
        link.close()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one round: answered writes, compactions during them, and whether the watch continued after it."""

    writes: int
    compactions: int
    watch_continued: bool


def kill_rounds(folder: Path, rounds: int, seed: int) -> Iterator[Outcome]:
    """Kill one state's cluster again and again while clients write. An AssertionError says what was lost."""
    chance, written, compactions = random.Random(seed), 0, 0
    clients = [Client(number, random.Random(chance.random())) for number in range(CLIENTS)]
    watcher = Watcher()
    for number in range(rounds + 1):
        with Cluster(folder) as cluster:
            continued = check(cluster, clients, watcher, f"sentinel-{number}")
            if number:
                yield Outcome(sum(client.writes for client in clients) - written, compactions, continued)
            written = sum(client.writes for client in clients)
            if number < rounds:
                compactions = write_and_kill(cluster, clients, watcher, chance.uniform(0.1, 1.0))


def write_and_kill(cluster: Cluster, clients: list[Client], watcher: Watcher, seconds: float) -> int:
    """Returns how often the journal was compacted."""
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(client.write_until_killed, cluster) for client in clients]
        running.append(pool.submit(watcher.watch, cluster))
        compactions, size, deadline = 0, 0, time.monotonic() + seconds
        while time.monotonic() < deadline:
            size, before = journal_path(cluster.state).stat().st_size, size
            compactions += size < before
            time.sleep(0.001)
        cluster.kill()
        for future in running:
            future.result(30)
    return compactions


def check(cluster: Cluster, clients: list[Client], watcher: Watcher, sentinel: str) -> bool:
    """Compare the cluster with what its clients know. Returns whether the watch continued."""
    requests = Http(cluster)
    listed = requests.get(CM).body
    found = {one["metadata"]["name"]: one for one in with_kind(listed["items"])}
    for client in clients:
        client.check(found)
    newest = max(watcher.version, *(client.version for client in clients))
    assert int(listed["metadata"]["resourceVersion"]) >= newest
    added = requests.post(CM, config_map(sentinel)).body
    assert int(added["metadata"]["resourceVersion"]) > newest
    if watcher.version:
        watcher.watch(cluster, sentinel)
    continued = bool(watcher.version) and not watcher.expired
    if continued:
        assert watcher.objects == {**found, sentinel: added}
    requests.delete(f"{CM}/{sentinel}")
    watcher.list(cluster)
    return continued
