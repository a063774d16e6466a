"""Names, labels and annotations as Kubernetes accepts them (apimachinery's ``validation`` package).

Each function returns what is wrong as a sentence, or an empty string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.documents.api_versions import group_of

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_PART = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_PART_RULE = "letters, digits, “-”, “_” and “.”, with a letter or a digit at both ends"
# Kind → the longest name, where it is shorter than 253 characters: the controllers append to it.
_SHORT = {"Namespace": 63, "Service": 63, "CronJob": 52}


def subdomain_problem(name: str, most: int = 253) -> str:
    if len(name) > most:
        return f"It has {len(name)} characters; at most {most} are allowed."
    if not _SUBDOMAIN.fullmatch(name):
        return "Use lowercase letters, digits, hyphens and dots. Start and end with a letter or a digit."
    return ""


def name_problem(api_version: str, kind: str, name: str) -> str:
    """Of the name of an object."""
    if group_of(api_version) == "rbac.authorization.k8s.io":  # any segment of a path
        return "It must not be “.” or “..”, or contain “/” or “%”." if _is_no_segment(name) else ""
    if problem := subdomain_problem(name, _SHORT.get(kind, 253)):
        return problem
    if (api_version, kind) == ("v1", "Service") and not _SERVICE.fullmatch(name):
        return "The name of a Service has lowercase letters, digits and hyphens, and starts with a letter."
    if (api_version, kind) == ("v1", "Namespace") and not _LABEL.fullmatch(name):
        return "The name of a Namespace has lowercase letters, digits and hyphens."
    return ""


def _is_no_segment(name: str) -> bool:
    return name in (".", "..") or "/" in name or "%" in name


def key_problem(key: str) -> str:
    """Of the key of a label or an annotation: ``name`` or ``prefix/name``."""
    prefix, slash, name = key.rpartition("/")
    if slash and (problem := subdomain_problem(prefix)):
        return f"The prefix “{prefix}” must be a DNS name. {problem}"
    if len(name) > 63:
        return f"The name “{name[:20]}…” has {len(name)} characters; at most 63 are allowed."
    return "" if _PART.fullmatch(name) else f"The name after an optional prefix has {_PART_RULE}."


def value_problem(value: str) -> str:
    """Of the value of a label."""
    if len(value) > 63:
        return f"The value has {len(value)} characters; a label has at most 63. Use an annotation."
    return "" if not value or _PART.fullmatch(value) else f"The value of a label has {_PART_RULE}."


def metadata_problems(metadata: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """(``labels`` or ``annotations``, key) and what is wrong. Expressions are left to the cluster."""
    for field in ("labels", "annotations"):
        entries = metadata.get(field)
        for key, value in entries.items() if isinstance(entries, Mapping) else ():
            if not isinstance(key, str) or "${" in key:
                continue
            # Kubernetes compares the keys of annotations without regard to case.
            problem = key_problem(key if field == "labels" else key.lower())
            if not problem and field == "labels" and isinstance(value, str) and "${" not in value:
                problem = value_problem(value)
            if problem:
                yield (field, key), problem
