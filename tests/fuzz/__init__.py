"""Requests to every endpoint with hostile parts: what must hold for any request."""
