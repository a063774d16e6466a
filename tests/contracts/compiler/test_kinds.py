# ruff: noqa: E501
"""OpenAPI schemas of several dialects become one; kinds of Kubernetes and of CRDs."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.compiler.kinds.kind_schemas import builtin_kinds, kinds_with
from contracts.compiler.kinds.openapi import normalised, resolved
from contracts.compiler.kinds.plurals import plural_of

FREE = {"x-kubernetes-preserve-unknown-fields": True}


@pytest.mark.parametrize(
    ("raw", "schema"),
    [
        ({}, {}),
        (True, {}),
        ({"type": ["string", "null"]}, {"type": "string"}),
        ({"allOf": [{"$ref": "#/x"}], "default": {}}, {"$ref": "#/x"}),
        ({"type": "string", "format": "int-or-string"}, {"format": "int-or-string", "x-kubernetes-int-or-string": True}),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"x-kubernetes-int-or-string": True}),
        ({"anyOf": [{"type": "string"}, {"type": "boolean"}]}, {"anyOf": [{"type": "string"}, {"type": "boolean"}]}),
        ({"type": "object"}, {"type": "object", **FREE}),
        ({"type": "object", "additionalProperties": True}, {"type": "object", **FREE}),
        ({"type": "array", "items": {"type": "object", "x-kubernetes-embedded-resource": True}}, {"type": "array", "items": {"type": "object", **FREE}}),
    ],
)  # fmt: skip
def test_a_schema_is_normalised(raw: Any, schema: dict[str, Any]) -> None:
    assert normalised(raw) == schema


def test_a_recursive_schema_allows_any_value() -> None:
    assert resolved({"$ref": "#/a"}, lambda ref: {"$ref": ref}) == {}


def test_without_definitions_only_the_builtin_kinds_are_known() -> None:
    assert kinds_with() is builtin_kinds()


def test_objects_other_than_crds_are_ignored() -> None:
    kinds = kinds_with(crds=[{"kind": "ConfigMap"}])
    assert list(kinds.names()) == list(builtin_kinds().names())


@pytest.mark.parametrize(
    ("kind", "plural"), [("Data", "data"), ("Sheep", "sheep"), ("Mice", "mice"), ("Widgets", "widgets")]
)
def test_a_plural_is_not_pluralised_again(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural
