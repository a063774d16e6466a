# ruff: noqa: E501
"""Valid definitions, and the problems of invalid ones (kro §1, §3, §4.1, §4.4, §5.5, §5.6, §10)."""

from __future__ import annotations

import pytest

from contracts.compiler import compile_text
from tests.contracts.definitions import (
    DEPLOYMENT,
    WARNINGS,
    compiled,
    complaints,
    config_map,
    defined,
    definition_text,
)
from tests.contracts.definitions import with_value as data

FINE = ""


def is_warning(complaint: str) -> bool:
    return complaint == FINE or complaint.partition(":")[0] in WARNINGS


def ready(value: str) -> str:
    return config_map("a", extra=f"readyWhen:\n- {value}")


def include(value: str) -> str:
    return config_map("a", extra=f"includeWhen:\n- {value}")


def loop(value: str, name: str = "x-${i}") -> str:
    return config_map("a", extra=f"forEach:\n- i: {value}", name=name)


TEMPLATES = {
    "a literal": (data("plain"), FINE),
    "a string in a string template": (data('"a-${schema.spec.name}"'), FINE),
    "an int in a string template": (data('"a-${schema.spec.size}"'), "cel-type: “schema.spec.size” returns int, but only a string can be part of a string. Write ${string(schema.spec.size)}."),
    "dyn in a string template is checked at run time": (data('"a-${schema.spec.free.x}"'), FINE),
    "two adjacent expressions are a string": (data('"${schema.spec.name}${schema.spec.name}"'), FINE),
    "a whole map in one expression": (config_map("a", "data: ${schema.spec.labels}"), FINE),
    "a dollar before an expression stays": (data("$${schema.spec.name}"), FINE),
    "a literal ${X} by a quoted string": (data("'${\"${X}\"}'"), FINE),
    "an expression inside an expression": (data('"${schema.spec.name + ${schema.spec.name}}"'), "cel-syntax: Unexpected “$”. An expression inside an expression does not need “${”."),
    "an unclosed expression is text": (data('"a ${b"'), "unclosed-expression: This “${” is never closed, so the string is used as is. Add the closing “}”."),
    "a brace in single quotes is part of the string, unlike in kro": (data("\"${'}' + schema.spec.name}\""), "kro-would-refuse: kro ignores the single quotes around a brace here and would reject this. Use double quotes inside the expression."),
    "a syntax error": (data('"${1 +}"'), "cel-syntax: The expression is incomplete."),
    "an expression in a key": (config_map("a", 'data:\n  "${schema.spec.name}": a'), "expression-in-key: Expressions in keys are not evaluated; the key is used as is. To compute keys, write the whole map as one expression."),
    "an int where a string is expected": (data("${schema.spec.size}"), "cel-type: This field takes string, but the expression returns int. Convert it with string(…)."),
    "an optional is checked by its inner type": (data("${schema.spec.?name}"), FINE),
    "branches of different types": (data('"${schema.spec.flag ? \'a\' : 1}"'), "no-overload: The branches of “? :” have different types, string and int. Wrap both branches in dyn(…), or convert one."),
    "dyn() allows them": (data("'${schema.spec.flag ? dyn(\"a\") : dyn(1)}'"), FINE),
    "an unknown name": (data("${shcema.spec.name}"), "unknown-name: Undefined name “shcema”. Did you mean “schema”?"),
    "an unknown field": (data("${schema.spec.nam}"), "unknown-field: Unknown field “nam”. Did you mean “name”?"),
    "an unknown function": (data("${foo(1)}"), "unknown-function: Unknown function “foo”."),
    "the instance's status cannot be read": (data("${schema.status.x}"), "unknown-field: Unknown field “status”. Available: apiVersion, kind, metadata, spec."),
    "each outside of readyWhen": (data("${each.x}"), "unknown-name: “each” exists only in readyWhen of a node with forEach."),
    "runtime outside of conditions": (data("'${runtime.condition(schema, \"Ready\").status}'"), "unknown-function: “runtime.condition” is available only in status.conditions."),
    "an unknown template field": (config_map("a", "dat: {}"), "unknown-field: Unknown field “dat”. Did you mean “data”?"),
    "a number where a string is expected": (data("3"), "wrong-type: This field takes a string, not an integer. Put it in quotes."),
    "null is always allowed": (data("null"), FINE),
    "a list where a map is expected": (config_map("a", "data: []"), "wrong-type: This field takes a map, not a list."),
    "an unknown kind": ("- id: a\n  template: {apiVersion: x.y/v1, kind: Z, metadata: {name: z}, spec: {any: 1}}", "unknown-kind: Unknown kind Z (x.y/v1): this node is checked without a schema. Provide its CustomResourceDefinition to have it checked."),
    "a cluster-scoped kind with a namespace": ("- id: a\n  template: {apiVersion: v1, kind: Namespace, metadata: {name: z, namespace: b}}", "namespace: Namespace has no namespace: it is cluster-scoped. Remove this field."),
    "no template": ("- id: a", "template-or-reference: A node needs a template (what to create) or an externalRef (what to read)."),
    "no apiVersion": ("- id: a\n  template: {kind: ConfigMap, metadata: {name: b}}", "required: The template has no apiVersion."),
    "no metadata": ("- id: a\n  template: {apiVersion: v1, kind: ConfigMap}", "required: The template has no metadata. metadata.name is required."),
    "a computed kind": ("- id: a\n  template: {apiVersion: v1, kind: '${schema.spec.name}', metadata: {name: b}}", "expression-not-allowed: kind cannot be an expression; write the value."),
    "a reserved label": (config_map("a").replace("name: a", "name: a\n      labels: {kro.run/x: y1}"), "reserved-label: Labels that start with “kro.run/” are reserved."),
    "omit of a name": (config_map("a", name="${omit()}"), "omit: metadata.name cannot be left out."),
    "omit elsewhere needs a feature gate in kro": (data("${omit()}"), "kro-would-refuse: kro supports omit() only with the feature gate CELOmitFunction."),
    "self reference": (data("${a.metadata.name}"), "self-reference: “a” refers to itself, but its object does not exist before it is rendered. Use “schema”, or move a condition on the live object to readyWhen."),
    "cycle": (data("${b.metadata.name}") + config_map("b", "data: {k: '${a.metadata.name}'}"), "cycle: These nodes depend on each other: a → b → a. The cycle consists of “b.metadata.name” in a, “a.metadata.name” in b."),
    "cycle through includeWhen": (config_map("a", extra="includeWhen:\n- ${has(b.data)}") + config_map("b", "data: {k: '${a.metadata.name}'}"), "cycle: These nodes depend on each other: a → b → a. The cycle consists of “has(b.data)” in a, “a.metadata.name” in b."),
}  # fmt: skip

