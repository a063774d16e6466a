"""The author's status and conditions, as far as they are known (kro §5.5, §5.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts import cel
from contracts.compiler import Code, Definition
from contracts.documents import positioned, print_path
from contracts.problems import Problem
from contracts.runtime.evaluation import Bindings, Unresolved
from contracts.runtime.program import Program
from contracts.runtime.withholding import withheld_status, withholds_conditions

_ABSENT: Any = object()
STATUSES = ("True", "False", "Unknown")


def project_status(
    definition: Definition, program: Program, bindings: Bindings, problems: list[Problem]
) -> dict[str, Any]:
    """Every field that has a value now.

    A field that shows a value of a Secret without a grant is omitted and reported. So is one that fails
    (better than kro quirk 12); a list that lacks an item is omitted as a whole (quirk 18).
    """
    status: dict[str, Any] = {}
    for code, value in program.status:
        if code.path == ("state",):
            continue
        withheld = withheld_status(definition, code.path)
        try:
            found = _ABSENT if withheld else value(bindings)
        except Unresolved as why:
            found = _ABSENT
            if not why.pending:
                problems.append(_problem(code, code.path, "status-failed", f"{why.reason}."))
        if withheld:
            problems.append(_problem(code, code.path, "needs-grant", withheld))
        _put(status, code.path, found)
    complete = _complete(status)
    return complete if isinstance(complete, dict) else {}


def _problem(code: Code, path: Sequence[str | int], name: str, message: str) -> Problem:
    return positioned(Problem(name, message, print_path(("status", *path))), code.span)


def _put(root: dict[str, Any], path: Sequence[str | int], value: Any) -> None:
    """Lists are maps from index until they are complete."""
    here: dict[Any, Any] = root
    for part in path[:-1]:
        here = here.setdefault(part, {})
    here[path[-1]] = value


def _complete(value: Any) -> Any:
    if not isinstance(value, dict) or not value or not all(type(key) in (int, str) for key in value):
        return value
    if any(isinstance(key, int) for key in value):
        items = [_complete(value[index]) for index in sorted(value)]
        return _ABSENT if any(item is _ABSENT for item in items) else items
    fields = {key: _complete(child) for key, child in value.items()}
    present = {key: child for key, child in fields.items() if child is not _ABSENT}
    return present or _ABSENT


def author_conditions(
    definition: Definition, program: Program, names: Bindings, problems: list[Problem]
) -> tuple[list[dict[str, Any]], bool]:
    """The conditions that have a value now, in the author's order, and whether these are all of them.

    A type that occurs twice is omitted. When a condition shows a value of a Secret without a grant, those
    that have a value now are all of them: an earlier one may be its, and must not be retained.
    """
    found: list[dict[str, Any]] = []
    before, pending = len(problems), False
    for index, (code, value) in enumerate(program.conditions):
        path = ("conditions", index)
        withheld = withheld_status(definition, path)
        if withheld:
            problems.append(_problem(code, path, "needs-grant", withheld))
            continue
        try:
            result = cel.to_json(value(names))
        except Unresolved as why:
            pending = pending or why.pending
            if not why.pending:
                problems.append(_problem(code, path, "condition-failed", f"{why.reason}."))
            continue
        except cel.CelError as error:
            problems.append(_problem(code, path, "condition-failed", f"{error.message}."))
            continue
        for condition in result if isinstance(result, list) else [result]:
            if _is_condition(condition):
                found.append({key: text for key, text in condition.items() if text})
            else:
                message = "The expression returns no condition with a type and a status."
                problems.append(_problem(code, path, "condition-failed", message))
    conditions = _without_duplicates(found, problems)
    complete = not pending and len(problems) == before
    return conditions, complete or withholds_conditions(definition)


def _is_condition(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value.get("type")) and value.get("status") in STATUSES


def _without_duplicates(found: list[dict[str, Any]], problems: list[Problem]) -> list[dict[str, Any]]:
    types = [condition["type"] for condition in found]
    for duplicate in dict.fromkeys(name for name in types if types.count(name) > 1):
        message = f"The condition “{duplicate}” is returned more than once, so it is omitted."
        problems.append(Problem("condition-twice", message, "status.conditions"))
    return [condition for condition in found if types.count(condition["type"]) == 1]


def merge_conditions(
    previous: Sequence[Mapping[str, Any]],
    produced: Sequence[Mapping[str, Any]],
    now: str,
    generation: int | None = None,
    *,
    complete: bool = True,
) -> list[dict[str, Any]]:
    """Produced conditions with times. ``now`` is an RFC 3339 string.

    Unless they are ``complete``, types that produced nothing retain their previous condition; else those are
    removed. ``lastTransitionTime`` changes only with the status (kro §5.6).
    """
    before = {str(each.get("type")): each for each in previous}
    merged: dict[str, dict[str, Any]] = {}
    for condition in produced:
        old = before.get(condition["type"], {})
        same = old.get("status") == condition["status"] and old.get("lastTransitionTime")
        time = old["lastTransitionTime"] if same else now
        merged[condition["type"]] = {**condition, "lastTransitionTime": time}
        if generation is not None:
            merged[condition["type"]]["observedGeneration"] = generation
    retained = {} if complete else {name: dict(each) for name, each in before.items() if name not in merged}
    return [*merged.values(), *retained.values()]
