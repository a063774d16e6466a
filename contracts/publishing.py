"""Publishing: review a text against everything that is already published, then save it as a revision.

:func:`review_publication` changes nothing; the publish page shows its result. :func:`publish` reviews again
in its transaction, so that of two users who publish at once the second is checked against the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from contracts.compiler import Compilation, Definition, SchemaChange, schema_changes
from contracts.grants import give, granted_keys
from contracts.known_kinds import compile_known
from contracts.models import Contract, Draft, Revision
from contracts.name_conflicts import find_conflicts, hidden_contract
from contracts.problem_positions import with_positions
from contracts.problems import Problem, Rejected, errors, in_reading_order
from contracts.runtime import run_tests
from portal.accounts.models import Role, Team, User
from portal.accounts.permission import can, sees_everything, teams_with
from portal.accounts.rights import hold_rights, lock_rights
from portal.audit.record import record

ALLOWED_BY_DEFINITION = "allowed by the definition"  # the reason in the audit log
MAX_LENGTHS = {"title": 120, "category": 60, "icon": 60}


class BreakingChange(Rejected):
    """The text is valid, but instances of the latest revision would break."""

    def __init__(self, changes: tuple[SchemaChange, ...]) -> None:
        self.changes = changes
        super().__init__(breaking_problems(changes))


def breaking_problems(changes: Iterable[SchemaChange]) -> list[Problem]:
    hint = "Publish it as a new contract, or confirm the breaking changes with a reason."
    return [Problem("breaking-change", change.message, change.path, hint=hint) for change in changes]


class StaleRevision(Exception):
    """Another revision was published after the author reviewed the changes."""


@dataclass(frozen=True, slots=True)
class Review:
    """What publishing ``text`` would do. ``changes`` compares it with ``latest``."""

    text: str
    compilation: Compilation
    problems: tuple[Problem, ...]
    contract: Contract | None = None
    latest: Revision | None = None
    owner: Team | None = None
    changes: tuple[SchemaChange, ...] = ()
    granted: frozenset[str] = frozenset()
    """Keys of what the contract's active grants permit."""

    @property
    def publishable(self) -> bool:
        return not errors(self.problems)

    @property
    def unchanged(self) -> bool:
        return self.latest is not None and self.latest.digest == digest_of(self.text)

    @property
    def breaking(self) -> tuple[SchemaChange, ...]:
        return tuple(change for change in self.changes if change.breaking)

    @property
    def unconfirmed(self) -> tuple[SchemaChange, ...]:
        """The breaking changes that publishing without a reason is refused for."""
        return () if self.unchanged or self.allows_breaking else self.breaking

    @property
    def allows_breaking(self) -> bool:
        """Whether the definition itself confirms its breaking changes, as in kro, by an annotation."""
        definition = self.compilation.definition
        return definition is not None and definition.allows_breaking_changes

    def reach(self) -> list[dict[str, Any]]:
        """For JSON: each entry of the reach, and whether it is ``granted``."""
        entries = self.compilation.reach.entries
        return [{**entry.as_dict(), "granted": entry.key in self.granted} for entry in entries]

    def breaking_reason(self, given: str) -> str:
        """The reason that confirms the breaking changes; empty when nothing does."""
        return given.strip() or (ALLOWED_BY_DEFINITION if self.allows_breaking else "")

    @property
    def next_number(self) -> int:
        return self.latest.number + 1 if self.latest else 1


