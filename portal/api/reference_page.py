"""The generated OpenAPI document as lines for people: calls by tag, with what they take and give."""

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
    place: str = "body"  # body, path or query


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Field] = field(default_factory=list)
    body: list[Field] = field(default_factory=list)
    answer: list[Field] = field(default_factory=list)


@cache
def operations() -> dict[str, list[Operation]]:
    """Tag → its calls, in the order of the document. The same for everybody, so worked out once."""
    document = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    tags: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                call = methods[method]
                tag = call.get("tags", ["portal"])[0]
                tags.setdefault(tag, []).append(read(path, method, call, document))
    return tags


def read(path: str, method: str, call: dict[str, Any], document: dict[str, Any]) -> Operation:
    return Operation(
        id=call["operationId"],
        method=method.upper(),
        path=path,
        summary=call.get("summary") or call["operationId"].replace("_", " "),
        description=call.get("description", ""),
        parameters=[parameter(one) for one in call.get("parameters", [])],
        body=list(fields(content(call.get("requestBody", {})), document)),
        answer=list(fields(good_answer(call), document)),
    )


def parameter(given: dict[str, Any]) -> Field:
    return Field(
        given["name"], type_words(given.get("schema", {})), bool(given.get("required")),
        given.get("description", ""), given["in"],
    )  # fmt: skip


def good_answer(call: dict[str, Any]) -> dict[str, Any]:
    answers = call.get("responses", {})
    return next((content(answers[code]) for code in sorted(answers) if code.startswith("2")), {})


def content(body: dict[str, Any]) -> dict[str, Any]:
    media: dict[str, dict[str, dict[str, Any]]] = body.get("content", {})
    return next((one.get("schema", {}) for one in media.values()), {})


def fields(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[Field]:
    schema = resolve(schema, document)
    if schema.get("type") == "array":
        schema = resolve(schema.get("items", {}), document)
    required = set(schema.get("required", ()))
    for name, kind in schema.get("properties", {}).items():
        yield Field(name, type_words(kind), name in required, kind.get("description", ""))


def resolve(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    if not reference:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def type_words(schema: dict[str, Any]) -> str:
    """In words: "string", "list of Node", "one of a, b"."""
    if reference := schema.get("$ref", ""):
        return str(reference.rpartition("/")[2])
    if parts := schema.get("allOf") or schema.get("oneOf") or schema.get("anyOf"):
        return " or ".join(dict.fromkeys(type_words(part) for part in parts))
    if choices := schema.get("enum"):
        return "one of " + ", ".join(map(str, choices))
    if schema.get("type") == "array":
        return f"list of {type_words(schema.get('items', {}))}"
    words = schema.get("type") or "anything"
    return f"{words} ({schema['format']})" if "format" in schema else str(words)
