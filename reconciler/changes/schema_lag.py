"""A new schema takes a moment: an API server drops or refuses fields that the newest revision added.

For up to a second after a definition changed, the answer to an apply can lack what was sent. Such a change
waits and is delivered again; after ``LONGEST_LAG`` it is refused with the fields' names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from catalog.models.change import ChangeState, WaitReason
from reconciler.changes.outbox import DeliveryResult, PendingChange
from reconciler.plan.compare import format_path

LONGEST_LAG = timedelta(seconds=60)
FIELDS_NAMED = 5
EVERY_FIELD: Mapping[str, Any] = {"additionalProperties": True}
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


def checked(
    pending: PendingChange,
    sent: Mapping[str, Any],
    result: DeliveryResult,
    schema: Mapping[str, Any],
    now: datetime,
) -> DeliveryResult:
    """The result; waiting or refused instead when the cluster does not serve the schema yet.

    ``sent``: the spec. ``schema``: the one of the spec in the newest revision.
    """
    fields = lagging_fields(sent, result, schema)
    if not fields:
        return result
    names = ", ".join(fields[:FIELDS_NAMED])
    since = pending.lacks_fields_since or now
    if now - since <= LONGEST_LAG:
        message = f"The cluster does not serve the newest schema yet; it lacks {names}."
        waiting = replace(result, state=ChangeState.WAITING, message=message, reason=WaitReason.SCHEMA)
        return replace(waiting, lacks_fields_since=since)
    message = (
        f"The cluster does not keep {names}, although the contract's newest revision has it. "
        "Check the contract's definition in the cluster, then submit again."
    )
    return replace(result, state=ChangeState.REFUSED, message=message)


def unless_fields_are_missing(
    pending: PendingChange, sent: Mapping[str, Any], result: DeliveryResult
) -> DeliveryResult:
    """The result, as long as the contract is not compiled, after the start of the process.

    Nothing is final then that depends on its schema.
    """
    if not lagging_fields(sent, result, EVERY_FIELD):
        return result
    message = "The contract is being loaded."
    waiting = replace(result, state=ChangeState.WAITING, message=message, reason=WaitReason.SCHEMA)
    return replace(waiting, lacks_fields_since=pending.lacks_fields_since)


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
