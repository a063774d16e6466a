"""A small HTTP client for tests."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml


class Endpoint(Protocol):
    """Address and credentials of a cluster; `ca` is in PEM."""

    @property
    def server(self) -> str: ...

    @property
    def token(self) -> str: ...

    @property
    def ca(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Credentials:
    server: str
    token: str
    ca: str


def read_credentials(kubeconfig: Path) -> Credentials:
    config = yaml.safe_load(kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
    return Credentials(cluster["server"], config["users"][0]["user"]["token"], ca)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: Any


class Http:
    """Requests to one cluster, with its certificate checked."""

    def __init__(self, cluster: Endpoint, *, token: str | None = None, host: str | None = None) -> None:
        self._netloc = urllib.parse.urlsplit(cluster.server).netloc
        self._token = cluster.token if token is None else token
        self._host = host
        self._tls = ssl.create_default_context(cadata=cluster.ca)

    def call(self, method: str, path: str, body: Any = None, media: str = "application/json") -> Answer:
        link = http.client.HTTPSConnection(self._netloc, timeout=60, context=self._tls)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": media, "User-Agent": "tests/1"}
        if self._host:
            headers["Host"] = self._host
        raw = body if body is None or isinstance(body, str) else json.dumps(body)
        link.request(method, path, raw, headers)
        response = link.getresponse()
        text = response.read()
        link.close()
        try:
            return Answer(response.status, response.headers, json.loads(text))
        except ValueError:
            return Answer(response.status, response.headers, text.decode())

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> Answer:
        return self.call("POST", path, body)

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)

    def apply(self, path: str, body: Any, manager: str = "tests") -> Answer:
        return self.call("PATCH", f"{path}?fieldManager={manager}", body, "application/apply-patch+yaml")

    def merge(self, path: str, body: Any) -> Answer:
        return self.call("PATCH", path, body, "application/merge-patch+json")
