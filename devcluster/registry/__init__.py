"""Reads, lists, watches, writes and deletes objects, for HTTP requests and controllers alike."""
