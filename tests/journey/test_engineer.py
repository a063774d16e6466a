"""A platform engineer publishes a contract, and users use it from the portal and with kubectl."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journey.conftest import SignIn

COMES_UP_WITHIN = 60_000

WEBAPP = """\
apiVersion: kro.run/v1alpha1
kind: WebApp
metadata: {name: by-hand, namespace: checkout}
spec:
  name: by-hand
  namespace: checkout
  service: {}
"""


def test_kros_own_example_is_pasted_published_and_used(
    sign_in: SignIn, kubectl: Callable[..., str], conformance: Path
) -> None:
    text = (conformance / "kro/examples/kubernetes/webapp/rg.yaml").read_text()
    page = sign_in("engineer")
    page.goto("/contracts/import/")
    page.fill("textarea[name=text]", text)
    page.locator(
        "form:has(textarea[name=text]) button[type=submit], form:has(textarea[name=text]) button.primary"
    ).first.click()
    page.get_by_role("button", name="Review and publish").click()
    grant_reach(sign_in("admin"), page.get_by_role("link", name="/grant/").inner_text())
    page.reload()
    page.fill("[name=note]", "kro's own example")
    page.get_by_role("button", name=re.compile("^Publish")).click()
    expect(page.locator("body")).to_contain_text(re.compile("revision 1|Revision 1"))
    page.goto("/catalog/?q=webapp")
    expect(page.locator("body")).to_contain_text("webapp")

    wait_until(lambda: "webapps" in kubectl("api-resources", "--api-group=kro.run"))
    kubectl("apply", "-f", "-", given=WEBAPP)
    page.goto("/instances/?q=by-hand")
    expect(page.get_by_role("link", name="by-hand", exact=True)).to_be_visible()
    page.get_by_role("link", name="by-hand", exact=True).click()
    expect(page.locator(".head .title")).to_contain_text("Ready", timeout=COMES_UP_WITHIN)
    assert "by-hand" in kubectl("get", "webapps", "-n", "checkout")
    assert "by-hand" in kubectl("get", "deploy,po", "-n", "checkout")

    before = json.loads(kubectl("get", "deploy", "by-hand", "-n", "checkout", "-o", "json"))["metadata"][
        "uid"
    ]
    kubectl("delete", "deploy", "by-hand", "-n", "checkout", "--wait=false")
    wait_until(lambda: uid_of(kubectl, "by-hand") not in {"", before})
    page.goto(f"{page.url.split('?')[0]}?tab=events")
    expect(page.locator("body")).to_contain_text(re.compile("Drift|deleted|came back|again", re.I))

    kubectl("delete", "webapp", "by-hand", "-n", "checkout", "--timeout=40s")
    assert "by-hand" not in kubectl("get", "deploy", "-n", "checkout")


def grant_reach(admin: Page, url: str) -> None:
    """The example takes its namespace from input, so a portal admin has to permit it."""
    admin.goto(url)
    admin.fill("[name=reason]", "The namespace is the instance's own")
    admin.get_by_role("button", name="Grant").click()
    expect(admin.locator("body")).to_contain_text("Everything that this draft reaches is granted.")


def uid_of(kubectl: Callable[..., str], name: str) -> str:
    found = kubectl("get", "deploy", name, "-n", "checkout", "-o", "json", "--ignore-not-found")
    return str(json.loads(found)["metadata"]["uid"]) if found.strip() else ""


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + COMES_UP_WITHIN / 1000
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_problems_are_shown_with_their_lines_while_typing(sign_in: SignIn) -> None:
    page = sign_in("engineer")
    page.goto("/contracts/new/?from=stateless-service")
    expect(page.locator("#check")).to_contain_text("Deployment")
    page.locator("code-editor .cm-content").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\n  lifecycl: stable\n")
    expect(page.locator("#check")).to_contain_text("lifecycl", timeout=10_000)
    expect(page.locator("#check")).to_contain_text(re.compile(r"[Ll]ine|\d+:\d+|\d+"))


def test_a_developer_may_look_at_a_contract_and_not_publish(sign_in: SignIn) -> None:
    page = sign_in("developer")
    page.goto("/contracts/stateless-service/")
    expect(page.get_by_role("heading", name="Stateless service, lowest cost")).to_be_visible()
    answer = page.goto("/contracts/new/")
    assert answer is not None
    assert answer.status == 403
