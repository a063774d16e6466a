"""Parsing into syntax trees, and printing."""
