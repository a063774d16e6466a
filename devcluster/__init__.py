"""A simulated Kubernetes API server for the demo and the tests: one process, in memory, on loopback."""

from devcluster.command import main
from devcluster.server import Server, Settings, serve

__all__ = ["Server", "Settings", "main", "serve"]
