"""The position of a field in the data, in the posted form and in the author's hints."""

from __future__ import annotations

from dataclasses import dataclass, replace

from catalog.forms.fields.hints import join_path
from catalog.forms.fields.input_names import VALUE, below
from contracts.documents.paths import Path


@dataclass(frozen=True, slots=True)
class Position:
    """``path`` of the value below ``spec``, ``name`` of the input, ``dotted_path`` by which hints name it.

    ``locked``: inside of a field that cannot be changed any more.
    """

    path: Path = ()
    name: str = ""
    dotted_path: str = ""
    locked: bool = False

    @property
    def depth(self) -> int:
        return len(self.path)

    def property(self, key: str) -> Position:
        return replace(
            self,
            path=(*self.path, key),
            name=below(self.name, key),
            dotted_path=join_path(self.dotted_path, key),
        )

    def row(self, token: str, step: int | str, *, scalar: bool, of_map: bool) -> Position:
        """A row of a list or map. The value of a scalar row is posted as ``#value`` beside its key."""
        name = f"{self.name}/{token}"
        suffix = "{}" if of_map else "[]"
        return replace(
            self,
            path=(*self.path, step),
            name=f"{name}/{VALUE}" if scalar else name,
            dotted_path=f"{self.dotted_path}{suffix}",
        )

    def lock(self, locked: bool) -> Position:
        return replace(self, locked=self.locked or locked)
