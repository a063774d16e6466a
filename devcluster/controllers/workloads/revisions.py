"""ControllerRevisions: the numbered pod templates of a StatefulSet or DaemonSet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from devcluster.controllers.framework.actions import Action, Create, Delete, Update
from devcluster.controllers.framework.objects import Object, key_of, labels_of, name_of, owner_reference
from devcluster.controllers.workloads.pod_templates import hash_of

HASH = "controller-revision-hash"


def data_of(owner: Object) -> Object:
    """The data of a revision: a patch that restores the template."""
    return {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}


def digest_of(owner: Object) -> str:
    """The hash of the current template."""
    return hash_of(owner["spec"]["template"], int((owner.get("status") or {}).get("collisionCount", 0)))


def sync_revisions(owner: Object, kind: str, revisions: Sequence[Object], used: set[str]) -> Iterator[Action]:
    """Create or renumber the revision of the current template; delete those that are no longer needed."""
    digest, newest = digest_of(owner), max((each["revision"] for each in revisions), default=0)
    current = next((each for each in revisions if labels_of(each).get(HASH) == digest), None)
    if current is None:
        metadata = {
            "name": f"{name_of(owner)}-{digest}",
            "namespace": owner["metadata"]["namespace"],
            "labels": {
                **((owner["spec"]["template"].get("metadata") or {}).get("labels") or {}),
                HASH: digest,
            },
            "ownerReferences": [owner_reference(owner, kind)],
        }
        body = {"metadata": metadata, "data": data_of(owner), "revision": newest + 1}
        yield Create("ControllerRevision", body)
    elif current["revision"] < newest:
        yield Update("ControllerRevision", {**current, "revision": newest + 1})
    unused = [each for each in revisions if each is not current and labels_of(each).get(HASH) not in used]
    limit = int(owner["spec"].get("revisionHistoryLimit", 10))
    for old in sorted(unused, key=lambda each: int(each["revision"]))[: max(len(unused) - limit, 0)]:
        yield Delete(key_of(old, "ControllerRevision"))
