"""The verbs of ``manage.py contract`` that change the portal: publish, withdraw, reinstate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError

from contracts.management.results import Answer, in_file, printed, text_of
from contracts.models import Contract, ReasonMissing
from contracts.problems import Rejected
from contracts.publishing import BreaksInstances, publish
from portal.accounts.models import User


def publish_files(options: Mapping[str, Any]) -> Answer:
    """Publish every file; a refused one does not keep the others back, but the command ends with 1."""
    by = person(options["username"])
    output: list[str] = []
    complaints: list[str] = []
    refused = 0
    for file in options["files"]:
        said, complained, ok = publish_file(file, by, options)
        output += said
        complaints += complained
        refused += not ok
    summary = f"{refused} of {len(options['files'])} files refused; nothing of them was published."
    return Answer(tuple(output), tuple(complaints), not refused, summary)


def publish_file(
    file: Path, by: User | None, options: Mapping[str, Any]
) -> tuple[list[str], list[str], bool]:
    text, unreadable = text_of(file)
    if unreadable:
        return [], [printed(problem) for problem in unreadable], False
    try:
        done = publish(text, by=by, note=options["note"], breaking_reason=options["allow_breaking"])
    except BreaksInstances as refusal:
        hint = "Publish it as a new contract, or say --allow-breaking REASON."
        return [], [*map(printed, in_file(refusal.problems, file)), f"{file}: {hint}"], False
    except Rejected as refusal:
        return [], [*map(printed, in_file(refusal.problems, file))], False
    except PermissionDenied as refusal:
        return [], [f"{file}: {refusal}"], False
    name, number = done.contract.name, done.revision.number
    said = (
        f"{name}: revision {number} published." if done.new else f"{name}: unchanged since revision {number}."
    )
    if done.contract.withdrawn:
        said += " It is withdrawn; “contract reinstate” offers it again."
    return [said], [*map(printed, in_file(done.problems, file))], True


def withdraw(options: Mapping[str, Any]) -> Answer:
    return moved(Contract.withdraw, "withdrawn", options)


def reinstate(options: Mapping[str, Any]) -> Answer:
    return moved(Contract.reinstate, "offered again", options)


def moved(move: Callable[..., None], outcome: str, options: Mapping[str, Any]) -> Answer:
    contract = contract_named(options["name"])
    try:
        move(contract, by=person(options["username"]), reason=options["reason"])
    except (PermissionDenied, ReasonMissing) as refusal:
        return Answer(complaints=(str(refusal),), ok=False, summary=f"{contract.name} is as it was.")
    return Answer((f"{contract.name}: {outcome}.",))


def contract_named(name: str) -> Contract:
    contract = Contract.objects.select_related("owner").filter(name=name).first()
    if contract is None:
        known = ", ".join(Contract.objects.order_by("name").values_list("name", flat=True)[:20]) or "none"
        raise CommandError(f"There is no contract “{name}”. Contracts: {known}.", returncode=1)
    return contract


def person(username: str) -> User | None:
    if not username:
        return None
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active account “{username}”.", returncode=1)
    return user
