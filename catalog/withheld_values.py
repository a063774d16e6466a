"""What a revoked grant let instances show is removed from their rows, in the same transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.dispatch import receiver

from catalog.availability import usable_contract
from catalog.models import Instance
from contracts.compiler import Definition
from contracts.grants import grant_revoked, granted_keys
from contracts.models import Contract, Grant
from contracts.runtime import withhold
from contracts.runtime.withholding import shown_status, unnamed_nodes, withholds_conditions

COLUMNS = ("status", "conditions", "nodes", "message")


@receiver(grant_revoked)
def remove_values(sender: Grant, **_: Any) -> None:
    """Status fields, conditions, names of resources and events that carry a value of a Secret.

    The reconciler does the same in the cluster. Of a contract that does not compile no status remains,
    because it is not known what it shows.
    """
    contract = Contract.objects.filter(name=sender.contract_name, owner=sender.owner).first()
    if contract is None:
        return
    usable = usable_contract(contract)
    definition = usable.definition if usable is not None else None
    if definition is not None:
        definition = withhold(definition, granted_keys(contract.name, contract.owner))
        if not definition.withheld:
            return
    for row in contract.instances.select_for_update(of=("self",)).order_by("pk"):
        remove_from(row, definition)


def remove_from(row: Instance, definition: Definition | None) -> None:
    row.status = shown_status(definition, row.status) if definition is not None else {}
    if definition is None or withholds_conditions(definition):
        row.conditions = []  # the next pass of the reconciler sets those that may be shown
    if definition is not None:
        remove_names(row, unnamed_nodes(definition))
    row.save(update_fields=COLUMNS)
    row.touch()


def remove_names(row: Instance, unnamed: Collection[str]) -> None:
    """Names of the objects of these nodes, in rows and in reasons."""
    row.resources.filter(node__in=unnamed).delete()
    row.events.filter(node__in=unnamed).delete()
    row.nodes = [{**node, "reason": ""} if node["id"] in unnamed else node for node in row.nodes]
    if row.reason_node in unnamed:
        row.message = ""
