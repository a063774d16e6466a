"""Kubernetes' API machinery as pure functions: schemas, field ownership, patches, selectors, errors."""
