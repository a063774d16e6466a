"""Live topics and who may listen to them. The prefix of a topic selects its class in ``LIVE_TOPICS``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from portal.accounts.models import User
from portal.accounts.permission import has_rank, roles_of, sees_everything
from portal.hooks import load_entry
from portal.input_limits import LIMITS, LimitExceeded

MAX_TOPICS = 50
# With its prefix "live." a topic is the name of a group, which has less than 100 characters.
TOPIC = re.compile(r"[a-z]{1,30}(\.[A-Za-z0-9_-]{1,60})?")


class LiveTopic(Protocol):
    """What a class in ``LIVE_TOPICS`` provides. ``argument`` follows the dot: "instance.7" → "7"."""

    def may_listen(self, user: User, argument: str) -> bool: ...

    def version(self, user: User, argument: str) -> str:
        """The current version of what the user may see of the subject; empty when it is deleted."""
        ...


@dataclass(frozen=True, slots=True)
class TopicVersion:
    """The current version of a topic; None when the user may not listen to it."""

    topic: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Listener:
    """Whose changes a user may notice. ``roles``: key of a team → the role in it; None is every team."""

    roles: Mapping[int, str] | None

    @classmethod
    def of(cls, user: User) -> Listener:
        return cls(None if sees_everything(user) else roles_of(user))

    def belongs_to(self, audience: Iterable[tuple[int, str]] | None) -> bool:
        if audience is None or self.roles is None:
            return True
        return any(team in self.roles and has_rank(self.roles[team], role) for team, role in audience)


def parse_topics(query: Iterable[str]) -> list[str]:
    """The valid topics of a query, each once, at most ``MAX_TOPICS``. Raises :class:`LimitExceeded`."""
    names = [name for text in query for name in text.split(",")]
    if any(len(name) > LIMITS.topic for name in names):
        raise LimitExceeded("topic")
    return list(dict.fromkeys(name for name in names if TOPIC.fullmatch(name)))[:MAX_TOPICS]


def current_versions(user: User, topics: Iterable[str]) -> list[TopicVersion]:
    return [TopicVersion(topic, version_for(user, topic)) for topic in topics]


def version_for(user: User, topic: str) -> str | None:
    prefix, _, argument = topic.partition(".")
    topic_class = load_entry("LIVE_TOPICS", prefix)
    if topic_class is None:
        return None
    found: LiveTopic = topic_class()
    return found.version(user, argument) if found.may_listen(user, argument) else None
