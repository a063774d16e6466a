"""Claims and their provisioned volumes."""

from __future__ import annotations

from typing import Any

import pytest

from devcluster.controllers.framework.objects import Object
from tests.devcluster.controllers.cluster import Cluster, template, thing


def claim(size: str = "1Gi", **spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return thing("PersistentVolumeClaim", "data", {**asked, "storageClassName": "standard", **spec})


def test_a_claim_is_bound_to_its_own_volume(cluster: Cluster) -> None:
    made = cluster.create(claim())
    cluster.pass_time(1)
    bound = cluster.get("PersistentVolumeClaim", "data")
    assert bound["status"] == {
        "phase": "Bound",
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
    }
    (volume,) = cluster.all("PersistentVolume")
    assert volume["metadata"]["name"] == bound["spec"]["volumeName"] == f"pvc-{made['metadata']['uid']}"
    assert volume["status"]["phase"] == "Bound"


def test_a_claim_is_expanded(cluster: Cluster) -> None:
    cluster.create(claim())
    cluster.pass_time(1)
    cluster.change("PersistentVolumeClaim", "data", resources={"requests": {"storage": "3Gi"}})
    assert cluster.get("PersistentVolumeClaim", "data")["status"]["capacity"] == {"storage": "3Gi"}
    assert cluster.all("PersistentVolume")[0]["spec"]["capacity"] == {"storage": "3Gi"}


@pytest.mark.parametrize(
    ("name", "events"),
    [
        pytest.param("", [], id="created manually"),
        pytest.param(
            "fast", [("ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found')], id="unknown"
        ),
    ],
)
def test_a_claim_without_a_known_class_waits(
    cluster: Cluster, name: str, events: list[tuple[str, str]]
) -> None:
    cluster.create(claim(storageClassName=name))
    cluster.pass_time(10)
    assert cluster.get("PersistentVolumeClaim", "data")["status"]["phase"] == "Pending"
    assert cluster.events("PersistentVolumeClaim") == events


def test_a_claim_and_its_volume_are_deleted_after_the_last_user(cluster: Cluster) -> None:
    cluster.create(claim())
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    cluster.create(thing("Pod", "user", template("user", volumes=[volume])["spec"]))
    cluster.pass_time(1)
    cluster.delete("PersistentVolumeClaim", "data")
    cluster.pass_time(1)
    assert cluster.names("PersistentVolumeClaim") == ["data"]
    cluster.delete("Pod", "user")
    cluster.pass_time(1)
    assert cluster.names("PersistentVolumeClaim") == []
    assert cluster.all("PersistentVolume") == []
