"""A client of the demo's cluster that reads, changes and deletes single objects."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml


class Cluster:
    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self.server, self.token = cluster["server"], user["token"]
        self.context = ssl.create_default_context(cadata=authority)

    def get(self, path: str) -> dict[str, Any] | None:
        """The object, or None if there is none."""
        try:
            return self._call("GET", path)
        except urllib.error.HTTPError as problem:
            if problem.code == 404:
                return None
            raise

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        return self._call("DELETE", path)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/merge-patch+json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10, context=self.context) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
