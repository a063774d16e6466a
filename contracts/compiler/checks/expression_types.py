"""Types of the names in an expression, and whether its value fits its field (kro §3.3, §3.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contracts import cel
from contracts.compiler.definition import Code, Part
from contracts.compiler.kinds.kind_schemas import object_meta
from contracts.compiler.parsing.nodes import NodeDraft
from contracts.compiler.reporter import Location, Reporter, characters
from contracts.problems import did_you_mean

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]
Variables = Mapping[str, cel.Type]


def instance_type(spec_schema: Schema, scope: str, status_schema: Schema | None = None) -> cel.Type:
    """The type of ``schema``: the instance without its status (kro §3.3)."""
    metadata = dict(object_meta())
    if scope == "Cluster":
        fields = {name: field for name, field in metadata["properties"].items() if name != "namespace"}
        metadata = {**metadata, "properties": fields}
    properties: dict[str, Any] = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": metadata,
        "spec": spec_schema,
    }
    if status_schema is not None:
        properties["status"] = status_schema
    return cel.from_openapi({"type": "object", "properties": properties}, name="schema")


def node_type(draft: NodeDraft) -> cel.Type:
    """The type of a node's one object; ``dyn`` when its kind has no schema here."""
    if draft.info is None or draft.info.schema is None:
        return cel.DYN
    return cel.from_openapi(draft.info.schema, name=f"__type_{draft.id}", resolve_ref=draft.info.resolve_ref)


class Names(dict[str, cel.Type]):
    """Names and their types. ``own`` is a node's own id: using it is an error that has been reported."""

    def __init__(self, names: Variables, own: str) -> None:
        super().__init__(names)
        self.own = own
        if own:
            self[own] = cel.DYN


class ExpressionChecker:
    """Checks codes against variables; ``everything`` are all names of the definition, for better messages."""

    def __init__(self, everything: Iterable[str], reporter: Reporter) -> None:
        self.everything = frozenset(everything)
        self.reporter = reporter

    def type_of(self, code: Code, at: Path, variables: Variables, *, place: str = "template") -> cel.Type:
        """The type of a code's value: that of the expression when standalone, else string."""
        types = [self._part_type(part, at, variables, place) for part in code.expressions]
        if code.standalone:
            return types[0]
        for part, found in zip(code.expressions, types, strict=True):
            if found not in (cel.STRING, cel.DYN):
                source = part.source.strip()
                message = (
                    f"“{source}” returns {describe_type(found)}, but only a string can be part of a string."
                )
                hint = f"Write ${{string({source})}}." if found in _PRINTABLE else ""
                self.reporter.add(_whole(at, part), "cel-type", message, hint)
        return cel.STRING

    def _part_type(self, part: Part, at: Path, variables: Variables, place: str) -> cel.Type:
        known = self._names_known(part, at, variables, place)
        known = self._functions_allowed(part, at, place) and known
        if not known:
            return cel.DYN
        found, problems = cel.check(part.expression, variables)
        for problem in problems:
            code = problem.code or "cel-type"
            where = _within(at, part, problem.start, problem.end)
            self.reporter.add(where, code, problem.message, problem.hint)
        return cel.DYN if problems else found

    def _names_known(self, part: Part, at: Path, variables: Variables, place: str) -> bool:
        ok = True
        for reference in part.expression.references:
            if reference.root not in variables:
                ok = False
                message, hint = self._unknown_name(reference.root, variables, place)
                end = reference.start + len(reference.root)
                self.reporter.add(_within(at, part, reference.start, end), "unknown-name", message, hint)
        return ok

    def _unknown_name(self, name: str, variables: Variables, place: str) -> tuple[str, str]:
        usable = [known for known in variables if known != getattr(variables, "own", "")]
        allowed = ", ".join(sorted(usable)) or "nothing"
        if place == "readyWhen" and name in self.everything:
            return (
                f"readyWhen can use only its own object, so “{name}” is not defined here.",
                f"Use {allowed}.",
            )
        if name == "each":
            return "“each” exists only in readyWhen of a node with forEach.", ""
        if name in self.everything:
            return (
                f"“{name}” is an iterator: only the template of its own node can use it.",
                f"Use {allowed}.",
            )
        if name == "self":
            return "“self” is not defined here.", f"Use {allowed}."
        hint = did_you_mean(name, usable) or f"Available: {allowed}."
        return f"Undefined name “{name}”.", hint

    def _functions_allowed(self, part: Part, at: Path, place: str) -> bool:
        ok = True
        for name in part.expression.functions:
            if name.startswith("runtime.") and place != "conditions":
                ok = False
                message = f"“{name}” is available only in status.conditions."
                self.reporter.add(_whole(at, part), "unknown-function", message)
            elif name == "omit" and place != "template":
                ok = False
                message = "omit() can only leave out a field of a template."
                self.reporter.add(_whole(at, part), "omit", message)
        return ok

    def condition(self, code: Code, at: Path, variables: Variables, place: str) -> None:
        """includeWhen and readyWhen: bool or an optional bool; dyn is rejected (kro §3.5).

        An expression that reads an object of a kind without a schema may be a bool, so it is accepted.
        """
        before = len(self.reporter.problems)
        found = self.type_of(code, at, variables, place=place)
        if len(self.reporter.problems) > before:
            return
        if found in (cel.DYN, cel.OptionalType(cel.DYN)) and _reads_unknown_kind(code, variables):
            return
        if found not in (cel.BOOL, cel.OptionalType(cel.BOOL)):
            hint = "Compare it: “… == true”." if found == cel.DYN else ""
            self.reporter.add(
                at,
                "cel-type",
                f"A condition must return true or false, but this returns {describe_type(found)}.",
                hint,
            )

    def iterated(self, code: Code, at: Path, variables: Variables) -> cel.Type:
        """The item type of a forEach list; dyn is rejected (kro §3.5), as in :meth:`condition`."""
        before = len(self.reporter.problems)
        found = self.type_of(code, at, variables, place="forEach")
        if isinstance(found, cel.ListType):
            return found.element
        if found == cel.DYN and _reads_unknown_kind(code, variables):
            return cel.DYN
        if len(self.reporter.problems) == before:
            hint = "Write “….map(i, i)” to convert it to a list." if found == cel.DYN else ""
            self.reporter.add(
                at, "cel-type", f"forEach needs a list, but this returns {describe_type(found)}.", hint
            )
        return cel.DYN

    def report_unfit(self, at: Path, found: cel.Type, expected: cel.Type) -> None:
        """Report a value that is not assignable to its field; ``found`` is its type."""
        takes, returns = describe_type(expected), describe_type(found)
        detail = _detail(found, expected, cel.assignable(found, expected) or "")
        self.reporter.add(
            at,
            "cel-type",
            f"This field takes {takes}, but the expression returns {returns}{detail}.",
            _conversion(found, expected),
        )


