"""How fast expressions are: ours beside cel-python's own runner, both from plain dicts to plain values.

    python -m tests.bench.cel

Prints microseconds per evaluation and the ratio; ``measure()`` returns the rows.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts import cel

DATA: dict[str, Any] = {
    "schema": {
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {
            "name": "web",
            "replicas": 3,
            "paused": False,
            "ports": [{"name": f"p{n}", "port": 8000 + n} for n in range(5)],
        },
    },
    "deployment": {
        "status": {
            "conditions": [
                {"type": "Progressing", "status": "True"},
                {"type": "Available", "status": "True"},
            ]
        }
    },
    "items": [{"name": f"n{n}", "n": n} for n in range(1000)],
}

EXPRESSIONS = {
    "select chain": "schema.metadata.name",
    "text": "schema.metadata.namespace + '-' + schema.spec.name + '-svc'",
    "ternary": "schema.spec.replicas > 1 ? 'many' : 'one'",
    "map to objects, 5": "schema.spec.ports.map(p, {'name': p.name, 'port': p.port})",
    "filter, 5": "schema.spec.ports.filter(p, p.port > 8002)",
    "has() && flag": "has(schema.spec.paused) && !schema.spec.paused",
    "condition": "deployment.status.conditions.exists(c, c.type == 'Available' && c.status == 'True')",
    "label test": "schema.metadata.labels['app'].startsWith('we')",
    "filter, 1000": "items.filter(i, i.n > 500)",
}


@dataclass(frozen=True)
class Row:
    name: str
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours


def seconds(run: Callable[[], object], budget: float = 0.15) -> float:
    """Seconds per call: the best of five samples, since others use the machine too."""
    began = time.perf_counter()
    run()
    once = max(time.perf_counter() - began, 1e-7)
    count = max(1, int(budget / 5 / once))
    samples = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(count):
            run()
        samples.append((time.perf_counter() - began) / count)
    return min(samples)


def cel_python(source: str) -> Callable[[], object]:
    import celpy

    environment = celpy.Environment()
    program = environment.program(environment.compile(source))
    return lambda: program.evaluate({name: celpy.json_to_cel(value) for name, value in _used(source).items()})


def _used(source: str) -> dict[str, Any]:
    """Only what the expression reads, so that converting the rest does not count against the other side."""
    return {root: DATA[root] for root in {reference.root for reference in cel.parse(source).references}}


def measure() -> list[Row]:
    rows = []
    for name, source in EXPRESSIONS.items():
        expression = cel.parse(source)
        ours = seconds(lambda expression=expression: expression.evaluate(DATA))  # type: ignore[misc]
        rows.append(Row(name, ours, seconds(cel_python(source))))
    return rows


def parse_seconds() -> float:
    """One expression of usual size, read for the first time (expressions are cached by their text)."""
    texts = iter(f"{EXPRESSIONS['condition']} && {n} > 0" for n in range(1_000_000))
    return seconds(lambda: cel.parse(next(texts)).evaluate(DATA))


def main() -> None:
    rows = measure()
    for row in rows:
        print(f"{row.name:20} {row.ours * 1e6:10.2f} µs {row.theirs * 1e6:12.1f} µs {row.ratio:8.0f} ×")
    ratio = statistics.median(row.ratio for row in rows)
    print(f"median: {ratio:.0f} times as fast as cel-python's runner")
    print(f"parse, compile and evaluate once: {parse_seconds() * 1e6:.0f} µs")
    print(
        json.dumps(
            {
                "cel_ratio": round(ratio),
                "cel_median_us": round(statistics.median(r.ours for r in rows) * 1e6, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
