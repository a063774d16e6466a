"""Whether an unmanaged object that has the name of a desired one becomes part of the instance."""

from __future__ import annotations

from contracts.runtime.bounds import Home
from reconciler.objects.accessors import Manifest, Reference, annotations_of, labels_of, namespace_of, uid_of
from reconciler.objects.names import ADOPT, APPLYSET_PART_OF, INSTANCE_ID
from reconciler.plan.inventory import set_id
from reconciler.plan.reach import Bounds


def is_ours(instance: Manifest, live: Manifest) -> bool:
    """Whether the object carries the labels of this instance, as after a creation whose answer was lost."""
    labels = labels_of(live)
    return labels.get(INSTANCE_ID) == uid_of(instance) or labels.get(APPLYSET_PART_OF) == set_id(instance)


def adoption_refusal(instance: Manifest, reference: Reference, bounds: Bounds) -> str:
    """Why an existing, unmanaged object is not adopted, and what to do; empty when it is adopted."""
    exists = f"{reference.display_name} already exists and is not managed by Slipway."
    if not reference.namespace:
        return f"{exists} Objects outside namespaces are never adopted. Choose another name, or delete it."
    if Home(namespace_of(instance), bounds.teams).is_foreign(reference):
        return f"{exists} It is in a namespace of another team and cannot be adopted. Choose another name."
    if bounds.adopt or annotations_of(instance).get(ADOPT) == "true":
        return ""
    return f'{exists} Choose another name, delete it, or annotate the instance with {ADOPT}: "true".'
