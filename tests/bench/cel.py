"""How fast expressions are: ours beside cel-python's own runner and the C++ evaluator, in one run.

All evaluate plain dicts to plain values. The expressions are typical of contracts: a field, a concatenation,
a choice, a test of conditions, a list, and two large ones.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import celpy
from celpy.adapter import json_to_cel

from contracts import cel
from tests.bench import cel_binding
from tests.bench.row import Row
from tests.bench.timing import seconds

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

ENTRY = "'k{n}': {{'name': schema.metadata.name + '-{n}', 'of': {{'n': schema.spec.replicas + {n}}}}}"
EXPRESSIONS = {
    "select chain": "schema.metadata.name",
    "text": "schema.metadata.namespace + '-' + schema.spec.name + '-svc'",
    "ternary": "schema.spec.replicas > 1 ? 'many' : 'one'",
    "map to objects, 5": "schema.spec.ports.map(p, {'name': p.name, 'port': p.port})",
    "filter, 5": "schema.spec.ports.filter(p, p.port > 8002)",
    "has() && flag": "has(schema.spec.paused) && !schema.spec.paused",
    "condition": "deployment.status.conditions.exists(c, c.type == 'Available' && c.status == 'True')",
    "label test": "schema.metadata.labels['app'].startsWith('we')",
    "object, 50 keys": f"{{{', '.join(ENTRY.format(n=n) for n in range(50))}}}",
    "filter, 1,000": "items.filter(i, i.n > 500)",
}


def measure() -> Iterator[Row]:
    binding = cel_binding.times(EXPRESSIONS, DATA)
    slower: list[float] = []
    compiled: list[float] = []
    for name, source in EXPRESSIONS.items():
        ours = seconds(evaluation(source))
        theirs = seconds(cel_python(source))
        slower.append(theirs / ours)
        shown = f"{microseconds(ours)}; cel-python {microseconds(theirs)}"
        if name in binding:
            compiled.append(binding[name] / ours)
            shown += f"; C++ {microseconds(binding[name])}"
        yield Row(name, shown)
    median = f"{statistics.median(slower):.0f} times"
    yield Row("speed relative to cel-python's runner, median", median, "≥ 100 times")
    if compiled:
        median = f"{statistics.median(compiled):.1f} times"
        yield Row("speed relative to the C++ evaluator from Python, median", median, "≥ 4 times")
    yield Row("read, compile and evaluate a new expression once", microseconds(first_time()))


def evaluation(source: str) -> Callable[[], object]:
    evaluate = cel.parse(source).evaluate
    return lambda: evaluate(DATA)


def cel_python(source: str) -> Callable[[], object]:
    environment = celpy.Environment()
    program = environment.program(environment.compile(source))
    given = _used(source)
    return lambda: program.evaluate({name: json_to_cel(value) for name, value in given.items()})


def _used(source: str) -> dict[str, Any]:
    """Only what the expression reads, so that cel-python need not convert the rest."""
    return {root: DATA[root] for root in {reference.root for reference in cel.parse(source).references}}


def first_time() -> float:
    """An expression of usual size that is not cached yet."""
    texts = iter(f"{EXPRESSIONS['condition']} && {n} > 0" for n in range(1_000_000))
    return seconds(lambda: cel.parse(next(texts)).evaluate(DATA))


def microseconds(value: float) -> str:
    return f"{value * 1e6:,.1f} µs" if value < 1e-4 else f"{value * 1e6:,.0f} µs"
