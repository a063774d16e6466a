"""YAML text → plain data with the position of every key and value, as Kubernetes would read it. Pure."""

from contracts.documents.paths import Path, print_path
from contracts.documents.reader import Document, read
from contracts.documents.yaml_tree import Limits, Span, positioned

__all__ = ["Document", "Limits", "Path", "Span", "positioned", "print_path", "read"]
