"""What type inference remembers while it goes through a tree: open types, problems, overloads met before."""

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
    """One thing wrong with an expression. ``start`` and ``end`` are offsets into its source.

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

    After a problem it goes on with ``dyn``, so that one mistake is told once.
    """

    def __init__(self, variables: Mapping[str, Type], environment: Environment) -> None:
        self.variables = variables
        self.environment = environment
        self.unifier = Unifier()
        self.problems: list[TypeProblem] = []
        self.listed: dict[int, list[Type]] = {}
        """The types of what a list literal lists, by the identity of its node."""
        self.remembered: dict[tuple[int, tuple[Type, ...]] | None, Type] = {}

    def infer(self, node: Node, scope: Scope) -> Type:
        found: Type = getattr(self, VISIT[type(node)])(node, scope)
        return found

    def resolved(self, kind: Type) -> Type:
        return self.unifier.resolved(kind)

    def shown(self, kind: Type) -> str:
        return str(self.unifier.resolved(kind, final=True))

    def fail(self, code: str, message: str, start: int, end: int, hint: str = "") -> Type:
        self.problems.append(TypeProblem(message, start, end, hint, code))
        return DYN

    def foresee(self, code: str, faults: Iterable[Fault]) -> None:
        for node, message, hint in faults:
            self.fail(code, message, node.start, node.end, hint)

    def expect(self, node: Node, scope: Scope, wanted: Type, what: str) -> None:
        kind = self.infer(node, scope)
        if not self.unifier.accepts([kind], [wanted]):
            self.fail("wrong-type", f"{what} must be {wanted}, not {self.shown(kind)}.", node.start, node.end)

    def operation(self, operator: str, kinds: list[Type], node: Node) -> Type:
        operations = EXTRA_OPERATIONS if self.environment.extras else OPERATIONS
        found = self.overload(operations[operator], kinds)
        if found is not None:
            return found
        resolved = [self.unifier.resolved(kind, final=True) for kind in kinds]
        return self.fail(
            "no-overload",
            hints.refused(operator, resolved),
            node.start,
            node.end,
            hints.for_operator(operator, resolved),
        )

    def overload(self, overloads: Sequence[Overload], kinds: list[Type]) -> Type | None:
        """The result type for arguments of these types: dyn when several overloads fit and disagree.

        What types without parts give is the same every time, and remembered: templates add many texts.
        """
        key = (id(overloads), tuple(kinds)) if all(type(kind) is Type for kind in kinds) else None
        if key in self.remembered:
            return self.remembered[key]
        result = self._resolve(overloads, kinds)
        if key is not None and type(result) is Type:
            self.remembered[key] = result
        return result

    def _resolve(self, overloads: Sequence[Overload], kinds: list[Type]) -> Type | None:
        result: Type | None = None
        for overload in overloads:
            if len(overload.params) != len(kinds):
                continue
            *params, wanted = self.unifier.instance((*overload.params, overload.result))
            if not self.unifier.accepts(kinds, params):
                continue
            kind = self.resolved(wanted)
            if result is None:
                result = kind
            elif result != kind:
                return DYN
        return result

    def gated(self, name: str, node: Node) -> Type:
        message, hint = hints.gate(name)
        return self.fail("gated-function", message, node.start, node.end, hint)
