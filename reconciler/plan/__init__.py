"""Desired and live objects and the inventory → steps. Pure."""

from reconciler.plan.children import Child, apply_order, children
from reconciler.plan.compare import FieldDifference, LastApplied, field_differences, last_applied
from reconciler.plan.deletion import Deletion, plan_deletion
from reconciler.plan.instance import plan
from reconciler.plan.inventory import Inventory, recorded, set_id
from reconciler.plan.merge import Merge, MergeConflict, merge_touched
from reconciler.plan.observation import Graph, Observation
from reconciler.plan.reach import Bounds
from reconciler.plan.steps import Apply, Delete, Plan, Prune, Refuse, Wait

__all__ = [
    "Apply",
    "Bounds",
    "Child",
    "Delete",
    "Deletion",
    "FieldDifference",
    "Graph",
    "Inventory",
    "LastApplied",
    "Merge",
    "MergeConflict",
    "Observation",
    "Plan",
    "Prune",
    "Refuse",
    "Wait",
    "apply_order",
    "children",
    "field_differences",
    "last_applied",
    "merge_touched",
    "plan",
    "plan_deletion",
    "recorded",
    "set_id",
]
