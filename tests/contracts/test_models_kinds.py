"""Documents are checked against the kinds of destinations and other contracts that they mention."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.known_kinds import compile_known, known_kinds
from contracts.models import Contract, KnownSchema
from contracts.publishing import publish
from tests.contracts.conftest import Users

pytestmark = pytest.mark.django_db

USER = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: board}
spec:
  schema:
    group: platform.example.com
    apiVersion: v1alpha1
    kind: Board
    spec: {words: string | required=true}
  resources:
    - id: first
      template:
        apiVersion: GROUP_VERSION
        kind: Note
        metadata: {name: "${schema.metadata.name}"}
        spec: {FIELD: "${schema.spec.words}"}
"""


def board(field: str = "message", group_version: str = "platform.example.com/v1alpha1") -> str:
    return USER.replace("FIELD", field).replace("GROUP_VERSION", group_version)


def codes(text: str) -> list[tuple[str, str]]:
    return [(problem.code, problem.hint) for problem in compile_known(text).problems]


def test_an_unknown_kind_is_a_warning() -> None:
    compilation = compile_known(board())
    assert compilation.ok
    assert [problem.severity for problem in compilation.problems] == ["warning"]


def test_the_kind_of_another_contract(published: Contract) -> None:
    assert codes(board()) == []
    assert codes(board("mesage")) == [("unknown-field", "Did you mean “message”?")]


def test_a_new_revision_of_the_other_contract_is_used_at_once(
    published: Contract, users: Users, small: str
) -> None:
    assert codes(board("colour")) != []
    publish(
        small.replace("    status:", "      colour: string | default=red\n    status:"), by=users.engineer
    )
    assert codes(board("colour")) == []


def test_the_kind_of_a_destination() -> None:
    KnownSchema.objects.create(
        destination="embedded",
        group_version="cards.example.com/v1",
        content_hash="1",
        kinds=[{"kind": "Note", "plural": "notes", "namespaced": True}],
        document={
            "components": {
                "schemas": {
                    "com.example.cards.v1.Note": {
                        "type": "object",
                        "x-kubernetes-group-version-kind": [
                            {"group": "cards.example.com", "version": "v1", "kind": "Note"}
                        ],
                        "properties": {
                            "apiVersion": {"type": "string"},
                            "kind": {"type": "string"},
                            "metadata": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                            "spec": {"type": "object", "properties": {"message": {"type": "string"}}},
                        },
                    }
                }
            }
        },
    )
    assert codes(board(group_version="cards.example.com/v1")) == []
    assert codes(board("mesage", "cards.example.com/v1")) == [("unknown-field", "Did you mean “message”?")]


def test_only_schemas_of_mentioned_kinds_are_loaded(
    published: Contract, django_assert_num_queries: Any
) -> None:
    KnownSchema.objects.create(
        destination="x", group_version="unused.example.com/v1", content_hash="1", document={}
    )
    with django_assert_num_queries(2):
        kinds = known_kinds("kind: ConfigMap")
    assert kinds.lookup("platform.example.com/v1alpha1", "Note") is None
