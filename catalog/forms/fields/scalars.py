"""Text of an input ↔ value. ``1``, ``1.0`` and ``"1"`` are three values; integers of any size survive."""

from __future__ import annotations

import json
import re
from typing import Any

from catalog.forms.fields.field_types import Kind, Schema
from contracts.documents.paths import MISSING

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_QUANTITY = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(n|u|m|k|M|G|T|P|E|[KMGTPE]i|[eE][-+]?[0-9]+)?\Z")
_LONGEST_NUMBER = 400  # digits; more is never meant, and reading it would be slow


def to_text(kind: Kind, value: Any) -> str:
    """What an input shows for ``value``; one of the wrong type is shown as it is, to be mended."""
    if value is MISSING or value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        looks_like_number = kind in ("flexible", "quantity") and _INTEGER.match(value)
        return f'"{value}"' if looks_like_number else value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def from_text(kind: Kind, schema: Schema, text: str) -> tuple[Any, str]:
    """The value of what was typed, and what is wrong with it (else an empty text). Blank is ``MISSING``.

    What cannot be read stays the text that it is, so that nothing typed is lost.
    """
    if kind == "lines":
        text = text.replace("\r\n", "\n")
        return (text, "") if text.strip() else (MISSING, "")
    text = text.strip()
    if not text:
        return MISSING, ""
    if kind == "boolean":
        known = {"true": True, "false": False}
        return (known[text], "") if text in known else (text, "Choose yes or no.")
    if kind == "choice":
        return _choice(schema, text), ""
    if kind == "integer":
        return _integer(text)
    if kind == "number":
        return _number(text)
    if kind in ("flexible", "quantity"):
        return _flexible(kind, schema, text)
    return text, ""


def _choice(schema: Schema, text: str) -> Any:
    for choice in schema.get("enum", ()):
        if to_text("choice", choice) == text:
            return choice
    return text


def _integer(text: str) -> tuple[Any, str]:
    if _INTEGER.match(text) and len(text) < _LONGEST_NUMBER:
        return int(text), ""
    if _NUMBER.match(text):
        return text, f"Write a whole number; {text} has a fraction or an exponent."
    return text, "Write a whole number, such as 3."


def _number(text: str) -> tuple[Any, str]:
    if len(text) < _LONGEST_NUMBER and _INTEGER.match(text):
        return int(text), ""
    if (
        len(text) < _LONGEST_NUMBER
        and _NUMBER.match(text)
        and float(text) not in (float("inf"), -float("inf"))
    ):
        return float(text), ""
    return text, "Write a number, such as 0.5."


def _flexible(kind: Kind, schema: Schema, text: str) -> tuple[Any, str]:
    quoted = len(text) >= 2 and text[0] == text[-1] == '"'
    may_be_integer = bool(schema.get("x-kubernetes-int-or-string"))
    if quoted:
        text = text[1:-1]
    problem = ""
    if kind == "quantity" and not _QUANTITY.match(text):
        problem = "Write an amount, such as 500m, 2 or 1Gi."
    if may_be_integer and not quoted and _INTEGER.match(text) and len(text) < _LONGEST_NUMBER:
        return int(text), problem
    return text, problem
