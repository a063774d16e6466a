# ruff: noqa: E501
"""The result of compiling: the CRD, kinds, presentation, changes between revisions, and problems with positions."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from contracts.compiler import (
    builtin_kinds,
    compile_cached,
    compile_text,
    kinds_with,
    plural_of,
    schema_changes,
    validate_spec,
)
from contracts.compiler.parsing.presentation import fields_by_path, title_from_kind
from tests.contracts.definitions import compiled, config_map, defined, definition_text, existing

CONTRACT = """---
apiVersion: slipway.dev/v1alpha1
kind: Contract
"""


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("WebApp", "webapps"),
        ("Policy", "policies"),
        ("Gateway", "gateways"),
        ("Ingress", "ingresses"),
        ("Box", "boxes"),
        ("Database", "databases"),
        ("Index", "indices"),
        ("Redis", "redis"),
        ("Status", "statuses"),
        ("Leaf", "leaves"),
        ("Media", "media"),
        ("Person", "people"),
        ("EKSCluster", "eksclusters"),
        ("Octopus", "octupuses"),
        ("Quota", "quotas"),
        ("Equipment", "equipment"),
        ("SSH", "sshs"),
        ("WebSSH", "websshes"),
        ("TIA", "tias"),
        ("MyDNS", "mydns"),
    ],
)
def test_plurals_are_those_of_kro(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural


def test_the_crd_is_what_kro_generates() -> None:
    definition = defined(
        config_map("a"),
        schema="group: platform.example.com\nshortNames: [ex]\nmetadata: {labels: {team: a}, annotations: {b: c}}",
        spec="name: string | required=true\nsize: integer | default=3\ndeep: {port: integer | default=80}",
        types="",
        status="map: ${a.data}\nn2: ${schema.spec.size}\nlist: ['${a.metadata.name}']\nwhen: ${a.metadata.creationTimestamp}\nany: ${dyn(schema.spec.size)}\nboth: ${[schema.spec.size > 1]}\nmixed: ['${schema.spec.name}', {k: '${schema.spec.size}'}]\nrows: [{k: '${schema.spec.size}'}, {k: '${schema.spec.size}'}]",
    )
    crd = definition.crd
    assert crd["metadata"]["name"] == definition.crd_name == "examples.platform.example.com"
    assert crd["metadata"]["labels"] == {
        "team": "a",
        "app.kubernetes.io/managed-by": "slipway",
        "slipway.dev/contract": "example",
    }
    assert crd["metadata"]["annotations"] == {"b": "c"}
    assert crd["spec"]["names"] == {
        "plural": "examples",
        "singular": "example",
        "kind": "Example",
        "listKind": "ExampleList",
        "shortNames": ["ex"],
    }
    assert crd["spec"]["scope"] == "Namespaced"
    (version,) = crd["spec"]["versions"]
    assert (version["name"], version["served"], version["storage"], version["subresources"]) == (
        "v1alpha1",
        True,
        True,
        {"status": {}},
    )
    assert [column["name"] for column in version["additionalPrinterColumns"]] == ["State", "Ready", "Age"]
    root = version["schema"]["openAPIV3Schema"]
    assert "required" not in root
    assert root["properties"]["spec"] == {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "size": {"type": "integer", "default": 3},
            "deep": {
                "type": "object",
                "default": {},
                "properties": {"port": {"type": "integer", "default": 80}},
            },
        },
    }
    status = root["properties"]["status"]["properties"]
    assert status["map"] == {"type": "object", "additionalProperties": {"type": "string"}}
    assert status["n2"] == {"type": "integer"}
    assert status["list"] == {"type": "array", "items": {"type": "string"}}
    assert status["when"] == {"type": "string", "format": "date-time"}
    assert status["any"] == {"x-kubernetes-preserve-unknown-fields": True}
    assert status["both"] == {"type": "array", "items": {"type": "boolean"}}
    assert status["mixed"] == {"type": "array", "items": {"x-kubernetes-preserve-unknown-fields": True}}
    assert status["rows"]["items"] == {"type": "object", "properties": {"k": {"type": "integer"}}}
    assert status["state"] == {"type": "string"}
    assert status["conditions"]["items"]["properties"]["observedGeneration"] == {"type": "integer"}


def test_custom_printer_columns_replace_the_default_ones() -> None:
    definition = defined(
        schema="additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]"
    )
    assert [column["name"] for column in definition.printer_columns] == ["Size"]


def test_a_very_long_name_is_an_annotation() -> None:
    long = "a" * 70
    definition = existing(
        compile_text(definition_text().replace("name: example", f"name: {long}")).definition
    )
    assert "slipway.dev/contract" not in definition.crd["metadata"]["labels"]
    assert definition.crd["metadata"]["annotations"] == {"slipway.dev/contract": long}


@pytest.mark.parametrize(
    ("api_version", "kind", "plural", "namespaced"),
    [
        ("v1", "ConfigMap", "configmaps", True),
        ("v1", "Endpoints", "endpoints", True),
        ("v1", "Namespace", "namespaces", False),
        ("apps/v1", "Deployment", "deployments", True),
        ("networking.k8s.io/v1", "Ingress", "ingresses", True),
        ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", True),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", False),
        ("storage.k8s.io/v1", "StorageClass", "storageclasses", False),
        ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", True),
    ],
)
def test_built_in_kinds_are_known_offline(api_version: str, kind: str, plural: str, namespaced: bool) -> None:
    info = existing(builtin_kinds().lookup(api_version, kind))
    assert (info.plural, info.namespaced, existing(info.schema)["type"]) == (plural, namespaced, "object")


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("v1", "Widget"), ("apps/v9", "Deployment"), ("v1", "Status"), ("v1", "ConfigMapList")],
)
def test_kinds_that_kubernetes_does_not_have(api_version: str, kind: str) -> None:
    assert builtin_kinds().lookup(api_version, kind) is None


WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "spec": {
        "group": "x.y",
        "scope": "Cluster",
        "names": {"kind": "Widget", "plural": "widgetry"},
        "versions": [
            {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}, "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}}}
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "codes"),
    [
        ("{size: 3, any: {x: 1}}", []),
        ("{size: '${schema.spec.size}'}", []),
        ("{sise: 3}", ["unknown-field"]),
        ("{size: '${schema.spec.name}'}", ["cel-type"]),
    ],
)
def test_kinds_come_from_crds_too(spec: str, codes: list[str]) -> None:
    kinds = kinds_with(builtin_kinds(), crds=[WIDGETS])
    text = definition_text(
        f"- id: a\n  template: {{apiVersion: x.y/v1, kind: Widget, metadata: {{name: b}}, spec: {spec}}}"
    )
    compilation = compile_text(text, kinds=kinds)
    assert [p.code for p in compilation.problems] == codes
    info = existing(kinds.lookup("x.y/v1", "Widget"))
    assert (info.plural, info.namespaced) == ("widgetry", False)
    assert kinds.lookup("v1", "Pod") is not None
    assert kinds.digest != builtin_kinds().digest


def test_kinds_come_from_the_openapi_document_of_a_cluster_too() -> None:
    document = {
        "components": {
            "schemas": {
                "y.x.v1.Gadget": {
                    "type": "object",
                    "x-kubernetes-group-version-kind": [{"group": "x.y", "version": "v1", "kind": "Gadget"}],
                    "properties": {
                        "metadata": {"type": "object"},
                        "spec": {"allOf": [{"$ref": "#/components/schemas/y.x.v1.Spec"}], "default": {}},
                    },
                },
                "y.x.v1.Spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
            }
        }
    }
    kinds = kinds_with(
        builtin_kinds(), openapi=[document], scopes={("x.y/v1", "Gadget"): ("gadgetry", False)}
    )
    text = definition_text(
        "- id: a\n  template: {apiVersion: x.y/v1, kind: Gadget, metadata: {name: b}, spec: {size: '${schema.spec.name}', x: 1}}"
    )
    assert [p.code for p in compile_text(text, kinds=kinds).problems] == ["cel-type", "unknown-field"]
    assert existing(kinds.lookup("x.y/v1", "Gadget")).plural == "gadgetry"


def test_a_bare_definition_has_a_presentation() -> None:
    presentation = compiled().presentation
    assert (presentation.title, presentation.icon, presentation.lifecycle, presentation.given) == (
        "Example",
        "package",
        "stable",
        False,
    )


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("WebApp", "Web app"),
        ("EKSCluster", "EKS cluster"),
        ("S3Bucket", "S3 bucket"),
        ("Tenant", "Tenant"),
        ("", ""),
    ],
)
def test_the_default_title_is_derived_from_the_kind(kind: str, title: str) -> None:
    assert title_from_kind(kind) == title


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("spec: {title: A}", ""),
        ("metadata: {name: other}", "error contract-name: This Contract is named “other”, but the definition in the same file is named “example”. Use the same name, or remove it."),
        ("spec: {titel: A}", "warning unknown-field: Unknown field “titel”. Did you mean “title”?"),
        ("spec: {lifecycle: stabel}", "error not-allowed: Must be one of stable, beta, deprecated. Did you mean “stable”?"),
        ("spec: {tags: service}", "error wrong-type: Must be a list, not a string. Start each item with “- ”."),
        ("spec: {form: {fields: {nam: {title: A}}}}", "warning unknown-field: The contract has no field “nam”. Did you mean “name”?"),
        ("spec: {form: {fields: {'rows[].key': {title: A}}}}", ""),
        ("spec: {form: {fields: {name: {widget: texarea}}}}", "error not-allowed: Must be one of text, textarea, mono, secret, quantity. Did you mean “textarea”?"),
        ("spec: {form: {groups: [{name: One}], fields: {name: {group: Two}}}}", "warning unknown-group: There is no group “Two” under spec.form.groups."),
        ("spec: {form: {fields: {name: {when: {siz: 1}}}}}", "error when-field: The contract has no field “siz”. Did you mean “size”?"),
        ("spec: {form: {fields: {name: {when: {size: huge}}}}}", "error when-value: “huge” is never the value of “size”. Must be an integer, not a string."),
        ("spec: {tests: [{expect: {}}]}", "error required: This field is required."),
    ],
)  # fmt: skip
def test_a_contract_document_is_checked(body: str, problem: str) -> None:
    found = [
        f"{p.severity} {p.code}: {p.message} {p.hint}".strip()
        for p in compile_text(definition_text() + CONTRACT + body).problems
    ]
    assert found == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://docs.example.com/a?b=c#d", True),
        ("HTTP://docs.example.com", True),
        ("mailto:team@example.com", True),
        ("javascript:alert(1)", False),
        ("JavaScript:alert(1)", False),
        ("java\tscript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("vbscript:x", False),
        ("file:///etc/passwd", False),
        ("//elsewhere.example.com", False),
        ("https:elsewhere", False),
        ("https://a b", False),
        ("https://a\njavascript:alert(1)", False),
        ("docs/page", False),
    ],
)
def test_only_safe_links_are_shown_and_others_are_a_problem(address: str, safe: bool) -> None:
    compilation = compile_text(
        definition_text() + CONTRACT + f"spec: {{documentation: {json.dumps(address)}}}"
    )
    assert [problem.code for problem in compilation.problems] == ([] if safe else ["unsafe-link"])
    assert compilation.presentation.docs_url == (address if safe else "")


def test_the_paths_of_a_form() -> None:
    assert {"name", "items[]", "rows[]", "rows[].key", "labels{}"} <= set(
        dict(fields_by_path(defined().spec_schema))
    )


def test_added_and_removed_nodes_are_listed() -> None:
    old, new = defined(config_map("a") + config_map("b")), defined(config_map("b") + config_map("c"))
    assert [(c.code, c.path) for c in schema_changes(old, new)] == [
        ("node-removed", "resources.a"),
        ("node-added", "resources.c"),
    ]


@pytest.mark.parametrize(
    ("spec", "old", "problem"),
    [
        ({"size": 3}, None, ""),
        ({"size": 0}, None, "spec.size: Validation failed: self > 0"),
        ({"zone": "a"}, {"zone": "a"}, ""),
        ({"zone": "b"}, {"zone": "a"}, "spec.zone: This field cannot be changed."),
        ({"zone": "b"}, None, ""),
        ({"size": "x"}, None, "spec.size: Must be an integer, not a string. Write it without quotes."),
        (None, None, ""),
    ],
)
def test_schema_rules_are_evaluated_for_the_form(
    spec: dict[str, Any] | None, old: dict[str, Any] | None, problem: str
) -> None:
    definition = defined(
        spec='size: integer | default=1 validation="self > 0"\nzone: string | immutable=true', types=""
    )
    assert [str(p) for p in validate_spec(definition, spec, old)] == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("self.all(x, x > 0)", []),
        ("sets.contains([1, 2], self)", []),
        ("format.named(self)", ["warning"]),
    ],
)
def test_a_rule_may_use_what_the_api_server_knows(rule: str, expected: list[str]) -> None:
    text = definition_text(spec=f"a: '[]integer | validation=\"{rule}\"'", types="")
    compilation = compile_text(text)
    assert [p.severity for p in compilation.problems] == expected
    assert validate_spec(existing(compilation.definition), {"a": [1]}) == []


TWENTY = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: twenty}
spec:
  schema:
    apiVersion: v1alpha
    kind: twenty
    scop: Cluster
    spec:
      name: strin
      size: integer | default=x
      many: "[]"
      hue: string | enum=red,,blue
    status:
      url: http
      ready: ${missing.status}
  resources:
    - id: my-app
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: a}
        spec:
          replicas: "3"
          replicaz: 3
          template: {spec: {containers: [{name: a, image: "x-${schema.spec.size}", ports: 80}]}}
    - id: spec
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${schema.spec.nam}"}}
    - id: config
      includeWhen: ["${schema.spec.size}", always]
      readyWhen: ["${schema.spec.name == 'a'}"]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: "${1 +}"}}
    - id: config
      forEach: [{i: "${schema.spec.name}"}]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: d}, data: {k: "${foo(1)}"}}
"""


