"""The command line: `python -m devcluster --port N --kubeconfig FILE`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from devcluster.kinds.validation_rules import RuleEvaluator
from devcluster.server import Settings, serve
from devcluster.storage.snapshot import UnreadableState


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(
        prog="devcluster", description="A simulated Kubernetes API server on loopback."
    )
    arguments.add_argument("--port", type=int, default=0, help="the port; 0 selects a free one")
    arguments.add_argument(
        "--kubeconfig", type=Path, required=True, help="the file to write the kubeconfig to"
    )
    arguments.add_argument("--state", type=Path, help="the file to keep the objects in between runs")
    arguments.add_argument(
        "--ready-after", type=float, default=2.0, metavar="SECONDS", help="the time until a pod is ready"
    )
    arguments.add_argument("--no-controllers", action="store_true", help="change objects only by requests")
    arguments.add_argument(
        "--rules",
        metavar="MODULE.CLASS",
        help="the class that evaluates the CEL rules of CRDs; without it they are not evaluated",
    )
    arguments.add_argument(
        "--exit-with-parent", action="store_true", help="stop when the parent process ends"
    )
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT. One line is printed when the server is ready."""
    args = parser().parse_args(argv)
    try:
        settings = Settings(
            port=args.port,
            controllers=not args.no_controllers,
            ready_after=args.ready_after,
            state=args.state,
            rules=load_rules(args.rules) if args.rules else None,
        )
        asyncio.run(run(settings, args.kubeconfig, args.exit_with_parent))
    except (UnreadableState, UnknownEvaluator) as problem:
        print(f"devcluster: {problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        where = problem.filename or f"port {args.port}"
        print(f"devcluster: cannot use {where}: {problem.strerror}. Choose another.", file=sys.stderr)
        return 1
    return 0


class UnknownEvaluator(Exception):
    """The class that evaluates the rules of CRDs cannot be imported."""


def load_rules(dotted: str) -> RuleEvaluator:
    """An instance of the class with this dotted name. Raises UnknownEvaluator."""
    module, _, name = dotted.rpartition(".")
    try:
        evaluator_class = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as problem:
        raise UnknownEvaluator(f"cannot load the rules {dotted}: {problem}") from problem
    evaluator: RuleEvaluator = evaluator_class()
    return evaluator


async def run(settings: Settings, path: Path, with_parent: bool) -> None:
    parent = os.getppid()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    server = await serve(settings)
    server.write_kubeconfig(path)
    print(f"devcluster: simulated Kubernetes API ready at {server.url}; kubeconfig {path}", flush=True)
    watcher = asyncio.create_task(_watch_parent(parent, stop)) if with_parent else None
    await stop.wait()
    if watcher:
        watcher.cancel()
    await server.stop()


async def _watch_parent(parent: int, stop: asyncio.Event) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.5)
    stop.set()
