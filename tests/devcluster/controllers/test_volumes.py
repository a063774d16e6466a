"""Claims and the volumes made for them."""

from __future__ import annotations

import pytest

from tests.devcluster.controllers.cluster import template, thing


def claim(size: str = "1Gi", **spec):
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return thing("PersistentVolumeClaim", "data", {**asked, "storageClassName": "standard", **spec})


def test_a_claim_is_bound_to_a_volume_of_its_own(cluster):
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


def test_a_claim_grows(cluster):
    cluster.create(claim())
    cluster.pass_time(1)
    cluster.change("PersistentVolumeClaim", "data", resources={"requests": {"storage": "3Gi"}})
    assert cluster.get("PersistentVolumeClaim", "data")["status"]["capacity"] == {"storage": "3Gi"}
    assert cluster.all("PersistentVolume")[0]["spec"]["capacity"] == {"storage": "3Gi"}


@pytest.mark.parametrize(
    ("name", "events"),
    [
        pytest.param("", [], id="made by hand"),
        pytest.param(
            "fast", [("ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found')], id="unknown"
        ),
    ],
)
def test_a_claim_without_a_known_class_waits(cluster, name, events):
    cluster.create(claim(storageClassName=name))
    cluster.pass_time(10)
    assert cluster.get("PersistentVolumeClaim", "data")["status"]["phase"] == "Pending"
    assert cluster.events("PersistentVolumeClaim") == events


def test_a_claim_goes_when_its_last_user_is_gone_and_takes_its_volume_along(cluster):
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
