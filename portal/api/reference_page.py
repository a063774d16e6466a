"""The operations of the OpenAPI document by tag, for the API reference page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    required: bool
    description: str = ""
    location: str = "body"  # body, path or query


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Field] = field(default_factory=list)
    body: list[Field] = field(default_factory=list)
    response: list[Field] = field(default_factory=list)


@cache
def operations() -> dict[str, list[Operation]]:
    """Tag → its operations, in the order of the document. Computed once, as it is the same for all users."""
    document = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    tags: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                tag = operation.get("tags", ["portal"])[0]
                tags.setdefault(tag, []).append(parse_operation(path, method, operation, document))
    return tags


def parse_operation(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> Operation:
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary") or operation["operationId"].replace("_", " "),
        description=operation.get("description", ""),
        parameters=[parameter(one) for one in operation.get("parameters", [])],
        body=list(fields(content(operation.get("requestBody", {})), document)),
        response=list(fields(success_response(operation), document)),
    )


def parameter(given: dict[str, Any]) -> Field:
    return Field(
        name=given["name"],
        type=format_type(given.get("schema", {})),
        required=bool(given.get("required")),
        description=given.get("description", ""),
        location=given["in"],
    )


def success_response(operation: dict[str, Any]) -> dict[str, Any]:
    responses = operation.get("responses", {})
    return next((content(responses[code]) for code in sorted(responses) if code.startswith("2")), {})


def content(body: dict[str, Any]) -> dict[str, Any]:
    media: dict[str, dict[str, dict[str, Any]]] = body.get("content", {})
    return next((one.get("schema", {}) for one in media.values()), {})


def fields(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[Field]:
    schema = resolve(schema, document)
    if schema.get("type") == "array":
        schema = resolve(schema.get("items", {}), document)
    required = set(schema.get("required", ()))
    for name, child in schema.get("properties", {}).items():
        yield Field(name, format_type(child), name in required, child.get("description", ""))


def resolve(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    if not reference:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def format_type(schema: dict[str, Any]) -> str:
    """“string”, “list of Node”, “one of a, b”."""
    if reference := schema.get("$ref", ""):
        return str(reference.rpartition("/")[2])
    if parts := schema.get("allOf") or schema.get("oneOf") or schema.get("anyOf"):
        return " or ".join(dict.fromkeys(format_type(part) for part in parts))
    if choices := schema.get("enum"):
        return "one of " + ", ".join(map(str, choices))
    if schema.get("type") == "array":
        return f"list of {format_type(schema.get('items', {}))}"
    name = schema.get("type") or "any"
    return f"{name} ({schema['format']})" if "format" in schema else str(name)
