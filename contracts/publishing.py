"""Publishing: judge a text against everything that is already there, then freeze it as a revision.

:func:`judge` decides and changes nothing; the publish page shows its answer. :func:`publish` judges again in
its transaction, so that of two people who publish at once the second is judged against the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from contracts.compiler import Change, Compilation, Definition, breaking_changes
from contracts.known_kinds import compile_known
from contracts.models import Contract, Draft, Revision
from contracts.name_conflicts import collisions
from contracts.problem_positions import placed
from contracts.problems import Problem, Rejected, errors, in_reading_order
from contracts.runtime import run_cases
from portal.accounts.models import Role, Team, User
from portal.accounts.permission import can, teams_with
from portal.audit.record import record

LONGEST = {"title": 120, "category": 60, "icon": 60}


class BreaksInstances(Rejected):
    """The text is right, but instances of the newest revision would break."""

    def __init__(self, changes: tuple[Change, ...]) -> None:
        self.changes = changes
        hint = "Publish it as a new contract, or confirm the breaking changes with a reason."
        super().__init__(
            Problem("breaking-change", change.message, change.path, hint=hint) for change in changes
        )


class Outrun(Exception):
    """Somebody published a revision after the author had looked at what publishing would mean."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What publishing ``text`` would mean. ``changes`` compares it with ``newest``."""

    text: str
    compilation: Compilation
    problems: tuple[Problem, ...]
    contract: Contract | None = None
    newest: Revision | None = None
    owner: Team | None = None
    changes: tuple[Change, ...] = ()

    @property
    def acceptable(self) -> bool:
        return not errors(self.problems)

    @property
    def unchanged(self) -> bool:
        return self.newest is not None and self.newest.digest == digest_of(self.text)

    @property
    def breaking(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.breaking)

    @property
    def next_number(self) -> int:
        return self.newest.number + 1 if self.newest else 1


@dataclass(frozen=True, slots=True)
class Publication:
    """``new`` is false when the newest revision already has this very text."""

    contract: Contract
    revision: Revision
    new: bool
    problems: tuple[Problem, ...] = ()


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def judge(text: str, *, by: User | None) -> Judgement:
    """Everything that is to be said about publishing ``text``: problems, owner, and changes."""
    compilation = compile_known(text)
    definition = compilation.definition
    if definition is None:
        return Judgement(text, compilation, compilation.problems)
    contract = Contract.objects.select_related("owner", "revision").filter(name=definition.name).first()
    newest = contract.revision if contract else None
    owner, found = owner_of(compilation, contract, by)
    found += collisions(definition, contract)
    found += too_long(compilation)
    failing = (problem for trial in run_cases(compilation) for problem in trial.problems())
    problems = in_reading_order((*compilation.problems, *placed(text, found), *failing))
    changes = changes_since(newest, definition) if newest else ()
    return Judgement(text, compilation, problems, contract, newest, owner, changes)


def publish(
    text: str,
    *,
    by: User | None,
    note: str = "",
    breaking_reason: str = "",
    draft: Draft | None = None,
    after: int | None = None,
) -> Publication:
    """Freeze ``text`` as the next revision of its contract. ``by`` None: an operator at the command line.

    Raises ``Rejected`` with all problems, ``BreaksInstances`` when instances would break and there is no
    ``breaking_reason``, ``PermissionDenied`` with the reason in words. A ``draft`` is gone afterwards.
    ``after`` is the number of the newest revision that the author compared with, 0 for none: ``Outrun`` is
    raised when there is another one by now. Without it, as in a pipeline, the text wins.
    """
    compile_known(text)  # the slow part, before the transaction; its answer is cached
    wish = Wish(text, by, note.strip(), breaking_reason.strip(), draft, after)
    try:
        return publish_once(wish)
    except IntegrityError:
        # Somebody published the same new name, kind or number in this very moment: judge again beside it.
        return publish_once(wish)


@dataclass(frozen=True, slots=True)
class Wish:
    """What :func:`publish` was asked for."""

    text: str
    by: User | None
    note: str
    breaking_reason: str
    draft: Draft | None
    after: int | None