@dataclass(frozen=True, slots=True)
class Publication:
    """``new`` is false when the latest revision is identical."""

    contract: Contract
    revision: Revision
    new: bool
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """``by`` None is an operator at the command line. A ``draft`` is deleted once its text is published.

    ``after`` is the number of the latest revision that the author reviewed, 0 for none; None, as in a
    pipeline, publishes whatever the latest revision is. ``grant_reason``: ``by``, a portal admin or an
    operator, grants the reach that is not granted yet, for this reason.
    """

    text: str
    by: User | None
    note: str = ""
    breaking_reason: str = ""
    draft: Draft | None = None
    after: int | None = None
    grant_reason: str = ""


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def review_publication(text: str, *, by: User | None) -> Review:
    """Everything that publishing ``text`` depends on: problems, owner, and changes for instances."""
    compilation = compile_known(text, by)
    definition = compilation.definition
    if definition is None:
        return Review(text, compilation, compilation.problems)
    contract = Contract.objects.select_related("owner", "revision").filter(name=definition.name).first()
    if contract is not None and by is not None and not Contract.objects.visible_to(by).filter(pk=contract.pk):
        hidden = with_positions(text, [hidden_contract(contract.name)])
        return Review(text, compilation, in_reading_order((*compilation.problems, *hidden)))
    latest = contract.revision if contract else None
    owner, found = owner_of(compilation, contract, by)
    found += find_conflicts(definition, contract, by)
    found += length_problems(compilation)
    granted = granted_keys(definition.name, owner) if owner is not None else frozenset()
    if owner is not None and not (latest and latest.digest == digest_of(text)):
        found += compilation.reach.problems(granted)
    failing = (problem for result in run_tests(compilation) for problem in result.problems())
    problems = in_reading_order((*compilation.problems, *with_positions(text, found), *failing))
    changes = changes_since(latest, definition) if latest else ()
    return Review(text, compilation, problems, contract, latest, owner, changes, granted)


def publish(text: str, *, by: User | None, note: str = "", breaking_reason: str = "") -> Publication:
    """Publish ``text`` as the next revision of its contract; see :func:`publish_request`."""
    return publish_request(PublishRequest(text, by, note, breaking_reason))


def publish_request(request: PublishRequest) -> Publication:
    """Store the text as the next revision of its contract.

    Raises ``Rejected`` with all problems; ``BreakingChange`` when instances would break and neither a
    ``breaking_reason`` nor the definition confirms that; ``StaleRevision`` when the latest revision is not
    ``after``; ``PermissionDenied`` with the reason.
    """
    compile_known(request.text, request.by)  # the slow part, before the transaction; the result is cached
    try:
        return _publish(request)
    except IntegrityError:
        # Another user published the same new name, kind or number at the same moment: review against that.
        return _publish(request)


@transaction.atomic
def _publish(request: PublishRequest) -> Publication:
    grants = bool(request.grant_reason.strip())
    request = replace(request, by=lock_rights(request.by) if grants else hold_rights(request.by))
    lock_contract(request.text)
    if grants:
        grant_reach(request)
    review = review_publication(request.text, by=request.by)
    definition, owner = review.compilation.definition, review.owner
    if definition is None or owner is None or not review.publishable:
        raise Rejected(review.problems)
    contract = review.contract or Contract(name=definition.name, owner=owner)
    denied = denial(review, request.by)
    if denied:
        raise PermissionDenied(denied)
    if request.after is not None and review.next_number != request.after + 1:
        latest = review.next_number - 1
        raise StaleRevision(f"Revision {latest} was published in the meantime. Review the changes again.")
    if review.unchanged and review.latest is not None:
        delete_draft(request.draft)
        return Publication(contract, review.latest, new=False, problems=review.problems)
    if review.breaking and not review.breaking_reason(request.breaking_reason):
        raise BreakingChange(review.breaking)
    copy_presentation(contract, review.compilation, definition, owner)
    revision = create_revision(contract, review, request)
    delete_draft(request.draft)
    record_publication(contract, revision, review, request)
    contract.announce()
    return Publication(contract, revision, new=True, problems=review.problems)


def grant_reach(request: PublishRequest) -> None:
    """Grant what the text reaches, in the transaction that publishes it."""
    review = review_publication(request.text, by=request.by)
    definition, owner = review.compilation.definition, review.owner
    if definition is not None and owner is not None:
        contract = Contract(name=definition.name, owner=owner, revision=review.latest)
        give(contract, review.compilation.reach, by=request.by, reason=request.grant_reason)


def create_revision(contract: Contract, review: Review, request: PublishRequest) -> Revision:
    """Save the contract and its new revision, and make that the latest one."""
    contract.save()
    revision = Revision.objects.create(
        contract=contract,
        number=review.next_number,
        text=request.text,
        digest=digest_of(request.text),
        note=request.note.strip(),
        author=request.by,
        author_name=request.by.username if request.by else "slipway",
    )
    contract.revision = revision
    contract.save(update_fields=["revision"])
    return revision


