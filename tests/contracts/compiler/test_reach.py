"""What a contract reaches beyond its instance's own namespace: a table of definitions, and grants."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent, indent

import pytest

from contracts.compiler import Definition, Reach, ReachEntry, builtin_kinds, compile_text, kinds_with
from tests.contracts.definitions import definition_text, existing

ROOT = Path(__file__).resolve().parents[3]


def compiled(resources: str, *, schema: str = "", status: str = "", spec: str = "") -> Definition:
    text = definition_text(resources, schema=schema, status=status, **({"spec": spec} if spec else {}))
    compilation = compile_text(text)
    assert compilation.definition is not None, list(map(str, compilation.problems))
    return compilation.definition


def reach_of(resources: str, *, schema: str = "", status: str = "", spec: str = "") -> Reach:
    return compiled(resources, schema=schema, status=status, spec=spec).reach


def template(api_version: str, kind: str, *, name: str = "x", namespace: str = "", body: str = "") -> str:
    """A node called “one”."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    text = f"- id: one\n  template:\n    apiVersion: {api_version}\n    kind: {kind}\n"
    return f"{text}    metadata: {json.dumps(metadata)}\n{indent(dedent(body).strip(), '    ')}\n"


def named(node: str, text: str) -> str:
    return text.replace("id: one", f"id: {node}", 1)


def external(api_version: str, kind: str, metadata: str) -> str:
    body = f"{{apiVersion: {api_version}, kind: {kind}, metadata: {metadata}}}"
    return f"- id: one\n  externalRef: {body}\n"


RBAC = "rbac.authorization.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"
ROLE = "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}"
SUBJECTS = "subjects: [{kind: ServiceAccount, name: ci, namespace: tools}, {kind: Group, name: dev}]"
OWN = "${schema.metadata.namespace}"
OF_ONE = "${one.metadata.namespace}"
CHOICE = "${schema.spec.flag ? schema.metadata.namespace : schema.spec.name}"

DEFAULT = [
    template("v1", "ConfigMap"),
    template("v1", "ConfigMap", namespace=OWN),
    template("v1", "ConfigMap", namespace="${ schema.metadata.namespace }"),
    template("v1", "Secret"),
    template("v1", "ServiceAccount"),
    # the namespace of another object that is in the own namespace
    template("v1", "ConfigMap")
    + named("two", template("v1", "Secret", namespace="${one.metadata.namespace}")),
    external("v1", "Secret", "{name: db}"),
    external("v1", "Secret", '{name: "${schema.spec.name}"}'),
    external("v1", "Secret", f'{{name: db, namespace: "{OWN}"}}'),
    external("v1", "ConfigMap", f'{{selector: {{}}, namespace: "{OWN}"}}'),
    external(RBAC, "Role", "{name: reader}"),
]

