"""References, names and health of Kubernetes objects, read from plain dicts. Pure."""
