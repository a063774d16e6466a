"""Names and needs → order, layers, and a cycle explained. Knows nothing of Kubernetes or of YAML."""
