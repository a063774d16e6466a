"""Entries of the audit log as sentences. A package adds those of its verbs with ``AUDIT_WORDINGS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from portal.accounts.models import PortalRole
from portal.audit.models import Entry
from portal.hooks import hooks

Facts = Mapping[str, Any]
"""The details of an entry, and the name of its subject as ``subject``."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentence of a verb: without its author, who has a column, and without a full stop.

    ``covers``: the details that the sentence says, so that the page does not repeat them.
    """

    sentence: Callable[[Facts], str]
    covers: frozenset[str]


def wording(template: str, *covers: str) -> Wording:
    """``wording("Published revision {revision} of {subject}")``"""
    fields = {name for _, name, _, _ in Formatter().parse(template) if name}
    return Wording(template.format_map, frozenset(fields | set(covers)))


@dataclass(frozen=True, slots=True)
class Described:
    """An entry as the page shows it. ``details``: (name, value) of what the sentence does not say."""

    entry: Entry
    sentence: str
    details: tuple[tuple[str, Any], ...]


def describe(entry: Entry) -> Described:
    """Entries with an unknown verb, or without a detail of its sentence, are described by their verb."""
    known = all_wordings().get(entry.verb)
    try:
        sentence = known.sentence({**entry.detail, "subject": entry.subject_name}) if known else ""
    except (KeyError, ValueError):
        sentence = ""
    covered = known.covers if known and sentence else frozenset()
    details = ((name, value) for name, value in entry.detail.items() if value not in ("", None, [], {}))
    return Described(
        entry,
        sentence or f"{verb_label(entry.verb)}: {entry.subject_name}",
        tuple((name, value) for name, value in details if name not in covered),
    )


def all_wordings() -> dict[str, Wording]:
    found = dict(WORDINGS)
    for _, added in hooks("AUDIT_WORDINGS"):
        found.update(added)
    return found


_NOUNS = {"apitoken": "API token", "membership": "member"}


def verb_label(verb: str) -> str:
    """``contract.published`` → “Contract published”."""
    noun, _, done = verb.partition(".")
    label = f"{_NOUNS.get(noun, noun)} {done}".replace("_", " ").replace("-", " ").strip()
    return label[:1].upper() + label[1:]


def _offer_changed(facts: Facts) -> str:
    whom = "every team" if facts["offers_to_all"] else "the team only"
    return f"Offered the contracts of {facts['subject']} to {whom}"


def _portal_role_changed(facts: Facts) -> str:
    before, role = (PortalRole(facts[name]).label.lower() for name in ("before", "role"))
    return f"Changed the portal role of {facts['subject']} from {before} to {role}"


WORDINGS: Mapping[str, Wording] = {
    "apitoken.created": wording("Created the API token {subject}"),
    "apitoken.revoked": wording("Revoked the API token {subject}"),
    "membership.created": wording("Added {user} as {role}"),
    "membership.changed": wording("Changed the role of {user} from {before} to {role}"),
    "membership.deleted": wording("Removed {user}", "role"),
    "namespace.assigned": wording("Added the namespace {namespace} to {to}", "from"),
    "namespace.moved": wording("Moved the namespace {namespace} from {from} to {to}"),
    "namespace.released": wording("Removed the namespace {namespace} from {from}", "to"),
    "team.created": wording("Created the team {subject}"),
    "team.offer_changed": Wording(_offer_changed, frozenset(("offers_to_all",))),
    "user.created": wording("Created the user {subject}"),
    "user.deactivated": wording("Deactivated {subject}"),
    "user.password_changed": wording("Changed the own password"),
    "user.password_reset": wording("Set a temporary password for {subject}"),
    "user.reactivated": wording("Reactivated {subject}"),
    "user.sign_in_failed": wording("Failed to sign in as {subject}"),
    "user.sign_in_throttled": wording("Must wait after too many failed sign-ins as {subject}"),
    "user.signed_in": wording("Signed in"),
    "user.signed_out": wording("Signed out"),
    "user.portal_role_changed": Wording(_portal_role_changed, frozenset(("role", "before"))),
}