CONDITIONS = {
    "includeWhen on schema": (include("${schema.spec.flag}"), FINE),
    "includeWhen optional bool": (include("${schema.spec.?flag}"), FINE),
    "includeWhen int": (include("${schema.spec.size}"), "cel-type: A condition must return true or false, but this returns int."),
    "includeWhen dyn": (include("${schema.spec.free.x}"), "cel-type: A condition must return true or false, but this returns dyn. Compare it: “… == true”."),
    "includeWhen literal": (include('"yes"'), "not-an-expression: A condition must be one expression “${…}” and nothing else. Put everything inside one “${…}”."),
    "includeWhen number": (include("3"), "not-an-expression: A condition must be one expression “${…}”."),
    "readyWhen on itself": (ready("'${a.data.x == \"1\"}'"), FINE),
    "readyWhen on schema": (ready("${schema.spec.flag}"), "unknown-name: readyWhen can use only its own object, so “schema” is not defined here. Use a."),
    "readyWhen on another": (config_map("b") + ready("${b.metadata.name == 'b'}"), "unknown-name: readyWhen can use only its own object, so “b” is not defined here. Use a."),
    "readyWhen that is no bool": (ready("${a.metadata.name}"), "cel-type: A condition must return true or false, but this returns string."),
    "readyWhen with a line break at the end": (ready("|\n  ${has(a.data)}"), "not-an-expression: A condition must be one expression “${…}” and nothing else. Use “|-” or “>-” instead of “|” or “>”, which add a line break at the end."),
    "readyWhen in a block without it": (ready("|-\n  ${has(a.data)}"), FINE),
    "readyWhen of a collection reads each": (loop("${schema.spec.items}").replace("forEach", "readyWhen:\n  - ${has(each.data)}\n  forEach"), FINE),
    "readyWhen of a collection has no other name": (loop("${schema.spec.items}").replace("forEach", "readyWhen:\n  - ${size(a) > 0}\n  forEach"), "unknown-name: readyWhen can use only its own object, so “a” is not defined here. Use each."),
}  # fmt: skip

