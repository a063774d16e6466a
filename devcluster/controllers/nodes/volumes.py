"""PersistentVolumeClaims: each gets a simulated volume of its own; claims and volumes go with their users."""

from __future__ import annotations

from collections.abc import Iterator

from devcluster.controllers.framework.actions import (
    Action,
    Create,
    Delete,
    LookAgain,
    Record,
    SetStatus,
    Update,
)
from devcluster.controllers.framework.cache import View
from devcluster.controllers.framework.controller import Controller, Turn
from devcluster.controllers.framework.objects import (
    Key,
    Object,
    annotations_of,
    is_deleting,
    key_of,
    name_of,
    uid_of,
    with_metadata,
    with_spec,
    with_status,
    without_finalizer,
)
from devcluster.controllers.framework.pods import is_finished

PROVISIONER = "simulated.local/hostpath"
CLASS = "standard"
BOUND = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
PROVISIONED = "pv.kubernetes.io/provisioned-by"
ASKED = {
    "volume.beta.kubernetes.io/storage-provisioner": PROVISIONER,
    "volume.kubernetes.io/storage-provisioner": PROVISIONER,
}
CLAIM_IN_USE = "kubernetes.io/pvc-protection"
VOLUME_IN_USE = "kubernetes.io/pv-protection"


def default_storage_class() -> Object:
    """The StorageClass that claims without one get."""
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS, "annotations": annotations},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": True,
    }


def decide_claim(claim: Object, view: View, turn: Turn) -> Iterator[Action]:
    if is_deleting(claim):
        yield from release_claim(claim, view)
        return
    if (claim.get("status") or {}).get("phase") == "Bound":
        yield from grow(claim, view)
        return
    wanted = claim["spec"].get("storageClassName", CLASS)
    classes = {name_of(each): each for each in view.all("StorageClass")}
    if claim["spec"].get("volumeName"):
        volume = view.get("PersistentVolume", "", claim["spec"]["volumeName"])
        if volume is not None:
            yield from bind(claim, volume)
        return
    if not wanted:
        return  # a claim that asks for a volume made by hand
    if wanted not in classes:
        if turn.lasting("no such class") == 0:
            text = f'storageclass.storage.k8s.io "{wanted}" not found'
            yield Record("PersistentVolumeClaim", claim, "ProvisioningFailed", text, "Warning")
        return
    rest = turn.settings.speeds.bind - turn.lasting("provisioning")
    if rest > 0:
        yield LookAgain(rest)
        return
    yield from provision(claim, view.get("PersistentVolume", "", volume_name(claim)), classes[wanted])


def provision(claim: Object, volume: Object | None, storage_class: Object) -> Iterator[Action]:
    """Make the claim's volume, then point the claim at it."""
    if volume is None:
        text = f"Successfully provisioned volume {volume_name(claim)}"
        made = Record("PersistentVolumeClaim", claim, "ProvisioningSucceeded", text)
        yield Create("PersistentVolume", volume_for(claim, storage_class), made)
        return
    annotations = {**annotations_of(claim), **BOUND, **ASKED}
    bound = with_metadata(with_spec(claim, volumeName=name_of(volume)), annotations=annotations)
    yield Update("PersistentVolumeClaim", bound)


def bind(claim: Object, volume: Object) -> Iterator[Action]:
    """The claim has what it asked for."""
    status = {
        "phase": "Bound",
        "accessModes": claim["spec"].get("accessModes") or [],
        "capacity": {"storage": volume["spec"]["capacity"]["storage"]},
    }
    yield SetStatus("PersistentVolumeClaim", with_status(claim, status))
    if (volume.get("status") or {}).get("phase") != "Bound":
        yield SetStatus("PersistentVolume", with_status(volume, {"phase": "Bound"}))


