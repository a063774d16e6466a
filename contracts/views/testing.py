"""The contract's own tests, for the editor and the contract's page."""

from __future__ import annotations

from typing import Any

from contracts.compiler import Compilation


def test_results(compilation: Compilation) -> tuple[Any, ...]:
    return ()
