"""The instances of kro's examples are valid and can be previewed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.compiler import Definition, builtin_kinds, compile_text, kinds_with, validate_spec
from contracts.documents import read
from contracts.runtime import preview, render
from tests.conftest import conformance_folder

ROOT = conformance_folder() / "kro"
pytestmark = pytest.mark.conformance


def pairs() -> Iterator[tuple[Definition, str, dict[str, Any]]]:
    crds = [
        document.data
        for path in sorted((ROOT / "crds").glob("*.yaml"))
        for document in read(path.read_text())[0]
    ]
    kinds = kinds_with(builtin_kinds(), crds=crds)
    texts = {path: path.read_text() for path in sorted((ROOT / "examples").rglob("*.yaml"))}
    definitions = {
        path: compile_text(text, kinds=kinds).definition
        for path, text in texts.items()
        if "GraphDefinition" in text
    }
    for path, text in texts.items():
        for document in read(text)[0]:
            for home, definition in definitions.items():
                near = home.parent in (path.parent, path.parent.parent)
                if near and definition and document.data.get("kind") == definition.kind and "${" not in text:
                    yield definition, path.relative_to(ROOT / "examples").as_posix(), document.data


PAIRS = list(pairs()) if ROOT.is_dir() else []


def test_there_are_instances(conformance: Path) -> None:
    assert len(PAIRS) >= 8


@pytest.mark.parametrize(
    ("definition", "instance"), [(a, c) for a, _, c in PAIRS], ids=[b for _, b, _ in PAIRS]
)
def test_an_example_instance(definition: Any, instance: Any) -> None:
    assert validate_spec(definition, instance.get("spec")) == []
    nodes = preview(definition, {**instance, "metadata": {"namespace": "default", **instance["metadata"]}})
    assert [node.reason for node in nodes if node.state == "failed"] == []
    assert [node.id for node in nodes] == list(definition.order)
    assert render(definition, instance, {}).nodes.keys() == {node.id for node in definition.nodes}
