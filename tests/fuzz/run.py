"""Sends a request, undoes what it changed, and says what is wrong with the answer."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import transaction

from tests.fuzz.requests import Request
from tests.fuzz.world import client

TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    seconds: float
    text: str

    def fault(self, most_seconds: float) -> str:
        """What is wrong with it; empty: nothing."""
        if self.status >= 500:
            return f"answered {self.status}"
        if TRACEBACK in self.text:
            return "shows a traceback"
        return f"took {self.seconds:.1f} s" if self.seconds > most_seconds else ""


def answer_to(request: Request, accounts: dict[str, dict[str, str]]) -> Answer:
    own, more = accounts[request.account], request.headers
    cookies = "; ".join(header["Cookie"] for header in (own, more) if "Cookie" in header)
    headers = {**own, **more, **({"Cookie": cookies} if cookies else {})}
    began = time.process_time()
    with transaction.atomic():
        response = client().generic(request.method, request.path, request.body, request.type, headers=headers)
        seconds = time.process_time() - began
        transaction.set_rollback(True)
    text = b"".join(response) if response.streaming else response.content
    return Answer(response.status_code, seconds, text.decode("utf-8", "replace"))
