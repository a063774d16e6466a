"""Fuzzed requests to every endpoint, and how long the slowest took."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from itertools import cycle, islice

from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings

from catalog.models import Instance
from portal.accounts.models import Team
from tests.bench.filled import fill
from tests.bench.row import Row, milliseconds, percentile
from tests.fuzz.requests import Request, requests, routes, with_large_texts
from tests.fuzz.run import Answer, answer_to
from tests.fuzz.world import accounts, add_drafts_and_changes

REQUESTS = 100_000
MOST_SECONDS = 2.0  # of processor time
AT_ONCE = 10  # requests to one endpoint, before the next one


def measure() -> Iterator[Row]:
    """``SLIPWAY_FUZZ_REQUESTS``: how many, 100,000 by default. An AssertionError names each kind of fault."""
    count = int(os.environ.get("SLIPWAY_FUZZ_REQUESTS", REQUESTS))
    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        _, pk = fill()
        clients = accounts(Team.objects.get(slug="checkout"))
        add_drafts_and_changes(Instance.objects.get(pk=pk))
    answers: list[Answer] = []
    faults: dict[str, Request] = {}
    for request in with_large_texts(pk):
        record(request, clients, answers, faults)
    for route in islice(cycle(routes()), max(count // AT_ONCE, 1)):
        fuzz(route, clients, answers, faults)
    logging.disable(logging.NOTSET)
    assert not faults, "\n".join(f"{fault}: {request}" for fault, request in faults.items())
    seconds = [answer.seconds for answer in answers]
    yield Row(
        f"{len(answers):,} requests to {len(routes())} endpoints: internal errors, tracebacks", "0", "0"
    )
    yield Row("… processor time, p50", milliseconds(percentile(seconds, 50)))
    yield Row("… processor time, p99", milliseconds(percentile(seconds, 99)))
    yield Row("… processor time of the slowest", milliseconds(max(seconds)), f"< {MOST_SECONDS:g} s")


def fuzz(
    route: str, clients: dict[str, dict[str, str]], answers: list[Answer], faults: dict[str, Request]
) -> None:
    @settings(
        max_examples=AT_ONCE,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(route))
    def send(request: Request) -> None:
        record(request, clients, answers, faults)

    send()


def record(
    request: Request, clients: dict[str, dict[str, str]], answers: list[Answer], faults: dict[str, Request]
) -> None:
    answer = answer_to(request, clients)
    answers.append(answer)
    if fault := answer.fault(MOST_SECONDS):
        faults.setdefault(f"{request.method} {request.path[:60]} {fault}", request)
