"""The page on what Slipway writes into a cluster is complete."""

from __future__ import annotations

import pytest

from reconciler.objects import names
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "cluster-objects.md"
WRITTEN = sorted(
    value
    for name, value in vars(names).items()
    if name.isupper() and isinstance(value, str) and "/" in value and name != "TOOLING"
)


@pytest.mark.parametrize("name", WRITTEN)
def test_every_name_is_explained(name: str) -> None:
    assert f"`{name}" in PAGE.read_text()
