"""The tests that an author writes beside a contract: inputs, pretended live objects, expectations.

Only what they say is read here; :mod:`contracts.runtime.test_runner` runs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.compiler.contract_document import Case, FieldExpectation, ProblemExpectation
from contracts.compiler.definition import Place
from contracts.compiler.reporter import Reporter

Schema = Mapping[str, Any]
AT = ("spec", "tests")

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_ANY = {"x-kubernetes-preserve-unknown-fields": True}


def _fields(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


_FIELD = _fields(
    ("node", "path"),
    node=_TEXT,
    path=_TEXT,
    equals=_ANY,
    index={"type": "integer"},
    absent={"type": "boolean"},
)
CASE_SCHEMA = _fields(
    ("name", "expect"),
    name=_TEXT,
    metadata=_FREE,
    input=_FREE,
    observed={"type": "object", "additionalProperties": _ANY},
    expect={
        "type": "object",
        "properties": {
            "present": _TEXTS,
            "absent": _TEXTS,
            "waiting": _TEXTS,
            "ready": _TEXTS,
            "fields": {"type": "array", "items": _FIELD},
            "status": _FREE,
            "assert": _TEXTS,
            "problems": {"type": "array", "items": _fields(("path",), path=_TEXT, code=_TEXT)},
        },
    },
)


def read_cases(tests: Any, reporter: Reporter) -> tuple[Case, ...]:
    """The cases that can be understood; what cannot has been reported by the shape check."""
    entries = tests if isinstance(tests, list) else []
    cases = []
    names: set[str] = set()
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            continue
        if entry["name"] in names:
            message = f"There are two tests named “{entry['name']}”."
            reporter.add((*AT, index, "name"), "duplicate", message)
        names.add(entry["name"])
        cases.append(_read(entry, index, reporter.place((*AT, index, "name"))))
    return tuple(cases)


def _read(entry: Mapping[str, Any], index: int, place: Place) -> Case:
    expect = _map(entry.get("expect"))
    return Case(
        name=entry["name"],
        input=_map(entry.get("input")),
        metadata=_map(entry.get("metadata")),
        observed=_map(entry.get("observed")),
        present=_texts(expect.get("present")),
        absent=_texts(expect.get("absent")),
        waiting=_texts(expect.get("waiting")),
        ready=_texts(expect.get("ready")),
        fields=tuple(_expectations(expect.get("fields"))),
        status=_map(expect.get("status")),
        assertions=_texts(expect.get("assert")),
        problems=tuple(
            ProblemExpectation(str(each.get("path", "")), str(each.get("code") or ""))
            for each in _maps(expect.get("problems"))
        ),
        index=index,
        place=place,
    )


def _expectations(entries: Any) -> Iterator[FieldExpectation]:
    for each in _maps(entries):
        index = each.get("index")
        yield FieldExpectation(
            str(each.get("node", "")),
            str(each.get("path", "")),
            each.get("equals"),
            each.get("absent") is True,
            index if isinstance(index, int) else 0,
        )


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: Any) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in (value if isinstance(value, list) else ()) if isinstance(each, Mapping))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in (value if isinstance(value, list) else ()) if isinstance(each, str))
