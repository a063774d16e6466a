"""The signing key if ``SECRET_KEY`` is not set: generated once and stored in the state directory."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from portal.private_files import make_private_folder


def stored_key(folder: Path) -> str:
    """The key of this directory. If it is not writable, a key for the lifetime of the process."""
    path = folder / "secret-key"
    try:
        make_private_folder(folder)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read(path) or secrets.token_urlsafe(50)
    except OSError:
        return secrets.token_urlsafe(50)
    key = secrets.token_urlsafe(50)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key


def read(path: Path) -> str:
    """Empty if it is not readable, or not written yet."""
    try:
        return path.read_text()
    except OSError:
        return ""