def grow(claim: Object, view: View) -> Iterator[Action]:
    """A bound claim that asks for more gets it at once."""
    wanted = claim["spec"]["resources"]["requests"]["storage"]
    volume = view.get("PersistentVolume", "", claim["spec"].get("volumeName", ""))
    if volume is None or (claim["status"].get("capacity") or {}).get("storage") == wanted:
        return
    yield Update("PersistentVolume", with_spec(volume, capacity={"storage": wanted}))
    status = {**claim["status"], "capacity": {"storage": wanted}}
    yield SetStatus("PersistentVolumeClaim", with_status(claim, status))


def release_claim(claim: Object, view: View) -> Iterator[Action]:
    """A claim that is deleted goes when no pod uses it any more."""
    finalizers = claim["metadata"].get("finalizers") or []
    users = [pod for pod in view.inside("Pod", claim["metadata"]["namespace"]) if not is_finished(pod)]
    if CLAIM_IN_USE in finalizers and not any(name_of(claim) in claims_of(pod) for pod in users):
        yield Update("PersistentVolumeClaim", without_finalizer(claim, CLAIM_IN_USE))


def decide_volume(volume: Object, view: View, turn: Turn) -> Iterator[Action]:
    """A volume whose claim is gone goes too, or stays Released when its policy is Retain."""
    claim = volume["spec"].get("claimRef") or {}
    owner = view.get("PersistentVolumeClaim", claim.get("namespace", ""), claim.get("name", ""))
    if owner is not None and uid_of(owner) == claim.get("uid"):
        return
    if is_deleting(volume):
        if VOLUME_IN_USE in (volume["metadata"].get("finalizers") or []):
            yield Update("PersistentVolume", without_finalizer(volume, VOLUME_IN_USE))
    elif not claim:
        if not (volume.get("status") or {}).get("phase"):
            yield SetStatus("PersistentVolume", with_status(volume, {"phase": "Available"}))
    elif volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
        yield Delete(key_of(volume, "PersistentVolume"))
    elif (volume.get("status") or {}).get("phase") != "Released":
        yield SetStatus("PersistentVolume", with_status(volume, {"phase": "Released"}))


def volume_name(claim: Object) -> str:
    return f"pvc-{uid_of(claim)}"


def volume_for(claim: Object, storage_class: Object) -> Object:
    """The volume that a class's provisioner makes for a claim."""
    meta, spec = claim["metadata"], claim["spec"]
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": meta["name"]}
    return {
        "metadata": {"name": volume_name(claim), "annotations": {PROVISIONED: storage_class["provisioner"]}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec.get("accessModes") or ["ReadWriteOnce"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": name_of(storage_class),
            "hostPath": {"path": f"/simulated/{volume_name(claim)}", "type": ""},
            "claimRef": {**reference, "namespace": meta["namespace"], "uid": meta["uid"]},
        },
    }


def claims_of(pod: Object) -> list[str]:
    """The names of the claims that a pod mounts."""
    volumes = pod["spec"].get("volumes") or ()
    return [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in volumes
        if volume.get("persistentVolumeClaim")
    ]


def _claims_of(pod: Object, view: View) -> Iterator[Key]:
    return (Key("PersistentVolumeClaim", pod["metadata"]["namespace"], name) for name in claims_of(pod))


def _volumes_of(claim: Object, view: View) -> Iterator[Key]:
    if claim["spec"].get("volumeName"):
        yield Key("PersistentVolume", "", claim["spec"]["volumeName"])


def _claim_of(volume: Object, view: View) -> Iterator[Key]:
    claim = volume["spec"].get("claimRef")
    if claim:
        yield Key("PersistentVolumeClaim", claim.get("namespace", ""), claim["name"])


CLAIMS = Controller(
    name="persistentvolume-controller",
    kind="PersistentVolumeClaim",
    decide=decide_claim,
    wakes={"Pod": _claims_of, "PersistentVolume": _claim_of},
    reads=("StorageClass",),
)
VOLUMES = Controller(
    name="persistentvolume-protection-controller",
    kind="PersistentVolume",
    decide=decide_volume,
    wakes={"PersistentVolumeClaim": _volumes_of},
)