def record_publication(
    contract: Contract, revision: Revision, review: Review, request: PublishRequest
) -> None:
    detail: dict[str, Any] = {"revision": revision.number, "digest": revision.digest, "note": revision.note}
    if review.breaking:
        detail["breaking"] = [f"{change.path}: {change.message}" for change in review.breaking]
    record(
        "contract.published",
        subject=contract,
        by=request.by,
        team_slug=contract.owner.slug,
        reason=review.breaking_reason(request.breaking_reason) if review.breaking else "",
        detail=detail,
    )


def lock_contract(text: str) -> None:
    """Make concurrent publications of the same contract wait until this transaction ends."""
    definition = compile_known(text).definition
    if definition is not None:
        list(Contract.objects.select_for_update().filter(name=definition.name).values_list("pk"))


def delete_draft(draft: Draft | None) -> None:
    if draft is not None and draft.pk:
        draft.delete()


def denial(review: Review, by: User | None) -> str:
    """Why the user may not publish it; empty when they may, or when there is no owner yet.

    They must be allowed to publish for both teams when the owner changes. An operator may.
    """
    definition, owner = review.compilation.definition, review.owner
    if definition is None or owner is None or by is None:
        return ""
    for team in {review.contract.owner if review.contract else owner, owner}:
        decision = can(by, "publish", Contract(name=definition.name, owner=team))
        if not decision:
            return f"“{definition.name}” belongs to the team {team.name}. {decision.reason}"
    return ""


def owner_of(
    compilation: Compilation, contract: Contract | None, by: User | None
) -> tuple[Team | None, list[Problem]]:
    """The team that the text names, else the current owner, else the author's only team of engineers."""
    slug = compilation.presentation.owner
    if slug:
        team = known_teams(by).filter(slug=slug).first()
        if team is not None:
            return team, []
        teams = Team.objects.all() if by is None or sees_everything(by) else by.teams.all()
        known = ", ".join(teams.values_list("slug", flat=True)) or "none yet"
        return None, [
            Problem("owner-unknown", f"There is no team “{slug}”.", "spec.owner", hint=f"Teams: {known}.")
        ]
    if contract is not None:
        return contract.owner, []
    authors = Team.objects.filter(pk__in=teams_with(by, Role.ENGINEER)) if by else Team.objects.all()
    found = list(authors[:2])
    if len(found) == 1 or (found and by is not None):
        return found[0], []
    message = "No owner is set."
    hint = "Add a document “kind: Contract” with “spec.owner”, the slug of a team."
    return None, [Problem("owner-missing", message, hint=hint)]


def known_teams(by: User | None) -> QuerySet[Team]:
    """The teams that the author may know of: their own, and those whose contracts they can see."""
    if by is None or sees_everything(by):
        return Team.objects.all()
    owners = Contract.objects.visible_to(by).values("owner")
    return Team.objects.filter(Q(pk__in=by.teams.values("pk")) | Q(offers_to_all=True) | Q(pk__in=owners))


def length_problems(compilation: Compilation) -> Iterator[Problem]:
    for field, limit in MAX_LENGTHS.items():
        length = len(getattr(compilation.presentation, field))
        if length > limit:
            yield Problem("too-long", f"It has {length} characters; the maximum is {limit}.", f"spec.{field}")


def changes_since(latest: Revision, definition: Definition) -> tuple[SchemaChange, ...]:
    """Empty when the latest text no longer compiles, because a kind that it uses was deleted."""
    before = compile_known(latest.text).runnable
    return tuple(schema_changes(before, definition)) if before else ()


def copy_presentation(
    contract: Contract, compilation: Compilation, definition: Definition, owner: Team
) -> None:
    """Copy to the row what lists show of the latest revision."""
    shown = compilation.presentation
    contract.group, contract.version, contract.kind = definition.group, definition.version, definition.kind
    contract.plural, contract.namespaced = definition.plural, definition.namespaced
    contract.owner = owner
    contract.title, contract.description = shown.title or definition.kind, shown.description
    contract.category, contract.icon, contract.lifecycle = shown.category, shown.icon, shown.lifecycle
    contract.updated_at = timezone.now()
