"""The key that signs sessions when ``SECRET_KEY`` is not set: made once, kept in the state folder, readable
by us alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_key(folder: Path) -> str:
    """The key of this folder. Where nothing can be written, one that lasts as long as the process."""
    path = folder / "secret-key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read(path) or secrets.token_urlsafe(50)
    except OSError:
        return secrets.token_urlsafe(50)
    key = secrets.token_urlsafe(50)
    with os.fdopen(made, "w") as file:
        file.write(key)
    return key


def read(path: Path) -> str:
    """Nothing when it is not ours to read, or its maker has not written it yet."""
    try:
        return path.read_text()
    except OSError:
        return ""
