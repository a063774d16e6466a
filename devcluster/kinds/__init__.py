"""The kinds that are served: facts, defaults, validation, discovery and OpenAPI documents."""
