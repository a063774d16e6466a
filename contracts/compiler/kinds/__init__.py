"""Kinds of Kubernetes and of clusters: their schemas, plurals and scopes."""
