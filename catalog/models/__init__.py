"""Instances, their resources, changes, drafts, events and destinations."""

from catalog.models.change import Action, Change, ChangeState, WaitReason
from catalog.models.deleted_instance import DeletedInstance
from catalog.models.destination import Destination
from catalog.models.draft import FormDraft
from catalog.models.event import Event
from catalog.models.instance import Instance, InstanceResource, State, owning_team

__all__ = [
    "Action",
    "Change",
    "ChangeState",
    "DeletedInstance",
    "Destination",
    "Event",
    "FormDraft",
    "Instance",
    "InstanceResource",
    "State",
    "WaitReason",
    "owning_team",
]
