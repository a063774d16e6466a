"""Derives the reach of a definition: its objects outside, what it reads, and where values of Secrets go."""
