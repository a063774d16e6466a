"""The demo's instances."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from catalog import demo
from catalog.models import Change, Instance
from contracts import demo as contracts
from portal.accounts import demo as users


@pytest.mark.django_db
def test_the_samples_are_valid_and_loaded_once(settings: Settings) -> None:
    settings.DEMO = True
    users.load()
    contracts.load()
    assert len(demo.load()) == len(demo.SAMPLES)
    assert demo.load() == []
    assert Instance.objects.count() == Change.objects.count() == len(demo.SAMPLES)
