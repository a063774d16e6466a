"""An error about a field of a child is mapped to the fields of the instance behind it."""

from __future__ import annotations

import pytest

from contracts.compiler import source_fields
from tests.contracts.definitions import config_map, defined


@pytest.mark.parametrize(
    ("field", "sources"),
    [
        ("data.k", ("spec.name",)),
        ("data.k.below", ("spec.name",)),
        ("data", ("spec.name", "spec.size")),
        ("metadata.labels", ()),
    ],
)
def test_the_source_fields_of_a_child(field: str, sources: tuple[str, ...]) -> None:
    definition = defined(
        config_map("a", "data: {k: '${schema.spec.name}', n: '${string(schema.spec.size)}'}")
        + config_map("b", "data: {k: '${string(schema.spec.flag)}'}")
    )
    assert source_fields(definition, definition.node("a"), field) == sources
