# ruff: noqa: E501
"""A definition outside of its templates, rule by rule (kro §1.1–§1.3), and the CRD (§1.6)."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from contracts.compiler import compile_text
from tests.contracts.definitions import config_map, defined, unrelated_to_optional_fields

TEMPLATE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
COLUMN = {"name": "A", "type": "string", "jsonPath": ".spec.a"}
GONE = object()


def definition() -> dict[str, Any]:
    return {
        "apiVersion": "kro.run/v1alpha1",
        "kind": "ResourceGraphDefinition",
        "metadata": {"name": "x"},
        "spec": {
            "schema": {"apiVersion": "v1", "kind": "Thing", "spec": {"a": "string"}},
            "resources": [{"id": "a", "template": TEMPLATE}],
        },
    }


def changed(place: str, value: Any) -> str:
    data = definition()
    below: Any = data
    *way, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    for part in way:
        below = below[part]
    if value is GONE:
        del below[last]
    else:
        below[last] = value
    return yaml.safe_dump(data)


SCHEMA, NODE = "spec.schema", "spec.resources.0"

HEAD = {
    "§1 another version of kro's API": ("apiVersion", "kro.run/v1", "bad-kind"),
    "§1 another API": ("apiVersion", "example.com/v1", "bad-kind"),
    "§1 no API": ("apiVersion", GONE, "bad-kind"),
    "§1 no metadata": ("metadata", GONE, "required"),
    "§1 no name": ("metadata", {}, "required"),
    "§1 labels and annotations of its own": ("metadata", {"name": "x", "labels": {"a": "b"}, "annotations": {"a": "b"}}, ""),
    "§1 a status that kro wrote": ("status", {"state": "Active"}, ""),
    "§1 no spec": ("spec", GONE, "required"),
    "§1 no schema": ("spec.schema", GONE, "required"),
    "§1.1 no kind": (f"{SCHEMA}.kind", GONE, "required"),
    "§1.1 a kind that is a number": (f"{SCHEMA}.kind", 1, "wrong-type"),
    "§1.1 a kind with a lowercase first letter": (f"{SCHEMA}.kind", "thing", "bad-name"),
    "§1.1 a kind with an underscore": (f"{SCHEMA}.kind", "My_Thing", "bad-name"),
    "§1.1 a kind of 59 characters": (f"{SCHEMA}.kind", "T" * 59, ""),
    "§1.1 a kind of 60, whose list has 64": (f"{SCHEMA}.kind", "T" * 60, "bad-name"),
    "§1.1 a kind of 64": (f"{SCHEMA}.kind", "T" * 64, "bad-name"),
    "§1.1 a kind whose plural is wrong in kro": (f"{SCHEMA}.kind", "DNS", "kro-would-refuse"),
    "§1.1 no version": (f"{SCHEMA}.apiVersion", GONE, "required"),
    "§1.1 a version with a group": (f"{SCHEMA}.apiVersion", "kro.run/v1", "bad-name"),
    "§1.1 a version that is neither alpha nor beta": (f"{SCHEMA}.apiVersion", "v1rc1", "bad-name"),
    "§1.1 an alpha without a number": (f"{SCHEMA}.apiVersion", "v1alpha", "bad-name"),
    "§1.1 v01": (f"{SCHEMA}.apiVersion", "v01", ""),
    "§1.1 a group": (f"{SCHEMA}.group", "platform.example.com", ""),
    "§1.1 a group without a dot": (f"{SCHEMA}.group", "platform", "bad-name"),
    "§1.1 a group of nothing": (f"{SCHEMA}.group", "", "bad-name"),
    "§1.1 a group that is null is kro.run": (f"{SCHEMA}.group", None, ""),
    "§1.1 a scope": (f"{SCHEMA}.scope", "Namespaced", ""),
    "§1.1 a lowercase scope": (f"{SCHEMA}.scope", "cluster", "not-allowed"),
    "§1.1 no fields at all": (f"{SCHEMA}.spec", GONE, ""),
    "§1.1 fields in a list": (f"{SCHEMA}.spec", ["a"], "schema-field"),
    "§1.1 types in a string": (f"{SCHEMA}.types", "a", "schema-field"),
    "§1.1 a status in a list": (f"{SCHEMA}.status", ["${schema.spec.a}"], "wrong-type"),
    "§1.1 a column": (f"{SCHEMA}.additionalPrinterColumns", [{**COLUMN, "priority": 1, "format": "byte", "description": "b"}], ""),
    "§1.1 a column without a path": (f"{SCHEMA}.additionalPrinterColumns", [{"name": "A", "type": "string"}], "required"),
    "§1.1 a column without a type": (f"{SCHEMA}.additionalPrinterColumns", [{"name": "A", "jsonPath": ".a"}], "required"),
    "§1.1 a column without a name": (f"{SCHEMA}.additionalPrinterColumns", [{"type": "string", "jsonPath": ".a"}], "required"),
    "§1.1 a column of an empty name": (f"{SCHEMA}.additionalPrinterColumns", [{**COLUMN, "name": ""}], "too-short"),
    "§1.1 a column with a path in braces": (f"{SCHEMA}.additionalPrinterColumns", [{**COLUMN, "jsonPath": "{.spec.a}"}], "pattern"),
    "§1.1 a column with a path without a dot": (f"{SCHEMA}.additionalPrinterColumns", [{**COLUMN, "jsonPath": "spec.a"}], "pattern"),
    "§1.1 a column of another format": (f"{SCHEMA}.additionalPrinterColumns", [{**COLUMN, "format": "int"}], "not-allowed"),
    "§1.1 a column with a field of no column": (f"{SCHEMA}.additionalPrinterColumns", [{**COLUMN, "path": ".a"}], "unknown-field"),
    "§1.1 32 short names": (f"{SCHEMA}.shortNames", [f"a{number}" for number in range(32)], ""),
    "§1.1 33 short names": (f"{SCHEMA}.shortNames", [f"a{number}" for number in range(33)], "too-many"),
    "§1.1 a short name of 63 characters": (f"{SCHEMA}.shortNames", ["a" * 63], ""),
    "§1.1 a short name of 64": (f"{SCHEMA}.shortNames", ["a" * 64], "bad-name"),
    "§1.1 a short name that ends with a dash": (f"{SCHEMA}.shortNames", ["a-"], "bad-name"),
    "§1.1 a short name twice": (f"{SCHEMA}.shortNames", ["a", "a"], "duplicate"),
    "§1.1 33 categories": (f"{SCHEMA}.categories", [f"a{number}" for number in range(33)], "too-many"),
    "§1.1 an uppercase category": (f"{SCHEMA}.categories", ["All"], "bad-name"),
    "§1.1 a category twice": (f"{SCHEMA}.categories", ["all", "all"], "duplicate"),
    "§1.1 labels of the CRD": (f"{SCHEMA}.metadata", {"labels": {"example.com/a": "b", "c": ""}}, ""),
    "§1.1 a label that is null is none": (f"{SCHEMA}.metadata", {"labels": {"a": None}}, ""),
    "§1.1 a label that is a number": (f"{SCHEMA}.metadata", {"labels": {"a": 1}}, "wrong-type"),
    "§1.1 a label with a space in its key": (f"{SCHEMA}.metadata", {"labels": {"a b": "c"}}, "bad-name"),
    "§1.1 a label with a space in its value": (f"{SCHEMA}.metadata", {"labels": {"a": "b c"}}, "bad-name"),
    "§1.1 an annotation with spaces in its value": (f"{SCHEMA}.metadata", {"annotations": {"a": "b c, d!"}}, ""),
    "§1.1 an annotation with a space in its key": (f"{SCHEMA}.metadata", {"annotations": {"a b": "c"}}, "bad-name"),
    "§1.1 other metadata of the CRD": (f"{SCHEMA}.metadata", {"name": "a"}, "unknown-field"),
    "§1.1 an unknown key of a definition": ("spec.serviceAccountName", "a", "unknown-field"),
    "§1.1 an unknown key of a schema": (f"{SCHEMA}.versions", [], "unknown-field"),
    "§1.2 no resources": ("spec.resources", GONE, ""),
    "§1.2 an empty list of resources": ("spec.resources", [], ""),
    "§1.2 resources in a map": ("spec.resources", {}, "wrong-type"),
    "§1.2 no id": (f"{NODE}.id", GONE, "required"),
    "§1.2 an unknown key of a node": (f"{NODE}.dependsOn", ["b"], "unknown-field"),
    "§1.2 a template that is a string": (f"{NODE}.template", "a", "wrong-type"),
    "§1.2 an empty selector expression": (NODE, {"id": "a", "externalRef": {"apiVersion": "v1", "kind": "Secret", "metadata": {"selector": {"matchExpressions": [{}]}}}}, "required"),
    "§1.2 an external object without a kind": (NODE, {"id": "a", "externalRef": {"apiVersion": "v1", "metadata": {"name": "b"}}}, "required"),
    "§1.2 an external object with labels": (NODE, {"id": "a", "externalRef": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b", "labels": {}}}}, "unknown-field"),
    "§1.2 a selector with a number": (NODE, {"id": "a", "externalRef": {"apiVersion": "v1", "kind": "Secret", "metadata": {"selector": {"matchLabels": {"a": 1}}}}}, "wrong-type"),
    "§1.2 forEach in a map": (f"{NODE}.forEach", {"i": "${schema.spec.a}"}, "wrong-type"),
    "§1.2 forEach of strings": (f"{NODE}.forEach", ["${schema.spec.a}"], "wrong-type"),
    "§1.4 a CRD of another group is no CRD": (f"{NODE}.template", {"apiVersion": "x.y/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a"}, "spec": "${schema.spec.a}"}, "unknown-kind"),
}  # fmt: skip


@pytest.mark.parametrize(("place", "value", "code"), HEAD.values(), ids=HEAD.keys())
def test_the_head(place: str, value: Any, code: str) -> None:
    problems = unrelated_to_optional_fields(compile_text(changed(place, value)).problems)
    assert {problem.code for problem in problems} == set(code.split())


KRO_WORDS = """
apiVersion context dependency dependencies each externalRef externalReference externalRefs externalReferences graph
instance item items kind kro metadata namespace object resource resourcegraphdefinition resourceGraphDefinition resources
root runtime schema self serviceAccountName spec status this variables vars version
"""
CEL_WORDS = "true false null in as break const continue else for function if import let loop package return var void while"


@pytest.mark.parametrize("word", f"{KRO_WORDS} {CEL_WORDS}".split())
def test_a_reserved_word_is_no_name(word: str) -> None:
    """§1.3: neither of a node nor of an iterator."""
    node = {"id": word, "template": TEMPLATE}
    loop = {"id": "a", "forEach": [{word: "${[schema.spec.a]}"}], "template": TEMPLATE}
    for entry in (node, loop):
        problems = compile_text(changed("spec.resources", [entry])).problems
        assert "reserved-name" in {problem.code for problem in problems}


NAMES = {
    "one letter": ("a", ""),
    "camel case": ("myResource2", ""),
    "a reserved word with a suffix": ("schemas", ""),
    "the same word in uppercase": ("SCHEMA", "bad-name"),
    "an uppercase first letter": ("My", "bad-name"),
    "a leading digit": ("1a", "bad-name"),
    "an underscore": ("my_resource", "bad-name"),
    "a dash": ("my-resource", "bad-name"),
    "a letter of another alphabet": ("é", "bad-name"),
    "nothing": ("", "bad-name"),
    "a line break at the end": ("a\n", "bad-name"),
}


@pytest.mark.parametrize(("name", "code"), NAMES.values(), ids=NAMES.keys())
def test_a_name_of_a_node_or_an_iterator(name: str, code: str) -> None:
    """§1.3: lower camel case."""
    template = {**TEMPLATE, "metadata": {"name": f"${{{name}}}"}} if not code else TEMPLATE
    loop = {"id": "other", "forEach": [{name: "${[schema.spec.a]}"}], "template": template}
    for entry in ({"id": name, "template": TEMPLATE}, loop):
        problems = unrelated_to_optional_fields(compile_text(changed("spec.resources", [entry])).problems)
        assert {problem.code for problem in problems} - {"foreach-identity"} == set(code.split())


def test_two_nodes_may_use_the_same_iterator_name() -> None:
    """§1.3: iterators are unique inside a node only."""
    nodes = [
        {
            "id": name,
            "forEach": [{"i": "${[schema.spec.a]}"}],
            "template": {**TEMPLATE, "metadata": {"name": f"{name}-${{i}}"}},
        }
        for name in ("a", "b")
    ]
    assert unrelated_to_optional_fields(compile_text(changed("spec.resources", nodes)).problems) == []


USUAL_COLUMNS = [
    ("State", "string", ".status.state"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
]
CONDITIONS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            **{name: {"type": "string"} for name in ("type", "status", "reason", "message", "lastTransitionTime")},
            "observedGeneration": {"type": "integer"},
        },
    },
}  # fmt: skip
CRD = {
    "kind and names": ("kind: Policy", ("spec", "names"), {"kind": "Policy", "listKind": "PolicyList", "plural": "policies", "singular": "policy"}),
    "capitals": ("kind: CONFIG", ("spec", "names"), {"kind": "CONFIG", "listKind": "CONFIGList", "plural": "configs", "singular": "config"}),
    "its name": ("kind: WebHook\n    group: a.example.com", ("metadata", "name"), "webhooks.a.example.com"),
    "the default group": ("kind: Thing", ("metadata", "name"), "things.kro.run"),
    "the default scope": ("kind: Thing", ("spec", "scope"), "Namespaced"),
    "the other scope": ("kind: Thing\n    scope: Cluster", ("spec", "scope"), "Cluster"),
    "short names and categories": ("kind: Thing\n    shortNames: [th, tg]\n    categories: [all]", ("spec", "names"), {"kind": "Thing", "listKind": "ThingList", "plural": "things", "singular": "thing", "shortNames": ["th", "tg"], "categories": ["all"]}),
    "one version": ("kind: Thing", ("spec", "versions", 0, "name"), "v1alpha1"),
    "served": ("kind: Thing", ("spec", "versions", 0, "served"), True),
    "stored": ("kind: Thing", ("spec", "versions", 0, "storage"), True),
    "a status of its own": ("kind: Thing", ("spec", "versions", 0, "subresources"), {"status": {}}),
    "an empty list of columns is none": ("kind: Thing\n    additionalPrinterColumns: []", ("spec", "versions", 0, "additionalPrinterColumns", 2, "name"), "Age"),
    "columns of the author alone": ("kind: Thing\n    additionalPrinterColumns: [{name: A, type: string, jsonPath: .spec.a}]", ("spec", "versions", 0, "additionalPrinterColumns"), [COLUMN]),
    "annotations of the author": ("kind: Thing\n    metadata: {annotations: {a: b}}", ("metadata", "annotations"), {"a": "b"}),
    "our labels override those of the author": ("kind: Thing\n    metadata: {labels: {a: b, slipway.dev/contract: c}}", ("metadata", "labels"), {"a": "b", "slipway.dev/contract": "example", "app.kubernetes.io/managed-by": "slipway"}),
    "the root": ("kind: Thing", ("spec", "versions", 0, "schema", "openAPIV3Schema", "type"), "object"),
    "apiVersion": ("kind: Thing", ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "apiVersion"), {"type": "string"}),
    "metadata": ("kind: Thing", ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "metadata"), {"type": "object"}),
    "a spec of nothing": ("kind: Thing", ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "spec"), {"type": "object"}),
    "conditions": ("kind: Thing", ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "status", "properties", "conditions"), CONDITIONS),
    "state": ("kind: Thing", ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "status", "properties", "state"), {"type": "string"}),
}  # fmt: skip


@pytest.mark.parametrize(("head", "place", "value"), CRD.values(), ids=CRD.keys())
def test_the_crd(head: str, place: tuple[str | int, ...], value: Any) -> None:
    text = f"apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata: {{name: example}}\nspec:\n  schema:\n    apiVersion: v1alpha1\n    {head}\n"
    found: Any = compile_text(text).definition
    found = found.crd
    for part in place:
        found = found[part]
    assert found == value


def test_default_printer_columns() -> None:
    columns = [(column["name"], column["type"], column["jsonPath"]) for column in defined().printer_columns]
    assert columns == USUAL_COLUMNS


def test_spec_is_not_required_even_when_its_fields_are() -> None:
    crd = defined(spec="a: string | required=true", types="").crd
    root = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert root.get("required", []) == []
    assert root["properties"]["spec"]["required"] == ["a"]


ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
NAME, SIZE = "${schema.spec.name}", "${schema.spec.size}"

STATUS = {
    "§5.5 a map": (f"{{a: {{b: '{NAME}'}}}}", {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": TEXT}}}}),
    "§5.5 a list": (f"{{a: ['{NAME}', '{NAME}']}}", {"type": "object", "properties": {"a": {"type": "array", "items": TEXT}}}),
    "§5.5 items of different types": (f"{{a: ['{NAME}', '{SIZE}']}}", {"type": "object", "properties": {"a": {"type": "array", "items": ANYTHING}}}),
    "§5.5 items with different fields": (f"{{a: [{{b: '{NAME}'}}, {{c: '{SIZE}'}}]}}", {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object", "properties": {"b": TEXT, "c": NUMBER}}}}}),
    "§5.5 items with a field of different types": (f"{{a: [{{b: '{NAME}'}}, {{b: '{SIZE}'}}]}}", {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object", "properties": {"b": ANYTHING}}}}}),
    "§5.5 lists in a list": (f"{{a: [['{NAME}'], ['{NAME}', '{NAME}']]}}", {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "array", "items": TEXT}}}}),
    "§5.5 a string and a map": (f"{{a: ['{NAME}', {{b: '{NAME}'}}]}}", {"type": "object", "properties": {"a": {"type": "array", "items": ANYTHING}}}),
    "§5.5 a list and a map": (f"{{a: [['{NAME}'], {{b: '{NAME}'}}]}}", {"type": "object", "properties": {"a": {"type": "array", "items": ANYTHING}}}),
    "§5.5 empty maps and lists are omitted": (f"{{a: '{NAME}', b: {{}}, c: [], d: {{e: []}}}}", {"type": "object", "properties": {"a": TEXT}}),
    "§1.6 a state of the author": (f"{{state: '{NAME}'}}", {"type": "object", "properties": {"state": TEXT}}),
    "§1.6 a state of any type": ("{state: '${dyn(schema.spec.size)}'}", {"type": "object", "properties": {"state": ANYTHING}}),
}  # fmt: skip


@pytest.mark.parametrize(("status", "schema"), STATUS.values(), ids=STATUS.keys())
def test_the_schema_of_the_status(status: str, schema: dict[str, Any]) -> None:
    fields = defined(config_map("a"), status=status).status_schema["properties"]
    assert fields["conditions"]["type"] == "array"
    assert {**fields, "conditions": None} == {"state": TEXT, **schema["properties"], "conditions": None}


@pytest.mark.parametrize(
    "state", [f"'{SIZE}'", f"{{a: '{NAME}'}}", f"['{NAME}']"], ids=["a number", "a map", "a list"]
)
def test_the_state_must_be_a_string(state: str) -> None:
    text = f"status: {{state: {state}}}"
    problems = compile_text(
        changed(
            "spec.schema",
            {
                **definition()["spec"]["schema"],
                "spec": {"name": "string", "size": "integer"},
                **yaml.safe_load(text),
            },
        )
    ).problems
    assert [problem.code for problem in problems] == ["status-state"]