@transaction.atomic
def publish_once(wish: Wish) -> Publication:
    lock_contract(wish.text)
    judgement = judge(wish.text, by=wish.by)
    definition, owner = judgement.compilation.definition, judgement.owner
    if definition is None or owner is None or not judgement.acceptable:
        raise Rejected(judgement.problems)
    contract = judgement.contract or Contract(name=definition.name, owner=owner)
    check_permission(wish.by, contract, owner)
    if wish.after is not None and judgement.next_number != wish.after + 1:
        raise Outrun(
            f"Revision {judgement.next_number - 1} was published meanwhile. Look at the changes again."
        )
    if judgement.unchanged and judgement.newest is not None:
        discard(wish.draft)
        return Publication(contract, judgement.newest, new=False, problems=judgement.problems)
    if judgement.breaking and not wish.breaking_reason:
        raise BreaksInstances(judgement.breaking)
    describe(contract, judgement.compilation, definition, owner)
    revision = freeze(contract, judgement, wish)
    discard(wish.draft)
    write_entry(contract, revision, judgement, wish)
    contract.announce()
    return Publication(contract, revision, new=True, problems=judgement.problems)


def freeze(contract: Contract, judgement: Judgement, wish: Wish) -> Revision:
    """Save the contract and its new revision, and make that its newest."""
    contract.save()
    revision = Revision.objects.create(
        contract=contract,
        number=judgement.next_number,
        text=wish.text,
        digest=digest_of(wish.text),
        note=wish.note,
        author=wish.by,
        author_name=wish.by.username if wish.by else "slipway",
    )
    contract.revision = revision
    contract.save(update_fields=["revision"])
    return revision


def write_entry(contract: Contract, revision: Revision, judgement: Judgement, wish: Wish) -> None:
    detail: dict[str, Any] = {"revision": revision.number, "digest": revision.digest, "note": wish.note}
    if judgement.breaking:
        detail["breaking"] = [f"{change.path}: {change.message}" for change in judgement.breaking]
    record(
        "contract.published",
        subject=contract,
        by=wish.by,
        team_slug=contract.owner.slug,
        reason=wish.breaking_reason if judgement.breaking else "",
        detail=detail,
    )


def lock_contract(text: str) -> None:
    """Make others who publish the same contract wait for the end of this transaction."""
    definition = compile_known(text).definition
    if definition is not None:
        list(Contract.objects.select_for_update().filter(name=definition.name).values_list("pk"))


def discard(draft: Draft | None) -> None:
    if draft is not None and draft.pk:
        draft.delete()


def check_permission(by: User | None, contract: Contract, new_owner: Team) -> None:
    """Both teams must agree when a contract passes from one to another."""
    if by is None:
        return
    for team in {contract.owner, new_owner}:
        decision = can(by, "publish", Contract(name=contract.name, owner=team))
        if not decision:
            raise PermissionDenied(f"“{contract.name}” belongs to the team {team.name}. {decision.reason}")


def owner_of(
    compilation: Compilation, contract: Contract | None, by: User | None
) -> tuple[Team | None, list[Problem]]:
    """The team that the text names, else the present owner, else the author's own team of engineers."""
    slug = compilation.presentation.owner
    if slug:
        team = Team.objects.filter(slug=slug).first()
        if team is not None:
            return team, []
        known = ", ".join(Team.objects.values_list("slug", flat=True)) or "none yet"
        return None, [
            Problem("owner-unknown", f"There is no team “{slug}”.", "spec.owner", hint=f"Teams: {known}.")
        ]
    if contract is not None:
        return contract.owner, []
    teams = Team.objects.filter(pk__in=teams_with(by, Role.ENGINEER)) if by else Team.objects.all()
    found = list(teams[:2])
    if len(found) == 1 or (found and by is not None):
        return found[0], []
    message = "It is not said which team owns this contract."
    hint = "Add a document “kind: Contract” with “spec.owner”, the short name of a team."
    return None, [Problem("owner-missing", message, hint=hint)]


def too_long(compilation: Compilation) -> Iterator[Problem]:
    for field, limit in LONGEST.items():
        length = len(getattr(compilation.presentation, field))
        if length > limit:
            yield Problem("too-long", f"It has {length} characters; at most {limit} fit.", f"spec.{field}")


def changes_since(newest: Revision, definition: Definition) -> tuple[Change, ...]:
    """An older text that no longer compiles, because a kind it uses is gone, has nothing to compare with."""
    before = compile_known(newest.text).runnable
    return tuple(breaking_changes(before, definition)) if before else ()


def describe(contract: Contract, compilation: Compilation, definition: Definition, owner: Team) -> None:
    """Repeat on the row what its newest revision says, for lists."""
    shown = compilation.presentation
    contract.group, contract.version, contract.kind = definition.group, definition.version, definition.kind
    contract.plural, contract.namespaced = definition.plural, definition.namespaced
    contract.owner = owner
    contract.title, contract.description = shown.title or definition.kind, shown.description
    contract.category, contract.icon, contract.lifecycle = shown.category, shown.icon, shown.lifecycle
    contract.updated_at = timezone.now()
