"""Stores objects with their history in memory, and journals their changes to disk."""
