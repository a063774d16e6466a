"""The live manifest: who may read it, and that it contains no secret."""

from __future__ import annotations

import base64

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import InstanceResource
from portal.accounts.models import Membership, Role, Team, User
from reconciler.redact import redact
from tests.reconciler.contracts import SERVICE
from tests.reconciler.harness import Harness, wait_for


def resource(harness: Harness, kind: str) -> InstanceResource:
    contract = harness.publish(SERVICE)
    harness.create(contract, "web")
    wait_for(lambda: (row := harness.row("web")) and row.state == "ready")
    return InstanceResource.objects.get(kind=kind)


def address(row: InstanceResource) -> str:
    return reverse("reconciler:manifest", args=[row.instance.pk, row.pk])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_permission_to_read_a_live_manifest(harness: Harness) -> None:
    row = resource(harness, "Secret")
    teammate, stranger = User.objects.create_user("teammate"), User.objects.create_user("stranger")
    Membership.objects.create(team=harness.team, user=teammate, role=Role.VIEWER)
    other = Team.objects.create(slug="other", name="Other")
    Membership.objects.create(team=other, user=stranger, role=Role.DEVELOPER)
    assert Client().get(address(row)).status_code == 302
    assert signed_in(stranger).get(address(row)).status_code == 404
    assert signed_in(teammate).post(address(row)).status_code == 405
    page = signed_in(teammate).get(address(row))
    assert page.status_code == 200
    text = page.content.decode()
    assert "password: set, 11 bytes" in text
    assert base64.b64encode(b"hidden-word").decode() not in text
    live = signed_in(teammate).get(address(row), {"format": "json"}).json()
    assert live["data"] == {"password": "set, 11 bytes"}


def test_an_object_that_does_not_exist(harness: Harness) -> None:
    row = resource(harness, "Service")
    harness.manager.stop()
    harness.cluster.delete("v1", "Service", harness.namespace, "web")
    admin = User.objects.create_superuser("admin")
    answer = signed_in(admin).get(address(row), {"format": "yaml"})
    assert (answer.status_code, answer.content.decode()) == (
        404,
        "Service web does not exist in the cluster.",
    )


def test_an_unreachable_cluster(harness: Harness, settings: object) -> None:
    row = resource(harness, "Service")
    settings.KUBECONFIG = "/nowhere/kubeconfig"  # type: ignore[attr-defined]
    answer = signed_in(User.objects.create_superuser("admin")).get(address(row), {"format": "yaml"})
    assert answer.status_code == 503
    assert answer.content.decode() == "The kubeconfig file does not exist yet."


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        pytest.param(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"p": "aGk=", "e": ""}},
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "a"},
                "data": {"p": "set, 2 bytes", "e": "empty"},
            },
            id="values-of-a-secret-are-sizes",
        ),
        pytest.param(
            {
                "kind": "Secret",
                "metadata": {
                    "name": "a",
                    "managedFields": [{}],
                    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "aGk="},
                },
            },
            {"kind": "Secret", "metadata": {"name": "a"}},
            id="an-annotation-that-repeats-the-object-is-removed",
        ),
        pytest.param(
            {"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"p": "x"}},
            {"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"p": "x"}},
            id="a-config-map-is-unchanged",
        ),
    ],
)
def test_redact(live: dict[str, object], expected: dict[str, object]) -> None:
    assert redact(live) == expected
