"""Who holds the lease: one process, told apart from every other on every machine."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LeaderIdentity:
    """``host_scope`` stands for a state directory and the process numbers of one running system.

    Only inside one place does a process number say anything: containers count from 1, and so does every boot.
    """

    host: str
    host_scope: str
    pid: int

    @property
    def identity(self) -> str:
        return f"{self.host}_{self.host_scope}_{self.pid}"

    @property
    def display_name(self) -> str:
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

    def is_known_dead(self, seen_by: LeaderIdentity) -> bool:
        """Whether ``seen_by`` can tell that this process is no more."""
        return (self.host, self.host_scope) == (seen_by.host, seen_by.host_scope) and not self.is_alive


def this_process(state: Path) -> LeaderIdentity:
    parts = (str(state.resolve()), boot_id(), pid_namespace())
    host_scope = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return LeaderIdentity(socket.gethostname(), host_scope, os.getpid())


def parse_identity(identity: str) -> LeaderIdentity | None:
    """None when somebody else wrote it, in a form of their own."""
    parts = identity.rsplit("_", 2)
    if len(parts) != 3 or not parts[2].isdigit():
        return None
    return LeaderIdentity(parts[0], parts[1], int(parts[2]))


def boot_id() -> str:
    """Names the running system until its next start; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def pid_namespace() -> str:
    """Names the pid namespace; empty where there is but one."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
