"""The identity of a leader: names one process among all processes of all machines."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LeaderIdentity:
    """``host_scope`` names a state directory and the PID space of one running system.

    A PID has a meaning only within one host scope: each container and each boot counts from 1.
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
        """Whether the process runs. Valid only for an identity of this process's own host scope."""
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
        """Whether ``seen_by`` can tell that this process has ended."""
        return (self.host, self.host_scope) == (seen_by.host, seen_by.host_scope) and not self.is_alive


def this_process(state: Path) -> LeaderIdentity:
    parts = (str(state.resolve()), boot_id(), pid_namespace())
    host_scope = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return LeaderIdentity(socket.gethostname(), host_scope, os.getpid())


def parse_identity(identity: str) -> LeaderIdentity | None:
    """None for an identity that another program wrote in another format."""
    parts = identity.rsplit("_", 2)
    if len(parts) != 3 or not parts[2].isdigit():
        return None
    return LeaderIdentity(parts[0], parts[1], int(parts[2]))


def boot_id() -> str:
    """Names the running system until its next boot; empty where the system has no such id."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def pid_namespace() -> str:
    """Names the PID namespace; empty where the system has none."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
