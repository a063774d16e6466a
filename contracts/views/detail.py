"""Reading contracts: the contract's page, a frozen revision, two revisions compared, and files to keep."""

from __future__ import annotations

from typing import Any

import yaml
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from contracts.compiler import Compilation, breaking_changes
from contracts.documents import read
from contracts.known_kinds import compile_known
from contracts.models import Contract, Revision
from contracts.views.access import person, revision_of, visible_contract
from contracts.views.field_table import field_rows
from contracts.views.highlight import highlighted
from contracts.views.previews import graph_preview
from contracts.views.revision_diff import difference
from contracts.views.testing import test_results
from portal.accounts.permission import PLATFORM, can

FILES = ("contract.yaml", "definition.yaml", "crd.yaml")


@require_safe
@login_required
def contract_detail(request: HttpRequest, name: str) -> HttpResponse:
    contract = visible_contract(request, name)
    if getattr(request, "htmx", False):
        return render(request, "contracts/_aside.html", aside(request, contract))
    compilation = compile_known(contract.revision.text) if contract.revision else None
    context = {
        **aside(request, contract),
        **reading(compilation),
        "paragraphs": [part for part in contract.description.split("\n\n") if part.strip()],
        "tests": test_results(compilation) if compilation else (),
    }
    return render(request, "contracts/detail.html", context)


def aside(request: HttpRequest, contract: Contract) -> dict[str, Any]:
    """What of the page can change while somebody looks at it, and what this person may do."""
    user = person(request)
    return {
        "contract": contract,
        "revisions": contract.revisions.defer("text")[:8],
        "revision_count": contract.revisions.count(),
        "instances": contract.instances.count(),
        "may_author": can(user, "author", PLATFORM),
        "may_publish": can(user, "publish", contract),
        "may_withdraw": can(user, "withdraw", contract),
    }


def reading(compilation: Compilation | None) -> dict[str, Any]:
    """A compiled text as its readers see it. Definitions published long ago may not compile any more."""
    if compilation is None:
        return {}
    definition = compilation.runnable
    return {
        "problems": compilation.problems,
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
    compilation = compile_known(revision.text)
    context = {
        "contract": contract,
        "revision": revision,
        "newest": contract.revision == revision,
        "numbers": contract.revisions.values_list("number", flat=True),
        "lines": highlighted(revision.text),
        "files": FILES if compilation.runnable else FILES[:1],
        "may_author": can(request.user, "author", PLATFORM),
        **reading(compilation),
    }
    return render(request, "contracts/revision.html", context)


@require_safe
@login_required
def revision_comparison(request: HttpRequest, name: str) -> HttpResponse:
    contract = visible_contract(request, name)
    newest = contract.revision.number if contract.revision else 0
    after = revision_of(contract, number_in(request, "to", newest))
    before = revision_of(contract, number_in(request, "from", max(after.number - 1, 1)))
    context = {
        "contract": contract,
        "before": before,
        "after": after,
        "numbers": contract.revisions.values_list("number", flat=True),
        "difference": difference(before.text, after.text),
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
    return list(breaking_changes(old, new)) if old and new else []


@require_safe
@login_required
def revision_file(request: HttpRequest, name: str, number: int, file: str) -> HttpResponse:
    """A revision to take away: as its author wrote it, as kro takes it, or the CRD that it generates."""
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
    """The lines of the definition alone, comments included, without the document for the catalog."""
    documents, _ = read(text)
    for document in documents:
        if isinstance(document.data, dict) and document.data.get("kind") == "ResourceGraphDefinition":
            span = document.value_span(())
            lines = text.removeprefix("\ufeff").splitlines(keepends=True)
            return "".join(lines[span.line - 1 : span.end_line]).rstrip("-\n") + "\n" if span else text
    raise Http404("There is no definition in this revision.")
