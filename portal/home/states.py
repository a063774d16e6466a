"""The states, with label, icon and explanation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateInfo:
    label: str
    icon: str
    meaning: str


STATES = {
    "waiting": StateInfo(
        "Waiting", "hourglass", "It cannot continue yet; the reason explains what it is waiting for."
    ),
    "progressing": StateInfo("Progressing", "loader-circle", "Its resources are being created or updated."),
    "ready": StateInfo("Ready", "circle-check", "All of its resources exist and are ready."),
    "degraded": StateInfo(
        "Degraded", "triangle-alert", "It was ready before, but a part of it is not ready now."
    ),
    "failed": StateInfo(
        "Failed", "circle-x", "It cannot become ready without a change; the reason explains why."
    ),
    "deleting": StateInfo("Deleting", "trash-2", "It and its resources are being deleted."),
    "unknown": StateInfo(
        "Unknown",
        "circle-dashed",
        "The cluster is unreachable, so the last known state may be outdated.",
    ),
}


def state_info(state: str) -> StateInfo:
    """Other states, such as ``pending`` of a node, get a generic icon."""
    return STATES.get(state) or StateInfo(state.capitalize(), "circle-dashed", "")