LOOPS = {
    "over strings": (loop("${schema.spec.items}"), FINE),
    "over objects": (loop("${schema.spec.rows}", "x-${i.key}"), FINE),
    "over a string": (loop("${schema.spec.name}"), "cel-type: forEach needs a list, but this returns string."),
    "over dyn": (loop("${schema.spec.free.x}"), "cel-type: forEach needs a list, but this returns dyn. Write “….map(i, i)” to convert it to a list."),
    "over dyn converted to a list": (loop("${schema.spec.free.x.map(v, v)}", "x-${string(i)}"), FINE),
    "an item's field has its type": (loop("${schema.spec.rows}", "x-${i.count}"), "cel-type: “i.count” returns int, but only a string can be part of a string. Write ${string(i.count)}."),
    "an iterator missing in the name": (loop("${schema.spec.items}", "x"), "foreach-identity: Every object needs a unique name, but “i” does not occur in metadata.name or metadata.namespace. For example name: ${schema.metadata.name}-${i}."),
    "an iterator in the namespace": (loop("${schema.spec.items}", "x\n      namespace: ${i}"), FINE),
    "an iterator in another iterator": (config_map("a", extra="forEach:\n- i: ${schema.spec.items}\n- j: ${[i]}", name="${i}${j}"), "unknown-name: “i” is an iterator: only the template of its own node can use it. Use schema."),
    "an iterator in includeWhen": (config_map("a", extra="includeWhen:\n- ${i == ''}\nforEach:\n- i: ${schema.spec.items}", name="${i}"), "unknown-name: “i” is an iterator: only the template of its own node can use it. Use schema."),
    "two names in one entry": (config_map("a", extra="forEach:\n- i: ${schema.spec.items}\n  j: ${schema.spec.items}", name="${i}${j}"), "foreach-entry: Each entry of forEach must have exactly one iterator. Write a list: “- region: ${…}”, “- zone: ${…}”."),
    "an iterator of another node": (loop("${schema.spec.items}") + config_map("b", "data: {k: '${i}'}"), "unknown-name: “i” is an iterator: only the template of its own node can use it. Use a, schema."),
    "a reserved iterator": (loop("${schema.spec.items}", "${item}").replace("i: ", "item: "), "reserved-name: “item” is a reserved word and cannot be an iterator."),
    "an iterator that is a node": (config_map("b") + loop("${schema.spec.items}", "${b}").replace("- i: ", "- b: "), "duplicate-id: “b” is already the id of a node. Rename the iterator."),
    "an invalid iterator": (loop("${schema.spec.items}").replace("- i: ", "- Zone: ").replace("{i}", "{Zone}"), "bad-name: An iterator must start with a lowercase letter, followed by letters and digits. For example “zone”."),
    "a whole collection read by another node": (loop("${schema.spec.items}") + config_map("b", "data: {k: '${a.map(x, x.metadata.name).join(\",\")}'}"), FINE),
}  # fmt: skip


