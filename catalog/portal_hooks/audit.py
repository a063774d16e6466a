"""The sentences of the audit log about instances and their changes."""

from __future__ import annotations

from collections.abc import Mapping

from catalog.models import WaitReason
from portal.audit.wording import Facts, Wording, wording

_MOVED = ("transition", "from", "to")  # the state before and after, which the sentences say


def _waits(facts: Facts) -> str:
    return f"“{facts['subject']}” waits {WaitReason(facts['waits']).label}"


WORDINGS: Mapping[str, Wording] = {
    "instance.creation-requested": wording("Requested to create {subject}"),
    "instance.update-requested": wording("Requested to update {subject}"),
    "instance.deletion-requested": wording("Requested to delete {subject}"),
    "instance.deleted": wording("{subject} was deleted"),
    "instance.lost": wording("{subject} was lost"),
    "change.waiting": Wording(_waits, frozenset((*_MOVED, "waits"))),
    "change.approved": wording("“{subject}” is to be delivered", *_MOVED),
    "change.delivering": wording("Started to deliver “{subject}”", *_MOVED),
    "change.committed": wording("“{subject}” was committed", *_MOVED),
    "change.merged": wording("“{subject}” was merged", *_MOVED),
    "change.delivered": wording("“{subject}” was delivered", *_MOVED),
    "change.refused": wording("“{subject}” was refused", *_MOVED),
    "change.expired": wording("“{subject}” expired", *_MOVED),
    "change.cancelled": wording("Cancelled “{subject}”", *_MOVED),
    "change.superseded": wording("“{subject}” was superseded by change {successor}", *_MOVED),
    "change.failed": wording("“{subject}” failed at {step}", *_MOVED),
    "change.undone": wording("What “{subject}” created late is deleted", "uid"),
    "change.retried": wording("Retried “{subject}”", *_MOVED),
}
