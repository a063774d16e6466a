"""Services, their endpoints, and external addresses."""

from __future__ import annotations

from typing import Any

import pytest

from devcluster.controllers.framework.objects import Object
from devcluster.controllers.networking.endpoints import ports_for
from tests.devcluster.controllers.cluster import Cluster, template, thing, workload

PORTS = [{"name": "http", "port": 80, "targetPort": "http"}]


def service(name: str = "web", **spec: Any) -> Object:
    return thing("Service", name, {"selector": {"app": "web"}, "ports": PORTS, **spec})


def endpoints(cluster: Cluster) -> list[tuple[str, bool]]:
    (found,) = cluster.all("EndpointSlice")
    return [(each["targetRef"]["name"], each["conditions"]["ready"]) for each in found["endpoints"] or ()]


def test_the_ready_pods_of_a_service_are_its_endpoints(cluster: Cluster) -> None:
    cluster.create(service())
    assert endpoints(cluster) == []
    cluster.create(workload("Deployment", "web", replicas=2))
    cluster.pass_time(1)
    assert endpoints(cluster) == [(name, True) for name in cluster.names("Pod")]
    (found,) = cluster.all("EndpointSlice")
    assert found["ports"] == [{"name": "http", "protocol": "TCP", "port": 8080}]
    assert found["metadata"]["labels"] == {
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": "web",
    }
    assert {each["zone"] for each in found["endpoints"]} <= {"sim-1a", "sim-1b", "sim-1c"}

    cluster.change("Deployment", "web", replicas=1)
    cluster.pass_time(1)
    assert endpoints(cluster) == [(name, True) for name in cluster.names("Pod")]


def test_pods_without_an_address_are_no_endpoints(cluster: Cluster) -> None:
    cluster.create(service())
    cluster.create(workload("Deployment", "web", "web:broken"))
    cluster.pass_time(5)
    assert endpoints(cluster) == []


def test_a_service_without_a_selector_is_ignored(cluster: Cluster) -> None:
    cluster.create(thing("Service", "manual", {"ports": PORTS}))
    cluster.pass_time(1)
    assert cluster.all("EndpointSlice") == []


@pytest.mark.parametrize(
    ("target", "expected"),
    [(None, [80]), (9000, [9000]), ("http", [8080]), ("nosuch", [])],
)
def test_a_target_port_is_found_in_the_pod(target: int | str | None, expected: list[int]) -> None:
    port = {"port": 80} | ({"targetPort": target} if target else {})
    pod = {"spec": template("web")["spec"]}
    assert [each["port"] for each in ports_for({"spec": {"ports": [port]}}, pod)] == expected


def test_a_load_balancer_has_an_address_after_a_while_and_keeps_it(cluster: Cluster) -> None:
    cluster.create(service(type="LoadBalancer"))
    assert cluster.get("Service", "web")["status"] == {"loadBalancer": {}}
    cluster.pass_time(1)
    (entry,) = cluster.get("Service", "web")["status"]["loadBalancer"]["ingress"]
    assert entry["ip"].startswith("203.0.113.")
    assert cluster.events("Service") == [("EnsuredLoadBalancer", "Ensured load balancer")]
    cluster.pass_time(60)
    assert cluster.get("Service", "web")["status"]["loadBalancer"]["ingress"] == [entry]


def test_load_balancers_do_not_share_addresses(cluster: Cluster) -> None:
    for number in range(40):
        cluster.create(service(f"web-{number}", type="LoadBalancer"))
    cluster.pass_time(1)
    found = [each["status"]["loadBalancer"]["ingress"][0]["ip"] for each in cluster.all("Service")]
    assert len(set(found)) == 40


def test_a_service_that_is_no_longer_a_load_balancer_loses_its_address(cluster: Cluster) -> None:
    cluster.create(service(type="LoadBalancer"))
    cluster.pass_time(1)
    cluster.change("Service", "web", type="ClusterIP")
    assert cluster.get("Service", "web")["status"]["loadBalancer"] == {}


def test_an_ingress_has_an_address_after_a_while(cluster: Cluster) -> None:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    cluster.create(thing("Ingress", "web", {"defaultBackend": backend}))
    cluster.pass_time(1)
    (entry,) = cluster.get("Ingress", "web")["status"]["loadBalancer"]["ingress"]
    assert entry["ip"].startswith("198.51.100.")
