"""One instance at a time through the portal: the answer to the form, and when all of it is in the cluster."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.row import Row, milliseconds
from tests.demo import Demo, Session

TIMES = 15
APPLIED_WITHIN = 20.0
# None of its resources waits for the cluster, so this measures the portal and the reconciler.
CONTRACT = "team-namespace"
RESOURCES = 5


def measure() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, Demo(Path(folder) / "demo") as demo:
        developer = demo.session("developer")
        submit(developer, "warm-up")
        answers, applied = zip(
            *(submit(developer, f"bench-{number}") for number in range(TIMES)), strict=True
        )
        yield Row(
            f"submit → address of the instance's page (median of {TIMES})",
            milliseconds(median(answers)),
            "< 300 ms",
        )
        yield Row(
            f"submit → all {RESOURCES} resources of “{CONTRACT}” applied (median of {TIMES})",
            milliseconds(median(applied)),
            "< 500 ms",
        )
        yield Row("… slowest", milliseconds(max(applied)))


def submit(developer: Session, name: str) -> tuple[float, float]:
    """Seconds to the answer, and to the last resource, both from the submit."""
    address = f"/catalog/{CONTRACT}/create/"
    hidden = dict(re.findall(r'type="hidden" name="(_\w+)" value="([^"]*)"', developer.get(address).text))
    form = hidden | {"_name": name, "_namespace": "checkout", "/group": "developers"}
    began = time.monotonic()
    answer = developer.post(address, data=form, allow_redirects=False)
    answered = time.monotonic() - began
    assert answer.status_code == 302, f"the form was refused: {answer.status_code}"
    page = answer.headers["Location"]
    number = re.search(r"/instances/(\d+)/", page)
    assert number, page
    while True:
        resources = developer.get(f"/api/v1/instances/{number[1]}/").json()["resources"]
        if len([one for one in resources if one["created_at"]]) >= RESOURCES:
            return answered, time.monotonic() - began
        assert time.monotonic() - began < APPLIED_WITHIN, f"{name} was not applied in time"
        time.sleep(0.005)
