"""How the ground floor reaches rooms above it without importing them: dotted names in the settings.

A name that cannot be loaded costs its feature and never the page; ``manage.py check`` names it
(``portal.W001``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

log = logging.getLogger("slipway.hooks")

# Settings that hold dotted names: one, several, or a table of them.
HOOK_SETTINGS = (
    "SEARCH_PROVIDERS", "NAVIGATION_COUNTS", "LIVE_TOPICS", "PORTAL_NOTICES", "HOME_SECTIONS",
    "READINESS_FACTS", "DEMO_LOADERS",
)  # fmt: skip


def load(dotted: str) -> Any | None:
    """What stands under the name, or None when it cannot be imported."""
    try:
        return import_string(dotted)
    except ImportError:
        log.debug("hook %s cannot be loaded", dotted, exc_info=True)
        return None


def hooks(setting: str) -> Iterator[tuple[str, Any]]:
    """(dotted name, object) of every hook in a setting that holds a list, in order."""
    for dotted in getattr(settings, setting, ()):
        found = load(dotted)
        if found is not None:
            yield dotted, found


def dotted_names() -> Iterator[tuple[str, str]]:
    """(setting, dotted name) of everything that the settings name, for the check."""
    for setting in HOOK_SETTINGS:
        value = getattr(settings, setting, ())
        for dotted in value.values() if isinstance(value, dict) else value:
            yield setting, dotted
