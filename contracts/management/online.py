"""The verbs of ``manage.py contract`` that change the portal: publish, withdraw, reinstate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError

from contracts.grants import give
from contracts.grants import revoke as revoke_grant
from contracts.known_kinds import compile_known
from contracts.management.results import CommandResult, format_problem, read_text, with_file
from contracts.models import Contract, Grant, InvalidReason
from contracts.problems import Rejected
from contracts.publishing import BreakingChange, Publication, PublishRequest, publish_request
from portal.accounts.models import User


def publish_files(options: Mapping[str, Any]) -> CommandResult:
    """Publish every file; a rejected one does not hold back the others, but the exit status is 1."""
    by = user_named(options["username"])
    results = [publish_file(file, by, options) for file in options["files"]]
    rejected = sum(not result.ok for result in results)
    return CommandResult(
        tuple(line for result in results for line in result.output),
        tuple(line for result in results for line in result.errors),
        not rejected,
        f"{rejected} of {len(results)} files rejected; nothing in them was published.",
    )


def publish_file(file: Path, by: User | None, options: Mapping[str, Any]) -> CommandResult:
    text, unreadable = read_text(file)
    if unreadable:
        return CommandResult(errors=tuple(map(format_problem, unreadable)), ok=False)
    try:
        done = publish_request(
            PublishRequest(
                text,
                by=by,
                note=options["note"],
                breaking_reason=options["allow_breaking"],
                grant_reason=options["grant"],
            )
        )
    except Rejected as rejection:
        lines = [*map(format_problem, with_file(rejection.problems, file))]
        if isinstance(rejection, BreakingChange):
            lines.append(f"{file}: Publish it as a new contract, or pass --allow-breaking REASON.")
        if any(problem.code == "needs-grant" for problem in rejection.problems):
            lines.append(f"{file}: A portal admin can grant it: pass --grant REASON.")
        return CommandResult(errors=tuple(lines), ok=False)
    except PermissionDenied as denial:
        return CommandResult(errors=(f"{file}: {denial}",), ok=False)
    warnings = tuple(map(format_problem, with_file(done.problems, file)))
    return CommandResult((outcome_of(done),), warnings)


def outcome_of(done: Publication) -> str:
    name, number = done.contract.name, done.revision.number
    line = (
        f"{name}: revision {number} published." if done.new else f"{name}: unchanged since revision {number}."
    )
    if done.contract.withdrawn:
        line += " It is withdrawn; “contract reinstate” makes it available again."
    return line


def withdraw(options: Mapping[str, Any]) -> CommandResult:
    return change_availability(Contract.withdraw, "withdrawn", options)


def reinstate(options: Mapping[str, Any]) -> CommandResult:
    return change_availability(Contract.reinstate, "reinstated", options)


def change_availability(
    change: Callable[..., None], outcome: str, options: Mapping[str, Any]
) -> CommandResult:
    contract = contract_named(options["name"])
    try:
        change(contract, by=user_named(options["username"]), reason=options["reason"])
    except (PermissionDenied, InvalidReason) as denial:
        return CommandResult(errors=(str(denial),), ok=False, summary=f"{contract.name}: unchanged.")
    return CommandResult((f"{contract.name}: {outcome}.",))


def grant(options: Mapping[str, Any]) -> CommandResult:
    """Grant what the latest revision reaches."""
    contract = contract_named(options["name"])
    if contract.revision is None:
        return CommandResult(errors=(f"{contract.name} has no revision.",), ok=False)
    reach = compile_known(contract.revision.text).reach
    try:
        given = give(contract, reach, by=user_named(options["username"]), reason=options["reason"])
    except (PermissionDenied, InvalidReason) as denial:
        return CommandResult(errors=(str(denial),), ok=False, summary=f"{contract.name}: nothing granted.")
    if given is None:
        return CommandResult((f"{contract.name}: everything that it reaches is granted.",))
    return CommandResult(
        (f"{contract.name}: grant {given.pk} given.", *(f"  {line}" for line in given.descriptions))
    )


def revoke(options: Mapping[str, Any]) -> CommandResult:
    """Revoke one grant, or all of the contract's grants."""
    grants = Grant.objects.active().select_related("owner").filter(contract_name=options["name"])
    if options["grant"] is not None:
        grants = grants.filter(pk=options["grant"])
    by, found = user_named(options["username"]), list(grants)
    if not found:
        return CommandResult(errors=(f"{options['name']} has no such grant.",), ok=False)
    try:
        for one in found:
            revoke_grant(one, by=by, reason=options["reason"])
    except (PermissionDenied, InvalidReason) as denial:
        return CommandResult(errors=(str(denial),), ok=False, summary=f"{options['name']}: unchanged.")
    return CommandResult(tuple(f"{options['name']}: grant {one.pk} revoked." for one in found))


def contract_named(name: str) -> Contract:
    contract = Contract.objects.select_related("owner").filter(name=name).first()
    if contract is None:
        known = ", ".join(Contract.objects.order_by("name").values_list("name", flat=True)[:20]) or "none"
        raise CommandError(f"There is no contract “{name}”. Contracts: {known}.", returncode=1)
    return contract


def user_named(username: str) -> User | None:
    if not username:
        return None
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user “{username}”.", returncode=1)
    return user
