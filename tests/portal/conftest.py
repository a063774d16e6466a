"""The portal app without the hooks of other apps."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from tests.users import sign_in, teams, users

__all__ = ["sign_in", "teams", "users"]


@pytest.fixture(autouse=True)
def no_hooks(settings: Settings) -> None:
    """No app sets a hook; the hooks of an app are tested with that app."""
    settings.NAVIGATION_COUNTS = {}
    for name in ("SEARCH_PROVIDERS", "HOME_SECTIONS", "PORTAL_NOTICES", "READINESS_FACTS", "DEMO_LOADERS"):
        setattr(settings, name, [])
