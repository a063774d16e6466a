"""The kubeconfig of a server: address, certificate and token."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import yaml

NAME = "slipway-dev"


def write(path: Path, url: str, token: str, ca: bytes) -> Path:
    """Write the file atomically, readable only by its owner."""
    cluster = {"server": url, "certificate-authority-data": base64.b64encode(ca).decode()}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "clusters": [{"name": NAME, "cluster": cluster}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME, "namespace": "default"}}],
        "users": [{"name": NAME, "user": {"token": token}}],
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        yaml.safe_dump(content, file, sort_keys=False)
    os.replace(fresh, path)
    return path
