"""The static type checker."""
