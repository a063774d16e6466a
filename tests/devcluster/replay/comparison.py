"""Where the answers of a server differ from the recorded ones, with symbols equal up to renaming."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise, zip_longest
from typing import Any

from tests.devcluster.replay.symbols import RECORDED_PARTS

SYMBOL = re.compile(r"\$(?:uid|rv|gen|hash|ip|nodePort)\d+")
NAME = re.compile(r"[A-Za-z_$][\w$-]*")
MISSING = object()
Difference = tuple[str, Any, Any]  # JSON path, recorded value, the server's value


class Pairing:
    """Pairs the recorded symbols of one case with the server's, one to one."""

    def __init__(self) -> None:
        self._forth: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def same(self, want: str, got: str) -> bool:
        """Whether two strings are equal once the server's symbols are renamed to the recorded ones."""
        wanted, found = SYMBOL.findall(want), SYMBOL.findall(got)
        if SYMBOL.split(want) != SYMBOL.split(got) or [*map(_kind, wanted)] != [*map(_kind, found)]:
            return False
        paired = [self._pair(*pair) for pair in zip(wanted, found, strict=True)]  # each of them
        return all(paired)

    def _pair(self, want: str, got: str) -> bool:
        fits = self._forth.get(want, got) == got and self._back.get(got, want) == want
        self._forth[want], self._back[got] = got, want  # one wrong answer is reported once
        return fits

    def renamed(self, key: str) -> str:
        """A mapping key in which the symbols that are paired already have their recorded names."""
        return SYMBOL.sub(lambda match: self._back.get(match[0], match[0]), key)

    def out_of_order(self) -> list[str]:
        """Pairs of recorded resourceVersions that the server gave in the opposite order."""
        versions = sorted(
            (int(want[3:]), int(got[3:])) for want, got in self._forth.items() if want.startswith("$rv")
        )
        return [
            f"$rv{low} should be older than $rv{high}"
            for (low, first), (high, second) in pairwise(versions)
            if first >= second
        ]


def compare(
    golden: Mapping[str, Any], answers: Iterable[Mapping[str, Any]], ignored: Iterable[str]
) -> Iterator[tuple[str, list[Difference]]]:
    """Each recorded step of one case with its differences. ``ignored``: "STEP $.path" with stars."""
    pairing, is_ignored = Pairing(), _matcher(ignored)
    by_name = {entry["name"]: entry for entry in answers}
    for step in golden["steps"]:
        got = by_name.get(step["name"], {})
        found = differences(_parts(step), _parts(got), "$", pairing)
        yield step["name"], [one for one in found if not is_ignored(f"{step['name']} {one[0]}")]
    if order := pairing.out_of_order():
        yield "order of resourceVersions", [("$", "in order", "; ".join(order))]


def differences(want: Any, got: Any, path: str, pairing: Pairing) -> Iterator[Difference]:
    if isinstance(want, dict) and isinstance(got, dict):
        got = {pairing.renamed(key): value for key, value in got.items()}
        for key in dict.fromkeys([*want, *got]):
            step = f".{key}" if NAME.fullmatch(key) else f"['{key}']"
            yield from differences(want.get(key, MISSING), got.get(key, MISSING), path + step, pairing)
    elif isinstance(want, list) and isinstance(got, list):
        for index, pair in enumerate(zip_longest(want, got, fillvalue=MISSING)):
            yield from differences(*pair, f"{path}[{index}]", pairing)
    elif isinstance(want, str) and isinstance(got, str):
        if not pairing.same(want, got):
            yield path, want, got
    elif type(want) is not type(got) or want != got:
        yield path, want, got


def _parts(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {part: entry[part] for part in RECORDED_PARTS if part in entry}


def _matcher(ignored: Iterable[str]) -> Callable[[str], object]:
    patterns = [re.escape(pattern).replace(r"\*", ".*") for pattern in ignored]
    return re.compile("|".join(patterns) or r"(?!)").fullmatch


def _kind(symbol: str) -> str:
    return symbol.rstrip("0123456789")
