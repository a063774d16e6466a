"""PersistentVolumeClaims: provisions a simulated volume for each, and protects claims and volumes in use."""

from __future__ import annotations

from collections.abc import Iterator

from devcluster.controllers.framework.actions import (
    Action,
    Create,
    Delete,
    RecordEvent,
    RequeueAfter,
    SetStatus,
    Update,
)
from devcluster.controllers.framework.cache import Cache
from devcluster.controllers.framework.controller import Context, Controller
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
PROVISIONER_ANNOTATIONS = {
    "volume.beta.kubernetes.io/storage-provisioner": PROVISIONER,
    "volume.kubernetes.io/storage-provisioner": PROVISIONER,
}
CLAIM_IN_USE = "kubernetes.io/pvc-protection"
VOLUME_IN_USE = "kubernetes.io/pv-protection"


def default_storage_class() -> Object:
    """The StorageClass of claims that name none."""
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


def decide_claim(claim: Object, cache: Cache, context: Context) -> Iterator[Action]:
    if is_deleting(claim):
        yield from release_claim(claim, cache)
        return
    if (claim.get("status") or {}).get("phase") == "Bound":
        yield from expand(claim, cache)
        return
    wanted = claim["spec"].get("storageClassName", CLASS)
    classes = {name_of(each): each for each in cache.all("StorageClass")}
    if claim["spec"].get("volumeName"):
        volume = cache.get("PersistentVolume", "", claim["spec"]["volumeName"])
        if volume is not None:
            yield from bind(claim, volume)
        return
    if not wanted:
        return  # an empty class requests a volume that is created manually
    if wanted not in classes:
        if context.seconds_in("no such class") == 0:
            message = f'storageclass.storage.k8s.io "{wanted}" not found'
            yield RecordEvent("PersistentVolumeClaim", claim, "ProvisioningFailed", message, "Warning")
        return
    rest = context.settings.durations.bind - context.seconds_in("provisioning")
    if rest > 0:
        yield RequeueAfter(rest)
        return
    yield from provision(claim, cache.get("PersistentVolume", "", volume_name(claim)), classes[wanted])


def provision(claim: Object, volume: Object | None, storage_class: Object) -> Iterator[Action]:
    """Create the volume of the claim, then bind the claim to it."""
    if volume is None:
        message = f"Successfully provisioned volume {volume_name(claim)}"
        event = RecordEvent("PersistentVolumeClaim", claim, "ProvisioningSucceeded", message)
        yield Create("PersistentVolume", volume_for(claim, storage_class), event)
        return
    annotations = {**annotations_of(claim), **BOUND, **PROVISIONER_ANNOTATIONS}
    bound = with_metadata(with_spec(claim, volumeName=name_of(volume)), annotations=annotations)
    yield Update("PersistentVolumeClaim", bound)


def bind(claim: Object, volume: Object) -> Iterator[Action]:
    """Set the phase of claim and volume to Bound."""
    status = {
        "phase": "Bound",
        "accessModes": claim["spec"].get("accessModes") or [],
        "capacity": {"storage": volume["spec"]["capacity"]["storage"]},
    }
    yield SetStatus("PersistentVolumeClaim", with_status(claim, status))
    if (volume.get("status") or {}).get("phase") != "Bound":
        yield SetStatus("PersistentVolume", with_status(volume, {"phase": "Bound"}))


def expand(claim: Object, cache: Cache) -> Iterator[Action]:
    """Expand a bound claim whose request has grown."""
    wanted = claim["spec"]["resources"]["requests"]["storage"]
    volume = cache.get("PersistentVolume", "", claim["spec"].get("volumeName", ""))
    if volume is None or (claim["status"].get("capacity") or {}).get("storage") == wanted:
        return
    yield Update("PersistentVolume", with_spec(volume, capacity={"storage": wanted}))
    status = {**claim["status"], "capacity": {"storage": wanted}}
    yield SetStatus("PersistentVolumeClaim", with_status(claim, status))


def release_claim(claim: Object, cache: Cache) -> Iterator[Action]:
    """Remove the finalizer of a deleted claim once no pod uses it."""
    finalizers = claim["metadata"].get("finalizers") or []
    users = [pod for pod in cache.in_namespace("Pod", claim["metadata"]["namespace"]) if not is_finished(pod)]
    if CLAIM_IN_USE in finalizers and not any(name_of(claim) in claims_of(pod) for pod in users):
        yield Update("PersistentVolumeClaim", without_finalizer(claim, CLAIM_IN_USE))


def decide_volume(volume: Object, cache: Cache, context: Context) -> Iterator[Action]:
    """Delete a volume whose claim is deleted, or release it if its reclaim policy is Retain."""
    claim = volume["spec"].get("claimRef") or {}
    owner = cache.get("PersistentVolumeClaim", claim.get("namespace", ""), claim.get("name", ""))
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
    """The volume that the provisioner of a class creates for a claim."""
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


def _claims_of(pod: Object, cache: Cache) -> Iterator[Key]:
    return (Key("PersistentVolumeClaim", pod["metadata"]["namespace"], name) for name in claims_of(pod))


def _volumes_of(claim: Object, cache: Cache) -> Iterator[Key]:
    if claim["spec"].get("volumeName"):
        yield Key("PersistentVolume", "", claim["spec"]["volumeName"])


def _claim_of(volume: Object, cache: Cache) -> Iterator[Key]:
    claim = volume["spec"].get("claimRef")
    if claim:
        yield Key("PersistentVolumeClaim", claim.get("namespace", ""), claim["name"])


CLAIMS = Controller(
    name="persistentvolume-controller",
    kind="PersistentVolumeClaim",
    reconcile=decide_claim,
    watches={"Pod": _claims_of, "PersistentVolume": _claim_of},
    reads=("StorageClass",),
)
VOLUMES = Controller(
    name="persistentvolume-protection-controller",
    kind="PersistentVolume",
    reconcile=decide_volume,
    watches={"PersistentVolumeClaim": _volumes_of},
)