def test_twenty_problems_are_reported_at_once_with_their_positions() -> None:
    problems = compile_text(TWENTY).problems
    assert len(problems) >= 20
    assert all(p.line and p.column and p.path and p.message for p in problems)
    lines = {p.line for p in problems}
    assert {6, 7, 8, 10, 11, 12, 13, 15, 16, 18, 24, 25, 26, 27, 28, 30, 31, 32, 33, 34, 35} - lines <= set()
    assert [(p.line, p.column) for p in problems] == sorted((p.line, p.column) for p in problems)


def test_form_and_graph_are_shown_despite_problems() -> None:
    compilation = compile_text(TWENTY)
    assert compilation.definition is None
    assert list(existing(compilation.form_schema)["properties"]) == ["name", "size", "many", "hue"]
    assert [node.id for node in existing(compilation.outline).nodes] == ["my-app", "spec", "config", "config"]


def test_a_problem_inside_a_block_scalar_points_into_it() -> None:
    text = definition_text(
        config_map("a", "data:\n  k: |\n    first line\n    second ${schema.spec.nam} line\n")
    )
    (problem,) = compile_text(text).problems
    line = text.splitlines()[problem.line - 1]
    assert line[problem.column - 1 : problem.end_column - 1] == "nam"


def test_compiling_twice_compiles_once() -> None:
    text = definition_text(config_map("a")) + f"# {time.time_ns()}\n"
    first = compile_cached(text)
    assert compile_cached(text) is first
    assert compile_cached(text + "# more\n") is not first


