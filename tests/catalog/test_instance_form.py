"""An instance is validated by its schema, by the contract's own rules, and by its immutable fields."""

from __future__ import annotations

import pytest

from catalog.forms.instance_form import UsableContract, from_text
from contracts.compiler import compile_text

CONTRACT = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: rules}
spec:
  schema:
    apiVersion: v1alpha1
    kind: Ruled
    types:
      Range: {least: integer | default=1, most: integer | default=5}
    spec:
      place: string | required=true immutable=true
      copies: >-
        Range | default={"least": 1, "most": 5} validation="self.least <= self.most"
      room: integer | default=1 validation="self >= oldSelf"
"""


@pytest.fixture(scope="module")
def usable() -> UsableContract:
    compilation = compile_text(CONTRACT)
    assert compilation.definition is not None
    return UsableContract(compilation.definition, compilation.presentation)


def manifest(spec: str) -> str:
    return f"apiVersion: kro.run/v1alpha1\nkind: Ruled\nmetadata: {{name: a, namespace: b}}\nspec: {spec}\n"


@pytest.mark.parametrize(
    ("spec", "before", "paths"),
    [
        pytest.param("{place: north}", None, [], id="valid"),
        pytest.param("{place: north, copies: {least: 9}}", None, ["spec.copies"], id="beyond a default"),
        pytest.param("{place: south}", {"place": "north"}, ["spec.place"], id="immutable, reported once"),
        pytest.param("{place: north, room: 2}", {"place": "north", "room": 3}, ["spec.room"], id="shrunk"),
        pytest.param("{place: north, room: 2}", None, [], id="nothing to grow from"),
        pytest.param("{copies: 3}", None, ["spec.copies", "spec.place"], id="the schema comes first"),
    ],
)
def test_problems_are_shown_at_their_fields(
    usable: UsableContract, spec: str, before: dict[str, object] | None, paths: list[str]
) -> None:
    old = {"metadata": {"name": "a", "namespace": "b"}, "spec": before} if before else None
    assert sorted(problem.path for problem in from_text(usable, manifest(spec), before=old).problems) == paths
