"""What is asked for, and what is known of it: instances, their resources, changes, events, destinations."""

from catalog.models.change import Change
from catalog.models.destination import Destination
from catalog.models.event import Event
from catalog.models.instance import Instance, InstanceResource, State

__all__ = ["Change", "Destination", "Event", "Instance", "InstanceResource", "State"]
