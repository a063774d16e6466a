"""Topics and who may listen to them. The first word of a topic names the class in ``LIVE_TOPICS`` that
decides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from portal.accounts.models import User
from portal.hooks import load_entry

MOST_TOPICS = 50
TOPIC = re.compile(r"[a-z]+(\.[A-Za-z0-9_-]{1,60})?")


class Watchable(Protocol):
    """What a room gives for its topics. ``argument`` is what follows the dot: "instance.7" → "7"."""

    def may_listen(self, user: User, argument: str) -> bool: ...

    def version(self, argument: str) -> str:
        """The current version of the subject; empty when it is deleted."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """What a topic is at now, for one person; None: this person may not listen to it."""

    topic: str
    version: str | None


def wanted(query: Iterable[str]) -> list[str]:
    """The topics that a browser asks for, each once, nonsense left out, at most ``MOST_TOPICS``."""
    names = (name for text in query for name in text.split(","))
    return list(dict.fromkeys(name for name in names if TOPIC.fullmatch(name)))[:MOST_TOPICS]


def look(user: User, topics: Iterable[str]) -> list[Known]:
    """Decide for each topic whether this person may listen, and read where it stands."""
    return [Known(topic, version_for(user, topic)) for topic in topics]


def version_for(user: User, topic: str) -> str | None:
    watchable = watchable_for(topic)
    argument = topic.partition(".")[2]
    if watchable is None or not watchable.may_listen(user, argument):
        return None
    return watchable.version(argument)


def watchable_for(topic: str) -> Watchable | None:
    found = load_entry("LIVE_TOPICS", topic.partition(".")[0])
    return found() if found else None