BEYOND = [
    (template("v1", "Namespace"), "create", "creates the Namespace x"),
    (
        template("v1", "Namespace", name="${schema.spec.name}"),
        "create",
        "creates the Namespace ${schema.spec.name}",
    ),
    (template("v1", "PersistentVolume"), "create", "creates the PersistentVolume x"),
    (
        template("v1", "ConfigMap", namespace="kube-system"),
        "create",
        "creates the ConfigMap x in the namespace kube-system",
    ),
    (
        template("v1", "ConfigMap", namespace="${schema.spec.name}"),
        "create",
        "creates the ConfigMap x in the namespace ${schema.spec.name}",
    ),
    # anything but the own namespace itself
    (
        template("v1", "ConfigMap", namespace=f"{OWN}-b"),
        "create",
        f"creates the ConfigMap x in the namespace {OWN}-b",
    ),
    (
        template("v1", "ConfigMap", namespace=CHOICE),
        "create",
        f"creates the ConfigMap x in the namespace {CHOICE}",
    ),
    (
        template("v1", "ConfigMap", namespace="${schema.metadata.?namespace.orValue('kube-system')}"),
        "create",
        'creates the ConfigMap x in the namespace ${schema.metadata.?namespace.orValue("kube-system")}',
    ),
    (
        template("v1", "ConfigMap", namespace="${schema.metadata.name}"),
        "create",
        "creates the ConfigMap x in the namespace ${schema.metadata.name}",
    ),
    # kinds of Kubernetes are known in every version, and definitions of contracts are cluster-scoped
    (template("networking.k8s.io/v9", "IngressClass"), "create", "creates the IngressClass x"),
    (
        template("kro.run/v1alpha1", "ResourceGraphDefinition"),
        "create",
        "creates the ResourceGraphDefinition x",
    ),
    # rights and admission, wherever they are
    (
        template(RBAC, "RoleBinding", body=ROLE),
        "bind",
        "binds the ClusterRole edit in the namespace of the instance",
    ),
    (
        template(RBAC, "RoleBinding", namespace="kube-system", body=f"{ROLE}\n{SUBJECTS}"),
        "bind",
        "binds the ClusterRole edit to the ServiceAccount ci of the namespace tools and the Group dev "
        "in the namespace kube-system",
    ),
    (
        template(RBAC, "RoleBinding", namespace="${schema.spec.name}", body=ROLE),
        "bind",
        "binds the ClusterRole edit in the namespace ${schema.spec.name}",
    ),
    (
        template(RBAC, "ClusterRoleBinding", body=ROLE),
        "bind",
        "binds the ClusterRole edit in the whole cluster",
    ),
    (template(RBAC, "Role"), "bind", "defines rights with the Role x in the namespace of the instance"),
    (template(RBAC, "ClusterRole"), "bind", "defines rights with the ClusterRole x"),
    (
        template("rbac.authorization.k8s.io/v1beta1", "Role"),
        "bind",
        "defines rights with the Role x in the namespace of the instance",
    ),
    (
        template("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        "bind",
        "defines a kind with the CustomResourceDefinition x",
    ),
    *(
        (template(api_version, kind), "bind", f"changes how the API server answers with the {kind} x")
        for api_version, kind in (
            (ADMISSION, "ValidatingWebhookConfiguration"),
            (ADMISSION, "MutatingWebhookConfiguration"),
            (ADMISSION, "ValidatingAdmissionPolicy"),
            (ADMISSION, "ValidatingAdmissionPolicyBinding"),
            ("apiregistration.k8s.io/v1", "APIService"),
        )
    ),
    # reads
    (
        external("v1", "Secret", "{name: db, namespace: platform}"),
        "read",
        "reads the Secret db of the namespace platform",
    ),
    (
        external("v1", "Secret", '{name: db, namespace: "${schema.spec.name}"}'),
        "read",
        "reads the Secret db of the namespace ${schema.spec.name}",
    ),
    (external("v1", "Namespace", f'{{name: "{OWN}"}}'), "read", f"reads the Namespace {OWN}"),
    (external("storage.k8s.io/v1", "StorageClass", "{name: fast}"), "read", "reads the StorageClass fast"),
    # a selection without a namespace is of every namespace
    (
        external("v1", "Secret", "{selector: {matchLabels: {app: x}}}"),
        "read",
        "reads each Secret that a selector matches in every namespace",
    ),
    (
        external("v1", "Secret", "{selector: {}, namespace: platform}"),
        "read",
        "reads each Secret that a selector matches in the namespace platform",
    ),
]


@pytest.mark.parametrize("resources", DEFAULT)
def test_within_the_default_reach(resources: str) -> None:
    assert reach_of(resources) == Reach()


@pytest.mark.parametrize(("resources", "what", "description"), BEYOND, ids=[row[2] for row in BEYOND])
def test_beyond_the_default_reach(resources: str, what: str, description: str) -> None:
    (entry,) = (one for one in reach_of(resources).entries if not one.if_cluster_scoped)
    assert (entry.what, entry.description, entry.node) == (what, description, "one")
    place = entry.namespace or entry.name
    assert entry.depends_on_input is ("${" in place and entry.namespace != OWN)
    assert entry.line
    assert entry.path.startswith("spec.resources[0].")


def test_every_namespace_is_another_one_for_a_cluster_scoped_contract() -> None:
    resources = template("v1", "ConfigMap", namespace="apps") + named(
        "two", external("v1", "ConfigMap", "{selector: {}}")
    )
    assert reach_of(resources, schema="scope: Cluster").descriptions == (
        "creates the ConfigMap x in the namespace apps",
        "reads each ConfigMap that a selector matches in every namespace",
    )


def test_items_of_a_collection_are_one_entry() -> None:
    resources = template("v1", "ConfigMap", namespace="${place}").replace(
        "  template:", '  forEach: [{place: "${schema.spec.items}"}]\n  template:', 1
    )
    (entry,) = reach_of(resources).entries
    assert (entry.namespace, entry.depends_on_input) == ("${place}", True)


def test_the_samples_need_these_grants() -> None:
    found = {
        path.stem: existing(compile_text(path.read_text()).definition).reach.descriptions
        for path in sorted((ROOT / "contracts/samples").glob("*.yaml"))
    }
    namespace = "in the namespace ${teamNamespace.metadata.name}"
    assert {name: descriptions for name, descriptions in found.items() if descriptions} == {
        "team-namespace": (
            "creates the Namespace ${schema.metadata.namespace}-${schema.metadata.name}",
            f"creates the ResourceQuota team {namespace}",
            f"creates the LimitRange team {namespace}",
            f"creates the NetworkPolicy team {namespace}",
            f"binds the ClusterRole ${{schema.spec.access}} to the Group ${{schema.spec.group}} {namespace}",
        )
    }


# Grants


NAMESPACED = template("v1", "ConfigMap", namespace="${schema.spec.name}")
SPEC = 'name: string | enum="a,b"\nother: string'

SAME = [
    ("layout", NAMESPACED, NAMESPACED.replace("${schema.spec.name}", "${ schema.spec.name }"), SPEC, SPEC),
    ("node id", NAMESPACED, NAMESPACED.replace("id: one", "id: other"), SPEC, SPEC),
    ("content", NAMESPACED, NAMESPACED + "    data: {a: b}\n", SPEC, SPEC),
    ("another input", NAMESPACED, NAMESPACED, SPEC, f"{SPEC}\nmore: string"),
    ("less", NAMESPACED, template("v1", "ConfigMap"), SPEC, SPEC),
]
TEAM = named("team", template("v1", "Namespace", name="team-${schema.spec.name}"))
IN_TEAM = TEAM + template("v1", "ConfigMap", namespace="${team.metadata.name}")
CHOSEN = named(
    "choice", template("v1", "ConfigMap", name="choice", body='data: {place: "${schema.spec.name}"}')
) + template("v1", "ConfigMap", namespace="${choice.data.place}")
BINDING = template(RBAC, "RoleBinding", body=f"{ROLE}\n{SUBJECTS}")
MORE = [
    ("another kind", NAMESPACED, NAMESPACED.replace("ConfigMap", "Secret"), SPEC, SPEC),
    ("another name", NAMESPACED, NAMESPACED.replace('"x"', '"y"'), SPEC, SPEC),
    (
        "another namespace",
        NAMESPACED,
        NAMESPACED.replace("schema.spec.name", "schema.spec.other"),
        SPEC,
        SPEC,
    ),
    ("more values of the input", NAMESPACED, NAMESPACED, SPEC, SPEC.replace("a,b", "a,b,kube-system")),
    ("the name that it refers to", IN_TEAM, IN_TEAM.replace("team-$", "$"), SPEC, SPEC),
    ("the value that it refers to", CHOSEN, CHOSEN.replace("${schema.spec.name}", "kube-system"), SPEC, SPEC),
    ("another role", BINDING, BINDING.replace("edit", "cluster-admin"), SPEC, SPEC),
    ("another subject", BINDING, BINDING.replace("name: dev", "name: everybody"), SPEC, SPEC),
    (
        "other rules",
        template(RBAC, "Role", body='rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]'),
        template(RBAC, "Role", body='rules: [{apiGroups: [""], resources: [pods], verbs: ["*"]}]'),
        SPEC,
        SPEC,
    ),
    (
        "an aggregated role",
        template(RBAC, "ClusterRole"),
        template(RBAC, "ClusterRole").replace('"x"', '"x", "labels": {"aggregate-to-admin": "true"}'),
        SPEC,
        SPEC,
    ),
    (
        "another selector",
        external("v1", "Secret", "{selector: {matchLabels: {app: x}}}"),
        external("v1", "Secret", "{selector: {}}"),
        SPEC,
        SPEC,
    ),
    ("one more", NAMESPACED, NAMESPACED + named("two", template("v1", "Namespace")), SPEC, SPEC),
]


@pytest.mark.parametrize(
    ("before", "after", "old", "new"), [row[1:] for row in SAME], ids=[row[0] for row in SAME]
)
def test_a_grant_covers_the_same_reach(before: str, after: str, old: str, new: str) -> None:
    granted = reach_of(before, spec=old)
    assert granted
    assert reach_of(after, spec=new).exceeds(granted) == ()


@pytest.mark.parametrize(
    ("before", "after", "old", "new"), [row[1:] for row in MORE], ids=[row[0] for row in MORE]
)
def test_more_reach_needs_a_new_grant(before: str, after: str, old: str, new: str) -> None:
    granted = reach_of(before, spec=old)
    assert granted
    assert reach_of(after, spec=new).exceeds(granted.keys) != ()


def test_a_reach_is_stored_as_json() -> None:
    reach = reach_of(IN_TEAM + named("db", external("v1", "Secret", "{name: db, namespace: platform}")))
    stored = json.loads(json.dumps(reach.as_dict()))
    assert Reach.from_dict(stored) == reach
    assert [entry["description"] for entry in stored["entries"]] == list(reach.descriptions)
    assert {entry["key"] for entry in stored["entries"]} == reach.keys
    assert Reach.from_dict({}) == Reach()


def test_a_key_is_unambiguous() -> None:
    one = ReachEntry("create", kind="A", namespace="a b", name="c")
    other = ReachEntry("create", kind="A", namespace="a", name="b c")
    assert one.key != other.key
    assert ReachEntry("create", kind="A").key != ReachEntry("create", kind="A", name="-").key


def test_the_entries_of_a_node() -> None:
    reach = reach_of(IN_TEAM)
    assert [entry.kind for entry in reach.of_node("one")] == ["ConfigMap"]
    assert reach.of_node("missing") == ()


def test_a_missing_grant_is_a_problem_at_its_position() -> None:
    reach = reach_of(IN_TEAM)
    problems = reach.problems()
    assert [problem.code for problem in problems] == ["needs-grant", "needs-grant"]
    assert problems[0].is_error
    assert "creates the Namespace team-${schema.spec.name}" in problems[0].message
    assert problems[0].display_path == "spec.resources[team].template.kind"
    assert problems[0].line
    assert reach.problems(reach) == ()
    assert [problem.node for problem in reach.problems([reach.entries[0].key])] == ["one"]


def test_reach_is_no_problem_of_a_compilation() -> None:
    compilation = compile_text(definition_text(IN_TEAM))
    assert compilation.ok
    assert compilation.problems == ()


# Kinds without a schema: their scope is learned later, or only by the reconciler.

WIDGET = ("example.com/v1", "Widget")
UNKNOWN = {
    "an object": (template(*WIDGET), "creates the Widget x"),
    "a computed name": (
        template(*WIDGET, name="${schema.spec.name}"),
        "creates the Widget ${schema.spec.name}",
    ),
    "the own namespace": (template(*WIDGET, namespace=OWN), ""),
    "another namespace": (template(*WIDGET, namespace="search"), ""),
    "a read": (external(*WIDGET, "{name: x}"), "reads the Widget x"),
    "a selection": (external(*WIDGET, "{selector: {}}"), "reads each Widget that a selector matches"),
    "rights": (
        template("authorization.openshift.io/v1", "RoleBinding", body=f"{ROLE}\n{SUBJECTS}"),
        "binds the ClusterRole edit to the ServiceAccount ci of the namespace tools and the Group dev "
        "in the whole cluster",
    ),
    "a value of a Secret": (
        external("v1", "Secret", "{name: db}").replace("id: one", "id: db")
        + template(*WIDGET, body='spec: {password: "${string(db.data.k)}"}'),
        "creates the Widget x",
    ),
}


def learned(text: str, namespaced: bool) -> Reach:
    """The reach once the cluster's kinds are known."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    scope = "Namespaced" if namespaced else "Cluster"
    crds = [
        {
            "kind": "CustomResourceDefinition",
            "spec": {"group": group, "scope": scope, "names": {"kind": kind}, "versions": [version]},
        }
        for group, kind in (("example.com", "Widget"), ("authorization.openshift.io", "RoleBinding"))
    ]
    return compile_text(text, kinds=kinds_with(builtin_kinds(), crds=crds)).reach


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_kind_without_a_schema_may_be_cluster_scoped(name: str) -> None:
    """A grant of it can be given, and publishing does not need it."""
    resources, description = UNKNOWN[name]
    reach = reach_of(resources)
    found = [entry for entry in reach.entries if entry.if_cluster_scoped]
    kind = "RoleBinding" if name == "rights" else "Widget"
    assert [entry.description for entry in found] == (
        [f"{description}, if {kind} is cluster-scoped"] if description else []
    )
    assert [problem.is_error for problem in reach.problems()] == [
        not entry.if_cluster_scoped for entry in reach.entries
    ]


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize("namespaced", [True, False])
def test_what_is_granted_remains_granted_when_the_kind_is_learned(name: str, namespaced: bool) -> None:
    text = definition_text(UNKNOWN[name][0])
    before, after = compile_text(text).reach, learned(text, namespaced)
    if "namespace" not in name:
        assert not after.exceeds(before)
    required = [entry.key for entry in before.entries if not entry.if_cluster_scoped]
    missing = {entry.what for entry in after.exceeds(required)}
    assert not any(entry.if_cluster_scoped for entry in after.entries)
    # More than the author could publish without a grant stays refused.
    assert bool(missing) is (not namespaced and "namespace" not in name)
    assert "secret-flow" not in missing


def test_a_namespace_of_an_object_that_turns_out_to_have_none_needs_another_grant() -> None:
    text = definition_text(template(*WIDGET) + named("two", template("v1", "ConfigMap", namespace=OF_ONE)))
    assert [entry.what for entry in learned(text, False).exceeds(compile_text(text).reach)] == ["create"]
    assert not learned(text, True).exceeds(compile_text(text).reach)
