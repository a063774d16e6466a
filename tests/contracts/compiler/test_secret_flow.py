"""Where values of Secrets go only with a grant: status, other objects, metadata; through other nodes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import dedent
from typing import Any

import pytest

from contracts.compiler import Compilation, ReachEntry, compile_text
from tests.contracts.definitions import definition_text, existing

EXTERNAL = "- id: db\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: credentials}}\n"
SELECTED = (
    "- id: db\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {selector: {}, "
    'namespace: "${schema.metadata.namespace}"}}\n'
)
OWN = (
    "- id: db\n  template: {apiVersion: v1, kind: Secret, metadata: {name: own}, "
    'stringData: {k: "${schema.spec.name}"}}\n'
)
COLLECTION = (
    '- id: db\n  forEach: [{member: "${schema.spec.items}"}]\n  template: {apiVersion: v1, kind: Secret, '
    'metadata: {name: "${member}"}, stringData: {k: "v"}}\n'
)
VALUE = "string(db.data.password)"


def config_map(data: str = "", *, node: str = "config", metadata: str = "", kind: str = "ConfigMap") -> str:
    """``data`` and ``metadata`` are YAML flow maps without their braces."""
    more = f", {metadata}" if metadata else ""
    text = f"- id: {node}\n  template:\n    apiVersion: v1\n    kind: {kind}\n"
    text += f"    metadata: {{name: {node}{more}}}\n"
    field = "stringData" if kind == "Secret" else "data"
    return text + (f"    {field}: {{{data}}}\n" if data else "")


def compiled(resources: str, status: str = "") -> Compilation:
    compilation = compile_text(definition_text(resources, status=status))
    assert compilation.definition is not None, list(map(str, compilation.problems))
    return compilation


def flows(compilation: Compilation) -> list[ReachEntry]:
    reach = existing(compilation.definition).reach
    return [entry for entry in reach.entries if entry.what == "secret-flow"]


def targets(resources: str, status: str = "") -> list[tuple[str, str]]:
    """(node, target) of each flow; the node of the status is empty."""
    return [(entry.node, entry.target) for entry in flows(compiled(resources, status))]


def warnings(resources: str, status: str = "") -> list[str]:
    return [
        problem.display_path
        for problem in compiled(resources, status).problems
        if problem.code == "secret-condition"
    ]


def quoted(expression: str) -> str:
    return json.dumps(f"${{{expression}}}")


def names(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    return [row[0] for row in rows]


# Where the value comes from: every kind of Secret node, and what of it is secret.


@pytest.mark.parametrize("secret", [EXTERNAL, OWN])
@pytest.mark.parametrize(
    ("expression", "secret_data"),
    [
        (VALUE, True),
        ('string(db.data["password"])', True),
        ("string(db.data[schema.spec.name])", True),
        ("db.stringData.password", True),
        ("base64.encode(db.data.password)", True),
        ("json.marshal(db)", True),
        ('db.metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]', True),
        ("db.metadata.annotations[schema.spec.name]", True),
        ("json.marshal(db.metadata)", True),
        ("db.metadata.name", False),
        ("db.metadata.uid", False),
        ("db.metadata.resourceVersion", False),
        ('db.metadata.labels["app"]', False),
        ('db.metadata.annotations["example.com/rotated"]', False),
        ("db.kind", False),
        ("db.type", False),
    ],
)
def test_what_of_a_secret_is_secret(secret: str, expression: str, secret_data: bool) -> None:
    assert targets(secret, f"shown: {quoted(expression)}") == ([("", "status.shown")] if secret_data else [])


@pytest.mark.parametrize("secrets", [SELECTED, COLLECTION])
@pytest.mark.parametrize(
    ("expression", "secret_data"),
    [
        ("db.map(s, string(s.data.k)).join()", True),
        ("string(db[0].data.k)", True),
        ("json.marshal(db)", True),
        ("json.marshal(db.filter(s, s.metadata.name == 'a'))", True),
        ("db.map(s, s.metadata.name).join()", False),
        ("string(size(db))", False),
    ],
)
def test_what_of_several_secrets_is_secret(secrets: str, expression: str, secret_data: bool) -> None:
    assert bool(targets(secrets, f"shown: {quoted(expression)}")) is secret_data
    assert warnings(secrets, f"shown: {quoted(expression)}") == []


# Where it goes.


SHOWN = quoted(VALUE)
WHOLE = quoted('{"k": ' + VALUE + "}")
CHOICE = quoted(VALUE + ' == "x" ? "a" : "b"')
POD = """\
  template:
    apiVersion: v1
    kind: Pod
    metadata: {name: pod}
    spec:
      containers:
