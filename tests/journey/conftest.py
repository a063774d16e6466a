"""The whole product as a user meets it: ``manage.py run`` as a process, a real browser, a real kubectl."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import WITHIN
from tests.demo import Demo

KUBECTL = shutil.which("kubectl")
OLDEST_KUBECTL = (1, 29)
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)  # most of them


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(demo: Demo, chromium: Browser) -> Iterator[SignIn]:
    """``sign_in("developer")`` is a browser of that user, on the home page."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_browser(username: str, **options: Any) -> Page:
        context = chromium.new_context(base_url=demo.url, viewport={"width": 1440, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WITHIN)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/login/")
        page.fill("[name=username]", username)
        page.fill("[name=password]", f"{username}-demo")
        page.press("[name=password]", "Enter")
        page.get_by_role("button", name="Sign out").wait_for()
        return page

    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def kubectl(demo: Demo) -> Callable[..., str]:
    """``kubectl("get", "pods")`` against the embedded cluster; returns the output or fails."""
    if KUBECTL is None:
        pytest.skip("no kubectl here: install version 1.29 or newer")
    version = subprocess.run(
        [KUBECTL, "version", "--client"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"v(\d+)\.(\d+)", version)
    if not found or (int(found[1]), int(found[2])) < OLDEST_KUBECTL:
        pytest.skip(f"kubectl is too old, 1.29 or newer is needed: {version.splitlines()[0]}")
    cache = demo.state / "kubectl-cache"

    def run(*arguments: str, given: str | None = None) -> str:
        done = subprocess.run(
            [KUBECTL, "--kubeconfig", str(demo.kubeconfig), "--cache-dir", str(cache), *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
