"""``make bench``: measure the figures of docs/performance.md. ``ARGS="pages live"`` measures only these.

Every measurement is a module whose ``measure()`` yields the rows of a table; the last line says where it ran.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import django

MEASUREMENTS = {
    "start": "From nothing to the first page, and memory",
    "journey": "An instance, from submit to applied",
    "live": "A change in the cluster, to the browser",
    "drift": "A deleted or edited child, until it is repaired",
    "pages": "Server time of pages at 10,000 instances",
    "language": "Compiling, checking and rendering contracts",
    "cel": "Evaluating CEL",
    "journal": "The journal of the embedded cluster",
    "fuzz": "Fuzzed requests to every endpoint",
    "kills": "Web server, reconciler and embedded cluster, killed while clients write",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(MEASUREMENTS)} (all)")
    parser.add_argument("--write", type=Path, help="also write the tables into this file")
    chosen = parser.parse_args()
    names = chosen.names or list(MEASUREMENTS)
    if unknown := set(names) - set(MEASUREMENTS):
        parser.error(f"unknown measurement {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as state:
        os.environ |= {"SLIPWAY_STATE_DIR": state, "DJANGO_SETTINGS_MODULE": "portal.settings"}
        django.setup()
        run(names, chosen.write)
    print(f"\nOn {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}.")
    return 0


def run(names: list[str], page: Path | None) -> None:
    for name in names:
        table = [f"### {MEASUREMENTS[name]}", "", "| what | measured | aim |", "|---|---|---|"]
        print(f"\n{table[0]}\n", flush=True)
        for row in import_module(f"tests.bench.{name}").measure():
            table.append(f"| {row.what} | {row.measured} | {row.aim} |")
            print(f"  {row.what:<72} {row.measured:<28} {row.aim}", flush=True)
        if page:
            replace(page, name, "\n".join(table))


def replace(page: Path, name: str, table: str) -> None:
    """Put the table between the two markers of this measurement."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = page.read_text()
    if begin not in text or end not in text:
        raise SystemExit(f"{page} has no markers {begin} … {end}")
    head, _, rest = text.partition(begin)
    tail = rest.partition(end)[2]
    page.write_text(f"{head}{begin}\n{table}\n{end}{tail}")


if __name__ == "__main__":
    sys.exit(main())
