"""A hook that cannot be imported is an error at the start and never hides a banner."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Error, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from portal import settings as real_settings
from portal.hooks import HOOK_SETTINGS, load_all
from tests.conftest import REPOSITORY

WRONG = {
    "EMBEDDED_RECONCILER": "reconciler.manager.embedded.Nothing",
    "LIVE_TOPICS": {"instance": "catalog.live_topics.Nothing"},
    "PORTAL_NOTICES": ["no.such.package.notices"],
}


@pytest.mark.parametrize("setting", WRONG)
def test_an_invalid_hook_is_an_error_of_the_system_check(setting: str, settings: Any) -> None:
    setattr(settings, setting, WRONG[setting])
    found = [message for message in run_checks() if message.id == "portal.E001"]
    assert [type(message) for message in found] == [Error]
    assert found[0].msg.startswith(f"The setting {setting} names ")
    with pytest.raises(ImproperlyConfigured, match=f"The setting {setting} names "):
        load_all()


def test_an_invalid_hook_is_an_error_of_the_page(sign_in: Callable[[str], Client], settings: Any) -> None:
    client = sign_in("outsider")
    settings.PORTAL_NOTICES = WRONG["PORTAL_NOTICES"]
    with pytest.raises(ImproperlyConfigured):
        client.get("/account/")


def test_every_hook_of_the_real_settings_can_be_imported(settings: Any) -> None:
    for setting in HOOK_SETTINGS:
        setattr(settings, setting, getattr(real_settings, setting))
    load_all()


def test_a_web_process_does_not_start_with_an_invalid_hook(tmp_path: Path) -> None:
    (tmp_path / "wrong_settings.py").write_text(
        'from portal.settings import *\nSEARCH_PROVIDERS = ["catalog.portal_hooks.search.nothing"]\n'
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "wrong_settings",
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}",
        "SLIPWAY_STATE_DIR": str(tmp_path),
    }
    command = [sys.executable, "-c", "import portal.asgi"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "The setting SEARCH_PROVIDERS names catalog.portal_hooks.search.nothing" in done.stderr
