"""Compiled definition + instance + observed objects → per node: desired, pending, ignored, ready, and status.

Pure: the preview, the contract tests, the planner and the reconciler all read the same answer.
"""

from contracts.runtime.states import Lookup, NodeState, PreviewNode, Rendering, State

__all__ = ["Lookup", "NodeState", "PreviewNode", "Rendering", "State"]
