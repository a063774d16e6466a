"""Parses the tests of a Contract document: inputs, observed objects, expectations.

:mod:`contracts.runtime.test_runner` runs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.compiler.contract_document import ContractTest, FieldExpectation, ProblemExpectation
from contracts.compiler.reporter import Reporter
from contracts.documents import Span

Schema = Mapping[str, Any]
AT = ("spec", "tests")

_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
_FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_ANY = {"x-kubernetes-preserve-unknown-fields": True}


def _fields(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


_FIELD = _fields(
    ("node", "path"),
    node=_STRING,
    path=_STRING,
    equals=_ANY,
    index={"type": "integer"},
    absent={"type": "boolean"},
)
TEST_SCHEMA = _fields(
    ("name", "expect"),
    name=_STRING,
    metadata=_FREE,
    input=_FREE,
    observed={"type": "object", "additionalProperties": _ANY},
    expect={
        "type": "object",
        "properties": {
            "present": _STRINGS,
            "absent": _STRINGS,
            "waiting": _STRINGS,
            "ready": _STRINGS,
            "fields": {"type": "array", "items": _FIELD},
            "status": _FREE,
            "assert": _STRINGS,
            "problems": {"type": "array", "items": _fields(("path",), path=_STRING, code=_STRING)},
        },
    },
)


def read_contract_tests(tests: Any, reporter: Reporter) -> tuple[ContractTest, ...]:
    """The valid tests; the schema check has reported the others."""
    entries = tests if isinstance(tests, list) else []
    contract_tests = []
    names: set[str] = set()
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            continue
        if entry["name"] in names:
            message = f"Duplicate test name “{entry['name']}”."
            reporter.add((*AT, index, "name"), "duplicate", message)
        names.add(entry["name"])
        contract_tests.append(_read(entry, index, reporter.span((*AT, index, "name"))))
    return tuple(contract_tests)


def _read(entry: Mapping[str, Any], index: int, span: Span) -> ContractTest:
    expect = _map(entry.get("expect"))
    return ContractTest(
        name=entry["name"],
        input=_map(entry.get("input")),
        metadata=_map(entry.get("metadata")),
        observed=_map(entry.get("observed")),
        present=_strings(expect.get("present")),
        absent=_strings(expect.get("absent")),
        waiting=_strings(expect.get("waiting")),
        ready=_strings(expect.get("ready")),
        fields=tuple(_expectations(expect.get("fields"))),
        status=_map(expect.get("status")),
        assertions=_strings(expect.get("assert")),
        problems=tuple(
            ProblemExpectation(str(each.get("path", "")), str(each.get("code") or ""))
            for each in _maps(expect.get("problems"))
        ),
        index=index,
        span=span,
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


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(each for each in (value if isinstance(value, list) else ()) if isinstance(each, str))
