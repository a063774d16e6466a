"""``make bench``: measure what docs/performance.md tells. ``ARGS="demo live"`` runs only these.

Every measurement is a module whose ``measure()`` yields the rows of a table; the last line says where it ran.
A figure of one machine stands beside a ratio of the same run where there is something to compare with.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

MEASUREMENTS = {
    "start": "From nothing to the first page, and memory",
    "journey": "An instance, from submit to applied",
    "live": "A change in the cluster, to the browser",
    "pages": "Server time of pages at 10,000 instances",
    "language": "Compiling, checking and rendering contracts",
    "cel": "Evaluating CEL",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(MEASUREMENTS)} (all)")
    parser.add_argument("--write", type=Path, help="also write the tables into this file, between its marks")
    chosen = parser.parse_args()
    names = chosen.names or list(MEASUREMENTS)
    if unknown := set(names) - set(MEASUREMENTS):
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}")
    for name in names:
        table = [f"### {MEASUREMENTS[name]}", "", "| what | measured | aim |", "|---|---|---|"]
        print(f"\n{table[0]}\n", flush=True)
        for row in import_module(f"tests.bench.{name}").measure():
            table.append(f"| {row.what} | {row.measured} | {row.aim} |")
            print(f"  {row.what:<72} {row.measured:<28} {row.aim}", flush=True)
        if chosen.write:
            replace(chosen.write, name, "\n".join(table))
    print(f"\nOn {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}.")
    return 0


def replace(page: Path, name: str, table: str) -> None:
    """Put the table between the page's two marks for this measurement."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = page.read_text()
    if begin not in text or end not in text:
        raise SystemExit(f"{page} has no marks {begin} … {end}")
    head, _, rest = text.partition(begin)
    tail = rest.partition(end)[2]
    page.write_text(f"{head}{begin}\n{table}\n{end}{tail}")


if __name__ == "__main__":
    sys.exit(main())
