"""Bodies that kubectl sends as protobuf, compared with the objects that they encode."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from devcluster.http.protobuf import decode_protobuf
from devcluster.machinery.errors import ApiError

RECORDED = Path(__file__).parent / "recorded" / "protobuf.json"


def recorded() -> list[Any]:
    return [pytest.param(entry, id=entry["run"][:60]) for entry in json.loads(RECORDED.read_text())]


def without_zeros(value: Any) -> Any:
    """A value without zeros, empty strings and empty mappings, which protobuf does not encode."""
    if isinstance(value, dict):
        kept = {key: without_zeros(child) for key, child in value.items()}
        return {
            key: child for key, child in kept.items() if child not in ("", None, 0, False) and child != {}
        }
    return [without_zeros(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("entry", recorded())
def test_a_body_is_decoded(entry: dict[str, Any]) -> None:
    assert without_zeros(decode_protobuf(base64.b64decode(entry["body"]))) == without_zeros(entry["object"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 400),
        (b"{}", 400),
        (b"k8s\x00\x0a\x7f", 400),
        (b"k8s\x00" + bytes([0x0A, 6, 0x12, 4]) + b"Nope", 415),
    ],
    ids=["empty", "json", "cut off", "unknown kind"],
)
def test_an_invalid_body_is_refused(body: bytes, code: int) -> None:
    with pytest.raises(ApiError) as refusal:
        decode_protobuf(body)
    assert refusal.value.code == code
