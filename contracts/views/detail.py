"""Reading contracts: a contract, a revision, the comparison of two revisions, and downloads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from contracts.compiler import Compilation, ReachEntry, schema_changes
from contracts.documents import read
from contracts.grants import granted_keys
from contracts.known_kinds import compile_known
from contracts.models import Contract, Grant, Revision
from contracts.views.access import current_user, revision_of, visible_contract
from contracts.views.field_table import field_rows
from contracts.views.highlight import highlighted
from contracts.views.previews import graph_preview
from contracts.views.revision_diff import text_diff
from contracts.views.testing import test_results
from portal.accounts.permission import PLATFORM, can

FILES = ("contract.yaml", "definition.yaml", "crd.yaml")


@require_safe
@login_required
def contract_detail(request: HttpRequest, name: str) -> HttpResponse:
    contract = visible_contract(request, name)
    if getattr(request, "htmx", False):
        return render(request, "contracts/_aside.html", aside(request, contract))
    compilation = compile_known(contract.revision.text, current_user(request)) if contract.revision else None
    context = {
        **aside(request, contract),
        **compilation_context(compilation),
        "paragraphs": [part for part in contract.description.split("\n\n") if part.strip()],
        "tests": test_results(compilation) if compilation else (),
    }
    return render(request, "contracts/detail.html", context)


def aside(request: HttpRequest, contract: Contract) -> dict[str, Any]:
    """The part of the page that is refreshed while it is open, and what the user may do."""
    user = current_user(request)
    return {
        "contract": contract,
        "revisions": contract.revisions.defer("text")[:8],
        "revision_count": contract.revisions.count(),
        "instances": contract.instances.count(),
        "may_author": can(user, "author", PLATFORM),
        "may_publish": can(user, "publish", contract),
        "may_withdraw": can(user, "withdraw", contract),
        "may_grant": (may_grant := can(user, "grant", contract)),
        "not_granted": not_granted(contract) if may_grant else (),
        "grants": Grant.objects.of(contract.name, contract.owner),
    }


def not_granted(contract: Contract) -> Sequence[ReachEntry]:
    """What the latest revision reaches without a grant: it was published before, or the grant was revoked."""
    if contract.revision is None:
        return ()
    reach = compile_known(contract.revision.text).reach
    return reach.exceeds(granted_keys(contract.name, contract.owner)) if reach else ()


def compilation_context(compilation: Compilation | None) -> dict[str, Any]:
    """What pages show of a compiled text. A definition that was published long ago may no longer compile."""
    if compilation is None:
        return {}
    definition = compilation.runnable
    return {
        "problems": compilation.problems,
        "reach": compilation.reach.entries,
        "definition": definition,
        "shown": compilation.presentation,
        "fields": field_rows(compilation.form_schema or {}, compilation.presentation.form),
        "graph": graph_preview(compilation),
        "nodes": [definition.node(node) for node in definition.order] if definition else (),
    }


@require_safe
@login_required
def revision_detail(request: HttpRequest, name: str, number: int) -> HttpResponse:
    contract = visible_contract(request, name)
    revision = revision_of(contract, number)
    compilation = compile_known(revision.text, current_user(request))
    context = {
        "contract": contract,
        "revision": revision,
        "latest": contract.revision == revision,
        "numbers": contract.revisions.values_list("number", flat=True),
        "lines": highlighted(revision.text),
        "files": FILES if compilation.runnable else FILES[:1],
        "may_author": can(request.user, "author", PLATFORM),
        **compilation_context(compilation),
    }
    return render(request, "contracts/revision.html", context)


@require_safe
@login_required
def revision_comparison(request: HttpRequest, name: str) -> HttpResponse:
    contract = visible_contract(request, name)
    latest = contract.revision.number if contract.revision else 0
    after = revision_of(contract, number_in(request, "to", latest))
    before = revision_of(contract, number_in(request, "from", max(after.number - 1, 1)))
    context = {
        "contract": contract,
        "before": before,
        "after": after,
        "numbers": contract.revisions.values_list("number", flat=True),
        "diff": text_diff(before.text, after.text),
        "changes": changes_between(before, after),
    }
    return render(request, "contracts/compare.html", context)


def number_in(request: HttpRequest, key: str, default: int) -> int:
    text = request.GET.get(key, "")
    if not text:
        return default
    if not text.isdecimal() or len(text) > 9:
        raise Http404("There is no such revision.")
    return int(text)


def changes_between(before: Revision, after: Revision) -> list[Any]:
    old, new = compile_known(before.text).runnable, compile_known(after.text).runnable
    return list(schema_changes(old, new)) if old and new else []


@require_safe
@login_required
def revision_file(request: HttpRequest, name: str, number: int, file: str) -> HttpResponse:
    """Download a revision: the author's file, the definition for kro, or the generated CRD."""
    contract = visible_contract(request, name)
    revision = revision_of(contract, number)
    answer = HttpResponse(file_text(revision, file), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{contract.name}-r{number}-{file}"'
    return answer


def file_text(revision: Revision, file: str) -> str:
    if file == "contract.yaml":
        return revision.text
    if file == "definition.yaml":
        return definition_text(revision.text)
    definition = compile_known(revision.text).runnable
    if file != "crd.yaml" or definition is None:
        raise Http404("There is no such file.")
    return yaml.safe_dump(dict(definition.crd), sort_keys=False, allow_unicode=True)


def definition_text(text: str) -> str:
    """Only the lines of the definition, including comments, without the Contract document."""
    documents, _ = read(text)
    for document in documents:
        if isinstance(document.data, dict) and document.data.get("kind") == "ResourceGraphDefinition":
            span = document.value_span(())
            lines = text.removeprefix("\ufeff").splitlines(keepends=True)
            return "".join(lines[span.line - 1 : span.end_line]).rstrip("-\n") + "\n" if span else text
    raise Http404("There is no definition in this revision.")
