"""A SimpleSchema field before the “|”: ``string``, ``[]Port``, ``map[string][]integer`` (kro §2.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.problems import did_you_mean

ATOMIC = {"string": "string", "integer": "integer", "boolean": "boolean", "float": "number"}
MAX_NESTING = 16


@dataclass(frozen=True, slots=True)
class Atomic:
    name: str

    def openapi(self) -> dict[str, Any]:
        return {"type": ATOMIC[self.name]}


@dataclass(frozen=True, slots=True)
class AnyObject:
    """``object``: any fields."""

    def openapi(self) -> dict[str, Any]:
        return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


@dataclass(frozen=True, slots=True)
class Container:
    """``[]T`` or ``map[string]T``; ``slot`` is the OpenAPI keyword of the inner schema."""

    inner: Type
    slot: str

    def openapi(self) -> dict[str, Any]:
        return {"type": "array" if self.slot == "items" else "object"}


@dataclass(frozen=True, slots=True)
class Named:
    name: str

    def openapi(self) -> dict[str, Any]:
        return {}


Type = Atomic | AnyObject | Container | Named


class TypeSyntaxError(ValueError):
    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def parse_type(text: str, depth: int = 0) -> Type:
    """Raises :class:`TypeSyntaxError`."""
    text = text.strip()
    if depth > MAX_NESTING:
        raise TypeSyntaxError(f"The type is nested more than {MAX_NESTING} levels deep.")
    if not text:
        raise TypeSyntaxError("A type is missing.", "Write a type, for example “string”.")
    if text.startswith("[]"):
        if not text[2:].strip():
            raise TypeSyntaxError("“[]” has no item type.", "Write a list of strings as “[]string”.")
        return Container(parse_type(text[2:], depth + 1), "items")
    if text.startswith("map["):
        return _parse_map(text, depth)
    if text in ATOMIC:
        return Atomic(text)
    if text == "object":
        return AnyObject()
    if text.endswith("[]"):
        raise TypeSyntaxError(f"“{text}” is not a type.", f"A list is written as “[]{text[:-2]}”.")
    if any(char.isspace() or char in "=,:<>()[]{}" for char in text):
        hint = "Write markers after a “|”: “string | required=true”." if "=" in text else ""
        raise TypeSyntaxError(f"“{text}” is not a type.", hint)
    return Named(text)


def _parse_map(text: str, depth: int) -> Type:
    key, closed, value = text[len("map[") :].partition("]")
    if not closed:
        raise TypeSyntaxError("“map[” is not closed.", "A map is written as “map[string]T”.")
    if key != "string":
        hint = did_you_mean(key.strip(), ["string"])
        if key.strip() == "string":
            hint = "Write “map[string]…” without spaces in the brackets."
        raise TypeSyntaxError(f"Map keys must be “string”, not “{key}”.", hint)
    if not value.strip():
        raise TypeSyntaxError(
            "“map[string]” has no value type.", "Write a map of strings as “map[string]string”."
        )
    return Container(parse_type(value, depth + 1), "additionalProperties")


def custom_types_in(body: object) -> Iterator[str]:
    """The custom types that the body of a type uses."""
    if isinstance(body, Mapping):
        for child in body.values():
            yield from custom_types_in(child)
    elif isinstance(body, str):
        try:
            parsed = parse_type(body.partition("|")[0])
        except TypeSyntaxError:
            return
        while isinstance(parsed, Container):
            parsed = parsed.inner
        if isinstance(parsed, Named):
            yield parsed.name
