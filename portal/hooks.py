"""Hooks: how ``portal`` calls packages above it without importing them, by dotted names in the settings.

A name that cannot be imported is an error of the system check ``portal.E001``, and ends a web process when it
starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

# Each setting holds one dotted name, a list of them, or a dict with dotted names as values.
HOOK_SETTINGS = (
    "AUDIT_WORDINGS",
    "CONTRACT_FORM_PREVIEW",
    "CONTRACT_GRAPH_PREVIEW",
    "DEMO_LOADERS",
    "EMBEDDED_CLUSTER_RULES",
    "EMBEDDED_RECONCILER",
    "HOME_SECTIONS",
    "LIVE_TOPICS",
    "NAVIGATION_COUNTS",
    "PORTAL_NOTICES",
    "READINESS_FACTS",
    "SEARCH_PROVIDERS",
)


def load(setting: str, dotted: str) -> Any:
    """Import the object that a setting names. Raises ``ImproperlyConfigured``."""
    try:
        return import_string(dotted)
    except ImportError as error:
        message = f"The setting {setting} names {dotted}, which cannot be imported: {error}"
        raise ImproperlyConfigured(message) from error


def load_one(setting: str) -> Any | None:
    """The hook of a setting that holds one dotted name; None when it is empty."""
    dotted = getattr(settings, setting)
    return load(setting, dotted) if dotted else None


def load_entry(setting: str, key: str) -> Any | None:
    """The hook under a key of a setting that holds a dict; None when there is no such key."""
    dotted = getattr(settings, setting).get(key)
    return load(setting, dotted) if dotted else None


def hooks(setting: str) -> Iterator[tuple[str, Any]]:
    """(dotted name, object) of each hook in a setting that holds a list, in order."""
    for dotted in getattr(settings, setting):
        yield dotted, load(setting, dotted)


def load_all() -> None:
    """Import every hook. Raises ``ImproperlyConfigured`` for the first that cannot be imported."""
    for setting, dotted in dotted_names():
        load(setting, dotted)


def dotted_names() -> Iterator[tuple[str, str]]:
    """(setting, dotted name) of every hook."""
    for setting in HOOK_SETTINGS:
        value = getattr(settings, setting)
        names = [value] if isinstance(value, str) else value.values() if isinstance(value, dict) else value
        yield from ((setting, dotted) for dotted in names if dotted)
