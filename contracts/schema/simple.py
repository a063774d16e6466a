"""kro's SimpleSchema → OpenAPI v3 (kro §2). Reports all problems, not only the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.documents.paths import Path
from contracts.graph import find_cycle, topological_order
from contracts.problems import did_you_mean
from contracts.schema.marker_rules import apply_markers
from contracts.schema.problem import SchemaProblem
from contracts.schema.types import ATOMIC, Named, TypeSyntaxError, custom_types_in, parse_type

OpenAPI = dict[str, Any]
MAX_SCHEMAS = 20_000
"""Custom types are copied where they are used; a few types that use each other could exhaust memory."""
MAX_LEVELS = 64
"""Nesting of one custom type; a chain of types could exhaust the stack of recursive functions."""


@dataclass(slots=True)
class SchemaResult:
    """The schema, complete except where it has problems."""

    schema: OpenAPI
    problems: list[SchemaProblem] = field(default_factory=list)


@dataclass(slots=True)
class _Custom:
    schema: OpenAPI
    required: bool = False
    size: int = 1


def simple_schema(
    spec: object, types: object = None, at: Path = ("spec", "schema", "spec"), types_at: Path | None = None
) -> SchemaResult:
    """OpenAPI v3 of a SimpleSchema ``spec`` with its custom ``types``.

    ``at`` and ``types_at`` are their paths in the document. Invalid parts accept any value in the resulting
    schema, so that a form can still be rendered.
    """
    builder = _Builder()
    builder.read_types(types, types_at or (*at[:-1], "types"))
    if spec is None:
        spec = {}
    if not isinstance(spec, Mapping):
        builder.report(SchemaProblem(at, "The schema's spec must be a map of fields.", "schema-field"))
        return SchemaResult({"type": "object"}, builder.problems)
    return SchemaResult(builder.struct(spec, at), builder.problems)


class _Builder:
    def __init__(self) -> None:
        self.problems: list[SchemaProblem] = []
        self.custom: dict[str, _Custom] = {}
        self.copied = 0

    def report(self, problem: SchemaProblem) -> None:
        self.problems.append(problem)

    def read_types(self, types: object, at: Path) -> None:
        """Build the custom types, each after the types that it uses (kro §2.5)."""
        if types is None:
            return
        if not isinstance(types, Mapping):
            self.report(SchemaProblem(at, "Custom types must be a map from name to type.", "schema-field"))
            return
        uses = {name: [n for n in custom_types_in(body) if n in types] for name, body in types.items()}
        while cycle := find_cycle(uses):
            chain = " → ".join(cycle)
            message = f"The custom type “{cycle[0]}” contains itself: {chain}."
            hint = "A schema cannot be recursive; use “object” for the inner part."
            self.report(SchemaProblem((*at, cycle[0]), message, "schema-type-cycle", hint))
            for name in cycle:
                self.custom[name] = _Custom(_anything())
                uses.pop(name, None)
            uses = {name: [n for n in used if n in uses] for name, used in uses.items()}
        for name in topological_order(uses):
            self._read_type(name, types[name], (*at, name))

    def _read_type(self, name: str, body: object, at: Path) -> None:
        if name in ATOMIC or name == "object":
            message = f"The custom type “{name}” is never used: the name refers to the built-in type."
            self.report(SchemaProblem(at, message, "schema-shadowed-type", severity="warning", at_key=True))
        schema, required = _anything(), False
        if isinstance(body, Mapping):
            schema = self.struct(body, at)
        elif isinstance(body, str):
            schema, required = self.field(body, at)
        else:
            self._reject(body, at)
        levels = list(_levels(schema))
        if max(levels) > MAX_LEVELS:
            message = f"The type “{name}” is nested more than {MAX_LEVELS} levels deep."
            self.report(SchemaProblem(at, message, "schema-type"))
            schema, levels = _anything(), [0]
        self.custom[name] = _Custom(schema, required, len(levels))

    def struct(self, fields: Mapping[str, object], at: Path) -> OpenAPI:
        """An inline struct: properties, sorted required names, and kro's derived ``default: {}``."""
        properties: dict[str, OpenAPI] = {}
        required: list[str] = []
        for name, body in fields.items():
            path = (*at, name)
            if isinstance(body, str):
                properties[name], is_required = self.field(body, path)
                if is_required:
                    required.append(name)
            elif isinstance(body, Mapping):
                properties[name] = self.struct(body, path)
            else:
                self._reject(body, path)
                properties[name] = _anything()
        schema: OpenAPI = {"type": "object"}
        if properties:
            schema["properties"] = properties
        if required:
            schema["required"] = sorted(required)
        elif any("default" in child for child in properties.values()):
            schema["default"] = {}
        return schema

    def _reject(self, body: object, at: Path) -> None:
        hint = ""
        if isinstance(body, list):
            hint = "Write a list of strings as “[]string”."
        elif body is None:
            hint = "Write a type, for example “string”, or “object” for any object."
        elif isinstance(body, bool | int | float):
            hint = f"Write a type, for example “{_suggested_type(body)} | default={_yaml_scalar(body)}”."
        message = "A field must be a type (a string) or a map of fields."
        self.report(SchemaProblem(at, message, "schema-field", hint))

    def field(self, text: str, at: Path) -> tuple[OpenAPI, bool]:
        """The schema of a field, and whether it is required."""
        type_text, bar, marker_text = text.partition("|")
        schema, required = self._typed(type_text, at)
        if bar:
            result = apply_markers(schema, marker_text, at, len(type_text) + 1)
            self.problems.extend(result.problems)
            required = required or result.required
        return schema, required

    def _typed(self, text: str, at: Path) -> tuple[OpenAPI, bool]:
        try:
            parsed = parse_type(text)
        except TypeSyntaxError as error:
            self.report(SchemaProblem(at, str(error), "schema-type", error.hint, 0, len(text.rstrip())))
            return _anything(), False
        if isinstance(parsed, Named) and parsed.name in self.custom:
            return self._use(parsed.name, at), self.custom[parsed.name].required
        return self._schema(parsed, text, at), False

    def _use(self, name: str, at: Path) -> OpenAPI:
        """A copy of the custom type, unless all copies together exceed the limit."""
        before, custom = self.copied, self.custom[name]
        self.copied += custom.size
        if self.copied <= MAX_SCHEMAS:
            copied: OpenAPI = _copy(custom.schema)
            return copied
        if before <= MAX_SCHEMAS:
            message = f"With this use of “{name}”, the schema has more than {MAX_SCHEMAS:,} parts."
            hint = "Use “object” where the inner structure does not matter."
            self.report(SchemaProblem(at, message, "schema-type", hint))
        return _anything()

    def _schema(self, parsed: Any, text: str, at: Path) -> OpenAPI:
        schema: OpenAPI = parsed.openapi()
        if isinstance(parsed, Named):
            if parsed.name in self.custom:
                return self._use(parsed.name, at)
            start = text.find(parsed.name)
            end = start + len(parsed.name)
            message, hint = f"Unknown type “{parsed.name}”.", _type_hint(parsed.name, self.custom)
            self.report(SchemaProblem(at, message, "schema-unknown-type", hint, start, end))
            return _anything()
        inner = getattr(parsed, "inner", None)
        if inner is not None:
            schema[parsed.slot] = self._schema(inner, text, at)
        return schema


