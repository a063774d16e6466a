"""Turns syntax trees into closures, and runs them."""
