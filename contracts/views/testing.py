"""The contract's own tests, for the editor, the publish page and the contract's page."""

from __future__ import annotations

from contracts.compiler import Compilation
from contracts.runtime import Trial, run_cases


def test_results(compilation: Compilation) -> tuple[Trial, ...]:
    """What came of every case; nothing for a text that does not compile."""
    return tuple(run_cases(compilation))