_TYPE_ALIASES = {
    "int": "integer",
    "int32": "integer",
    "int64": "integer",
    "long": "integer",
    "number": "float",
    "double": "float",
    "bool": "boolean",
    "str": "string",
    "text": "string",
    "map": "map[string]string",
    "array": "[]string",
    "list": "[]string",
    "any": "object",
    "dict": "object",
}


def _type_hint(name: str, custom: Mapping[str, Any]) -> str:
    if name.lower() in _TYPE_ALIASES:
        return f"Did you mean “{_TYPE_ALIASES[name.lower()]}”?"
    builtin = [*ATOMIC, "object"]
    kinds = f"Types are {', '.join(builtin)}, []T, map[string]T and the custom types in spec.schema.types."
    return did_you_mean(name, [*builtin, *custom]) or kinds


def _levels(schema: OpenAPI, level: int = 0) -> Iterator[int]:
    """The depth of each schema inside ``schema``, itself included."""
    yield level
    for child in (schema.get("properties") or {}).values():
        yield from _levels(child, level + 1)
    for slot in ("items", "additionalProperties"):
        if slot in schema:
            yield from _levels(schema[slot], level + 1)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(child) for key, child in value.items()}
    return [_copy(child) for child in value] if isinstance(value, list) else value


def _anything() -> OpenAPI:
    return {"x-kubernetes-preserve-unknown-fields": True}


def _suggested_type(value: object) -> str:
    return "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "float"


def _yaml_scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
