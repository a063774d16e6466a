"""Every definition among kro's examples compiles; CRDs and graphs match their snapshots."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from contracts.compiler import KindSchemas, builtin_kinds, compile_text, kinds_with
from contracts.compiler.checks.optional_fields import optional_fields
from contracts.documents import read
from contracts.runtime import instance_of, preview
from tests.conftest import conformance_folder
from tests.contracts.definitions import existing

ROOT = conformance_folder() / "kro"
SNAPSHOTS = Path(__file__).parent / "snapshots"
EXAMPLES = sorted(
    path.relative_to(ROOT / "examples").as_posix()
    for path in (ROOT / "examples").rglob("*.yaml")
    if "ResourceGraphDefinition" in path.read_text()
)
# It refers to “spc” where it means “schema.spec”; kro refuses it for the same reason.
# The author of the other repeats a key; kubectl silently takes the last one.
REFUSED = {
    "aws/ack-eks-cluster/eks-reused.yaml": {"unknown-name"},
    "kubernetes/core-dns/core-dns.yaml": {"yaml-duplicate-key"},
}

pytestmark = pytest.mark.conformance


@pytest.fixture(scope="module")
def kinds() -> KindSchemas:
    texts = [path.read_text() for path in sorted((ROOT / "crds").glob("*.yaml"))]
    return kinds_with(builtin_kinds(), crds=[document.data for text in texts for document in read(text)[0]])


def test_there_are_examples(conformance: Path) -> None:
    assert len(EXAMPLES) >= 24


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_compiles(example: str, kinds: KindSchemas) -> None:
    compilation = compile_text((ROOT / "examples" / example).read_text(), kinds=kinds)
    expected = REFUSED.get(example, set())
    warnings = {"unknown-kind", "optional-field-needed"}
    assert {p.code for p in compilation.problems} - warnings == expected
    assert compilation.ok is (example not in REFUSED)


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example not in REFUSED])
def test_the_crd_and_the_graph_of_an_example_are_unchanged(example: str, kinds: KindSchemas) -> None:
    """To accept a change on purpose, delete the snapshot and run the test twice."""
    definition = existing(compile_text((ROOT / "examples" / example).read_text(), kinds=kinds).definition)
    found = {
        "crd": definition.crd,
        "order": definition.order,
        "layers": definition.layers,
        "needs": {node.id: node.needs for node in definition.nodes},
    }
    written = json.dumps(found, indent=1, sort_keys=True) + "\n"
    snapshot = SNAPSHOTS / (example.removesuffix(".yaml").replace("/", "-") + ".json")
    if not snapshot.exists():
        snapshot.parent.mkdir(exist_ok=True)
        snapshot.write_text(written)
        pytest.fail(f"{snapshot.name} was missing and has been written; run again")
    assert json.loads(snapshot.read_text()) == json.loads(written)


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example not in REFUSED])
def test_the_runtime_agrees_about_the_optional_fields_that_nodes_need(
    example: str, kinds: KindSchemas
) -> None:
    """Of an instance that sets nothing: warnings name each node that waits for an optional field, and none of
    these nodes is rendered.
    """
    compilation = compile_text((ROOT / "examples" / example).read_text(), kinds=kinds)
    warned = {
        (field, node)
        for problem in compilation.problems
        if problem.code == "optional-field-needed"
        for field, *nodes in [re.findall("“([^”]+)”", problem.message)]
        for node in nodes
    }
    definition = existing(compilation.definition)
    optional = {".".join(path) for path in optional_fields(definition.spec_schema, ("spec",))}
    nodes = preview(definition, instance_of(definition, {}))
    waiting = {(field, node.id) for node in nodes for field in node.missing if field in optional}
    rendered = {node.id for node in nodes if node.state == "desired" and not node.missing}
    assert waiting <= warned
    assert not rendered.intersection(node for _, node in warned)