"""
ANNOTATIONS = f"annotations: {{a: {SHOWN}}}"
LABELS = f"labels: {{a: {SHOWN}}}"
COPY = config_map(f"k: {SHOWN}", kind="Secret")
BEYOND = [
    ("the status", EXTERNAL, f"password: {SHOWN}", ("", "status.password")),
    ("deep in the status", EXTERNAL, f"a: {{b: [{{c: {SHOWN}}}]}}", ("", "status.a.b[0].c")),
    ("part of a string", EXTERNAL, f'url: "postgres://app:${{{VALUE}}}@db"', ("", "status.url")),
    (
        "an author's condition",
        EXTERNAL,
        "conditions: "
        + json.dumps([f"${{runtime.newCondition({{type: 'Ready', status: 'True', message: {VALUE}}})}}"]),
        ("", "status.conditions[0]"),
    ),
    ("a ConfigMap", EXTERNAL + config_map(f"k: {SHOWN}"), "", ("config", "data.k")),
    ("a whole map", EXTERNAL + config_map() + f"    data: {WHOLE}\n", "", ("config", "data")),
    (
        "an annotation",
        EXTERNAL + config_map(metadata=ANNOTATIONS),
        "",
        ("config", "metadata.annotations.a"),
    ),
    (
        "a label",
        EXTERNAL + config_map(metadata=LABELS),
        "",
        ("config", "metadata.labels.a"),
    ),
    (
        "an annotation of a Secret",
        EXTERNAL + config_map(kind="Secret", metadata=ANNOTATIONS),
        "",
        ("config", "metadata.annotations.a"),
    ),
    (
        "the type of a Secret",
        EXTERNAL + config_map(kind="Secret") + f"    type: {SHOWN}\n",
        "",
        ("config", "type"),
    ),
    (
        "a name",
        EXTERNAL + config_map().replace("name: config", f"name: {SHOWN}"),
        "",
        ("config", "metadata.name"),
    ),
    (
        "the name of a Secret",
        EXTERNAL + config_map(kind="Secret").replace("name: config", f"name: {SHOWN}"),
        "",
        ("config", "metadata.name"),
    ),
    (
        "the name of an external reference",
        EXTERNAL
        + "- id: other\n  externalRef: {apiVersion: v1, kind: ConfigMap, "
        + f"metadata: {{name: {SHOWN}}}}}\n",
        "",
        ("other", "metadata.name"),
    ),
    (
        "the selector of an external reference",
        EXTERNAL
        + "- id: other\n  externalRef: {apiVersion: v1, kind: ConfigMap, metadata: "
        + '{namespace: "${schema.metadata.namespace}", '
        + f"selector: {{matchLabels: {{app: {SHOWN}}}}}}}}}\n",
        "",
        ("other", "metadata.selector.matchLabels.app"),
    ),
]


@pytest.mark.parametrize(
    ("resources", "status", "target"), [row[1:] for row in BEYOND], ids=[row[0] for row in BEYOND]
)
def test_a_value_that_leaves_the_secret(resources: str, status: str, target: tuple[str, str]) -> None:
    assert targets(resources, status) == [target]


WITHIN = [
    EXTERNAL + config_map(f"k: {SHOWN}", kind="Secret"),
    EXTERNAL + config_map(kind="Secret") + f"    data: {quoted('db.data')}\n",
    EXTERNAL + config_map(f'url: "postgres://app:${{{VALUE}}}@db"', kind="Secret"),
    # a reference by name is no flow
    EXTERNAL
    + f"- id: pod\n{POD}"
    + '      - {name: app, image: a, envFrom: [{secretRef: {name: "${db.metadata.name}"}}]}\n',
    EXTERNAL + config_map('k: "${db.metadata.resourceVersion}"'),
    # a Secret that waits for a key of another one
    EXTERNAL + "  readyWhen: ['${has(db.data.password)}', '${size(db.data) > 0}']\n",
]


@pytest.mark.parametrize("resources", WITHIN)
def test_a_value_that_stays_in_secrets(resources: str) -> None:
    assert targets(resources) == []
    assert warnings(resources) == []


def test_a_copy_into_a_secret_of_another_namespace_is_listed() -> None:
    resources = EXTERNAL + config_map(f"k: {SHOWN}", kind="Secret", metadata="namespace: other")
    (entry,) = flows(compiled(resources))
    assert entry.description == (
        "copies a value of the Secret credentials to stringData.k of the Secret config in the namespace other"
    )


# From node to node.


THROUGH = [
    (
        "a ConfigMap",
        EXTERNAL + config_map(f'k: {SHOWN}, plain: "${{schema.spec.name}}"'),
        "config.data.k",
        [("config", "data.k"), ("", "status.shown")],
    ),
    (
        "another field of the ConfigMap",
        EXTERNAL + config_map(f'k: {SHOWN}, plain: "${{schema.spec.name}}"'),
        "config.data.plain",
        [("config", "data.k")],
    ),
    (
        "an annotation of a Secret",
        EXTERNAL + config_map(kind="Secret", metadata=ANNOTATIONS),
        "config.metadata.annotations.a",
        [("config", "metadata.annotations.a"), ("", "status.shown")],
    ),
    (
        "a copy of the Secret",
        EXTERNAL + config_map(f"k: {SHOWN}", kind="Secret"),
        "string(config.data.k)",
        [("", "status.shown")],
    ),
    (
        "two ConfigMaps",
        EXTERNAL
        + config_map(f"k: {SHOWN}", node="first")
        + config_map('k: "${first.data.k}"', node="second"),
        "second.data.k",
        [("first", "data.k"), ("second", "data.k"), ("", "status.shown")],
    ),
    (
        "nodes in another order of the text",
        config_map('k: "${first.data.k}"', node="second")
        + config_map(f"k: {SHOWN}", node="first")
        + EXTERNAL,
        "second.data.k",
        [("second", "data.k"), ("first", "data.k"), ("", "status.shown")],
    ),
    (
        "the status of a custom resource",
        EXTERNAL
        + "- id: config\n  template: {apiVersion: example.com/v1, kind: Database, metadata: {name: d}, "
        + f"spec: {{password: {SHOWN}}}}}\n",
        "string(config.status.url)",
        [("config", "spec.password"), ("", "status.shown")],
    ),
    (
        "a list in a manifest",
        EXTERNAL
        + f"- id: config\n{POD}      - {{name: app, image: a, env: [{{name: P, value: {SHOWN}}}]}}\n",
        "config.spec.containers[0].env[0].value",
        [("config", "spec.containers[0].env[0].value"), ("", "status.shown")],
    ),
]


@pytest.mark.parametrize(
    ("resources", "expression", "expected"), [row[1:] for row in THROUGH], ids=[row[0] for row in THROUGH]
)
def test_a_value_that_passes_through_a_node(
    resources: str, expression: str, expected: list[tuple[str, str]]
) -> None:
    assert sorted(targets(resources, f"shown: {quoted(expression)}")) == sorted(expected)


COPIES = """
- id: copies
  forEach: [{member: "${LIST}"}]
  template:
    apiVersion: v1
    kind: Secret
    metadata: {name: "${NAME}"}
    stringData: {k: "${DATA}"}
