"""A value of a Secret is shown where the contract's reach is granted, and nowhere else.

Each place that could show one is a row of ``SINKS``. What is asserted is that the value is in no row, page,
answer of the API, event, log line, and object that Slipway writes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers
from django.test import Client
from django.urls import reverse

from contracts.compiler import Definition, compile_text
from contracts.grants import give, revoke
from contracts.models import Contract, Grant
from contracts.runtime import instance_of, render, withhold
from contracts.runtime.withholding import shown_status
from portal.accounts.models import PortalRole, User
from reconciler.instances.execute import explain
from reconciler.kube.errors import ApiError, Cause
from reconciler.objects.accessors import Reference
from reconciler.plan import Apply, Observation, plan_deletion
from reconciler.status.assess import Previous
from reconciler.status.outcome import Deleting, Suspended
from reconciler.status.report import report
from tests.contracts.definitions import defined
from tests.reconciler.builders import NAME, delete_instance, live_status, publish_contract
from tests.reconciler.harness import Harness, wait_for

VALUE = "hunter2"
SHOWN = "${string(db.data.password)}"
DB = "- id: db\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: credentials}}\n"
NOW = "2026-01-02T00:00:00Z"


def config_map(node: str, *, name: str = "", metadata: str = "", data: str = "k: v", more: str = "") -> str:
    name = name or f"{NAME}-{node.lower()}"
    return (
        f"- id: {node}\n{more}  template:\n    apiVersion: v1\n    kind: ConfigMap\n"
        f"    metadata: {{name: '{name}'{metadata}}}\n    data: {{{data}}}\n"
    )


ENV = f"""\
- id: env
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: '{NAME}-env'}}
    spec:
      selector: {{matchLabels: {{app: env}}}}
      template:
        metadata: {{labels: {{app: env}}}}
        spec: {{containers: [{{name: web, image: nginx, env: [{{name: P, value: '{SHOWN}'}}]}}]}}
