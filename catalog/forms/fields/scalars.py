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


def is_same_text(posted: str, rendered: str, *, one_line: bool = False) -> bool:
    """Whether a browser may post ``posted`` for ``rendered`` although it is untouched.

    Browsers post every line break as CR LF, and remove them from an ``<input>`` (HTML, 4.10.5.1.2 and
    4.10.22.4).
    """
    break_ = "" if one_line else "\n"
    return _with_breaks(posted, break_) == _with_breaks(rendered, break_)


def _with_breaks(text: str, break_: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", break_)


def from_text(field_type: FieldType, schema: Schema, text: str, before: Any = MISSING) -> tuple[Any, str]:
    """The value of the typed text, and its problem or an empty string. Blank is ``MISSING``.

    Text that cannot be parsed remains the value, so that no input is lost. ``before``: the value that is
    changed. Text is trimmed, unless it has several lines or the one before had outer blanks; line breaks
    are LF, or CR LF if the one before had those only.
    """
    old = before if isinstance(before, str) else ""
    if field_type == "text" and text.strip() and (old != old.strip() or "\n" in text):
        field_type = "lines"
    if field_type == "lines":
        windows = "\r\n" in old and "\n" not in old.replace("\r\n", "")
        text = _with_breaks(text, "\r\n" if windows else "\n")
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
