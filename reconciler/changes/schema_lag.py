"""A new schema takes a moment: an API server drops or refuses fields that the newest revision added.

For up to a second after a definition changed, the answer to an apply can lack what was sent. Such a change
waits and is delivered again; after ``LONGEST_LAG`` it is refused with the fields' names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from catalog.models.change import ChangeState, WaitReason
from reconciler.changes.outbox import DeliveryResult
from reconciler.plan.compare import format_path

LONGEST_LAG = 60.0  # seconds
FIELDS_NAMED = 5
Path = tuple[str | int, ...]


def missing_leaves(sent: Any, answer: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of what was sent and is not in the answer. Another value in its place is not missing.

    Null is never kept. Items of a list are compared by position, if there are as many.
    """
    if sent is None:
        return
    if isinstance(sent, Mapping) and isinstance(answer, Mapping):
        for key, value in sent.items():
            if key in answer:
                yield from missing_leaves(value, answer[key], (*path, key))
            else:
                yield from leaves(value, (*path, key))
    elif isinstance(sent, list) and isinstance(answer, list) and len(sent) == len(answer):
        for position, (one, other) in enumerate(zip(sent, answer, strict=True)):
            yield from missing_leaves(one, other, (*path, position))


def leaves(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif value is not None:
        yield path


def is_declared(schema: Mapping[str, Any], path: Path) -> bool:
    """Whether an OpenAPI schema has the field at this path."""
    for part in path:
        if isinstance(part, int):
            inner = schema.get("items")
        else:
            inner = (schema.get("properties") or {}).get(part, schema.get("additionalProperties"))
        if not isinstance(inner, Mapping):
            return inner is True
        schema = inner
    return True


def path_of(text: str) -> Path:
    """The path in an error of the API server, such as ``spec.ports[0].name``."""
    parts: list[str | int] = []
    for part in text.replace("[", ".[").split("."):
        if part.startswith("["):
            parts.append(0)  # which item does not matter for the schema
        elif part:
            parts.append(part)
    return tuple(parts)


class SchemaLag:
    """Remembers since when each change waits. Losing it costs another wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[int, float] = {}  # key of a change →

    def checked(
        self, change: int, sent: Mapping[str, Any], result: DeliveryResult, schema: Mapping[str, Any]
    ) -> DeliveryResult:
        """The result; waiting or refused instead when the cluster does not serve the schema yet.

        ``sent``: the spec. ``schema``: the one of the spec in the newest revision.
        """
        fields = lagging_fields(sent, result, schema)
        if not fields:
            self._since.pop(change, None)
            return result
        names = ", ".join(fields[:FIELDS_NAMED])
        if self._clock() - self._since.setdefault(change, self._clock()) <= LONGEST_LAG:
            message = f"The cluster does not serve the newest schema yet; it lacks {names}."
            return replace(result, state=ChangeState.WAITING, message=message, reason=WaitReason.SCHEMA)
        self._since.pop(change)
        message = (
            f"The cluster does not keep {names}, although the contract's newest revision has it. "
            "Check the contract's definition in the cluster, then submit again."
        )
        return replace(result, state=ChangeState.REFUSED, message=message)


def lagging_fields(sent: Mapping[str, Any], result: DeliveryResult, schema: Mapping[str, Any]) -> list[str]:
    """Declared fields that the cluster dropped or refused."""
    if result.undeclared:
        root, *rest = path_of(result.undeclared)
        declared = root == "spec" and is_declared(schema, tuple(rest))
        return [result.undeclared] if declared else []
    if result.state != ChangeState.DELIVERED or result.live is None or result.deleted:
        return []
    missing = missing_leaves(sent, result.live.get("spec") or {})
    return [format_path(("spec", *path)) for path in missing if is_declared(schema, path)]
