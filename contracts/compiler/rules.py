"""CEL rules of the schema (``validation=…``): read and checked when the contract is (kro §2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts import cel
from contracts.compiler.reporter import Reporter

RULES = cel.Environment(extras=True)
"""The API server's rules know more libraries than kro's templates."""

Path = tuple[str | int, ...]
Schema = Mapping[str, Any]


def check_rules(schema: Schema, at: Path, reporter: Reporter) -> None:
    for path, below, rule in rules_in(schema, at):
        try:
            expression = cel.parse(rule, RULES)
        except cel.CelSyntaxError as error:
            _report(path, f"The rule “{rule}” cannot be read: {error.message}", error.hint, reporter)
            continue
        found = cel.from_openapi(below, name="self")
        result, problems = cel.check(expression, {"self": found, "oldSelf": found})
        foreign = next((problem for problem in problems if problem.code == "unknown-function"), None)
        if foreign:
            message = f"The rule “{rule}” is left to the API server: {foreign.message}"
            reporter.add(path, "schema-rule", message, severity="warning")
            continue
        for problem in problems:
            _report(path, f"The rule “{rule}” is wrong: {problem.message}", problem.hint, reporter)
        if not problems and result not in (cel.BOOL, cel.DYN):
            _report(path, f"The rule “{rule}” must be true or false, and gives {result}.", "", reporter)


def rules_in(schema: Schema, at: Path) -> Iterator[tuple[Path, Schema, str]]:
    for rule in schema.get("x-kubernetes-validations") or ():
        yield at, schema, str(rule["rule"])
    for name, child in (schema.get("properties") or {}).items():
        yield from rules_in(child, (*at, name))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            yield from rules_in(schema[key], at)


def _report(path: Path, message: str, hint: str, reporter: Reporter) -> None:
    reporter.add(path, "schema-rule", message, hint)