EXTERNALS = {
    "by name": ("- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${schema.spec.name}'}}", FINE),
    "by selector": ("- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {matchLabels: {app: '${schema.spec.name}'}}}}", FINE),
    "everything": ("- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {}}}", FINE),
    "neither": ("- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {namespace: b}}", "name-or-selector: An externalRef must have either a name (one object) or a selector (many objects)."),
    "both": ("- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: b, selector: {}}}", "name-or-selector: An externalRef must have either a name (one object) or a selector (many objects)."),
    "with forEach": ("- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n  forEach: [{i: '${schema.spec.items}'}]", "foreach-external: An externalRef cannot have forEach. Use a selector to read many objects."),
    "and a template": ("- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}", "template-or-reference: A node must have either a template or an externalRef, not both."),
    "readyWhen of a selection reads the list": ("- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {}}}\n  readyWhen: ['${size(a) > 1}']", FINE),
    "readyWhen of a selection reads each": ("- id: a\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {}}}\n  readyWhen: ['${has(each.data)}']", FINE),
}  # fmt: skip


NAMES = {
    "an id of two words": (config_map("my-db"), "bad-name: An id must start with a lowercase letter, followed by letters and digits. For example “myDb”."),
    "an uppercase id": (config_map("DB"), "bad-name: An id must start with a lowercase letter, followed by letters and digits. For example “dB”."),
    "a reserved id": (config_map("spec"), "reserved-name: “spec” is a reserved word and cannot be an id."),
    "a reserved word of CEL": (config_map("in"), "reserved-name: “in” is a reserved word and cannot be an id."),
    "the same id twice": (config_map("a") + config_map("a"), "duplicate-id: Duplicate node id “a”. It is also the id of spec.resources[0]."),
    "no id": ("- template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "required: This field is required."),
    "a misspelled key": ("- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n  readywhen: []", "unknown-field: Unknown field “readywhen”. Did you mean “readyWhen”?"),
}  # fmt: skip

EVERY = {f"{group}: {name}": row for group, rows in (("template", TEMPLATES), ("condition", CONDITIONS), ("forEach", LOOPS), ("external", EXTERNALS), ("name", NAMES)) for name, row in rows.items()}  # fmt: skip


@pytest.mark.parametrize(("resources", "complaint"), EVERY.values(), ids=EVERY.keys())
def test_a_rule_of_the_language(resources: str, complaint: str) -> None:
    assert complaints(resources) == ([complaint] if complaint else [])
    assert compiled(resources).ok is is_warning(complaint)


SECRETS = """
- id: s
  template: {apiVersion: v1, kind: Secret, metadata: {name: s}, VALUE}
- id: c
  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: "${READ}"}}
"""


@pytest.mark.parametrize(
    ("value", "read", "complaint"),
    [
        ("stringData: {k: '${schema.spec.name}'}", "string(s.data.k)", ""),
        ("data: {k: '${schema.spec.name}'}", "s.metadata.name", "cel-type: This field takes bytes, but the expression returns string. For a Secret, use stringData, which takes plain strings."),
        ("data: {k: YQ==}", "s.data.k", "cel-type: This field takes string, but the expression returns bytes. Convert it with string(…)."),
    ],
)  # fmt: skip
def test_secret_data_is_bytes(value: str, read: str, complaint: str) -> None:
    assert complaints(SECRETS.replace("VALUE", value).replace("READ", read)) == (
        [complaint] if complaint else []
    )


@pytest.mark.parametrize(
    ("status", "complaint"),
    [
        ("url: ${web.status.replicas}", ""),
        ("url: http://${schema.spec.name}", ""),
        ("a: {b: ['${web.metadata.name}', {c: '${schema.spec.size}'}]}", ""),
        ("empty: {}", ""),
        ("url: TCP", "status-literal: A status field must be an expression, not a fixed value. Write “${…}” that refers to a node or to schema."),
        ("url: 3", "status-literal: A status field must be an expression, not a fixed value. Write “${…}” that refers to a node or to schema."),
        ("url: string", "status-literal: A status field must be an expression, not a fixed value. Types belong to spec.schema.spec."),
        ("url: ${schema.status.x}", "unknown-field: Unknown field “status”. Available: apiVersion, kind, metadata, spec."),
        ("url: '${runtime.condition(schema, \"Ready\").status}'", "unknown-function: “runtime.condition” is available only in status.conditions."),
        ("url: ${omit()}", "omit: omit() can only leave out a field of a template."),
        ("conditions: ['${runtime.newCondition({type: \"A\", status: schema.status.conditions.exists(c, c.type == \"Ready\") ? \"True\" : \"False\"})}']", ""),
        ("url: ${1 + 1}", "status-constant: A status field must refer to a node or to schema."),
        ("url: ${we.status}", "unknown-name: Undefined name “we”. Did you mean “web”?"),
        ("state: ${schema.spec.size}", "status-state: status.state is a string that the reconciler sets, but this returns int. Choose another name."),
        ("state: ${schema.spec.name}", ""),
        ("state: ${schema.spec.?name}", ""),
        ("state: ${schema.spec.free.x}", ""),
        ("state: ${web.metadata.creationTimestamp}", "status-state: status.state is a string that the reconciler sets, but this returns timestamp. Choose another name."),
        ("state: ${schema.spec.rows}", "status-state: status.state is a string that the reconciler sets, but this returns a list of objects. Choose another name."),
        ("conditions: {a: b}", "wrong-type: status.conditions must be a list of expressions. Write a list with “- ${runtime.newCondition({…})}”."),
        ("conditions: [a]", "not-an-expression: A condition must be one expression “${…}” and nothing else. Put everything inside one “${…}”."),
        ("conditions: ['${runtime.newCondition({type: \"A\", status: \"True\"})}']", ""),
        ("conditions: ['${[runtime.newCondition({type: \"A\", status: \"True\"})]}']", ""),
        ("conditions: ['${runtime.newCondition({type: \"A\", status: runtime.condition(web, \"Available\").status})}']", ""),
        ("conditions: ['${runtime.newCondition({type: \"A\", status: \"Yes\"})}']", "wrong-type: A condition's status must be True, False or Unknown."),
        ("conditions: ['${runtime.newCondition({type: \"A\"})}']", "cel-syntax: The field status of a condition is required."),
        ("conditions: ['${schema.spec.name}']", "condition-type: An entry must return runtime.newCondition(…) or a list of them, but this returns string."),
        ("conditions:\n- '${runtime.newCondition({type: \"A\", status: \"True\"})}'\n- '${runtime.newCondition({type: \"A\", status: \"True\"})}'", "condition-twice: The condition “A” is declared by more than one entry. See status.conditions[0]."),
        ("conditions: ['${runtime.newCondition({type: \"A\", status: runtime.condition(schema, \"Ready\").status})}']", ""),
        ("conditions: ['${runtime.newCondition({type: \"A\", status: runtime.condition(schema, \"Redy\").status})}']", "condition-unknown: The reconciler has no condition “Redy”. Did you mean “Ready”?"),
        ("conditions: ['${runtime.newCondition({type: \"A\", status: runtime.condition(schema, \"A\").status})}']", "condition-unknown: “A” is one of your own conditions, which cannot read each other. The reconciler's conditions are Ready, InstanceManaged, GraphResolved, ResourcesReady."),
    ],
)  # fmt: skip
def test_a_rule_of_the_status(status: str, complaint: str) -> None:
    assert complaints(DEPLOYMENT, status=status) == ([complaint] if complaint else [])
    assert compiled(DEPLOYMENT, status=status).ok is is_warning(complaint)


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ("group: platform.example.com\nscope: Namespaced\nshortNames: [ex]\ncategories: [all]", ""),
        ("scope: Clustr", "not-allowed: Must be one of Namespaced, Cluster. Did you mean “Cluster”?"),
        ("group: Example", "bad-name: An API group must be a lowercase domain name, for example platform.example.com."),
        ("shortNames: [a, a]", "duplicate: “a” is listed twice."),
        ("shortNames: [A]", "bad-name: This name must start with a lowercase letter, followed by lowercase letters, digits and “-”."),
        ("categories: 3", "wrong-type: Must be a list, not an integer. Start each item with “- ”."),
        ("additionalPrinterColumns: [{name: a, type: string, jsonPath: .spec.a}]", ""),
        ("additionalPrinterColumns: [{name: a, type: text, jsonPath: .spec.a}]", "not-allowed: Must be one of string, integer, number, boolean, date."),
        ("metadata: {labels: {a: 1}}", "wrong-type: Must be a string, not an integer. Put it in quotes."),
        ("sttus: {}", "unknown-field: Unknown field “sttus”. Did you mean “status”?"),
    ],
)  # fmt: skip
def test_a_rule_of_the_schema_head(schema: str, complaint: str) -> None:
    assert complaints(schema=schema) == ([complaint] if complaint else [])
    assert compiled(schema=schema).ok is is_warning(complaint)


