"""Checks a template's values against the schema of its kind, and collects its expressions (kro §3.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.compiler.definition import Code
from contracts.compiler.kinds.openapi import resolved
from contracts.compiler.parsing.expressions import TEMPLATE, extract
from contracts.compiler.reporter import Reporter, key_of
from contracts.problems import did_you_mean

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]

_TYPE_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
}
# Types of given values, which are reported next to the expected ones.
_GIVEN_TYPE_NAMES = {**_TYPE_NAMES, "number": "a decimal number"}


@dataclass(frozen=True, slots=True)
class TemplateExpression:
    """A scalar with expressions, and the schema at its path; None where any value is allowed."""

    code: Code
    schema: Schema | None


class TemplateReader:
    """Walks one template. ``at`` is the path from the document's root to the template."""

    def __init__(self, at: Path, resolve_ref: Callable[[str], Schema], reporter: Reporter) -> None:
        self.at = at
        self.resolve_ref = resolve_ref
        self.reporter = reporter

    def read(
        self, value: Any, schema: Schema | None, path: Path = (), strict: bool = True
    ) -> Iterator[TemplateExpression]:
        """Report wrong literals and unknown fields; yield every scalar with expressions.

        ``schema`` None and ``strict`` False check nothing: below preserve-unknown-fields only the types of
        expressions in known fields are checked.
        """
        schema = resolved(schema, self.resolve_ref) if schema is not None else None
        if schema is not None and schema.get("x-kubernetes-preserve-unknown-fields"):
            strict = False
        if isinstance(value, str) and "${" in value:
            yield from self._scalar(value, schema, path, strict)
            return
        if schema is not None and strict and value is not None and not self._admitted(value, schema, path):
            schema = None
        if isinstance(value, Mapping):
            for key, child in value.items():
                self._check_key(key, path)
                yield from self.read(child, *self._field(key, schema, path, strict))
        elif isinstance(value, list):
            items = schema.get("items") if schema is not None else None
            for index, child in enumerate(value):
                yield from self.read(child, items, (*path, index), strict)

    def _scalar(
        self, text: str, schema: Schema | None, path: Path, strict: bool
    ) -> Iterator[TemplateExpression]:
        code = extract(text, (*self.at, *path), path, self.reporter, TEMPLATE)
        if code is None:
            return
        if schema is not None and strict and not code.standalone:
            types = admitted_types(schema, self.resolve_ref)
            if types and "string" not in types:
                hint = "Write one expression “${…}” and nothing else to keep its type."
                self._report_type(path, types, "a string with expressions", hint)
                return
        yield TemplateExpression(code, schema)

    def _admitted(self, value: Any, schema: Schema, path: Path) -> bool:
        types = admitted_types(schema, self.resolve_ref)
        if not types or type_of(value) in types or (type_of(value) == "integer" and "number" in types):
            return True
        if isinstance(value, float) and value.is_integer() and "integer" in types:
            return True
        self._report_type(path, types, _GIVEN_TYPE_NAMES[type_of(value)], _type_hint(value, types))
        return False

    def _report_type(self, path: Path, types: Sequence[str], have: str, hint: str) -> None:
        wanted = " or ".join(_TYPE_NAMES[kind] for kind in types)
        self.reporter.add((*self.at, *path), "wrong-type", f"This field takes {wanted}, not {have}.", hint)

    def _check_key(self, key: str, path: Path) -> None:
        if "${" in key:
            message = "Expressions in keys are not evaluated; the key is used as is."
            hint = "To compute keys, write the whole map as one expression."
            place = (*self.at, *path, key)
            self.reporter.add(key_of(place), "expression-in-key", message, hint, severity="warning")

    def _field(
        self, key: str, schema: Schema | None, path: Path, strict: bool
    ) -> tuple[Schema | None, Path, bool]:
        """Schema, path and strictness of one field; a field that does not exist is reported."""
        here = (*path, key)
        if schema is None:
            return None, here, strict
        properties = schema.get("properties") or {}
        if key in properties:
            return properties[key], here, strict
        if isinstance(schema.get("additionalProperties"), Mapping):
            return schema["additionalProperties"], here, strict
        if strict and "object" in admitted_types(schema, self.resolve_ref) and properties:
            hint = did_you_mean(key, properties)
            message = f"Unknown field “{key}”."
            self.reporter.add(key_of((*self.at, *here)), "unknown-field", message, hint)
        return None, here, False


def type_of(value: Any) -> str:
    """The JSON type of a value that is not null."""
    if isinstance(value, bool):
        return "boolean"
    for kind, python in (("integer", int), ("number", float), ("string", str), ("array", list)):
        if isinstance(value, python):
            return kind
    return "object"


def admitted_types(schema: Schema, resolve_ref: Callable[[str], Schema]) -> list[str]:
    """The JSON types that are allowed here; empty when the schema does not restrict them."""
    if schema.get("x-kubernetes-int-or-string"):
        return ["string", "integer"]
    if "type" in schema:
        named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return [str(kind) for kind in named if kind != "null"]
    if "properties" in schema or "additionalProperties" in schema:
        return ["object"]
    types: list[str] = []
    for branch in (*(schema.get("oneOf") or ()), *(schema.get("anyOf") or ())):
        known = admitted_types(resolved(branch, resolve_ref), resolve_ref)
        if not known and not ("required" in branch or "not" in branch):
            return []
        types += [kind for kind in known or ["object"] if kind not in types]
    return types


def _type_hint(value: Any, types: Sequence[str]) -> str:
    if "string" in types and isinstance(value, bool | int | float):
        return "Put it in quotes."
    if isinstance(value, str) and {"integer", "number", "boolean"} & set(types):
        return "Write it without quotes."
    if "array" in types:
        return "Start each item with “- ”."
    return ""
