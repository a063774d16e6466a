"""Compile syntax trees into closures."""
