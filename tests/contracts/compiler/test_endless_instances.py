"""Contracts whose instances create instances of the same kind again: a table, and rings of contracts."""

from __future__ import annotations

import pytest

from contracts.compiler import Compilation, Creation, compile_text, creations_of, kinds_with
from contracts.problems import Problem
from tests.contracts.definitions import config_map, definition_text, existing

GROUP = "kro.run"


def creates(kind: str, extra: str = "", *, name: str = "next", node: str = "child") -> str:
    lines = f"- id: {node}\n" + "".join(f"  {line}\n" for line in extra.splitlines())
    return lines + (
        f"  template:\n    apiVersion: {GROUP}/v1alpha1\n    kind: {kind}\n    metadata: {{name: '{name}'}}\n"
    )


def endless(compilation: Compilation) -> list[Problem]:
    return [problem for problem in compilation.problems if problem.code == "endless-instances"]


# The nodes of the kind Example; the severity of the problem, or nothing.
SELF = {
    "nothing ends it": (creates("Example"), "error"),
    "another name each time": (creates("Example", name="${schema.metadata.name}-x"), "error"),
    "a condition of the instance": (
        creates("Example", "includeWhen: ['${schema.spec.size > 0}']"),
        "warning",
    ),
    "a condition that reads nothing": (creates("Example", "includeWhen: ['${1 < 2}']"), "error"),
    "a list of the instance": (
        creates("Example", "forEach: [{each1: '${schema.spec.items}'}]", name="${each1}"),
        "warning",
    ),
    "a list that is always the same": (
        creates("Example", "forEach: [{each1: '${[\"a\"]}'}]", name="${each1}"),
        "error",
    ),
    "a condition of a node that it needs": (
        config_map("first", extra="includeWhen: ['${schema.spec.flag}']")
        + creates("Example", name="${first.metadata.name}"),
        "warning",
    ),
    "readyWhen ends nothing": (creates("Example", "readyWhen: ['${child.metadata.name != \"\"}']"), "error"),
    "it is only read": (
        creates("Example").replace("template:", "externalRef:"),
        "",
    ),
    "the same kind of another group": (
        creates("Example").replace(f"{GROUP}/v1alpha1", "example.com/v1alpha1"),
        "",
    ),
    "another kind": (creates("Other"), ""),
}


@pytest.mark.parametrize(("nodes", "severity"), SELF.values(), ids=SELF.keys())
def test_a_contract_that_creates_itself(nodes: str, severity: str) -> None:
    compilation = compile_text(definition_text(nodes))
    assert [problem.severity for problem in endless(compilation)] == ([severity] if severity else [])
    assert compilation.ok is (severity != "error")
    for problem in endless(compilation):
        assert problem.display_path == "spec.resources[child].template.kind"
        assert problem.message.startswith("Each Example creates another Example, ")


def creation(kind: str) -> Creation:
    """Kinds with a question mark are created only under a condition."""
    return Creation(f"{GROUP}/v1alpha1", kind.rstrip("?"), kind.endswith("?"))


# What the instances of other contracts create; the severity for an Example that creates an A.
RINGS = {
    "it ends": ("A>B B>C", ""),
    "two": ("A>Example", "error"),
    "three": ("A>B B>Example", "error"),
    "two, under a condition": ("A>Example?", "warning"),
    "a condition anywhere on the way": ("A>B? B>Example", "warning"),
    "a longer way without a condition": ("A>Example? A>B B>C C>Example", "error"),
    "the others are a ring, without this one": ("A>B B>A", ""),
}


@pytest.mark.parametrize(("ring", "severity"), RINGS.values(), ids=RINGS.keys())
def test_a_ring_of_contracts(ring: str, severity: str) -> None:
    creations: dict[tuple[str, str], list[Creation]] = {}
    for edge in ring.split():
        kind, _, created = edge.partition(">")
        creations.setdefault((GROUP, kind), []).append(creation(created))
    found = endless(compile_text(definition_text(creates("A")), kinds=kinds_with(creations=creations)))
    assert [problem.severity for problem in found] == ([severity] if severity else [])


def test_kinds_that_are_not_known_here_are_not_named() -> None:
    creations = {(GROUP, "A"): [creation("Hidden")], (GROUP, "Hidden"): [creation("Example")]}
    found = endless(compile_text(definition_text(creates("A")), kinds=kinds_with(creations=creations)))
    assert [problem.message for problem in found] == [
        "Each Example creates an A, which creates a kind of another team, "
        "which creates an Example, without end."
    ]


def test_a_published_revision_still_runs() -> None:
    assert compile_text(definition_text(creates("Example"))).runnable


def test_what_a_definition_creates() -> None:
    nodes = creates("A") + creates("B", "includeWhen: ['${schema.spec.flag}']", node="other")
    outline = existing(compile_text(definition_text(nodes)).outline)
    assert creations_of(outline) == (creation("A"), creation("B?"))