@pytest.mark.parametrize(
    ("kind", "fine"),
    [("Policy", True), ("A1", True), ("policy", False), ("My-Kind", False), ("My_Kind", False), ("My.Kind", False), ("A" * 60, False), ("A" * 59, True)],
)  # fmt: skip
def test_a_kind_starts_with_an_uppercase_letter(kind: str, fine: bool) -> None:
    assert compile_text(definition_text().replace("kind: Example", f"kind: {kind}")).ok is fine


@pytest.mark.parametrize("version", ["v1", "v1alpha1", "v12beta3"])
def test_a_version(version: str) -> None:
    assert compile_text(
        definition_text().replace("    apiVersion: v1alpha1", f"    apiVersion: {version}")
    ).ok


@pytest.mark.parametrize("version", ["1", "v1gamma1", "kro.run/v1", "V1"])
def test_an_invalid_version(version: str) -> None:
    problems = compile_text(
        definition_text().replace("    apiVersion: v1alpha1", f"    apiVersion: {version}")
    ).problems
    assert [p.path for p in problems] == ["spec.schema.apiVersion"]


CLUSTER = "scope: Cluster"


@pytest.mark.parametrize(
    ("resources", "complaint"),
    [
        (config_map("a"), "namespace: ConfigMap is namespaced, but a cluster-scoped instance has no namespace. Add metadata.namespace."),
        (config_map("a", name="a\n      namespace: ${schema.spec.name}"), ""),
        (config_map("a", name="a\n      namespace: ${omit()}"), "omit: metadata.namespace cannot be left out."),
        (config_map("a", name="a\n      namespace: ${schema.metadata.namespace}"), "unknown-field: Unknown field “namespace”. Did you mean “name”?"),
        ("- id: a\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: b}}", "namespace: Secret is namespaced, but a cluster-scoped instance has no namespace. Add metadata.namespace."),
        ("- id: a\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {}}}", ""),
        ("- id: a\n  template: {apiVersion: v1, kind: Namespace, metadata: {name: b}}", ""),
    ],
)  # fmt: skip
def test_a_cluster_scoped_contract_must_set_namespaces(resources: str, complaint: str) -> None:
    found = [each for each in complaints(resources, schema=CLUSTER) if not each.startswith("required")]
    assert found == ([complaint] if complaint else [])


