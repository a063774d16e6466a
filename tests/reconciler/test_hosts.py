"""Two instances that claim one host: the later one has a conflict, and another team is not named."""

from __future__ import annotations

from typing import Any

import pytest

from portal.accounts.models import Team, TeamNamespace
from reconciler.cache.host_index import HostIndex
from reconciler.objects.accessors import condition_of, reference_to
from tests.reconciler.builders import delete_instance, publish_contract
from tests.reconciler.harness import Harness, wait_for
from tests.reconciler.steps import create_ready

Object = dict[str, Any]


def ingress(name: str, *hosts: str, namespace: str = "a", second: int = 0, **spec: Any) -> Object:
    path = spec.pop("path", "/")
    rules = [{"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix"}]}} for host in hosts]
    created = f"2026-01-01T00:00:{second:02}Z"
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace, "uid": name, "creationTimestamp": created},
        "spec": {"rules": rules, **spec},
    }


def route(name: str, host: str, gateway: str, second: int) -> Object:
    found = ingress(name, second=second)
    spec = {"hostnames": [host], "parentRefs": [{"name": gateway}]}
    return {**found, "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "spec": spec}


SHOP = ingress("first", "shop.example.com")
# The later object → the hosts that it has lost to SHOP.
CASES: dict[str, tuple[Object, list[str]]] = {
    "the same host": (ingress("b", "shop.example.com", second=1), ["shop.example.com"]),
    "in other letters": (ingress("b", "Shop.Example.com", second=1), ["shop.example.com"]),
    "one of several": (ingress("b", "x.example.com", "shop.example.com", second=1), ["shop.example.com"]),
    "created in the same second": (ingress("later", "shop.example.com"), ["shop.example.com"]),
    "another host": (ingress("b", "x.example.com", second=1), []),
    "another path": (ingress("b", "shop.example.com", second=1, path="/api"), []),
    "another path in another namespace": (
        ingress("b", "shop.example.com", second=1, path="/api", namespace="b"),
        ["shop.example.com"],
    ),
    "another ingress class": (ingress("b", "shop.example.com", second=1, ingressClassName="internal"), []),
    "any host": ({**ingress("b", second=1), "spec": {"rules": [{"http": {"paths": []}}]}}, []),
    "another kind": (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "namespace": "a"}},
        [],
    ),
}


@pytest.mark.parametrize(("later", "hosts"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("reverse", [False, True], ids=["in order", "in reverse"])
def test_which_of_two_objects_has_lost_a_host(later: Object, hosts: list[str], reverse: bool) -> None:
    index = HostIndex()
    given = [("one", SHOP), ("two", later)]
    woken = [index.follow(*each) for each in (reversed(given) if reverse else given)]
    assert [host for host, _ in index.earlier(reference_to(later).identity)] == hosts
    assert index.earlier(reference_to(SHOP).identity) == []
    if hosts:
        assert woken[1] == {"two" if reverse else "one"}
        assert index.follow("one", SHOP) == set(), "nothing has changed"
        assert index.follow("one", SHOP, deleted=True) == {"two"}
        assert index.earlier(reference_to(later).identity) == []


def test_objects_of_one_instance_and_of_several_gateways_do_not_conflict() -> None:
    index = HostIndex()
    same = ingress("b", "shop.example.com", second=1)
    routes = [route("r1", "shop.example.com", "east", 1), route("r2", "shop.example.com", "west", 2)]
    for instance, obj in [("one", SHOP), ("one", same), ("two", routes[0]), ("three", routes[1])]:
        index.follow(instance, obj)
    assert [index.earlier(reference_to(obj).identity) for obj in (same, *routes)] == [[], [], []]
    late = route("r3", "shop.example.com", "east", 3)
    index.follow("four", late)
    assert [other.instance for _, other in index.earlier(reference_to(late).identity)] == ["two"]


# -- with a running reconciler ------------------------------------------------------------------------------

INGRESS = """
- id: web
  template:
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: "${schema.metadata.name}"}
    spec:
      rules:
        - host: ${schema.spec.host}
          http:
            paths:
              - path: /
                pathType: Prefix
                backend: {service: {name: web, port: {number: 80}}}
"""


def message(harness: Harness, contract: Any, name: str, namespace: str) -> str:
    live = harness.cluster.get(contract.api_version, contract.kind, namespace, name)
    found = condition_of(live or {}, "HostConflict")
    return str(found["message"]) if found else ""


def test_the_later_instance_has_the_conflict_until_the_earlier_one_is_deleted(harness: Harness) -> None:
    other = Team.objects.create(slug=f"other-{harness.suffix}", name="Other")
    elsewhere = f"{harness.namespace}x"  # in one second, the order of the names counts
    TeamNamespace.objects.create(team=other, name=elsewhere)
    harness.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": elsewhere}})
    contract = publish_contract(harness, INGRESS, spec="host: string")
    create_ready(harness, contract, "one", host="shop.example.com")
    harness.create(contract, "two", host="shop.example.com")
    wait_for(lambda: harness.get_row("two").reason == "HostConflict", "the later one has the conflict")
    row = harness.get_row("two")
    assert (row.state, row.reason_node) == ("degraded", "web")
    assert message(harness, contract, "two", harness.namespace) == (
        f"The host shop.example.com was claimed earlier by the instance {harness.namespace}/one. "
        "Choose another host."
    )
    body = harness.manifest(contract, "three", host="shop.example.com")
    harness.cluster.apply({**body, "metadata": {"name": "three", "namespace": elsewhere}})
    wait_for(lambda: message(harness, contract, "three", elsewhere), "across teams, too")
    assert message(harness, contract, "three", elsewhere) == (
        "The host shop.example.com was claimed earlier by another team's instance. Choose another host."
    )
    assert harness.get_row("one").state == "ready"
    assert row.events.filter(reason="HostConflict", warning=True, node="web").count() == 1

    delete_instance(harness, "one")
    wait_for(lambda: harness.get_row("two").state == "ready", "the host is free")
    assert message(harness, contract, "two", harness.namespace) == ""
