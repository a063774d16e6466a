"""The state of type inference over one tree: type parameters, problems, and resolved overloads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.cel.environment import Environment
from contracts.cel.functions import Overload
from contracts.cel.syntax.nodes import VISIT, Node
from contracts.cel.typecheck import hints
from contracts.cel.typecheck.constant_checks import Fault
from contracts.cel.typecheck.operator_signatures import EXTRA_OPERATIONS, OPERATIONS
from contracts.cel.types.cel_types import DYN, Type
from contracts.cel.types.unification import Unifier

Scope = Mapping[str, Type]


@dataclass(frozen=True, slots=True)
class TypeProblem:
    """A problem of an expression. ``start`` and ``end`` are offsets into its source.

    ``code`` is one of: unknown-name, unknown-field, unknown-function, gated-function, no-overload,
    not-iterable, wrong-type, duplicate.
    """

    message: str
    start: int
    end: int
    hint: str
    code: str


class Inference:
    """The rules per kind of node are the ``visit_…`` methods of a subclass.

    After a problem, inference continues with ``dyn``, so that a mistake is reported once.
    """

    def __init__(self, variables: Mapping[str, Type], environment: Environment) -> None:
        self.variables = variables
        self.environment = environment
        self.unifier = Unifier()
        self.problems: list[TypeProblem] = []
        self.item_types: dict[int, list[Type]] = {}
        """The types of the items of each list literal, by the identity of its node."""
        self.entry_types: dict[int, list[Type]] = {}
        """The types of the values of each map literal, by the identity of its node."""
        self.overload_results: dict[tuple[int, tuple[Type, ...]] | None, Type] = {}

    def infer(self, node: Node, scope: Scope) -> Type:
        found: Type = getattr(self, VISIT[type(node)])(node, scope)
        return found

    def resolved(self, kind: Type) -> Type:
        return self.unifier.resolved(kind)

    def format_type(self, kind: Type) -> str:
        return str(self.unifier.resolved(kind, final=True))

    def fail(self, code: str, message: str, start: int, end: int, hint: str = "") -> Type:
        self.problems.append(TypeProblem(message, start, end, hint, code))
        return DYN

    def report_constant_faults(self, code: str, faults: Iterable[Fault]) -> None:
        for node, message, hint in faults:
            self.fail(code, message, node.start, node.end, hint)

    def expect(self, node: Node, scope: Scope, wanted: Type, what: str) -> None:
        kind = self.infer(node, scope)
        if not self.unifier.accepts([kind], [wanted]):
            self.fail(
                "wrong-type", f"{what} must be {wanted}, not {self.format_type(kind)}.", node.start, node.end
            )

    def operation(self, operator: str, kinds: list[Type], node: Node) -> Type:
        operations = EXTRA_OPERATIONS if self.environment.extras else OPERATIONS
        found = self.overload(operations[operator], kinds)
        if found is not None:
            return found
        resolved = [self.unifier.resolved(kind, final=True) for kind in kinds]
        return self.fail(
            "no-overload",
            hints.no_operator(operator, resolved),
            node.start,
            node.end,
            hints.suggest_for_operator(operator, resolved),
        )

    def overload(self, overloads: Sequence[Overload], kinds: list[Type]) -> Type | None:
        """The result type for arguments of these types, or dyn if several overloads match and differ.

        Results for types without parameters are cached: templates concatenate many strings.
        """
        key = (id(overloads), tuple(kinds)) if all(type(kind) is Type for kind in kinds) else None
        if key in self.overload_results:
            return self.overload_results[key]
        result = self._resolve(overloads, kinds)
        if key is not None and type(result) is Type:
            self.overload_results[key] = result
        return result

    def _resolve(self, overloads: Sequence[Overload], kinds: list[Type]) -> Type | None:
        result: Type | None = None
        for overload in overloads:
            if len(overload.params) != len(kinds):
                continue
            *params, wanted = self.unifier.instantiate((*overload.params, overload.result))
            if not self.unifier.accepts(kinds, params):
                continue
            kind = self.resolved(wanted)
            if result is None:
                result = kind
            elif result != kind:
                return DYN
        return result

    def gated(self, name: str, node: Node) -> Type:
        message, hint = hints.gated_function(name)
        return self.fail("gated-function", message, node.start, node.end, hint)
