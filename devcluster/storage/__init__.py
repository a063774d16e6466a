"""Stores objects with their history in memory, and saves them to a file."""
