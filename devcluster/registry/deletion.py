"""Deletes objects: at once, after a grace period, or once the last finalizer is removed."""

from __future__ import annotations

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import conflict, forbidden
from devcluster.registry.requests import DeleteOptions, Target, target_of
from devcluster.registry.strategy import now
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Manifest

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
CLEAN_UP = "customresourcecleanup.apiextensions.k8s.io"  # a CRD is removed after its objects

# Kinds whose deletion is answered with the deleted object instead of a Status.
ANSWER_WITH_OBJECT = frozenset(
    (
        "pods",
        "podtemplates",
        "services",
        "serviceaccounts",
        "resourcequotas",
        "persistentvolumes",
        "persistentvolumeclaims",
    )
)
PROTECTED = ("default", "kube-system", "kube-public")


def success(kind: Kind, manifest: Manifest) -> Manifest:
    """The Status that answers a complete deletion."""
    details = {
        "name": manifest["metadata"]["name"],
        "group": kind.group,
        "kind": kind.plural,
        "uid": manifest["metadata"]["uid"],
    }
    shown = {key: value for key, value in details.items() if value}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": shown}


def delete(writes: Writes, target: Target, options: DeleteOptions) -> Manifest:
    """Delete one object. Returns the object, or a Status, as a server answers for its kind."""
    kind = target.kind
    live = writes.live(target)
    if kind.resource == "namespaces" and target.name in PROTECTED:
        raise forbidden("namespaces", "", target.name, "this namespace may not be deleted")
    _check_preconditions(kind, live, options)
    finalizers = _finalizers(kind, live, options)
    grace = _grace(kind, live, options)
    in_namespace = kind.resource == "namespaces" and live["spec"].get("finalizers")
    waits = bool(finalizers or grace > 0 or in_namespace)
    if options.dry_run:
        return live if waits or kind.resource in ANSWER_WITH_OBJECT else success(kind, live)
    if waits:
        return _begin(writes, kind, live, finalizers, grace)
    last = writes.remove(kind, live)
    if kind.resource == "pods":
        end = {"deletionTimestamp": now(), "deletionGracePeriodSeconds": 0}
        return {**live, "metadata": {**live["metadata"], **end}}
    return last if kind.resource in ANSWER_WITH_OBJECT else success(kind, live)


def _begin(writes: Writes, kind: Kind, live: Manifest, finalizers: list[str], grace: int) -> Manifest:
    meta = live["metadata"]
    if meta.get("deletionTimestamp"):
        shorter = grace < meta.get("deletionGracePeriodSeconds", 0)
        if finalizers == (meta.get("finalizers") or []) and not shorter:
            return live
        grace = min(grace, meta.get("deletionGracePeriodSeconds", 0))
        updated = {**meta, "deletionGracePeriodSeconds": grace}
        updated.pop("finalizers", None)
        if finalizers:
            updated["finalizers"] = finalizers
        return writes.rewrite(kind, {**live, "metadata": updated})
    if kind.resource == "namespaces":
        live = {**live, "status": {**live.get("status", {}), "phase": "Terminating"}}
        return writes.rewrite(kind, {**live, "metadata": {**meta, "deletionTimestamp": now()}})
    bare = {**live, "metadata": {key: value for key, value in meta.items() if key != "finalizers"}}
    return writes.mark_deleted(kind, bare, finalizers, grace)


def _check_preconditions(kind: Kind, live: Manifest, options: DeleteOptions) -> None:
    meta = live["metadata"]
    for wanted, key, field, reason in (
        (options.uid, "uid", "UID", "deleted and then recreated"),
        (options.version, "resourceVersion", "ResourceVersion", "modified"),
    ):
        if wanted and wanted != meta[key]:
            why = (
                f"the {field} in the precondition ({wanted}) does not match the {field} in record "
                f"({meta[key]}). The object might have been {reason}"
            )
            raise conflict(kind.kind, kind.group, meta["name"], why)


def _finalizers(kind: Kind, live: Manifest, options: DeleteOptions) -> list[str]:
    """The finalizers that remain after the request, by its propagation policy."""
    found = list(live["metadata"].get("finalizers") or ())
    if kind.resource == DEFINITIONS and CLEAN_UP not in found:
        found.append(CLEAN_UP)
    if not options.propagation:
        return found
    found = [name for name in found if name not in (ORPHAN, FOREGROUND)]
    if options.propagation == "Orphan":
        found.append(ORPHAN)
    elif options.propagation == "Foreground":
        found.append(FOREGROUND)
    return found


def _grace(kind: Kind, live: Manifest, options: DeleteOptions) -> int:
    """The grace period in seconds: 0 for a Pod that never ran or has finished, and for all other kinds."""
    if kind.resource != "pods":
        return 0
    if not live["spec"].get("nodeName") or live.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    if options.grace is not None:
        return options.grace
    return int(live["spec"].get("terminationGracePeriodSeconds", 30))


def delete_all(writes: Writes, kind: Kind, found: list[Manifest], options: DeleteOptions) -> None:
    for manifest in found:
        delete(writes, target_of(kind, manifest), options)
