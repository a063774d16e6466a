"""References, names and health of Kubernetes objects, read from plain dicts. Pure; used by the whole room."""
