"""The seven words for how something is, each with its icon and what it means, shown wherever a state is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateWord:
    label: str
    icon: str
    meaning: str


STATES = {
    "waiting": StateWord(
        "Waiting", "hourglass", "It cannot go on by itself yet: it waits for something that the reason names."
    ),
    "progressing": StateWord("Progressing", "loader-circle", "Its resources are being created or changed."),
    "ready": StateWord("Ready", "circle-check", "Everything that it asked for is there and ready."),
    "degraded": StateWord(
        "Degraded", "triangle-alert", "It was ready before; a part of it is not ready now."
    ),
    "failed": StateWord(
        "Failed", "circle-x", "Something is wrong that a person must change; the reason says what."
    ),
    "deleting": StateWord("Deleting", "trash-2", "It and its resources are being removed."),
    "unknown": StateWord(
        "Unknown",
        "circle-dashed",
        "The cluster cannot be seen right now, so the last known state may be out of date.",
    ),
}


def state_word(state: str) -> StateWord:
    """A word that is none of the seven (such as ``pending`` of a node) keeps its name and the open circle."""
    return STATES.get(state) or StateWord(state.capitalize(), "circle-dashed", "")
