"""A published contract, users of every role, and instances, for the tests of the catalog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.models import Destination, Instance, InstanceResource, State
from contracts.models import Contract
from contracts.publishing import publish
from portal.accounts.models import Team
from tests.users import sign_in, teams, users

__all__ = ["sign_in", "teams", "users"]

SERVICE = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: service
spec:
  schema:
    group: platform.example.com
    apiVersion: v1alpha1
    kind: Service
    types:
      Port:
        name: string | required=true description="Name of the port"
        port: integer | required=true minimum=1 maximum=65535
    spec:
      image: string | required=true minLength=3 description="Repository with a tag"
      region: string | default=eu immutable=true
      size: string | default=small enum="small,large"
      replicas: integer | default=2 minimum=1 maximum=50
      config: boolean | default=false
      ports: "[]Port"
      env: map[string]string
    status:
      url: https://${service.metadata.name}.example.com
  resources:
    - id: config
      includeWhen: ["${schema.spec.config}"]
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "${schema.metadata.name}-config"}
        data: {size: "${schema.spec.size}"}
    - id: deployment
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: "${schema.metadata.name}"}
        spec:
          replicas: ${schema.spec.replicas}
          selector: {matchLabels: {app: "${schema.metadata.name}"}}
          template:
            metadata: {labels: {app: "${schema.metadata.name}"}}
            spec: {containers: [{name: app, image: "${schema.spec.image}"}]}
    - id: service
      template:
        apiVersion: v1
        kind: Service
        metadata: {name: "${deployment.metadata.name}"}
        spec:
          selector: {app: "${schema.metadata.name}"}
          ports: [{port: 80}]
---
apiVersion: slipway.dev/v1alpha1
kind: Contract
spec:
  title: Plain service
  description: A program that answers requests.
  owner: platform
  category: Compute
  icon: box
  form:
    fields:
      image: {widget: mono, wide: true, placeholder: "registry.example.com/app:1.0"}
      config: {advanced: true}
"""


@pytest.fixture
def contract(teams: dict[str, Team]) -> Contract:
    publish(SERVICE, by=None, note="First")
    return Contract.objects.select_related("owner", "revision").get(name="service")


@pytest.fixture
def cluster(db: None) -> Destination:
    return Destination.objects.create(
        slug="default", title="Default cluster", is_default=True, reachable=True
    )


NODES = [
    {
        "id": "config",
        "kind": "ConfigMap",
        "state": "ignored",
        "reason": "Left out by its condition.",
        "needs": [],
    },
    {"id": "deployment", "kind": "Deployment", "state": "ready", "reason": "", "needs": []},
    {"id": "service", "kind": "Service", "state": "ready", "reason": "", "needs": ["deployment"]},
]
CONDITIONS = [
    {
        "type": "Ready",
        "status": "True",
        "reason": "Ready",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
]


def fill_instance(
    contract: Contract,
    cluster: Destination,
    team: Team | None,
    name: str = "shop",
    namespace: str = "checkout",
    **fields: Any,
) -> Instance:
    """A ready instance, as the reconciler would have projected it."""
    values: dict[str, Any] = {
        "uid": f"uid-{namespace}-{name}",
        "resource_version": "100",
        "generation": 1,
        "state": State.READY,
        "spec": {"image": "shop:1", "region": "eu", "size": "small", "replicas": 2, "config": False},
        "status": {"url": f"https://{name}.example.com"},
        "revision": contract.revision,
        "nodes": NODES,
        "conditions": CONDITIONS,
    }
    row = Instance.objects.create(
        contract=contract,
        destination=cluster,
        namespace=namespace,
        name=name,
        team=team,
        **{**values, **fields},
    )
    for kind, node, api in (("Deployment", "deployment", "apps/v1"), ("Service", "service", "v1")):
        InstanceResource.objects.create(
            instance=row,
            node=node,
            api_version=api,
            kind=kind,
            namespace=namespace,
            name=name,
            state=State.READY,
        )
    return row


@pytest.fixture
def make_instance(
    contract: Contract, cluster: Destination, teams: dict[str, Team]
) -> Callable[..., Instance]:
    """``make_instance("shop", "checkout", state=…)``; the team is the owner of the namespace."""

    def make(name: str = "shop", namespace: str = "checkout", **fields: Any) -> Instance:
        team = next(
            (team for team in teams.values() if team.namespaces.filter(name=namespace).exists()), None
        )
        return fill_instance(contract, cluster, team, name, namespace, **fields)

    return make


@pytest.fixture
def instance(make_instance: Callable[..., Instance]) -> Instance:
    return make_instance()
