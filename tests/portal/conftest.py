"""The ground floor without the rooms above it."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from tests.people import people, sign_in, teams

__all__ = ["people", "sign_in", "teams"]


@pytest.fixture(autouse=True)
def ground_floor_alone(settings: Settings) -> None:
    """No room above takes part: what they put into the shell is tested with them."""
    settings.NAVIGATION_COUNTS = {}
    for name in ("SEARCH_PROVIDERS", "HOME_SECTIONS", "PORTAL_NOTICES", "READINESS_FACTS", "DEMO_LOADERS"):
        setattr(settings, name, [])
