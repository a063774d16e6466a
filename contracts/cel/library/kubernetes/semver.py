"""Kubernetes' Semver library, without the ``normalize`` argument of newer releases (kro §3.4)."""

from __future__ import annotations

import re

from contracts.cel.errors import CelError
from contracts.cel.functions import function, method
from contracts.cel.values.cel_values import UINT_MAX, Opaque
from contracts.cel.values.operators import int64

NUMBER = r"(?:0|[1-9][0-9]{0,19})"
IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
TEXT = re.compile(rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({IDENTIFIERS}))?(?:\+({IDENTIFIERS}))?")


class Version(Opaque):
    """A semantic version. Build metadata does not affect equality or order."""

    __slots__ = ("numbers", "prerelease")
    cel_type = "kubernetes.Semver"

    def __init__(self, numbers: tuple[int, int, int], prerelease: tuple[str, ...]) -> None:
        self.numbers = numbers
        self.prerelease = prerelease

    def precedence(self) -> tuple[object, ...]:
        identifiers = tuple(
            (0, int(identifier), "") if identifier.isdigit() else (1, 0, identifier)
            for identifier in self.prerelease
        )
        return (self.numbers, not self.prerelease, identifiers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.precedence() == other.precedence()

    def __hash__(self) -> int:
        return hash(self.precedence())


def parse_version(text: str) -> Version | None:
    match = TEXT.fullmatch(text) if len(text) <= 256 else None
    if match is None:
        return None
    major, minor, patch = (int(match[group]) for group in (1, 2, 3))
    identifiers = tuple(match[4].split(".")) if match[4] else ()
    if max(major, minor, patch) > UINT_MAX:
        return None
    if any(
        identifier.isdigit() and identifier != "0" and identifier.startswith("0")
        for identifier in identifiers
    ):
        return None
    return Version((major, minor, patch), identifiers)


@function("semver(string): kubernetes.Semver")
def semver(text: str) -> Version:
    found = parse_version(text)
    if found is None:
        raise CelError("semver(): the string is not a semantic version")
    return found


@function("isSemver(string): bool")
def is_semver(text: str) -> bool:
    return parse_version(text) is not None


@method("kubernetes.Semver.major(): int")
def major(value: Version) -> int:
    return int64(value.numbers[0])


@method("kubernetes.Semver.minor(): int")
def minor(value: Version) -> int:
    return int64(value.numbers[1])


@method("kubernetes.Semver.patch(): int")
def patch(value: Version) -> int:
    return int64(value.numbers[2])


def _compare(one: Version, other: Version) -> int:
    a, b = one.precedence(), other.precedence()
    return (a > b) - (a < b)


@method("kubernetes.Semver.compareTo(kubernetes.Semver): int")
def compare_to(value: Version, other: Version) -> int:
    return _compare(value, other)


@method("kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool")
def is_greater_than(value: Version, other: Version) -> bool:
    return _compare(value, other) > 0


@method("kubernetes.Semver.isLessThan(kubernetes.Semver): bool")
def is_less_than(value: Version, other: Version) -> bool:
    return _compare(value, other) < 0
