"""Find a port to serve on, and keep it: the socket is handed to the server as it is."""

from __future__ import annotations

import errno
import socket

NEIGHBOURS = 50


def listen(host: str, wanted: int) -> tuple[socket.socket, int]:
    """A bound socket on the wanted port, else on the next free one. Raises ``OSError`` for a host that is
    not ours."""
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
