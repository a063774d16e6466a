"""One HTTP request to an API server, sent byte by byte as a case says, and its answer."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

RECORDED_HEADERS = ("Allow", "Content-Type", "Retry-After", "Warning", "WWW-Authenticate")
FAILURES = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, Any] = field(default_factory=dict)  # None removes a default header, a list repeats one
    body: Any = None

    def as_recorded(self) -> dict[str, Any]:
        parts = {"method": self.method, "path": self.path, "headers": self.headers, "body": self.body}
        return {name: value for name, value in parts.items() if value}


class Server:
    """An API server; its certificate is checked."""

    def __init__(self, url: str, token: str, certificate: str) -> None:
        self._netloc = urllib.parse.urlsplit(url).netloc
        self._token = token
        self._tls = ssl.create_default_context(cadata=certificate)

    def call(self, request: Request) -> dict[str, Any]:
        """The answer: status, headers and body. Status 0 means that there was none."""
        try:
            connection, response = self.open(request)
            text = response.read()
            connection.close()
        except FAILURES as problem:
            return no_answer(problem)
        return {"status": response.status, "headers": recorded_headers(response), "body": decoded(text)}

    def open(
        self, request: Request, timeout: float = 60
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send a request; of the response the headers are read, the body is not."""
        connection = http.client.HTTPSConnection(self._netloc, timeout=timeout, context=self._tls)
        body = request.body
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        path = urllib.parse.quote(request.path, safe="/?&=%:,;*+")
        connection.putrequest(request.method, path, skip_accept_encoding=True)
        self._put_headers(connection, request)
        if body is not None:
            connection.putheader("Content-Length", str(len(body.encode())))
        # A server may refuse a large body before it has read it.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.endheaders(None if body is None else body.encode())
        return connection, connection.getresponse()

    def _put_headers(self, connection: http.client.HTTPConnection, request: Request) -> None:
        defaults = {
            "Accept": "application/json",
            "User-Agent": "conformance/1.0",
            "Authorization": f"Bearer {self._token}",
        }
        for name, value in {**defaults, **request.headers}.items():
            if value:
                for single in value if isinstance(value, list) else [value]:
                    connection.putheader(name, single)


def recorded_headers(response: http.client.HTTPResponse) -> dict[str, Any]:
    found = {name: response.headers.get_all(name) for name in RECORDED_HEADERS}
    return {name: values if len(values) > 1 else values[0] for name, values in found.items() if values}


def decoded(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")


def no_answer(problem: Exception) -> dict[str, Any]:
    return {"status": 0, "headers": {}, "body": f"no answer: {problem!r}"}
