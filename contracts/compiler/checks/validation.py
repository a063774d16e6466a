"""Validates an instance against its contract: the schema, and the CEL rules in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from contracts import cel
from contracts.compiler.checks.rules import RULES
from contracts.compiler.definition import Definition
from contracts.compiler.reporter import Reporter
from contracts.documents import print_path
from contracts.problems import Problem
from contracts.schema import apply_defaults, validate

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]


def validate_spec(definition: Definition, spec: Any, old: Any = None) -> list[Problem]:
    """Everything that is wrong with a ``spec``; ``old`` is the stored one when an instance is changed.

    Missing required fields are problems even without any spec (better than kro quirk 1). Rules are evaluated
    on the spec with its defaults, and only when it matches the schema.
    """
    schema = definition.spec_schema
    given = {} if spec is None else spec
    problems = validate(schema, given, path=("spec",))
    if problems:
        return problems
    filled = apply_defaults(schema, given)
    before = apply_defaults(schema, old) if old is not None else None
    return list(_violated_rules(schema, filled, before, ("spec",)))


def check_defaults(schema: Schema, at: Path, reporter: Reporter) -> None:
    """Report defaults that violate a rule: the API server would reject the CustomResourceDefinition.

    A default is evaluated as is, without further defaults, and as its own old value; defaults below a map are
    not evaluated.
    """
    if "default" in schema:
        default = schema["default"]
        for violation in _violated_rules(schema, default, default, at):
            message = f"The default violates a rule: {violation.message}"
            hint = "For an optional field, write !has(self.x) || …" if default == {} else ""
            reporter.add(at, "schema-default", message, hint)
            break
    for name, child in (schema.get("properties") or {}).items():
        check_defaults(child, (*at, name), reporter)
    if isinstance(schema.get("items"), Mapping):
        check_defaults(schema["items"], at, reporter)


def _violated_rules(schema: Schema, value: Any, old: Any, path: Path) -> Iterator[Problem]:
    for rule in schema.get("x-kubernetes-validations") or ():
        message = _violation(
            str(rule["rule"]), str(rule.get("message") or "validation failed"), schema, value, old
        )
        if message:
            yield Problem("rule", message, print_path(path))
    if isinstance(value, Mapping):
        more = schema.get("additionalProperties")
        for name, child in value.items():
            below = (schema.get("properties") or {}).get(name) or (
                more if isinstance(more, Mapping) else None
            )
            if below is not None:
                before = old.get(name) if isinstance(old, Mapping) else None
                yield from _violated_rules(below, child, before, (*path, name))
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for index, child in enumerate(value):
            yield from _violated_rules(schema["items"], child, None, (*path, index))


def _violation(rule: str, message: str, schema: Schema, value: Any, old: Any) -> str:
    """The message of a violated rule, or an empty string. A rule with ``oldSelf`` applies only to changes."""
    expression = _parsed(rule)
    if expression is None:
        return ""
    reads_old = any(ref.root == "oldSelf" for ref in expression.references)
    if reads_old and old is None:
        return ""
    kind = cel.from_openapi(schema, name="self")
    bindings = {"self": cel.wrap(value, kind), "oldSelf": cel.wrap(old, kind)}
    try:
        holds = expression.evaluate(bindings) is True
    except cel.CelError as error:
        return f"The rule “{rule}” cannot be evaluated: {error.message}."
    if holds:
        return ""
    if rule == "self == oldSelf":
        return "This field cannot be changed."
    return f"{message[:1].upper()}{message[1:]}: {rule}"


@lru_cache(maxsize=1000)
def _parsed(rule: str) -> cel.Expression | None:
    """None for a rule that only the API server can evaluate."""
    try:
        expression = cel.parse(rule, RULES)
    except cel.CelSyntaxError:
        return None
    _, problems = cel.check(expression, {"self": cel.DYN, "oldSelf": cel.DYN})
    return None if any(problem.code == "unknown-function" for problem in problems) else expression