def _whole(at: Path, part: Part) -> Location:
    return _within(at, part, 0, len(part.source))


def _within(at: Path, part: Part, start: int, end: int) -> Location:
    """Characters ``start`` to ``end`` of an expression, at least one."""
    return characters(at, part.start + start, part.start + max(end, start + 1))


def describe_type(kind: cel.Type) -> str:
    """The name of a type for messages: structs are objects, whatever their internal name."""
    if isinstance(kind, cel.StructType):
        return "an object"
    if isinstance(kind, cel.ListType):
        inner = describe_type(kind.element).removeprefix("an ").removeprefix("a ")
        return f"a list of {inner}{'s' if inner == 'object' else ''}"
    if isinstance(kind, cel.MapType):
        return f"a map of {describe_type(kind.value).removeprefix('an ').removeprefix('a ')}"
    if isinstance(kind, cel.OptionalType):
        return f"an optional {kind.inner}"
    return str(kind)


def _detail(found: cel.Type, expected: cel.Type, reason: str) -> str:
    """Which part does not fit, where the two types alone do not show it."""
    if not isinstance(found, cel.StructType | cel.MapType | cel.ListType) or reason.startswith('"'):
        return ""
    missing = re.search(r'field "([^"]+)" exists in output', reason)
    if missing:
        return f", which has a field “{missing[1]}” that does not exist there"
    unfit = re.search(r'map value is not assignable to field "([^"]+)"', reason)
    if unfit:
        return f", whose values do not fit the field “{unfit[1]}”"
    named = re.match(r'(?:list elements: )?field "([^"]+)"', reason)
    return f", whose field “{named[1]}” has another type" if named else ""


_PRINTABLE = (cel.INT, cel.UINT, cel.DOUBLE, cel.BOOL, cel.BYTES, cel.TIMESTAMP, cel.DURATION)


def _conversion(found: cel.Type, expected: cel.Type) -> str:
    if isinstance(found, cel.MapType) and isinstance(expected, cel.StructType):
        return "Wrap the map in dyn(…) to have it checked at run time."
    if expected == cel.STRING and found in _PRINTABLE:
        return "Convert it with string(…)."
    if expected == cel.INT and found in (cel.STRING, cel.DOUBLE, cel.UINT):
        return "Convert it with int(…)."
    if expected == cel.DOUBLE and found in (cel.INT, cel.STRING):
        return "Convert it with double(…)."
    if expected == cel.BOOL and found == cel.STRING:
        return "Convert it with bool(…)."
    if expected == cel.BYTES and found == cel.STRING:
        return "For a Secret, use stringData, which takes plain strings."
    return ""


def _reads_unknown_kind(code: Code, variables: Variables) -> bool:
    """Whether one of its names is an object, or a list of objects, of a kind without a schema."""
    return any(variables.get(name) in (cel.DYN, cel.ListType(cel.DYN)) for name in names_in([code]))


def names_in(codes: Sequence[Code]) -> set[str]:
    return {ref.root for code in codes for part in code.expressions for ref in part.expression.references}
