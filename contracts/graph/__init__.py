"""Names and needs → order, layers, and a cycle explained. Knows nothing of Kubernetes or of YAML."""

from contracts.graph.order import cycles, find_cycle, layers, reach, topological_order

__all__ = ["cycles", "find_cycle", "layers", "reach", "topological_order"]
