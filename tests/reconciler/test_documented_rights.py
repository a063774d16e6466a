"""The sample contracts work with exactly the rights that the documentation lists, on a cluster with RBAC."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.changes import propose_deletion
from catalog.models import ChangeState
from contracts.models import Contract
from reconciler.objects.accessors import labels_of, uid_of
from tests.conftest import REPOSITORY
from tests.reconciler.harness import Cluster, Harness, wait_for
from tests.reconciler.steps import get_condition, update, wait_until_decided

PAGE = REPOSITORY / "docs" / "how-to" / "real-cluster.md"
SAMPLES = REPOSITORY / "contracts" / "samples"
RBAC = "rbac.authorization.k8s.io"
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount"}
SECONDS = 120.0  # pods of a real cluster take their time

# The input, what is changed later, and the node whose object is edited and deleted by hand.
SPECS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "stateless-service": ({"image": "shop:1.4"}, {"exposure": "none"}, "deployment"),
    "stateless-service-ha": ({"image": "shop:1.4"}, {"image": "shop:1.5"}, "budget"),
    "public-web-service": (
        {"image": "shop:1.4", "host": "shop.example.com", "tlsSecret": "shop-tls"},
        {"path": "/cart"},
        "ingress",
    ),
    "regional-service": (
        {"image": "shop:1.4", "regions": ["eu-central", "us-east"]},
        {"regions": ["us-east"]},
        "service",
    ),
    "scheduled-job": (
        {"image": "report:2", "schedule": "30 4 * * *"},
        {"schedule": "30 5 * * *"},
        "account",
    ),
    "team-namespace": ({"group": "developers"}, {"access": "view"}, "quota"),
}


def documented_roles() -> list[dict[str, Any]]:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S)
    roles = [one for block in blocks for one in yaml.safe_load_all(block)]
    return [one for one in roles if one["kind"] in ("ClusterRole", "Role")]


def test_the_documentation_lists_rights() -> None:
    assert [one["kind"] for one in documented_roles()] == ["ClusterRole", "Role"]
    assert set(SPECS) == {path.stem for path in SAMPLES.glob("*.yaml")}


def bind(cluster: Cluster, namespace: str) -> None:
    """Give a service account ``slipway`` of the namespace the documented rights; the Lease is there too."""
    metadata = {"name": "slipway", "namespace": namespace}
    cluster.apply({**ACCOUNT, "metadata": metadata})
    for role in documented_roles():
        place = {} if role["kind"] == "ClusterRole" else {"namespace": namespace}
        name = f"slipway-{namespace}"
        cluster.apply({**role, "metadata": {"name": name, **place}})
        cluster.apply(
            {
                "apiVersion": f"{RBAC}/v1",
                "kind": f"{role['kind']}Binding",
                "metadata": {"name": name, **place},
                "roleRef": {"apiGroup": RBAC, "kind": role["kind"], "name": name},
                "subjects": [{"kind": "ServiceAccount", **metadata}],
            }
        )


def token_of(cluster: Cluster, namespace: str) -> str:
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/slipway/token"
    answer = cluster.run(cluster.client.request("POST", path, body={"spec": {"expirationSeconds": 3600}}))
    return str(answer["status"]["token"])


@pytest.fixture
def restricted_harness(stopped_harness: Harness, kubeconfig: Path, tmp_path: Path, settings: Any) -> Harness:
    """The manager has the documented rights, and the harness has all."""
    bind(stopped_harness.cluster, stopped_harness.namespace)
    config = yaml.safe_load(kubeconfig.read_text())
    user = {"token": token_of(stopped_harness.cluster, stopped_harness.namespace)}
    config["users"] = [{"name": one["name"], "user": user} for one in config["users"]]
    where = tmp_path / "restricted-kubeconfig"
    where.write_text(yaml.safe_dump(config))
    settings.KUBECONFIG = str(where)
    stopped_harness.manager.start()
    return stopped_harness


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    "SLIPWAY_TEST_KUBECONFIG" not in os.environ,
    reason="the embedded cluster has no RBAC: set SLIPWAY_TEST_KUBECONFIG to a cluster that has",
)
@pytest.mark.parametrize("name", SPECS)
def test_a_sample_lives_and_dies_with_the_documented_rights(restricted_harness: Harness, name: str) -> None:
    harness, (spec, changed, node) = restricted_harness, SPECS[name]
    secret = {"name": "shop-tls", "namespace": harness.namespace}
    harness.cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": secret})
    contract = harness.publish((SAMPLES / f"{name}.yaml").read_text())
    harness.create(contract, "one", **spec)
    wait_until_reconciled(harness, contract)

    change = wait_until_decided(update(harness, contract, "one", **spec | changed))
    assert change.state == ChangeState.DELIVERED, change.message
    wait_until_reconciled(harness, contract)

    row = harness.get_row("one").resources.filter(node=node).first()
    assert row is not None
    where = (row.api_version, row.kind, row.namespace, row.name)
    marks = dict(labels_of(harness.cluster.read(*where)))
    harness.cluster.merge(*where, {"metadata": {"labels": {"slipway.dev/node": "other"}}})
    wait_for(lambda: labels_of(harness.cluster.read(*where)) == marks, "the edit is repaired", SECONDS)
    harness.cluster.delete(*where)

    def recreated() -> bool:
        live = harness.cluster.get(*where)
        return live is not None and uid_of(live) != row.uid

    wait_for(recreated, "the deleted object is recreated", SECONDS)
    wait_until_reconciled(harness, contract)
    propose_deletion(instance=harness.get_row("one"), by=harness.user)
    wait_for(lambda: harness.row("one") is None, "it is deleted", SECONDS)
    assert harness.cluster.get(*where) is None


def wait_until_reconciled(harness: Harness, contract: Contract) -> None:
    def reached() -> bool:
        row = harness.row("one")
        if row is None or row.state != "ready":
            return False
        live = harness.get_instance(contract, "one")
        ready = get_condition(live, "Ready")
        return bool(
            (ready["status"], ready["observedGeneration"]) == ("True", live["metadata"]["generation"])
        )

    wait_for(reached, "it is ready, of its newest spec", SECONDS)
