"""Clients of the API that create, edit and delete instances, and remember what was accepted."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.kills.names import NAMESPACE

NAMES = 5  # of each client
PAUSE = 0.02  # seconds between two requests
UNANSWERED = (OSError, http.client.HTTPException)


class NotSent(Exception):
    """No server took the connection: nothing can have been accepted."""


class Portal:
    """The API over HTTP. ``headers`` carry a token, or a session."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._netloc, self._headers = urllib.parse.urlsplit(url).netloc, dict(headers)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Raises ``NotSent``, or one of ``UNANSWERED`` when the answer was lost."""
        link = http.client.HTTPConnection(self._netloc, timeout=30)
        try:
            link.connect()
        except OSError as error:
            raise NotSent from error
        try:
            headers = {**self._headers, "Content-Type": "application/json"}
            link.request(method, f"/api/v1/{path}", None if body is None else json.dumps(body), headers)
            response = link.getresponse()
            return response.status, json.loads(response.read() or b"null")
        finally:
            link.close()


@dataclass
class Known:
    """An instance as its client knows it."""

    key: int  # of its row
    spec: dict[str, Any]


@dataclass(frozen=True)
class Request:
    action: str  # as of a change: create, update, delete
    name: str
    spec: dict[str, Any] = field(default_factory=dict)


@dataclass
class Client:
    """Writes to names of its own, one request after the other.

    ``unanswered``: requests without an answer, at most one of each name; the name is left alone then.
    """

    number: int
    portal: Portal
    random: random.Random
    known: dict[str, Known] = field(default_factory=dict)
    unanswered: dict[str, Request] = field(default_factory=dict)
    accepted: set[int] = field(default_factory=set)  # keys of changes
    writes: int = 0
    failure: str = ""

    @property
    def names(self) -> list[str]:
        return [f"client-{self.number}-{number}" for number in range(NAMES)]

    def write_until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            free = [name for name in self.names if name not in self.unanswered]
            if free:
                self._write(self._next(self.random.choice(free)))
            time.sleep(PAUSE)

    def _next(self, name: str) -> Request:
        self.writes += 1
        if name in self.known and self.random.random() < 0.3:
            return Request("delete", name)
        spec = {"text": f"{self.number}-{self.writes}", "extra": self.random.random() < 0.5}
        return Request("update" if name in self.known else "create", name, spec)

    def _write(self, request: Request) -> None:
        try:
            status, body = self._send(request)
        except NotSent:
            return
        except UNANSWERED:
            self.unanswered[request.name] = request
            return
        if status == 202:
            self.accepted.add(body["change"]["id"])
            self.take(request, body["change"]["instance"])
        elif status not in (404, 409):
            self.failure = f"{request}: {status} {body}"

    def _send(self, request: Request) -> tuple[int, Any]:
        if request.action == "create":
            body = {"contract": "pair", "namespace": NAMESPACE, "name": request.name, "spec": request.spec}
            return self.portal.call("POST", "instances/", body)
        path = f"instances/{self.known[request.name].key}/"
        if request.action == "delete":
            return self.portal.call("DELETE", path)
        return self.portal.call("PUT", path, {"spec": request.spec})

    def take(self, request: Request, key: int | None) -> None:
        """The request was accepted: from now on its outcome is expected."""
        if request.action == "delete":
            del self.known[request.name]
        elif request.action == "update":
            self.known[request.name].spec = request.spec
        else:
            assert key is not None
            self.known[request.name] = Known(key, request.spec)
