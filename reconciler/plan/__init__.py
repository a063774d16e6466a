"""Desired + live + inventory → steps. Pure: one answer for the engine, a diff and a plan of an upgrade."""

from reconciler.plan.children import Child, apply_order, children
from reconciler.plan.compare import FieldDifference, Settled, field_differences, settled
from reconciler.plan.deletion import Deletion, plan_deletion
from reconciler.plan.instance import plan
from reconciler.plan.inventory import Inventory, recorded, set_id
from reconciler.plan.steps import Apply, Delete, Plan, Prune, Refuse, Wait

__all__ = [
    "Apply",
    "Child",
    "Delete",
    "Deletion",
    "FieldDifference",
    "Inventory",
    "Plan",
    "Prune",
    "Refuse",
    "Settled",
    "Wait",
    "apply_order",
    "children",
    "field_differences",
    "plan",
    "plan_deletion",
    "recorded",
    "set_id",
    "settled",
]
