"""CEL rules of the schema (``validation=…``): parsed and checked with the contract (kro §2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts import cel
from contracts.compiler.reporter import Reporter
from contracts.schema import without

RULES = cel.Environment(extras=True)
"""The API server supports other libraries in rules than kro does in templates."""
_NOT_IN_RULES = (
    "base64.",
    "cel.bind",
    "deepMerge",
    "hash.",
    "json.",
    "lists.insertAtIndex",
    "lists.removeAtIndex",
    "lists.setAtIndex",
    "math.",
    "merge",
    "random.",
)
"""Prefixes of functions that a Kubernetes 1.36 API server rejected in rules."""

Path = tuple[str | int, ...]
Schema = Mapping[str, Any]


def check_rules(schema: Schema, at: Path, reporter: Reporter) -> bool:
    """Report rules for which the API server would reject the whole CustomResourceDefinition.

    Returns whether all rules are valid.
    """
    before = len(reporter.problems)
    for path, below, rule, in_list in rules_in(schema, at):
        try:
            expression = cel.parse(rule, RULES)
        except cel.CelSyntaxError as error:
            _report(path, f"The rule “{rule}” cannot be parsed: {error.message}", error.hint, reporter)
            continue
        found = cel.from_openapi(without(below, "x-kubernetes-preserve-unknown-fields"), name="self")
        result, problems = cel.check(expression, {"self": found, "oldSelf": found})
        foreign = next((problem for problem in problems if problem.code == "unknown-function"), None)
        if foreign:
            message = f"The rule “{rule}” can be checked only by the API server: {foreign.message}"
            reporter.add(path, "schema-rule", message, severity="warning")
            continue
        for problem in problems:
            _report(path, f"The rule “{rule}” is invalid: {problem.message}", problem.hint, reporter)
        for name in sorted(expression.functions):
            if name.startswith(_NOT_IN_RULES):
                message = f"The rule “{rule}” uses {name}, which the API server does not support in rules."
                _report(path, message, "", reporter)
        if not problems and result not in (cel.BOOL, cel.DYN):
            _report(path, f"The rule “{rule}” must return true or false, but returns {result}.", "", reporter)
        if in_list and any(reference.root == "oldSelf" for reference in expression.references):
            word = "“immutable”" if rule == "self == oldSelf" else f"The rule “{rule}”"
            message = f"{word} is inside a list whose items cannot be matched with their old values."
            _report(path, message, "Move it to the list, or set listType=map on the list.", reporter)
    return not any(problem.is_error for problem in reporter.problems[before:])


def rules_in(schema: Schema, at: Path, in_list: bool = False) -> Iterator[tuple[Path, Schema, str, bool]]:
    """Every rule with its path, its schema, and whether it is inside a list whose items have no keys."""
    for rule in schema.get("x-kubernetes-validations") or ():
        yield at, schema, str(rule["rule"]), in_list
    for name, child in (schema.get("properties") or {}).items():
        yield from rules_in(child, (*at, name), in_list)
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from rules_in(schema["additionalProperties"], at, in_list)
    if isinstance(schema.get("items"), Mapping):
        keyed = schema.get("x-kubernetes-list-type") == "map"
        yield from rules_in(schema["items"], at, in_list or not keyed)


def _report(path: Path, message: str, hint: str, reporter: Reporter) -> None:
    reporter.add(path, "schema-rule", message, hint)
