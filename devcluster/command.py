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
    made = argparse.ArgumentParser(
        prog="devcluster", description="A simulated Kubernetes API server on loopback."
    )
    made.add_argument("--port", type=int, default=0, help="0 takes a free port")
    made.add_argument("--kubeconfig", type=Path, required=True, help="where to write the kubeconfig")
    made.add_argument("--state", type=Path, help="keep objects in this file from run to run")
    made.add_argument(
        "--ready-after", type=float, default=2.0, metavar="SECONDS", help="how long a pod takes to be ready"
    )
    made.add_argument("--no-controllers", action="store_true", help="nothing but requests changes anything")
    made.add_argument(
        "--rules",
        metavar="MODULE.CLASS",
        help="evaluates the CEL rules of CRDs (RuleEvaluator); without it they are not evaluated",
    )
    made.add_argument(
        "--exit-with-parent", action="store_true", help="stop when the process that started this one ends"
    )
    return made


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
    except UnreadableState as problem:
        print(f"devcluster: {problem}", file=sys.stderr)
        return 1
    except (ImportError, AttributeError, ValueError) as problem:
        print(f"devcluster: cannot load the rules {args.rules}: {problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        where = problem.filename or f"port {args.port}"
        print(f"devcluster: cannot use {where}: {problem.strerror}. Choose another.", file=sys.stderr)
        return 1
    return 0


def load_rules(dotted: str) -> RuleEvaluator:
    """An instance of the class with this dotted name."""
    module, _, name = dotted.rpartition(".")
    evaluator: RuleEvaluator = getattr(import_module(module), name)()
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
