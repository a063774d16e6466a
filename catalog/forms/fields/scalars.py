"""Converts between values and the text of inputs. ``1``, ``1.0`` and ``"1"`` are three different values."""

from __future__ import annotations

import json
import re
from typing import Any

from catalog.forms.fields.field_types import FieldType, Schema
from contracts.documents.paths import MISSING

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_QUANTITY = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(n|u|m|k|M|G|T|P|E|[KMGTPE]i|[eE][-+]?[0-9]+)?\Z")
_LONGEST_NUMBER = 400  # digits; parsing longer ones would be slow


def to_text(field_type: FieldType, value: Any) -> str:
    """The text of an input for ``value``. A value of the wrong type is shown unchanged, to be fixed."""
    if value is MISSING or value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        looks_like_number = field_type in ("flexible", "quantity") and _INTEGER.match(value)
        return f'"{value}"' if looks_like_number else value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def from_text(field_type: FieldType, schema: Schema, text: str) -> tuple[Any, str]:
    """The value of the typed text, and its problem or an empty string. Blank is ``MISSING``.

    Text that cannot be parsed remains the value, so that no input is lost.
    """
    if field_type == "lines":
        text = text.replace("\r\n", "\n")
        return (text, "") if text.strip() else (MISSING, "")
    text = text.strip()
    if not text:
        return MISSING, ""
    if field_type == "boolean":
        known = {"true": True, "false": False}
        return (known[text], "") if text in known else (text, "Select yes or no.")
    if field_type == "choice":
        return _choice(schema, text), ""
    if field_type == "integer":
        return _integer(text)
    if field_type == "number":
        return _number(text)
    if field_type in ("flexible", "quantity"):
        return _flexible(field_type, schema, text)
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
        return text, f"Enter an integer; {text} has a fraction or an exponent."
    return text, "Enter an integer, such as 3."


def _number(text: str) -> tuple[Any, str]:
    if len(text) < _LONGEST_NUMBER and _INTEGER.match(text):
        return int(text), ""
    if (
        len(text) < _LONGEST_NUMBER
        and _NUMBER.match(text)
        and float(text) not in (float("inf"), -float("inf"))
    ):
        return float(text), ""
    return text, "Enter a number, such as 0.5."


def _flexible(field_type: FieldType, schema: Schema, text: str) -> tuple[Any, str]:
    quoted = len(text) >= 2 and text[0] == text[-1] == '"'
    may_be_integer = bool(schema.get("x-kubernetes-int-or-string"))
    if quoted:
        text = text[1:-1]
    problem = ""
    if field_type == "quantity" and not _QUANTITY.match(text):
        problem = "Enter a quantity, such as 500m, 2 or 1Gi."
    if may_be_integer and not quoted and _INTEGER.match(text) and len(text) < _LONGEST_NUMBER:
        return int(text), problem
    return text, problem
