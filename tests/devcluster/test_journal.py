"""The journal: what was answered is there after a crash at any moment."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devcluster.server import Server, Settings, serve
from devcluster.storage import journal, snapshot
from devcluster.storage.journal import Journal, journal_path
from devcluster.storage.memory import Manifest, Memory
from devcluster.storage.snapshot import UnreadableState
from tests.custom_kinds import custom_definition
from tests.devcluster.http import Http
from tests.devcluster.kills import CM as PATH
from tests.devcluster.kills import Cluster, config_map, kill_rounds

State = tuple[int, dict[str, dict[tuple[str, str], Manifest]]]
CM = "configmaps"
KILLS = 3


def state_of(memory: Memory) -> State:
    return memory.version, {
        name: dict(table.objects) for name, table in memory.tables.items() if table.objects
    }


def manifest(name: str, namespace: str = "default", **data: Any) -> Manifest:
    return {
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "uid": name},
        "data": data,
    }


@contextmanager
def opened(path: Path, compact_at: int = journal.COMPACT_AT) -> Iterator[tuple[Memory, Journal]]:
    """A memory with its journal. Nothing is closed properly, as after a kill."""
    memory = Memory()
    opened_journal = Journal(memory, path, compact_at)
    with closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(opened_journal.open())
        try:
            yield memory, opened_journal
        finally:
            opened_journal._file.close()


def recovered(path: Path) -> Memory:
    """What the next process reads, without changing the files."""
    memory = Memory()
    snapshot.load(memory, path)
    journal.replay(memory, journal_path(path))
    return memory


@pytest.fixture(scope="module", autouse=True)
def fsync_costs_nothing() -> Iterator[None]:
    """What a process has written survives its end without it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


# ---- replay

NAMES, NAMESPACES = st.sampled_from("abc"), st.sampled_from(["", "x", "y"])
WRITES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES, NAMESPACES, st.text(max_size=20)),
        st.tuples(st.just("remove"), NAMES, NAMESPACES, st.just("")),
        st.tuples(st.sampled_from(["compact", "restart"]), st.just("a"), st.just(""), st.just("")),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(writes=WRITES, compact_at=st.sampled_from([1, 300, 10_000]))
def test_after_any_writes_the_state_is_the_one_that_was_left(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[str, str, str, str]], compact_at: int
) -> None:
    path = tmp_path_factory.mktemp("state") / "state.json"
    expected: State = state_of(Memory())
    while True:
        with opened(path, compact_at) as (memory, its_journal):
            assert state_of(memory) == expected
            while writes:
                what, name, namespace, text = writes.pop(0)
                if what == "restart":
                    break
                perform(memory, its_journal, what, manifest(name, namespace, text=text))
                assert state_of(recovered(path)) == state_of(memory)
            expected = state_of(memory)
        if not writes:
            return


def perform(memory: Memory, its_journal: Journal, what: str, body: Manifest) -> None:
    metadata = body["metadata"]
    if what == "put":
        memory.put(CM, body)
    elif what == "compact":
        its_journal.compact()
    elif memory.get(CM, metadata["namespace"], metadata["name"]):
        memory.remove(CM, body)


def test_the_history_since_the_last_snapshot_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with opened(path) as (memory, its_journal):
        memory.put(CM, manifest("a", x="1"))
        its_journal.compact()
        for change in (manifest("a", x="2"), manifest("b")):
            memory.put(CM, change)
        memory.remove(CM, manifest("b"))
        history = list(memory.table(CM).history)[1:]
    assert list(recovered(path).table(CM).history) == history
    assert recovered(path).table(CM).forgotten == history[0].version - 1


def three_writes(path: Path, last: str) -> tuple[State, State]:
    """The states before and after the last of three writes."""
    with opened(path) as (memory, _):
        memory.put(CM, manifest("a", text="é\u2028\n"))
        memory.put(CM, manifest("b"))
        before = state_of(memory)
        if last == "DELETED":
            memory.remove(CM, manifest("b"))
        else:
            memory.put(CM, manifest("c" if last == "ADDED" else "b", text="é\u2028\n"))
        return before, state_of(memory)


@pytest.mark.parametrize("last", ["ADDED", "MODIFIED", "DELETED"])
def test_a_torn_last_line_is_dropped_at_every_offset(tmp_path: Path, last: str) -> None:
    path = tmp_path / "state.json"
    before, after = three_writes(path, last)
    whole = journal_path(path).read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    assert state_of(recovered(path)) == after
    for end in range(start, len(whole)):
        journal_path(path).write_bytes(whole[:end])
        path.unlink(missing_ok=True)
        with opened(path) as (memory, _):
            assert state_of(memory) == before, end
            memory.put(CM, manifest("later"))
            expected = state_of(memory)
        assert state_of(recovered(path)) == expected, end


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda lines: [lines[0][:-9], *lines[1:]], "line 1: "),
        (lambda lines: [lines[0], b"", lines[2]], "line 2: "),
        (lambda lines: [lines[0], lines[2]], "line 2: version 13 does not follow 11"),
        (lambda lines: lines[1:], "line 1: version 12 does not follow 10"),
        (lambda lines: [lines[0], b"{}", lines[2]], "line 2: "),
        (
            lambda lines: [lines[0], lines[1].replace(b'"b"', b'"z"'), lines[2]],
            "line 3: configmaps b is deleted",
        ),
    ],
    ids=["cut", "empty", "missing", "without its snapshot", "without fields", "deletion of nothing"],
)
def test_a_damaged_journal_is_reported_and_left_unchanged(
    tmp_path: Path, damage: Callable[[list[bytes]], list[bytes]], message: str
) -> None:
    path = tmp_path / "state.json"
    three_writes(path, "DELETED")
    damaged = b"".join(line + b"\n" for line in damage(journal_path(path).read_bytes().split(b"\n")[:-1]))
    journal_path(path).write_bytes(damaged)
    with pytest.raises(UnreadableState, match=message), opened(path):
        pass
    assert journal_path(path).read_bytes() == damaged
    assert not path.exists()


