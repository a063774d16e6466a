"""The page of an instance: state, graph, resources, conditions, events, history and manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.availability import usable_contract, usable_revision
from catalog.changes import may_cancel
from catalog.forms.highlight import yaml_lines
from catalog.forms.spec_diff import FieldChange, field_changes
from catalog.forms.yaml_text import to_yaml
from catalog.graph.view import ROOT, Graph, GraphNode, graph_of_instance
from catalog.models import Change, DeletedInstance, Instance, InstanceResource, State
from catalog.status_banner import banner_for, shown_state, worst_first
from catalog.touched import read_touched
from catalog.views.shared import signed_in_user
from contracts.compiler import Definition
from contracts.documents.api_versions import group_of
from portal.accounts.permission import can

TABS = ("overview", "resources", "events", "history", "manifest")
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    label: str
    query: str
    count: int | None = None


@require_safe
@login_required
def instance(request: HttpRequest, pk: int) -> HttpResponse:
    """The page, and its live part, which htmx requests again when the instance changes."""
    part = bool(request.htmx) and request.htmx.target == "instance-live"  # type: ignore[attr-defined]
    row = find_instance_with_relations(request, pk)
    if row is None:
        return deleted_page(request, pk, part=part)
    context = page_context(request, row)
    return render(request, "catalog/_instance.html" if part else "catalog/instance.html", context)


def find_instance_with_relations(request: HttpRequest, pk: int) -> Instance | None:
    related = (
        "contract",
        "contract__owner",
        "contract__revision",
        "revision",
        "team",
        "destination",
        "created_by",
    )
    return Instance.objects.visible_to(request.user).select_related(*related).filter(pk=pk).first()


def deleted_page(request: HttpRequest, pk: int, *, part: bool) -> HttpResponse:
    """The page of a deleted instance, for everyone who could see the instance."""
    visible = DeletedInstance.objects.visible_to(request.user)
    deleted = visible.select_related("contract", "team").filter(pk=pk).first()
    if deleted is None:
        raise Http404
    template = "catalog/_deleted.html" if part else "catalog/deleted.html"
    return render(request, template, {"deleted": deleted, "contract": deleted.contract})


def page_context(request: HttpRequest, row: Instance) -> dict[str, Any]:
    user = signed_in_user(request)
    tab = request.GET.get("tab", "overview")
    tab = tab if tab in TABS else "overview"
    resources = list(row.resources.order_by("node", "index", "name"))
    change = row.changes.select_related("author").first()
    context: dict[str, Any] = {
        "instance": row,
        "contract": row.contract,
        "state": shown_state(row, row.destination),
        "banner": banner_for(row, change, row.destination),
        "change": change,
        "may_cancel": change is not None and change.is_cancellable and may_cancel(user, change),
        "refusals": change.causes if change and change.state == "refused" else [],
        "resources": resources,
        "tab": tab,
        "tabs": tabs(row, resources),
        "may_edit": can(user, "edit", row),
        "may_delete": can(user, "delete", row),
        "now": timezone.now(),
        "live_url": f"{row.get_absolute_url()}?{urlencode(preserved_query(request))}",
        "status_fields": status_fields(row),
        "suspended": row.suspended,
    }
    if tab in ("overview", "resources"):
        context |= overview_context(request, row, resources)
    if tab in ("overview", "events"):
        events = row.events.all()
        context["events"] = events[:6] if tab == "overview" else paged(request, events)
    if tab == "history":
        changes = paged(request, row.changes.select_related("author", "instance", "instance__contract"))
        context["changes"] = changes
        context["touched"] = {one.pk: touched_fields(one) for one in changes}
        context["cancellable"] = {one.pk for one in changes if one.is_cancellable and may_cancel(user, one)}
    if tab == "manifest":
        context |= manifest_context(row)
    return context


def touched_fields(change: Change) -> list[FieldChange]:
    """What an update changes, field by field."""
    return [
        line
        for touched in read_touched(change.touched)
        for line in field_changes(touched.old, touched.new, touched.path)
    ]


def preserved_query(request: HttpRequest) -> dict[str, str]:
    return {key: request.GET[key] for key in ("tab", "node", "view", "page") if request.GET.get(key)}


def node_query(request: HttpRequest) -> str:
    """The start of the query of links to nodes: the other parameters of the page."""
    query = urlencode({key: value for key, value in preserved_query(request).items() if key != "node"})
    return f"{query}&" if query else ""


def paged(request: HttpRequest, rows: Any) -> Any:
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def tabs(row: Instance, resources: list[InstanceResource]) -> list[Tab]:
    counts = {
        "resources": len(resources),
        "events": row.events.count(),
        "history": row.changes.count(),
    }
    return [
        Tab(key, key.capitalize(), "?" if key == "overview" else f"?tab={key}", counts.get(key))
        for key in TABS
    ]


def definition_of(row: Instance) -> Definition | None:
    usable = usable_revision(row.revision) if row.revision is not None else usable_contract(row.contract)
    return usable.definition if usable else None


def overview_context(
    request: HttpRequest, row: Instance, resources: list[InstanceResource]
) -> dict[str, Any]:
    definition = None if row.nodes else definition_of(row)
    graph = graph_of_instance(row, resources, definition)
    selected = graph.node(request.GET.get("node", ""))
    conditions = worst_first(row.conditions, failing=row.state == State.FAILED)
    return {
        "graph": graph,
        "graph_mode": graph_mode(request, graph),
        "root": ROOT,
        "conditions": conditions,
        "true_conditions": sum(condition["state"] == "ready" for condition in conditions),
        "selected": node_panel(row, graph, selected, resources) if selected and selected.id != ROOT else None,
        "node_query": node_query(request),
    }


def graph_mode(request: HttpRequest, graph: Graph) -> str:
    """ "graph", "list", or "" if not chosen: then a narrow screen shows the list."""
    wanted = request.GET.get("view", "")
    return "list" if not graph.drawable else wanted if wanted in ("graph", "list") else ""


def node_panel(
    row: Instance, graph: Graph, node: GraphNode, resources: list[InstanceResource]
) -> dict[str, Any]:
    """The panel for the selected node."""
    own = [resource for resource in resources if resource.node == node.id]
    events = row.events.filter(node=node.id)[:5]
    return {
        "node": node,
        "resources": own[:50],
        "more": max(len(own) - 50, 0),
        "needs": [found for need in node.needs if (found := graph.node(need))],
        "dependents": [other.id for other in graph.nodes if node.id in other.needs],
        "commands": [command_for(resource) for resource in own[:1]],
        "events": events,
    }


def command_for(resource: InstanceResource) -> str:
    """The kubectl command that shows the resource."""
    group = group_of(resource.api_version)
    kind = f"{resource.kind.lower()}.{group}" if group else resource.kind.lower()
    namespace = f" -n {resource.namespace}" if resource.namespace else ""
    return f"kubectl get {kind} {resource.name}{namespace} -o yaml"


def status_fields(row: Instance) -> list[tuple[str, str, str]]:
    """(name, value, format) of the contract's status fields. URLs become links."""
    shown = []
    for key, value in row.status.items():
        if key in ("conditions", "state", "observedGeneration"):
            continue
        text = (
            value if isinstance(value, str) else to_yaml(value).strip() if value not in (None, {}, []) else ""
        )
        kind = "link" if text.startswith(("https://", "http://")) else "block" if "\n" in text else "text"
        if text:
            shown.append((key, text, kind))
    return shown


def manifest_context(row: Instance) -> dict[str, Any]:
    text = to_yaml(row.manifest)
    namespace = f" -n {row.namespace}" if row.namespace else ""
    plural = f"{row.contract.plural}.{row.contract.group}"
    return {
        "manifest_text": text,
        "manifest_lines": yaml_lines(text),
        "commands": [
            ("View", f"kubectl get {plural} {row.name}{namespace} -o yaml"),
            ("Apply", "kubectl apply -f - <<'EOF'\n" + text + "EOF"),
            (
                "API request",
                f'curl -H "Authorization: Bearer $TOKEN" $PORTAL/api/v1/instances/{row.pk}/',
            ),
        ],
    }
