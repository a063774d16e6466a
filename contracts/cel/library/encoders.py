"""cel-go's Encoders extension."""

from __future__ import annotations

import base64
import binascii

from contracts.cel.errors import CelError
from contracts.cel.functions import function
from contracts.cel.limits import Budget


@function("base64.encode(bytes): string")
def encode(budget: Budget, value: bytes) -> str:
    budget.produce(len(value) * 4 // 3 + 4)
    return base64.b64encode(value).decode("ascii")


@function("base64.decode(string): bytes")
def decode(budget: Budget, text: str) -> bytes:
    """Padding is optional."""
    budget.produce(len(text))
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise CelError("base64.decode(): the string is not valid base64") from None