"""
LOOKUP = (
    f"- id: lookup\n  externalRef: {{apiVersion: v1, kind: ConfigMap, metadata: {{name: '{SHOWN}-other'}}}}\n"
)
NODES = {
    "data": config_map("data", data=f"k: '{SHOWN}'"),
    "key": config_map("key").replace("data: {k: v}", "data: '${{string(db.data.password): \"v\"}}'"),
    "annotation": config_map("annotation", metadata=f", annotations: {{note: '{SHOWN}'}}"),
    "label": config_map("label", metadata=f", labels: {{note: '{SHOWN}'}}"),
    "name": config_map("name", name=f"{NAME}-{SHOWN}"),
    "copies": config_map(
        "copies",
        name=f"{NAME}-copy-${{secret}}",
        more='  forEach: [{secret: "${[string(db.data.password)]}"}]\n',
    ),
    "env": ENV,
}
STATUS = {
    "field": f"shown: '{SHOWN}'",
    "nested": f"nested: {{deep: {{shown: '{SHOWN}'}}}}",
    "item": f"list: ['${{db.metadata.name}}', '{SHOWN}']",
}
CONDITION = (
    'conditions:\n- \'${runtime.newCondition({type: "Shown", status: "True", '
    "message: string(db.data.password)})}'\n"
    '- \'${runtime.newCondition({type: "Plain", status: "True"})}\''
)
# Name of the sink → resources, status.
SINKS = {
    **{name: (text, "") for name, text in NODES.items()},
    "lookup": (LOOKUP, ""),
    **{f"status {name}": ("", text) for name, text in STATUS.items()},
    "condition": ("", CONDITION),
}
# What cannot be evaluated, or is refused with a message that quotes it.
FAILING = {
    "error in data": (config_map("data", data="k: '${string(int(string(db.data.password)))}'"), ""),
    "error in the status": ("", "number: ${int(string(db.data.password))}"),
    "missing key": ("", 'found: \'${{"a": "b"}[string(db.data.password)]}\''),
}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "credentials", "namespace": "team", "uid": "s"},
    "data": {"password": base64.b64encode(VALUE.encode()).decode()},
}


def holds_value(text: str) -> bool:
    return VALUE in text or "aHVudGVyM" in text


def definition_of(sink: tuple[str, str]) -> Definition:
    return defined(DB + sink[0], status=sink[1])


def rendered(definition: Definition) -> str:
    found = render(
        definition, instance_of(definition, {}, {"name": "one", "namespace": "team"}), {"db": SECRET}
    )
    return json.dumps(asdict(found), default=str)


@pytest.mark.parametrize("name", SINKS)
def test_what_is_granted_is_rendered_and_nothing_else(name: str) -> None:
    definition = definition_of(SINKS[name])
    flows = {entry.key for entry in definition.reach.entries if entry.what == "secret-flow"}
    assert flows
    granted = withhold(definition, flows)
    assert granted is definition
    assert holds_value(rendered(granted))
    for missing in flows:
        withheld = rendered(withhold(definition, flows - {missing}))
        assert not holds_value(withheld)
        assert "Ask a portal admin to grant this reach" in withheld


@pytest.mark.parametrize("granted", [True, False])
@pytest.mark.parametrize("name", FAILING)
def test_an_error_quotes_no_value(name: str, granted: bool) -> None:
    definition = definition_of(FAILING[name])
    found = rendered(definition if granted else withhold(definition, ()))
    assert not holds_value(found)
    assert ("needs-grant" in found) is not granted


def with_status(status: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    base = {"name": "one", "namespace": "team", "uid": "u", "generation": 1}
    return {
        "apiVersion": "kro.run/v1alpha1",
        "kind": "Example",
        "metadata": {**base, **metadata},
        "status": status,
    }


@pytest.mark.parametrize("outcome", [Suspended(), "deleting"], ids=["suspended", "deleting"])
def test_a_pass_that_renders_nothing_retains_no_value(outcome: Any) -> None:
    """As when the grant is revoked while the instance is suspended or being deleted."""
    definition = defined(DB, status="\n".join([*STATUS.values(), CONDITION, "plain: ${db.metadata.name}"]))
    conditions = [{"type": "Shown", "status": "True", "message": VALUE}]
    fields = {
        "shown": VALUE,
        "nested": {"deep": {"shown": VALUE}},
        "list": ["credentials", VALUE],
        "plain": "a",
    }
    instance = with_status({**fields, "conditions": conditions})
    for granted in (True, False):
        used = definition if granted else withhold(definition, ())
        did = Deleting("Deleting.", used) if outcome == "deleting" else outcome
        found = report(Previous(), Observation(instance), did, used, NOW)
        text = json.dumps([found.status, found.fields, found.conditions], default=str)
        assert holds_value(text) is granted
        assert found.fields["plain"] == "a"


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ({}, {}),
        ({"shown": VALUE, "plain": 1}, {"plain": 1}),
        ({"nested": {"deep": {"shown": VALUE, "plain": 1}}}, {"nested": {"deep": {"plain": 1}}}),
        ({"nested": "of an earlier revision"}, {"nested": "of an earlier revision"}),
        ({"list": ["credentials", VALUE], "plain": 1}, {"plain": 1}),
    ],
)
def test_what_remains_of_an_earlier_status(status: dict[str, Any], kept: dict[str, Any]) -> None:
    definition = withhold(defined(DB, status="\n".join(STATUS.values())), ())
    assert shown_status(definition, status) == kept


@pytest.mark.parametrize("code", [400, 403, 409, 422, 500])
@pytest.mark.parametrize("quotes", [True, False])
def test_an_error_of_the_cluster_about_a_secret_is_not_quoted(code: int, quotes: bool) -> None:
    """An API server, a webhook and a policy quote what they refuse."""
    message = f'Secret "a" is invalid: data[k]: Invalid value: "{VALUE}"'
    error = ApiError(code, message, reason="Invalid", causes=[Cause("data[k]", f'Invalid value: "{VALUE}"')])
    found = explain(Apply("db", 0, Reference("v1", "Secret", "team", "a"), {}), error, quotes=quotes)
    assert holds_value(found) is quotes
    assert "data[k]" in found
    assert found.startswith("Secret team/a")


def test_an_object_whose_name_is_withheld_is_not_named_while_it_is_deleted() -> None:
    metadata = {"name": f"one-{VALUE}", "namespace": "team", "uid": "u", "deletionTimestamp": NOW}
    member = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**metadata, "labels": {"slipway.dev/node": "name"}},
    }
    definition = withhold(definition_of(SINKS["name"]), ())
    assert holds_value(str(plan_deletion([member])))
    assert not holds_value(str(plan_deletion([member], {"name"})))
    outcome = Deleting("Deleting.", definition)
    found = report(Previous(), Observation(with_status({}), members=[member]), outcome, definition, NOW)
    assert not holds_value(str(found))


# -- a running reconciler -----------------------------------------------------------------------------------


def publish_sinks(harness: Harness, *, granted: bool) -> Contract:
    resources = DB + "".join(NODES.values())
    return publish_contract(
        harness, resources, status="\n".join([*STATUS.values(), CONDITION]), granted=granted
    )


def create_secret(harness: Harness) -> None:
    metadata = {"name": "credentials", "namespace": harness.namespace}
    harness.cluster.apply({**SECRET, "metadata": metadata})


def rows() -> Iterator[str]:
    """Every row of the database, as text."""
    for model in apps.get_models():
        yield serializers.serialize("json", model._base_manager.all())


def answers(harness: Harness) -> Iterator[str]:
    """Pages and answers of the API for a user who sees everything."""
    client = Client()
    client.force_login(
        User.objects.create(username=f"admin{User.objects.count()}", portal_role=PortalRole.ADMIN)
    )
    row = harness.get_row("one")
    addresses = [row.get_absolute_url(), "/api/v1/instances/", f"/api/v1/instances/{row.pk}/", "/"]
    addresses += [reverse("reconciler:manifest", args=[row.pk, one.pk]) for one in row.resources.all()]
    for address in addresses:
        yield client.get(address).content.decode()


def written_objects(harness: Harness, contract: Contract) -> list[dict[str, Any]]:
    return [
        *harness.cluster.list(contract.api_version, contract.kind, harness.namespace),
        *harness.cluster.list("v1", "ConfigMap", harness.namespace),
        *harness.cluster.list("apps/v1", "Deployment", harness.namespace),
    ]


def is_shown_somewhere(harness: Harness, caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for text in (*rows(), *answers(harness), caplog.text) if holds_value(text)]


def wait_until_refused(harness: Harness) -> None:
    def refused() -> bool:
        row = harness.row("one")
        states = {node["id"]: node["reason"] for node in row.nodes} if row is not None else {}
        return all("out of reach" in states.get(node, "") for node in NODES)

    wait_for(refused, "every node that carries a value is refused")


def test_a_value_is_shown_as_long_as_it_is_granted(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    """Never granted, then granted, then revoked while the instance runs."""
    caplog.set_level("DEBUG")
    create_secret(harness)
    contract = publish_sinks(harness, granted=False)
    harness.create(contract, "one")
    wait_until_refused(harness)
    wait_for(lambda: live_status(harness, contract).get("state") == "ERROR")
    assert not is_shown_somewhere(harness, caplog)
    assert not [one for one in written_objects(harness, contract) if holds_value(json.dumps(one))]
    events = list(harness.get_row("one").events.values_list("reason", "message"))
    for node in NODES:
        assert any(reason == "OutOfReach" and text.startswith(f"{node}: ") for reason, text in events)
    for field in ("status.shown", "status.nested.deep.shown", "status.list[1]", "status.conditions[0]"):
        assert any(reason == "StatusIncomplete" and text.startswith(f"{field}: ") for reason, text in events)
    shown = harness.get_row("one")
    assert "a value of the Secret credentials" in shown.message
    assert {one["type"] for one in live_status(harness, contract)["conditions"]} == {"Plain"}

    assert contract.revision is not None
    reach = compile_text(contract.revision.text).reach
    give(contract, reach, by=None, reason="Needed by the test")

    def granted() -> bool:
        status = live_status(harness, contract)
        return status.get("shown") == VALUE and harness.child("ConfigMap", f"one-{VALUE}") is not None

    wait_for(granted, "the value is shown")
    status = live_status(harness, contract)
    assert status["nested"]["deep"]["shown"] == VALUE
    assert status["list"] == ["credentials", VALUE]
    assert [one["message"] for one in status["conditions"] if one["type"] == "Shown"] == [VALUE]
    wait_for(lambda: VALUE in json.dumps(harness.get_row("one").status), "the row has it")
    carriers = [one for one in written_objects(harness, contract) if holds_value(json.dumps(one))]

    revoke(Grant.objects.get(), by=None, reason="No longer")
    row = harness.get_row("one")
    assert not holds_value(json.dumps([row.status, row.conditions, row.nodes, row.message]))
    wait_until_refused(harness)
    wait_for(
        lambda: not holds_value(json.dumps(harness.get_instance(contract, "one"))), "the object has none"
    )
    caplog.clear()
    assert not is_shown_somewhere(harness, caplog)
    remaining = [one for one in written_objects(harness, contract) if holds_value(json.dumps(one))]
    assert len(remaining) == len(carriers) - 1  # what was created under the grant, without the instance
    delete_instance(harness, "one")
    assert not [one for one in written_objects(harness, contract) if holds_value(json.dumps(one))]
    assert not [text for text in (*rows(), caplog.text) if holds_value(text)]
