"""A child changes in the cluster: how long until a browser that watches the instance shows it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.bench.cluster import Cluster
from tests.bench.row import Row, milliseconds, percentile
from tests.chromium import CHROMIUM, FLAGS
from tests.demo import Demo, Session

CHANGES = 100
SHOWN_WITHIN = 10.0
# The status shows a key of the ConfigMap that the contract does not own, so changing it is not drift.
CONTRACT = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: probe}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Probe
    group: bench.slipway.dev
    spec: {text: 'string | default="x"'}
    status: {seen: "${settings.data.?seen.orValue('none')}"}
  resources:
  - id: settings
    template:
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: "${schema.metadata.name}"}
      data: {text: "${schema.spec.text}"}
"""
# Records when each text is first on the page; the content security policy does not apply to injected scripts.
WATCH = """
window.seenAt = {};
const look = () => {
  for (const found of document.body.innerText.matchAll(/probe-\\d+/g)) window.seenAt[found[0]] ??= Date.now();
};
addEventListener("DOMContentLoaded", () =>
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true}));
"""


def measure() -> Iterator[Row]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Demo(Path(folder) / "demo") as demo,
        sync_playwright() as playwright,
    ):
        publish(demo)
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page(base_url=demo.url)
        page.add_init_script(WATCH)
        page.goto("/login/")
        page.fill("[name=username]", "developer")
        page.fill("[name=password]", "developer-demo")
        page.press("[name=password]", "Enter")
        page.get_by_role("button", name="Sign out").wait_for()
        page.goto(f"/instances/{ready_instance(demo.session('developer'))}/")
        page.get_by_text("none", exact=True).wait_for()
        cluster = Cluster(demo.kubeconfig)
        delays = [change(cluster, page, number) for number in range(CHANGES)]
        yield Row(f"child changed → on the page, p50 of {CHANGES}", milliseconds(percentile(delays, 50)))
        yield Row(
            f"child changed → on the page, p95 of {CHANGES}", milliseconds(percentile(delays, 95)), "< 300 ms"
        )


def publish(demo: Demo) -> None:
    answer = demo.session("engineer").post("/api/v1/contracts/", json={"text": CONTRACT, "note": "bench"})
    assert answer.ok, answer.text


def ready_instance(developer: Session) -> int:
    """The key of a new instance of CONTRACT that is ready."""
    body: dict[str, Any] = {"contract": "probe", "namespace": "checkout", "name": "probe", "spec": {}}
    answer = developer.post("/api/v1/instances/", json=body)
    assert answer.ok, answer.text
    number = int(answer.json()["instance"]["id"])
    deadline = time.monotonic() + SHOWN_WITHIN
    while developer.get(f"/api/v1/instances/{number}/").json()["state"] != "ready":
        assert time.monotonic() < deadline, "the instance did not become ready"
        time.sleep(0.05)
    return number


def change(cluster: Cluster, page: Any, number: int) -> float:
    """Seconds from sending the change to its text in the browser; both read this machine's clock."""
    text = f"probe-{number}"
    began = time.time()
    cluster.patch("/api/v1/namespaces/checkout/configmaps/probe?fieldManager=bench", {"data": {"seen": text}})
    deadline = began + SHOWN_WITHIN
    while not (seen := page.evaluate("text => window.seenAt[text] ?? 0", text)):
        assert time.time() < deadline, f"{text} did not appear"
        time.sleep(0.002)
    return float(seen) / 1000 - began
