"""Who holds the lease: one process, told apart from every other on every machine."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holder:
    """``place`` stands for a state directory and the process numbers of one running system.

    Only inside one place does a process number say anything: containers count from 1, and so does every boot.
    """

    host: str
    place: str
    pid: int

    @property
    def identity(self) -> str:
        return f"{self.host}_{self.place}_{self.pid}"

    @property
    def words(self) -> str:
        return f"process {self.pid} on {self.host}"

    @property
    def is_alive(self) -> bool:
        """For a holder of this process's own place."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OverflowError:
            return False
        except PermissionError:
            return True
        return True

    def is_ended(self, seen_by: Holder) -> bool:
        """Whether ``seen_by`` can tell that this process is no more."""
        return (self.host, self.place) == (seen_by.host, seen_by.place) and not self.is_alive


def this_process(state: Path) -> Holder:
    parts = (str(state.resolve()), boot(), process_numbers())
    place = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return Holder(socket.gethostname(), place, os.getpid())


def read_identity(identity: str) -> Holder | None:
    """None when somebody else wrote it, in a form of their own."""
    parts = identity.rsplit("_", 2)
    if len(parts) != 3 or not parts[2].isdigit():
        return None
    return Holder(parts[0], parts[1], int(parts[2]))


def boot() -> str:
    """Names the running system until its next start; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def process_numbers() -> str:
    """Names the pid namespace; empty where there is but one."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