def test_a_crd_template_has_expressions_in_its_metadata_only() -> None:
    template = "- id: a\n  template: {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: '${schema.spec.name}'}, spec: {group: '${schema.spec.name}'}}"
    assert complaints(template) == [
        "expression-in-crd: In a CustomResourceDefinition, only metadata can contain expressions."
    ]


def test_a_port_may_be_a_number_or_a_name() -> None:
    service = "- id: a\n  template: {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80, targetPort: http}, {port: 81, targetPort: 81}, {port: 82, targetPort: '${schema.spec.size}'}]}}"
    assert complaints(service) == []


def test_a_quantity_may_be_a_number_or_a_string() -> None:
    limits = "- id: a\n  template: {apiVersion: v1, kind: ResourceQuota, metadata: {name: a}, spec: {hard: {cpu: 1, memory: 1Gi, pods: '${schema.spec.size}', services: '${schema.spec.name}'}}}"
    assert complaints(limits) == []


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        ("web.spec.template.spec.containers[0]", True),
        ('{"name": "a", "image": schema.spec.name}', True),
        ('{"name": "a", "image": schema.spec.name, "stdin": true}', True),
        ('{"name": "a", "imag": schema.spec.name}', False),
        ("schema.spec.labels", False),
        ("dyn({})", True),
        ("web.spec", False),
        ("web.metadata.name", False),
    ],
)
def test_structs_are_compared_by_their_fields(expression: str, fine: bool) -> None:
    other = DEPLOYMENT.replace("web", "other").replace(
        "[{name: other, image: nginx}]", f"['${{{expression}}}']"
    )
    assert compiled(DEPLOYMENT + other).ok is fine


