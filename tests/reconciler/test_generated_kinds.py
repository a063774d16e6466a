"""The generated definition of a contract in an API server: defaults, refusals, names."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.compiler import Definition, compile_text
from reconciler.kinds.crd import crd_of
from reconciler.kube import ApiError, NotServed
from tests.clusters import any_cluster
from tests.contracts.definitions import definition_text
from tests.reconciler.harness import Cluster, wait_for

REQUIRED = "name: string | required=true"
DEFAULTS = """
outer:
  inner: {size: integer | default=3, word: string}
beside:
  inner: {size: integer | default=3}
  word: string | required=true
"""
RULES = """
members: "[]string | uniqueItems=true"
colour: string | immutable=true
size: integer | validation="self > 0"
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with any_cluster(controllers=False) as kubeconfig:
        made = Cluster(kubeconfig)
        yield made
        made.close()


class Kind:
    """A generated kind that the cluster serves."""

    def __init__(self, cluster: Cluster, spec: str, schema: str = "") -> None:
        group = f"t{secrets.token_hex(3)}.slipway.dev"
        text = definition_text(spec=spec, types="", schema=f"group: {group}\n{schema}")
        definition = compile_text(text).definition
        assert definition is not None
        self.cluster, self.definition = cluster, definition
        self.live = cluster.apply(crd_of(definition))
        wait_for(self.served, "the kind is served")

    def served(self) -> bool:
        try:
            self.get("nothing")
        except NotServed:
            return False
        return True

    def get(self, name: str) -> dict[str, Any] | None:
        return self.cluster.get(self.definition.api_version, self.definition.kind, "default", name)

    def apply(self, name: str, **parts: Any) -> dict[str, Any]:
        definition: Definition = self.definition
        head = {"apiVersion": definition.api_version, "kind": definition.kind}
        return self.cluster.apply({**head, "metadata": {"name": name, "namespace": "default"}, **parts})

    def refusal(self, name: str, **spec: Any) -> str:
        """Why this change of an instance that exists is refused."""
        definition: Definition = self.definition
        with pytest.raises(ApiError) as refusal:
            self.cluster.merge(definition.api_version, definition.kind, "default", name, {"spec": spec})
        assert refusal.value.code == 422
        return str(refusal.value.message)


def test_an_instance_without_parents_gets_the_defaults_below_them(cluster: Cluster) -> None:
    live = Kind(cluster, DEFAULTS).apply("one")
    assert live["spec"] == {"outer": {"inner": {"size": 3}}}


def test_a_required_sibling_switches_them_off(cluster: Cluster) -> None:
    live = Kind(cluster, DEFAULTS).apply("one", spec={"beside": {"word": "x"}})
    assert live["spec"]["beside"] == {"word": "x", "inner": {"size": 3}}


def test_an_instance_without_a_spec_is_accepted_even_if_fields_are_required(cluster: Cluster) -> None:
    kind = Kind(cluster, REQUIRED)
    assert "spec" not in kind.apply("one")
    assert "spec.name" in kind.refusal("one")


def test_a_duplicate_item_is_refused(cluster: Cluster) -> None:
    kind = Kind(cluster, RULES)
    assert kind.apply("one", spec={"members": ["a", "b"]})["spec"]["members"] == ["a", "b"]
    assert "Duplicate value" in kind.refusal("one", members=["a", "a"])


def test_rules_have_kros_messages(cluster: Cluster) -> None:
    kind = Kind(cluster, RULES)
    kind.apply("one", spec={"colour": "red", "size": 1})
    assert "validation failed" in kind.refusal("one", colour="red", size=0)
    assert "field is immutable" in kind.refusal("one", colour="blue", size=1)
    assert kind.apply("one", spec={"colour": "red", "size": 2})["spec"]["size"] == 2


def test_names_columns_and_metadata_are_in_the_definition(cluster: Cluster) -> None:
    columns = "additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]"
    names = "shortNames: [ex]\ncategories: [apps]\nmetadata: {labels: {team: a}, annotations: {b: c}}"
    live = Kind(cluster, RULES, f"{columns}\n{names}").live
    assert (live["spec"]["names"]["shortNames"], live["spec"]["names"]["categories"]) == (["ex"], ["apps"])
    assert [one["name"] for one in live["spec"]["versions"][0]["additionalPrinterColumns"]] == ["Size"]
    assert live["metadata"]["labels"]["team"] == "a"
    assert live["metadata"]["annotations"]["b"] == "c"
