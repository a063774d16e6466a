"""Rounds of writes, kills and restarts, and what is compared after each."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.devcluster.backup import back_up, restore
from tests.kills.checks import changes, lost, observe, problems, repaired, settle_unanswered
from tests.kills.clients import Client, Known, Portal
from tests.kills.processes import ROLES, Processes, subsets, wait_until

CLIENTS = 3
SETTLES_WITHIN = 90.0  # seconds, on a busy machine
MOST_ACCEPTED = 12  # requests before the first kill
LONGEST_BETWEEN, LONGEST_AFTER = 0.3, 0.2  # seconds


@dataclass(frozen=True, slots=True)
class Kills:
    """``restored``: the cluster is started from a copy of its state that was made before the kill."""

    roles: tuple[str, ...]
    restored: bool = False

    def __str__(self) -> str:
        return " + ".join(self.roles) + (" (an older state)" if self.restored else "")


EVERY_COMBINATION = (
    *(Kills(roles) for roles in subsets(ROLES)),
    *(Kills(roles, restored=True) for roles in subsets(ROLES) if "cluster" in roles),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one round: what was killed, and how many requests were accepted."""

    kills: Kills
    accepted: int


def kill_rounds(folder: Path, database: Path, rounds: Sequence[Kills], seed: int) -> Iterator[Outcome]:
    """An AssertionError says what was lost, doubled, orphaned or stuck."""
    chance = random.Random(seed)
    with Processes(folder, database) as processes:
        clients = [
            Client(number, Portal(processes.url, headers), random.Random(chance.random()))
            for number, headers in enumerate(credentials(processes))
        ]
        for kills in rounds:
            before = accepted(clients)
            events, change = newest(processes, "event"), newest(processes, "change")
            try:
                write_and_kill(processes, clients, kills, chance)
                settle(processes, clients, kills, change)
                assert kills.restored or not (found := repaired(processes, events)), found
            except AssertionError as error:
                error.add_note(f"after killing {kills}; seed {seed}, log {processes.log}")
                raise
            yield Outcome(kills, accepted(clients) - before)


def credentials(processes: Processes) -> list[dict[str, str]]:
    """Headers of each client: one has a session, the others a token."""
    cookies = processes.session.cookies
    session = {
        "Cookie": "; ".join(f"{one.name}={one.value}" for one in cookies),
        "X-CSRFToken": cookies.get("csrftoken") or "",
        "Referer": processes.url,
    }
    return [session, *[{"Authorization": f"Bearer {processes.token}"}] * (CLIENTS - 1)]


def write_and_kill(
    processes: Processes, clients: Sequence[Client], kills: Kills, chance: random.Random
) -> None:
    """Each process is killed at a moment of its own. The clients write until all run again."""
    stop = threading.Event()
    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(client.write_until, stop) for client in clients]
        try:
            if kills.restored:
                wait_for_some(clients, chance)
                back_up(processes.state)
            wait_for_some(clients, chance)
            for role in chance.sample(kills.roles, len(kills.roles)):
                processes.kill(role)
                time.sleep(chance.uniform(0.0, LONGEST_BETWEEN))
            if kills.restored:
                restore(processes.state)
            processes.start(*chance.sample(kills.roles, len(kills.roles)))
            time.sleep(chance.uniform(0.0, LONGEST_AFTER))
        finally:
            stop.set()
        for writer in writers:
            writer.result()
    assert not (failures := [client.failure for client in clients if client.failure]), failures


def wait_for_some(clients: Sequence[Client], chance: random.Random) -> None:
    """Until a random number of requests was accepted, however busy the machine is, and a moment longer."""
    wanted = accepted(clients) + chance.randint(1, MOST_ACCEPTED)
    wait_until(lambda: accepted(clients) >= wanted, "requests are accepted")
    time.sleep(chance.uniform(0.0, LONGEST_AFTER))


def accepted(clients: Sequence[Client]) -> int:
    return sum(len(client.accepted) for client in clients)


def settle(processes: Processes, clients: Sequence[Client], kills: Kills, since: int) -> None:
    """Wait until everything is consistent and as it was accepted. ``since``: the last change before.

    A cluster that went back in time has lost writes that it had answered: then what it has counts, and the
    portal has to agree with it.
    """
    if not kills.restored:
        settle_unanswered(clients, changes(processes))
    deadline = time.monotonic() + SETTLES_WITHIN
    while True:
        observed = observe(processes)
        found = problems(observed) + ([] if kills.restored else lost(clients, observed, since))
        if not found:
            break
        assert time.monotonic() < deadline, "\n".join(found)
        time.sleep(0.1)
    if kills.restored:
        for client in clients:
            client.unanswered.clear()
            client.accepted = {one.key for one in observed.changes if one.name in client.names}
            client.known = {
                name: Known(row.key, row.spec) for name, row in observed.rows.items() if name in client.names
            }


def newest(processes: Processes, model: str) -> int:
    return int(processes.rows(f"SELECT coalesce(max(id), 0) FROM catalog_{model}")[0][0])