@pytest.mark.parametrize(
    ("resources", "order"),
    [
        (
            config_map("c", "data: {k: '${a.metadata.name}'}") + config_map("b") + config_map("a"),
            ("b", "a", "c"),
        ),
        (
            config_map("a", "data: {k: '${z.metadata.name}'}") + config_map("b") + config_map("z"),
            ("b", "z", "a"),
        ),
        (config_map("a") + config_map("b") + config_map("c"), ("a", "b", "c")),
    ],
)
def test_nodes_come_in_kros_order(resources: str, order: tuple[str, str, str]) -> None:
    assert defined(resources).order == order


def test_a_dependency_has_the_position_of_its_expression() -> None:
    definition = defined(config_map("a") + config_map("b", "data:\n  k: x-${a.metadata.name}"))
    (reason,) = definition.node("b").reasons
    assert (reason.node, reason.expression, reason.position) == ("a", "a.metadata.name", "template")
    assert reason.path == "spec.resources[1].template.data.k"
    text = definition_text(config_map("a") + config_map("b", "data:\n  k: x-${a.metadata.name}"))
    line = text.splitlines()[reason.span.line - 1]
    assert line[reason.span.column - 1 : reason.span.end_column - 1] == "a.metadata.name"


def test_both_branches_of_a_ternary_are_dependencies_and_readywhen_has_none() -> None:
    definition = defined(
        config_map("a")
        + config_map("b")
        + config_map(
            "c",
            "data: {k: '${schema.spec.flag ? a.metadata.name : b.metadata.name}'}",
            "readyWhen: ['${has(c.data)}']",
        )
    )
    assert definition.node("c").needs == ("a", "b")


def test_a_template_field_has_its_source_fields() -> None:
    definition = defined(
        config_map("a", "data:\n  k: ${schema.spec.name}-${string(schema.spec.size)}")
        + config_map("b", "data: {k: '${a.data.k}'}")
        + config_map("c", "data: {k: '${r.key}'}", "forEach: [{r: '${schema.spec.rows}'}]", name="${r.key}")
    )
    feeds = {(feed.node, feed.field): feed.sources for feed in definition.field_mappings}
    assert feeds["a", "data.k"] == ("spec.name", "spec.size")
    assert feeds["b", "data.k"] == ("spec.name", "spec.size")
    assert feeds["c", "data.k"] == ("spec.rows[].key",)


def test_rules_of_the_schema_are_checked_with_the_contract() -> None:
    found = complaints(
        spec='a: integer | validation="self > \'x\'"\nb: \'integer | validation="self >"\'\nc: integer | validation="self > 1"'
    )
    assert found == [
        "schema-rule: The rule “self > 'x'” is invalid: “>” is not defined for int and string.",
        "schema-rule: The rule “self >” cannot be parsed: The expression is incomplete.",
    ]
