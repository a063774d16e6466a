"""Compiled definition + instance + observed objects → per node: desired, pending, ignored, ready, and status.

Pure: the preview, the contract tests, the planner and the reconciler share the result.
"""

from contracts.runtime.previewing import preview
from contracts.runtime.rendering import render
from contracts.runtime.states import Lookup, NodeState, PreviewNode, Rendering, State
from contracts.runtime.status_projection import merge_conditions
from contracts.runtime.test_runner import ContractTestResult, instance_of, run_tests
from contracts.runtime.withholding import withhold

__all__ = [
    "ContractTestResult",
    "Lookup",
    "NodeState",
    "PreviewNode",
    "Rendering",
    "State",
    "instance_of",
    "merge_conditions",
    "preview",
    "render",
    "run_tests",
    "withhold",
]
