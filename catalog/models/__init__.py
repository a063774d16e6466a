"""What is asked for, and what is known of it: instances, their resources, changes, events, destinations."""

from catalog.models.change import (
    Action,
    AlreadyDeleting,
    Change,
    ChangeState,
    ContractWithdrawn,
    NameTaken,
)
from catalog.models.departed import Departed
from catalog.models.destination import Destination
from catalog.models.draft import FormDraft
from catalog.models.event import Event
from catalog.models.instance import Instance, InstanceResource, State, owning_team

__all__ = [
    "Action",
    "AlreadyDeleting",
    "Change",
    "ChangeState",
    "ContractWithdrawn",
    "Departed",
    "Destination",
    "Event",
    "FormDraft",
    "Instance",
    "InstanceResource",
    "NameTaken",
    "State",
    "owning_team",
]
