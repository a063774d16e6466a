"""Which types go together: open types are filled in as arguments are met (the rules of cel-go's checker)."""

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


def parts(kind: Type) -> tuple[Type, ...]:
    if isinstance(kind, ListType):
        return (kind.element,)
    if isinstance(kind, MapType):
        return (kind.key, kind.value)
    if isinstance(kind, OptionalType):
        return (kind.inner,)
    if isinstance(kind, TypeType):
        return (kind.inner,)
    return ()


def rebuilt(kind: Type, new: Sequence[Type]) -> Type:
    if isinstance(kind, MapType):
        return MapType(*new)
    return type(kind)(*new) if new else kind  # type: ignore[arg-type]


def nullable(kind: Type) -> bool:
    return (
        kind in (NULL, TIMESTAMP, DURATION)
        or kind in OPAQUE
        or isinstance(kind, (StructType, OptionalType, TypeParam))
    )


def less_specific(one: Type, other: Type) -> bool:
    """Is ``one`` the same as ``other``, or more open?"""
    if one is DYN or isinstance(one, TypeParam):
        return True
    if other is DYN or isinstance(other, TypeParam):
        return False
    if type(one) is not type(other) or not parts(one):
        return one == other
    return all(less_specific(a, b) for a, b in zip(parts(one), parts(other), strict=True))


class Unifier:
    """Remembers what every open type turned out to be, within one expression."""

    def __init__(self) -> None:
        self._known: dict[Type, Type] = {}
        self._before: list[tuple[Type, Type | None]] = []
        self._count = 0

    def fresh(self) -> Type:
        self._count += 1
        return TypeParam(f"_{self._count}")

    def instance(self, kinds: Iterable[Type]) -> list[Type]:
        """The same types with open types of their own."""
        renamed: dict[Type, Type] = {}
        return [self._renamed(kind, renamed) for kind in kinds]

    def _renamed(self, kind: Type, renamed: dict[Type, Type]) -> Type:
        if isinstance(kind, TypeParam):
            if kind not in renamed:
                renamed[kind] = self.fresh()
            return renamed[kind]
        inner = parts(kind)
        return rebuilt(kind, [self._renamed(part, renamed) for part in inner]) if inner else kind

    def resolved(self, kind: Type, *, final: bool = False) -> Type:
        """The type with everything filled in that is known; what stays open is dyn when ``final``."""
        while isinstance(kind, TypeParam) and kind in self._known:
            kind = self._known[kind]
        if isinstance(kind, TypeParam):
            return DYN if final else kind
        inner = parts(kind)
        return rebuilt(kind, [self.resolved(part, final=final) for part in inner]) if inner else kind

    def accepts(self, given: Iterable[Type], wanted: Iterable[Type]) -> bool:
        """May values of these types stand at these places? Open types are filled in only when all fit."""
        self._before.clear()
        if all(self._assign(one, other) for one, other in zip(given, wanted, strict=True)):
            return True
        for param, kind in reversed(self._before):
            if kind is None:
                del self._known[param]
            else:
                self._known[param] = kind
        return False

    def _remember(self, param: Type, kind: Type) -> None:
        self._before.append((param, self._known.get(param)))
        self._known[param] = kind

    def joined(self, kinds: Iterable[Type]) -> Type:
        """The one type of several values: the more open of two that go together, else dyn."""
        found: Type | None = None
        for kind in kinds:
            if found is None:
                found = kind
            elif self.accepts([found], [kind]):
                one, other = self.resolved(found), self.resolved(kind)
                found = one if other is NULL or less_specific(one, other) else other
            else:
                return DYN
        return self.fresh() if found is None else found

    def _assign(self, given: Type, wanted: Type) -> bool:
        if given == wanted:
            return True
        if isinstance(wanted, TypeParam):
            return self._fill(wanted, given, lambda known: self._assign(given, known))
        if isinstance(given, TypeParam):
            return self._fill(given, wanted, lambda known: self._assign(known, wanted))
        if DYN in (given, wanted):
            return True
        if NULL in (given, wanted):
            return nullable(given) and nullable(wanted)
        if isinstance(given, TypeType) and isinstance(wanted, TypeType):
            return True
        inner, outer = parts(given), parts(wanted)
        if type(given) is not type(wanted) or not inner:
            return False
        return all(map(self._assign, inner, outer))

    def _fill(self, param: Type, kind: Type, fits: Callable[[Type], bool]) -> bool:
        known = self._known.get(param)
        if known is None:
            if self._occurs(param, kind):
                return False
            self._remember(param, kind)
            return True
        if not fits(known):
            return False
        kind = self.resolved(kind)
        if less_specific(kind, self.resolved(known)) and not self._occurs(param, kind):
            self._remember(param, kind)
        return True

    def _occurs(self, param: Type, kind: Type) -> bool:
        kind = self.resolved(kind)
        return kind == param or any(self._occurs(param, part) for part in parts(kind))
