"""Server time of pages with 10,000 instances: a request through every middleware, without a network.

Processor time, since waiting for other programs of the machine is no property of a page.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from django.core.management import call_command
from django.test import Client

from tests.bench.filled import fill
from tests.bench.row import Row, milliseconds

TIMES = 31
AIM = "< 50 ms"
PAGES = {
    "Home": "/",
    "Catalog": "/catalog/",
    "One contract of the catalog": "/catalog/service/",
    "Form of a new instance": "/catalog/service/create/",
    "Instances": "/instances/",
    "Instances, filtered by name and state": "/instances/?q=service-99&state=ready",
    "Instances, filtered by namespace": "/instances/?namespace=checkout",
    "Instances, sorted by change, page 150": "/instances/?sort=-updated&page=150",
    "Search": "/search/?q=service-777",
    "One instance": "/instances/{pk}/",
    "Contracts": "/contracts/",
}
CREATE = "/catalog/service/create/"
FORM = {"_namespace": "checkout", "/image": "shop:1"}


def measure() -> Iterator[Row]:
    call_command("migrate", verbosity=0)
    user, pk = fill()
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    for what, path in PAGES.items():
        spent = [get(client, path.format(pk=pk)) for _ in range(TIMES + 1)]
        yield Row(f"{what}, p50", milliseconds(median(spent[1:])), AIM)
    spent = [submit(client, f"bench-{number}") for number in range(TIMES + 1)]
    yield Row("Submit the form, and the page that follows, p50", milliseconds(median(spent[1:])), "< 300 ms")


def get(client: Client, path: str) -> float:
    began = time.process_time()
    answer = client.get(path)
    spent = time.process_time() - began
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")
    return spent


def submit(client: Client, name: str) -> float:
    began = time.process_time()
    answer = client.post(CREATE, {**FORM, "_name": name})
    if answer.status_code != 302:
        raise SystemExit(f"the form was refused with {answer.status_code}")
    client.get(answer["Location"])
    return time.process_time() - began
