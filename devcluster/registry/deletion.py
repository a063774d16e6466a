"""Deleting: at once, after a grace period, or once finalizers let go; one object or a collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devcluster.kinds.kinds import Kind
from devcluster.machinery.errors import conflict, forbidden
from devcluster.registry.strategy import now
from devcluster.registry.writes import Writes
from devcluster.storage.memory import Manifest

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
CLEAN_UP = "customresourcecleanup.apiextensions.k8s.io"  # a CRD goes after its objects


# Kinds whose deletion is answered with the object that was, not with a Status.
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


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """DeleteOptions as far as they matter. `propagation` is "", Background, Foreground or Orphan; `grace`
    None means the kind's own.
    """

    propagation: str = ""
    grace: int | None = None
    uid: str = ""
    version: str = ""
    dry_run: bool = False


def success(kind: Kind, manifest: Manifest) -> Manifest:
    """The Status that answers a deletion which is complete."""
    details = {
        "name": manifest["metadata"]["name"],
        "group": kind.group,
        "kind": kind.plural,
        "uid": manifest["metadata"]["uid"],
    }
    shown = {key: value for key, value in details.items() if value}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": shown}


def delete(
    writes: Writes, kind: Kind, namespace: str, name: str, options: DeleteOptions
) -> tuple[Manifest, bool]:
    """Delete one object. Returns it as it is then, or a Status, and whether it is gone already."""
    live = writes.live(kind, namespace, name)
    if kind.resource == "namespaces" and name in PROTECTED:
        raise forbidden("namespaces", "", name, "this namespace may not be deleted")
    _check_preconditions(kind, live, options)
    finalizers = _finalizers(kind, live, options)
    grace = _grace(kind, live, options)
    held = (
        bool(finalizers)
        or grace > 0
        or (kind.resource == "namespaces" and bool(live["spec"].get("finalizers")))
    )
    if options.dry_run:
        return (live, False) if held or kind.resource in ANSWER_WITH_OBJECT else (success(kind, live), True)
    if not held:
        last = writes.remove(kind, live)
        if kind.resource == "pods":  # shown as it was at its very end
            end = {"deletionTimestamp": now(), "deletionGracePeriodSeconds": 0}
            return {**live, "metadata": {**live["metadata"], **end}}, True
        return (last if kind.resource in ANSWER_WITH_OBJECT else success(kind, live)), True
    return _begin(writes, kind, live, finalizers, grace), False


def _begin(writes: Writes, kind: Kind, live: Manifest, finalizers: list[str], grace: int) -> Manifest:
    meta = live["metadata"]
    if meta.get("deletionTimestamp"):
        shorter = grace < meta.get("deletionGracePeriodSeconds", 0)
        if finalizers == (meta.get("finalizers") or []) and not shorter:
            return live
        kept = {**meta, "deletionGracePeriodSeconds": min(grace, meta.get("deletionGracePeriodSeconds", 0))}
        kept.pop("finalizers", None)
        if finalizers:
            kept["finalizers"] = finalizers
        return writes.rewrite(kind, {**live, "metadata": kept})
    if kind.resource == "namespaces":
        live = {**live, "status": {**live.get("status", {}), "phase": "Terminating"}}
        stored = {**live["metadata"], "deletionTimestamp": now()}
        return writes.rewrite(kind, {**live, "metadata": stored})
    bare = {**live, "metadata": {key: value for key, value in meta.items() if key != "finalizers"}}
    return writes.mark_deleted(kind, bare, finalizers, grace)


def _check_preconditions(kind: Kind, live: Manifest, options: DeleteOptions) -> None:
    meta = live["metadata"]
    for wanted, key, words in (
        (options.uid, "uid", "UID"),
        (options.version, "resourceVersion", "ResourceVersion"),
    ):
        if wanted and wanted != meta[key]:
            why = (
                f"the {words} in the precondition ({wanted}) does not match the {words} in record "
                f"({meta[key]}). "
            )
            why += "The object might have been deleted and then recreated"
            if key == "resourceVersion":
                why = (
                    f"the ResourceVersion in the precondition ({wanted}) does not match the "
                    "ResourceVersion in record "
                )
                why += f"({meta[key]}). The object might have been modified"
            raise conflict(kind.kind, kind.group, meta["name"], why)


def _finalizers(kind: Kind, live: Manifest, options: DeleteOptions) -> list[str]:
    """The finalizers that the deletion leaves, by its propagation policy."""
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
    """Seconds that a Pod gets; a Pod that never ran, or is through, gets none. Other kinds know no grace."""
    if kind.resource != "pods":
        return 0
    if not live["spec"].get("nodeName") or live.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return (
        int(live["spec"].get("terminationGracePeriodSeconds", 30)) if options.grace is None else options.grace
    )


def delete_all(writes: Writes, kind: Kind, found: list[Manifest], options: DeleteOptions) -> list[Manifest]:
    """Delete these objects. Returns them as they were, or as they are where they wait."""
    for manifest in found:
        meta: dict[str, Any] = manifest["metadata"]
        delete(writes, kind, meta.get("namespace", ""), meta["name"], options)
    return found
