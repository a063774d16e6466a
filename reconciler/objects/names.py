"""The labels, annotations and finalizer that Slipway writes, and names that fit into them (KEP-3659)."""

from __future__ import annotations

import base64
import hashlib

FINALIZER = "slipway.dev/finalizer"
INSTANCE_ID = "slipway.dev/instance-id"  # label of a child: the instance's uid
INSTANCE = (
    "slipway.dev/instance"  # annotation of a child: kind, namespace and name of the instance, of any length
)
NODE = "slipway.dev/node"
COLLECTION_INDEX = "slipway.dev/collection-index"
COLLECTION_SIZE = "slipway.dev/collection-size"
MANAGED_BY = "app.kubernetes.io/managed-by"
APPLY_ORDER = "slipway.dev/apply-order"
SUSPEND = "slipway.dev/reconcile"
ADOPT = "slipway.dev/adopt"  # annotation of an instance: unmanaged objects may become part of it
KRO_SUSPEND = "kro.run/reconcile"
SUSPEND_VALUES = frozenset({"suspended", "disabled"})
CONTRACT = "slipway.dev/contract"  # label of a CRD and of an instance: the contract's name
DIGEST = "slipway.dev/digest"  # annotation of a CRD: what it was generated from
LEASE = "slipway-reconciler"  # one reconciler at a time on a cluster
CHANGE = "slipway.dev/change"  # annotation of an instance: the change that created it

APPLYSET_ID = "applyset.kubernetes.io/id"
APPLYSET_PART_OF = "applyset.kubernetes.io/part-of"
APPLYSET_TOOLING = "applyset.kubernetes.io/tooling"
APPLYSET_KINDS = "applyset.kubernetes.io/contains-group-kinds"
APPLYSET_NAMESPACES = "applyset.kubernetes.io/additional-namespaces"
APPLYSET_PARENT_TYPE = "applyset.kubernetes.io/is-parent-type"
TOOLING = "slipway/v1"

# Field managers: one per role, so that no writer removes fields of another one.
CHILDREN_MANAGER = "slipway/children"
INSTANCE_MANAGER = "slipway/instance"  # what a user requested, applied from a Change
PARENT_MANAGER = "slipway/parent"  # finalizer, ApplySet labels and inventory on the instance
STATUS_MANAGER = "slipway/status"
CONTRACT_MANAGER = "slipway/contracts"
LEASE_MANAGER = "slipway/lease"

# What Slipway adds to a rendered manifest.
OWNERSHIP_LABELS = frozenset(
    {MANAGED_BY, INSTANCE_ID, NODE, COLLECTION_INDEX, COLLECTION_SIZE, APPLYSET_PART_OF}
)
OWNERSHIP_ANNOTATIONS = frozenset({APPLY_ORDER, INSTANCE})

LABEL_LIMIT = 63


def label_value(text: str) -> str:
    """The text itself if it fits into a label value, else its beginning with a hash (fixes kro's Q-25)."""
    if len(text) <= LABEL_LIMIT:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f"{text[: LABEL_LIMIT - 11].rstrip('-_.')}-{digest}"


def applyset_id(name: str, namespace: str, kind: str, group: str) -> str:
    """The id of the ApplySet whose parent is this object (KEP-3659, as kubectl computes it)."""
    digest = hashlib.sha256(f"{name}.{namespace}.{kind}.{group}".encode()).digest()
    return f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"