def test_a_state_without_a_journal_is_read(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    old = manifest("old") | {"metadata": manifest("old")["metadata"] | {"resourceVersion": "41"}}
    path.write_bytes(orjson.dumps({"format": 1, "version": 42, "objects": {CM: [old]}}))
    with opened(path) as (memory, _):
        assert state_of(memory) == (42, {CM: {("default", "old"): old}})
        assert memory.table("pods").forgotten == 42
        assert memory.put(CM, manifest("new"))["metadata"]["resourceVersion"] == "43"


def test_only_their_owner_can_read_the_files(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with opened(path) as (memory, its_journal):
        memory.put(CM, manifest("a"))
        its_journal.compact()
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


# ---- kills inside the process


class Killed(BaseException):
    pass


@contextmanager
def killed_at(line: int) -> Iterator[None]:
    """Raises Killed before the given line, counted over all that storage executes."""
    seen = count()

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        if Path(frame.f_code.co_filename).parent != Path(journal.__file__).parent:
            return None
        if event == "line" and next(seen) == line:
            sys.settrace(None)
            raise Killed
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def compact(path: Path, memory: Memory, its_journal: Journal) -> None:
    its_journal.compact()


def write(path: Path, memory: Memory, its_journal: Journal) -> None:
    memory.put(CM, manifest("unanswered"))


def stop(path: Path, memory: Memory, its_journal: Journal) -> None:
    its_journal.close()


def start(path: Path, memory: Memory, its_journal: Journal) -> None:
    its_journal._file.close()
    with opened(path):
        pass


@pytest.mark.parametrize("compact_at", [1, 10_000], ids=["compacts before each write", "does not"])
@pytest.mark.parametrize("action", [compact, write, stop, start])
def test_a_kill_at_any_line_loses_nothing(
    tmp_path: Path, action: Callable[[Path, Memory, Journal], None], compact_at: int
) -> None:
    for line in count():
        path = tmp_path / str(line) / "state.json"
        with opened(path, compact_at) as (memory, its_journal):
            memory.put(CM, manifest("kept"))
            its_journal.compact()
            memory.put(CM, manifest("kept", x="2"))
            memory.put(CM, manifest("removed"))
            memory.remove(CM, manifest("removed"))
            answered = state_of(memory)
            finished = False
            try:
                with killed_at(line):
                    action(path, memory, its_journal)
                finished = True
            except Killed:
                pass
            version, objects = state_of(recovered(path))
        added = objects[CM].pop(("default", "unanswered"), None)
        assert (version - bool(added), objects) == answered, line
        if finished:
            assert bool(added) == (action is write)
            assert line > 5
            return


def test_an_unfinished_snapshot_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    _, after = three_writes(path, "ADDED")
    path.with_name("state.json.new").write_bytes(b'{"format": 1, "ver')
    with opened(path) as (memory, _):
        assert state_of(memory) == after
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["state.json", "state.json.journal"]


# ---- size, other processes, a full disk


def test_the_journal_does_not_grow_without_bound(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with opened(path, compact_at=4000) as (memory, _):
        for renewal in range(500):
            memory.put("leases.coordination.k8s.io", manifest("lease", renewal=renewal))
            assert journal_path(path).stat().st_size < 4000 + 300
        expected = state_of(memory)
    assert state_of(recovered(path)) == expected
    with opened(path):
        assert journal_path(path).stat().st_size == 0


async def test_two_processes_cannot_use_one_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    first, memory = Journal(Memory(), path), Memory()
    await first.open()
    monkeypatch.setattr(journal, "UNLOCKED_WITHIN", 0.1)
    with pytest.raises(UnreadableState, match="another process uses the state"):
        await Journal(Memory(), path).open()
    monkeypatch.setattr(journal, "UNLOCKED_WITHIN", 10.0)
    waiting = asyncio.create_task(Journal(memory, path).open())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    first._memory.put(CM, manifest("last"))
    first.close()
    await waiting
    assert memory.get(CM, "default", "last")


def test_a_write_that_cannot_be_stored_is_refused_and_a_later_one_is_not(tmp_path: Path) -> None:
    with Cluster(tmp_path, "--no-controllers") as cluster:
        http = Http(cluster)
        assert http.post(PATH, config_map("kept")).status == 201
        size = journal_path(cluster.state).stat().st_size
        no_limit = resource.prlimit(cluster.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(cluster.pid, resource.RLIMIT_FSIZE, (size + 100, no_limit[1]))
        answer = http.post(PATH, config_map("refused"))
        assert (answer.status, answer.body["reason"]) == (500, "InternalError")
        assert "state.json.journal: File too large" in answer.body["message"]
        assert journal_path(cluster.state).stat().st_size == size + 100, "a part of the line was written"
        assert http.get(f"{PATH}/refused").status == 404
        resource.prlimit(cluster.pid, resource.RLIMIT_FSIZE, no_limit)
        assert http.post(PATH, config_map("later")).status == 201
        cluster.kill()
    with Cluster(tmp_path, "--no-controllers") as cluster:
        http = Http(cluster)
        assert [http.get(f"{PATH}/{name}").status for name in ("kept", "refused", "later")] == [200, 404, 200]


# ---- work that the process had begun


DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


async def test_what_a_killed_process_had_begun_is_finished(tmp_path: Path) -> None:
    """The server starts from each prefix of the journal of deletions of all kinds."""
    server = await serve(Settings(ready_after=0.05, state=tmp_path / "state.json"))
    try:
        await delete_in_all_ways(server)
        written = journal_path(tmp_path / "state.json").read_bytes().splitlines(keepends=True)
    finally:
        await server.stop()
    first = next(number for number, line in enumerate(written) if DEFINITIONS.encode() in line)
    for length in range(first, len(written) + 1):
        path = tmp_path / str(length) / "state.json"
        path.parent.mkdir()
        journal_path(path).write_bytes(b"".join(written[:length]))
        server = await serve(Settings(ready_after=0.05, state=path))
        try:
            await settled(server, length)
        finally:
            await server.stop()


async def delete_in_all_ways(server: Server) -> None:
    store = server.store
    store.create(custom_definition("things.example.com", "Thing"))
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "doomed"}})
    store.create(plain_object("in-namespace", namespace="doomed"))
    await settled(server, 0)
    store.create(
        {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a", "namespace": "default"}}
    )
    for policy in ("Background", "Foreground", "Orphan"):
        owner = store.create(plain_object(f"owner-{policy.lower()}"))
        store.create(plain_object(f"dependent-{policy.lower()}", owner=owner))
        store.delete(CM, "default", owner["metadata"]["name"], propagation=policy)
    store.delete("namespaces", "", "doomed")
    store.delete(DEFINITIONS, "", "things.example.com")
    await settled(server, 0)
    assert not store.list(DEFINITIONS)
    assert not store.get("namespaces", "", "doomed")


def plain_object(name: str, *, namespace: str = "default", owner: Manifest | None = None) -> Manifest:
    metadata: Manifest = {"name": name, "namespace": namespace}
    if owner is not None:
        uid, its_name = owner["metadata"]["uid"], owner["metadata"]["name"]
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": its_name, "uid": uid}
        metadata["ownerReferences"] = [reference | {"blockOwnerDeletion": True}]
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


async def settled(server: Server, length: int) -> None:
    deadline = time.monotonic() + 60
    while unfinished := list(unfinished_objects(server.memory)):
        assert time.monotonic() < deadline, (length, unfinished)
        await asyncio.sleep(0.005)


def unfinished_objects(memory: Memory) -> Iterator[str]:
    """Terminating objects, dependents of absent owners, kinds that are not served."""
    found = [one for table in memory.tables.values() for one in table.objects.values()]
    uids = {one["metadata"]["uid"] for one in found}
    for one in found:
        owners = {owner["uid"] for owner in one["metadata"].get("ownerReferences") or ()}
        conditions = {each["type"] for each in (one.get("status") or {}).get("conditions") or ()}
        if one["metadata"].get("deletionTimestamp"):
            yield f"{one['metadata']['name']} is terminating"
        elif owners - uids:
            yield f"the owner of {one['metadata']['name']} is absent"
        elif one["kind"] == "CustomResourceDefinition" and "Established" not in conditions:
            yield f"{one['metadata']['name']} is not established"


# ---- kills of a real process


@pytest.mark.slow
def test_a_killed_process_has_lost_nothing_that_it_answered(tmp_path: Path) -> None:
    outcomes = list(kill_rounds(tmp_path, KILLS, seed=random.randrange(2**32)))
    assert sum(outcome.writes for outcome in outcomes) > KILLS