"""
BOTH = [("copies", "forEach"), ("copies", "metadata.name")]
FOR_EACH = [
    # Secret objects as items are no flow: what the template takes of them counts
    ("db", "member.metadata.name", "string(member.data.k)", []),
    ("db.map(s, s.metadata.name)", "member", "x", []),
    ("db", "string(member.data.k)", "x", [("copies", "metadata.name")]),
    (
        "db.map(s, string(s.data.k))",
        "'a' + member",
        "x",
        [("copies", "forEach"), ("copies", "metadata.name")],
    ),
    ("string(db[0].data.k).split(',')", "member", "x", BOTH),
]


@pytest.mark.parametrize(("items", "name", "data", "expected"), FOR_EACH)
def test_the_items_of_for_each(items: str, name: str, data: str, expected: list[tuple[str, str]]) -> None:
    data = f"${{{data}}}" if data != "x" else data
    nodes = COPIES.replace("LIST", items).replace("${DATA}", data).replace("NAME", name)
    found = targets(SELECTED + dedent(nodes).lstrip())
    assert sorted(found) == sorted(expected)


# What a Secret only decides is a warning.


@pytest.mark.parametrize(
    ("resources", "status", "path"),
    [
        (EXTERNAL, "set: ${has(db.data.password)}", "spec.schema.status.set"),
        (EXTERNAL, 'long: "${size(string(db.data.password)) > 12}"', "spec.schema.status.long"),
        (EXTERNAL, f"kind: {CHOICE}", "spec.schema.status.kind"),
        (
            EXTERNAL + config_map(f"k: {CHOICE}"),
            "",
            "spec.resources[config].template.data.k",
        ),
        (
            EXTERNAL + config_map().replace("  temp", "  includeWhen: ['${has(db.data.tls)}']\n  temp", 1),
            "",
            "spec.resources[config].includeWhen[0]",
        ),
        (
            EXTERNAL + config_map(f"k: {CHOICE}", kind="Secret", node="copy"),
            "",
            "",
        ),
    ],
)
def test_a_condition_is_a_warning(resources: str, status: str, path: str) -> None:
    assert targets(resources, status) == []
    assert warnings(resources, status) == ([path] if path else [])


# What comes of it.


def test_the_status_fields_that_show_a_secret_are_known() -> None:
    status = f"""
    plain: ${{db.metadata.name}}
    set: ${{has(db.data.password)}}
    password: {SHOWN}
    list: [{{value: {SHOWN}}}]
    """
    assert targets(EXTERNAL, dedent(status)) == [("", "status.password"), ("", "status.list[0].value")]


def test_the_message_names_the_secret() -> None:
    other = EXTERNAL.replace("id: db", "id: far").replace("credentials", "far, namespace: platform")
    text = EXTERNAL + other + config_map(f"k: {SHOWN}")
    status = f"password: {SHOWN}\nboth: {quoted(VALUE + ' + string(far.data.k)')}"
    assert existing(compiled(text, status).definition).reach.descriptions == (
        "shows a value of the Secret credentials in status.password",
        "shows a value of the Secret credentials and the Secret far of the namespace platform in status.both",
        "reads the Secret far of the namespace platform",
        "shows a value of the Secret credentials in data.k of the ConfigMap config",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("data.password", "data.token"),
        ("name: credentials", "name: other"),
        ("externalRef", "externalRef"),
    ],
)
def test_another_value_needs_another_grant(before: str, after: str) -> None:
    copied = (
        EXTERNAL
        + config_map(f"k: {SHOWN}", kind="Secret", node="copy")
        + config_map('k: "${string(copy.data.k)}"')
    )
    for text in (EXTERNAL + config_map(f"k: {SHOWN}"), copied):
        granted = existing(compiled(text).definition).reach
        again = existing(compiled(text.replace(before, after)).definition).reach
        assert bool(again.exceeds(granted)) is (before != after)


def test_secrets_cost_nothing_where_there_are_none() -> None:
    assert targets(config_map('k: "${schema.spec.name}"')) == []


def test_no_namespace_is_that_of_a_cluster_scoped_instance() -> None:
    resources = EXTERNAL.replace("credentials", "credentials, namespace: apps") + config_map(
        f"k: {SHOWN}", kind="Secret", metadata="namespace: apps"
    )
    compilation = compile_text(definition_text(resources, schema="scope: Cluster"))
    assert [entry.target for entry in flows(compilation)] == ["stringData.k"]


def test_a_long_chain_of_nodes() -> None:
    resources = EXTERNAL + config_map(f"k: {SHOWN}", node="c0")
    for number in range(1, 300):
        last = f"c{number - 1}"
        place = f'namespace: "${{{last}.metadata.namespace}}"'
        resources += config_map(f'k: "${{{last}.data.k}}"', node=f"c{number}", metadata=place)
    found = flows(compiled(resources, "shown: ${c299.data.k}"))
    assert len(found) == 301
    assert len({entry.key for entry in found}) == 301


def test_a_deeply_nested_expression() -> None:
    for opening, closing in (("string(", ")"), ("[1].map(i, ", ")"), ('{"a": ', "}"), ("[", "]")):
        expression = f"json.marshal({opening * 110}{VALUE}{closing * 110})"
        assert targets(EXTERNAL, f"shown: {quoted(expression)}") == [("", "status.shown")]