def test_the_digest_ignores_formatting() -> None:
    one, two = (
        defined(config_map("a")),
        existing(compile_text(definition_text(config_map("a")) + "# a comment\n").definition),
    )
    assert one.digest == two.digest
    assert one.digest != defined(config_map("b")).digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: b",
        "- 1",
        "kind: ResourceGroup",
        "[" * 2000,
        "x" * 2_000_000,
        "\x00",
        "apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nspec: 3",
        definition_text() + "---\n" + definition_text(),
    ],
)
def test_other_documents_are_reported(text: str) -> None:
    compilation = compile_text(text)
    assert compilation.definition is None
    assert compilation.problems
    assert all(p.line for p in compilation.problems)


def test_form_and_graph_are_shown_up_to_a_syntax_error() -> None:
    text = definition_text(config_map("a") + config_map("b", "data: {k: '${a.metadata.name}'}"))
    broken = text + "    - id: c\n      template: {a: [\n"
    compilation = compile_text(broken)
    assert [p.code for p in compilation.problems] == ["yaml-syntax"]
    assert "name" in existing(compilation.form_schema)["properties"]
    assert [node.id for node in existing(compilation.outline).nodes][:2] == ["a", "b"]
    assert [(edge.node, edge.needs) for edge in existing(compilation.outline).edges] == [("b", "a")]


def test_a_selector_is_a_label_selector() -> None:
    def selector(text: str) -> list[str]:
        node = f"- id: a\n  externalRef: {{apiVersion: v1, kind: Secret, metadata: {{selector: {text}}}}}"
        return [p.code for p in compiled(node).problems]

    assert selector("{matchExpressions: [{key: a, operator: In, values: ['${schema.spec.name}']}]}") == []
    assert selector("{matchLabel: {a: b}}") == ["unknown-field"]
    assert selector("{matchExpressions: [{key: a, operator: Is}]}") == ["not-allowed"]
