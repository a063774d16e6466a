"""What this app adds to the portal: search results, a section of the home page, the audit log's sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.http import HttpRequest

from contracts.models import Contract, Draft
from portal.accounts.models import User
from portal.accounts.permission import PLATFORM, can
from portal.audit.wording import Wording, wording
from portal.home.search import Result
from portal.home.sections import HomeSection

MAX_RESULTS = 6

AUDIT_WORDINGS: Mapping[str, Wording] = {
    "contract.published": wording("Published revision {revision} of {subject}"),
    "contract.withdrawn": wording("Withdrew {subject}"),
    "contract.reinstated": wording("Reinstated {subject}"),
    "contract.kind_recreated": wording("Recreated the kind of {subject}"),
    "grant.given": wording("Granted reach to {contract}, revision {revision}"),
    "grant.revoked": wording("Revoked a grant of {contract}", "revision"),
}


def find(user: User, text: str) -> Iterable[Result]:
    """Contracts, for their authors; the catalog finds those that everyone can create instances of."""
    if not can(user, "author", PLATFORM):
        return
    for contract in Contract.objects.visible_to(user).matching(text).select_related("owner")[:MAX_RESULTS]:
        detail = "withdrawn" if contract.withdrawn else contract.owner.name
        yield Result("Contracts", contract.title, contract.get_absolute_url(), contract.icon, detail)


def home_sections(request: HttpRequest) -> Iterable[HomeSection]:
    """The drafts that a platform engineer has not published yet."""
    if not isinstance(request.user, User) or not can(request.user, "author", PLATFORM):
        return
    drafts = Draft.objects.filter(author=request.user).select_related("contract")[:MAX_RESULTS]
    if drafts:
        yield HomeSection("contracts/_home.html", {"drafts": drafts})
