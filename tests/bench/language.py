"""How fast definitions are compiled, checked while they are typed, and rendered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts import cel
from contracts.compiler import Definition, compile_cached, compile_text
from contracts.runtime import instance_of, render
from tests.bench.definitions import INPUT, live, thirty_nodes, thousand_lines
from tests.bench.row import Row, milliseconds
from tests.bench.timing import seconds


def measure() -> Iterator[Row]:
    text = thirty_nodes()
    compile_text(text)  # the schemas of Kubernetes' kinds are read once per process
    cold = seconds(lambda: from_nothing(text), 2)
    yield Row(f"compile 30 nodes ({lines(text)} lines) with new expressions", milliseconds(cold))
    yield Row("after a change elsewhere in the file", milliseconds(seconds(lambda: compile_text(text), 2)))
    yield Row("the unchanged file again", microseconds(seconds(lambda: compile_cached(text))))
    definition = compile_cached(text).definition
    assert definition is not None, "the measured definition does not compile"
    instance, observed = settled(definition)
    rendering = render(definition, instance, observed)
    assert all(node.ready for node in rendering.nodes.values()), "the measured instance is not ready"
    rendered = seconds(lambda: render(definition, instance, observed))
    yield Row("render an instance of it, all 30 objects observed", milliseconds(rendered), "< 2 ms")
    wrong, expected = thousand_lines()
    problems = len(compile_text(wrong).problems)
    assert problems >= expected == 50, f"{problems} problems, {expected} expected"
    opened = milliseconds(seconds(lambda: from_nothing(wrong), 2))
    yield Row(f"check {lines(wrong)} lines with 50 problems when the editor opens", opened)
    checked = milliseconds(seconds(lambda: compile_text(wrong), 2))
    yield Row("the same after a keystroke", checked, "< 150 ms")


def from_nothing(text: str) -> None:
    cel.parse.cache_clear()
    compile_text(text)


def settled(definition: Definition) -> tuple[dict[str, Any], dict[str, object]]:
    """An instance and what a cluster holds for it when everything is there."""
    instance = instance_of(definition, INPUT)
    observed: dict[str, object] = {}
    for _ in definition.layers:
        for node in render(definition, instance, observed).nodes.values():
            for manifest in node.manifests:
                observed[node.id] = live(dict(manifest))
    return instance, observed


def lines(text: str) -> str:
    return f"{text.count(chr(10)):,}"


def microseconds(value: float) -> str:
    return f"{value * 1e6:.1f} µs"
