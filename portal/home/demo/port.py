"""Finds a free port. The bound socket is passed to the server, so that the port stays reserved."""

from __future__ import annotations

import errno
import socket

NEIGHBOURS = 50


def listen(host: str, wanted: int) -> tuple[socket.socket, int]:
    """A socket bound to the wanted port, or the next free one. Raises ``OSError`` for a foreign address."""
    for port in (*range(wanted, wanted + NEIGHBOURS), 0):
        try:
            return bind(host, port)
        except OSError as problem:
            if not taken(problem):
                raise
    raise OSError("no port is free")


def bind(host: str, port: int) -> tuple[socket.socket, int]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound, bound.getsockname()[1]


def taken(problem: OSError) -> bool:
    return problem.errno in {errno.EADDRINUSE, errno.EACCES}
