"""Unification: type parameters are bound as arguments are matched (the rules of cel-go's checker)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from contracts.cel.types.cel_types import (
    DURATION,
    DYN,
    NULL,
    OPAQUE,
    TIMESTAMP,
    ListType,
    MapType,
    OptionalType,
    StructType,
    Type,
    TypeParam,
    TypeType,
)


def arguments(kind: Type) -> tuple[Type, ...]:
    if isinstance(kind, ListType):
        return (kind.element,)
    if isinstance(kind, MapType):
        return (kind.key, kind.value)
    if isinstance(kind, OptionalType):
        return (kind.inner,)
    if isinstance(kind, TypeType):
        return (kind.inner,)
    return ()


def with_arguments(kind: Type, new: Sequence[Type]) -> Type:
    if isinstance(kind, MapType):
        return MapType(*new)
    return type(kind)(*new) if new else kind  # type: ignore[arg-type]


def nullable(kind: Type) -> bool:
    return (
        kind in (NULL, TIMESTAMP, DURATION)
        or kind in OPAQUE
        or isinstance(kind, (StructType, OptionalType, TypeParam))
    )


def equal_or_less_specific(one: Type, other: Type) -> bool:
    """Whether ``one`` is the same as ``other``, or less specific."""
    if one is DYN or isinstance(one, TypeParam):
        return True
    if other is DYN or isinstance(other, TypeParam):
        return False
    if type(one) is not type(other) or not arguments(one):
        return one == other
    return all(equal_or_less_specific(a, b) for a, b in zip(arguments(one), arguments(other), strict=True))


class Unifier:
    """Holds the bindings of type parameters within one expression."""

    def __init__(self) -> None:
        self._bindings: dict[Type, Type] = {}
        self._undo_log: list[tuple[Type, Type | None]] = []
        self._count = 0

    def fresh_param(self) -> Type:
        self._count += 1
        return TypeParam(f"_{self._count}")

    def instantiate(self, kinds: Iterable[Type]) -> list[Type]:
        """The same types with fresh type parameters."""
        renamed: dict[Type, Type] = {}
        return [self._instantiated(kind, renamed) for kind in kinds]

    def _instantiated(self, kind: Type, renamed: dict[Type, Type]) -> Type:
        if isinstance(kind, TypeParam):
            if kind not in renamed:
                renamed[kind] = self.fresh_param()
            return renamed[kind]
        inner = arguments(kind)
        return with_arguments(kind, [self._instantiated(part, renamed) for part in inner]) if inner else kind

    def resolved(self, kind: Type, *, final: bool = False) -> Type:
        """The type with all bound parameters replaced; unbound ones become dyn if ``final``."""
        while isinstance(kind, TypeParam) and kind in self._bindings:
            kind = self._bindings[kind]
        if isinstance(kind, TypeParam):
            return DYN if final else kind
        inner = arguments(kind)
        return with_arguments(kind, [self.resolved(part, final=final) for part in inner]) if inner else kind

    def accepts(self, given: Iterable[Type], wanted: Iterable[Type]) -> bool:
        """Whether all given types are assignable to the wanted ones. Parameters are bound only if all are."""
        self._undo_log.clear()
        if all(self._assign(one, other) for one, other in zip(given, wanted, strict=True)):
            return True
        for param, kind in reversed(self._undo_log):
            if kind is None:
                del self._bindings[param]
            else:
                self._bindings[param] = kind
        return False

    def _bind_param(self, param: Type, kind: Type) -> None:
        self._undo_log.append((param, self._bindings.get(param)))
        self._bindings[param] = kind

    def join(self, kinds: Iterable[Type]) -> Type:
        """The common type of several values: the less specific of two that unify, else dyn."""
        found: Type | None = None
        for kind in kinds:
            if found is None:
                found = kind
            elif self.accepts([found], [kind]):
                one, other = self.resolved(found), self.resolved(kind)
                found = one if other is NULL or equal_or_less_specific(one, other) else other
            else:
                return DYN
        return self.fresh_param() if found is None else found

    def _assign(self, given: Type, wanted: Type) -> bool:
        if given == wanted:
            return True
        if isinstance(wanted, TypeParam):
            return self._unify_param(wanted, given, lambda binding: self._assign(given, binding))
        if isinstance(given, TypeParam):
            return self._unify_param(given, wanted, lambda binding: self._assign(binding, wanted))
        if DYN in (given, wanted):
            return True
        if NULL in (given, wanted):
            return nullable(given) and nullable(wanted)
        if isinstance(given, TypeType) and isinstance(wanted, TypeType):
            return True
        inner, outer = arguments(given), arguments(wanted)
        if type(given) is not type(wanted) or not inner:
            return False
        return all(map(self._assign, inner, outer))

    def _unify_param(self, param: Type, kind: Type, fits: Callable[[Type], bool]) -> bool:
        binding = self._bindings.get(param)
        if binding is None:
            if self._occurs(param, kind):
                return False
            self._bind_param(param, kind)
            return True
        if not fits(binding):
            return False
        kind = self.resolved(kind)
        if equal_or_less_specific(kind, self.resolved(binding)) and not self._occurs(param, kind):
            self._bind_param(param, kind)
        return True

    def _occurs(self, param: Type, kind: Type) -> bool:
        kind = self.resolved(kind)
        return kind == param or any(self._occurs(param, part) for part in arguments(kind))
