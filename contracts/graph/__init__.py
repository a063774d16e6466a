"""Topological order, layers and cycles of a dependency graph, independent of Kubernetes and YAML."""

from contracts.graph.order import cycles, find_cycle, layers, topological_order

__all__ = ["cycles", "find_cycle", "layers", "topological_order"]
