"""A simulated Kubernetes API server for the demo and the tests: one process, in memory, on loopback."""
