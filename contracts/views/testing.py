"""The contract's own tests, for the editor, the publish page and the contract's page."""

from __future__ import annotations

from contracts.compiler import Compilation
from contracts.runtime import ContractTestResult, run_tests


def test_results(compilation: Compilation) -> tuple[ContractTestResult, ...]:
    """The result of every test; empty for a text that does not compile."""
    return tuple(run_tests(compilation))
