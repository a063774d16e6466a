"""Names that are allowed for nodes, iterators and kinds, and reserved words (kro §1.3)."""

from __future__ import annotations

import re

_END = r"\Z"
ID = re.compile(r"[a-z][a-zA-Z0-9]*\Z")
KIND = re.compile(r"[A-Z][a-zA-Z0-9]{0,62}\Z")
VERSION = re.compile(r"v[0-9]+(alpha[0-9]+|beta[0-9]+)?\Z")
GROUP = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
OBJECT_NAME = GROUP  # both are DNS-1123 subdomains
QUALIFIED = re.compile(
    rf"({GROUP.pattern.removesuffix(_END)}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?{_END}"
)
"""The key of a label or an annotation."""
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\Z")
SHORT_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z")

_KRO_WORDS = (
    "apiVersion context dependency dependencies each externalRef externalReference externalRefs"
    " externalReferences graph instance item items kind kro metadata namespace object resource"
    " resourcegraphdefinition resourceGraphDefinition resources root runtime schema self serviceAccountName"
    " spec status this variables vars version"
)
_CEL_WORDS = (
    "true false null in as break const continue else for function if import let loop package namespace return"
    " var void while"
)
RESERVED = frozenset(f"{_KRO_WORDS} {_CEL_WORDS}".split())

RESERVED_LABEL_PREFIXES = ("kro.run/", "internal.kro.run/")
OWN_LABEL_PREFIXES = ("slipway.dev/", "applyset.kubernetes.io/")


def lower_camel(text: str) -> str:
    """A valid id similar to ``text``, for hints: ``my-db`` → ``myDb``."""
    words = [word for word in re.split(r"[^a-zA-Z0-9]+", text) if word]
    joined = "".join(word[0].upper() + word[1:] for word in words).lstrip("0123456789")
    return joined[:1].lower() + joined[1:]


def object_name(text: str) -> str:
    """A valid object name similar to ``text``, for hints, or an empty string: ``Bad_Name`` → ``bad-name``."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:253]


def upper_camel(text: str) -> str:
    name = lower_camel(text)
    return name[:1].upper() + name[1:]
