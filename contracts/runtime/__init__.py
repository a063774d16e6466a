"""Compiled definition + instance + observed objects → per node: desired, pending, ignored, ready, and status.

Pure: the preview, the contract tests, the planner and the reconciler all read the same answer.
"""

from contracts.runtime.previewing import preview
from contracts.runtime.rendering import render
from contracts.runtime.states import Lookup, NodeState, PreviewNode, Rendering, State
from contracts.runtime.status_projection import merge_conditions
from contracts.runtime.test_runner import Trial, instance_of, run_cases

__all__ = [
    "Lookup",
    "NodeState",
    "PreviewNode",
    "Rendering",
    "State",
    "Trial",
    "instance_of",
    "merge_conditions",
    "preview",
    "render",
    "run_cases",
]
