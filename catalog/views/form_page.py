"""From a request to a validated draft: what form, preview, YAML view and submission of one page share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest

from catalog.availability import creation_destination, may_create, namespaces_for
from catalog.forms.fields import FieldProblem
from catalog.forms.highlight import Line, yaml_lines
from catalog.forms.instance_form import (
    FormInput,
    InstanceForm,
    UsableContract,
    from_post,
    from_text,
    problem_text,
)
from catalog.forms.spec_diff import FieldChange, field_changes
from catalog.forms.yaml_text import to_yaml
from catalog.graph.view import Graph, graph_of_preview
from catalog.host_conflicts import ClaimedHost, claimed_hosts
from catalog.models import Action, Change, DeletedInstance, Destination, FormDraft, Instance
from catalog.ownership_conflicts import OwnershipConflict, ownership_conflicts
from catalog.touched import Base
from catalog.views.edit_news import EditNews
from catalog.views.refusals import refusals
from catalog.views.unset_fields import UnsetField, unset_fields
from contracts.models import Contract
from contracts.problems import Problem
from contracts.runtime import PreviewNode, preview
from contracts.schema import apply_defaults
from portal.accounts.models import TeamNamespace, User

PANES = ("manifest", "resources", "changes")


@dataclass(frozen=True, slots=True)
class FormTarget:
    """What a form creates or edits, and for whom. ``before`` is the manifest that the edit is based on."""

    user: User
    contract: Contract
    usable: UsableContract
    instance: Instance | None = None  # None while creating
    before: Mapping[str, Any] | None = None

    @property
    def destination(self) -> Destination:
        return self.instance.destination if self.instance else creation_destination()


@dataclass(slots=True)
class FormPage:
    """Everything that the form page shows."""

    target: FormTarget
    form: InstanceForm
    mode: str = "form"
    pane: str = "manifest"
    submission: str = ""
    show_errors: bool = False  # after a refused submission, missing fields are reported as well
    base: str = ""  # the generation that the edit is based on
    preview_nodes: list[PreviewNode] = field(default_factory=list)
    ownership_conflicts: list[OwnershipConflict] = field(default_factory=list)
    claimed_hosts: list[ClaimedHost] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)  # what would be out of reach
    unset_fields: list[UnsetField] = field(default_factory=list)  # what nodes would wait for
    resumed_draft: FormDraft | None = None
    copied: Instance | DeletedInstance | None = None
    # Changes made by others since the edit began, and whether this user changed the same field.
    conflicting_changes: list[tuple[FieldChange, bool]] = field(default_factory=list)
    news: EditNews | None = None

    @property
    def is_long(self) -> bool:
        return self.form.tree.is_long

    def use_yaml_if_long(self) -> None:
        """A browser and the server would take many seconds for thousands of inputs."""
        if self.is_long:
            self.mode = "yaml"

    @property
    def namespaces(self) -> list[TeamNamespace]:
        return namespaces_for(self.target.user, self.target.contract)

    @property
    def summary(self) -> list[FieldProblem]:
        """All errors. Of YAML text they include those that the form shows at its fields."""
        if self.mode == "form":
            return self.form.field_problems
        return [FieldProblem(p.path, problem_text(p), "") for p in self.form.problems if p.is_error]

    @property
    def focus(self) -> str:
        """The id of the input that gets the focus after a refused submission."""
        targets = (problem.target for problem in self.form.field_problems if problem.target)
        return next(targets, "") if self.show_errors else ""

    @property
    def is_foreign_namespace(self) -> bool:
        return self.form.namespace not in {one.name for one in self.namespaces}

    @property
    def before_json(self) -> str:
        return json.dumps(self.target.before) if self.target.before else ""

    @property
    def edit_base(self) -> Base:
        instance = self.target.instance
        current = instance.manifest if instance else {}
        return Base(self.target.before or {}, self.target.usable.schema, current)

    @property
    def shape(self) -> str:
        return f"{self.mode}-{self.form.tree.shape}"

    @property
    def lines(self) -> list[Line]:
        before = self.target.before
        changed = changed_lines(to_yaml(before), self.form.text) if before else ()
        errors = [p for p in self.form.problems if p.is_error and (self.show_errors or p.code != "required")]
        return yaml_lines(self.form.text, errors, changed)

    @property
    def graph(self) -> Graph:
        return graph_of_preview(self.target.usable.definition, self.preview_nodes)

    @property
    def resource_count(self) -> int:
        return sum(len(node.manifests) for node in self.preview_nodes)

    @property
    def changes(self) -> list[FieldChange]:
        before = self.target.before.get("spec") if self.target.before else {}
        return list(field_changes(before or {}, self.form.spec))

    @property
    def manifests(self) -> list[tuple[str, str, list[Line]]]:
        """(kind, name, lines) of every resource that would be created."""
        return [
            (
                str(manifest.get("kind", "")),
                str(manifest.get("metadata", {}).get("name", "")),
                yaml_lines(to_yaml(dict(manifest))),
            )
            for node in self.preview_nodes
            for manifest in node.manifests
        ]

    def focus_first_error(self) -> None:
        for one in self.form.tree.root.walk():
            one.focus = one.id == self.focus
            one.focus_key = one.is_entry and one.key_id == self.focus

    def render_preview(self) -> None:
        """Render what would be created, with the same runtime as the reconciler."""
        if not self.form.readable:
            return
        usable = self.target.usable
        manifest = {**self.form.manifest, "spec": apply_defaults(usable.schema, self.form.spec)}
        metadata = manifest.get("metadata")
        name = isinstance(metadata, dict) and metadata.get("name")
        manifest["metadata"] = {
            **(metadata if isinstance(metadata, dict) else {}),
            "name": name or "unnamed",
        }
        self.preview_nodes = list(preview(usable.definition, manifest))
        self.unset_fields = unset_fields(self.form, usable.schema, self.preview_nodes)
        if not self.target.contract.namespaced or self.form.namespace:
            self.refusals = refusals(
                self.target.contract, usable.definition, self.preview_nodes, self.form.namespace
            )
        if name and not self.form.name_messages:
            manifests = [manifest for node in self.preview_nodes for manifest in node.manifests]
            self.claimed_hosts = claimed_hosts(
                manifests,
                namespace=self.form.namespace,
                destination=self.target.destination,
                by=self.target.user,
                instance=self.target.instance,
            )
            self.ownership_conflicts = ownership_conflicts(
                manifests,
                namespace=self.form.namespace,
                destination=self.target.destination,
                by=self.target.user,
                instance=self.target.instance,
            )


def changed_lines(before: str, after: str) -> list[int]:
    """Numbers of the lines of ``after`` that are not in ``before``."""
    matcher = SequenceMatcher(a=before.splitlines(), b=after.splitlines(), autojunk=False)
    return [
        number + 1
        for tag, _, _, start, end in matcher.get_opcodes()
        if tag != "equal"
        for number in range(start, end)
    ]


def page_from_post(request: HttpRequest, target: FormTarget, *, submitting: bool = False) -> FormPage:
    """Read the posted form or YAML text. When it is submitted, missing fields are errors as well."""
    post = request.POST
    pressed = pressed_button(request)
    show_errors = submitting or bool(post.get("_show_errors") or pressed == "_save")
    mode = "yaml" if post.get("_mode") == "yaml" else "form"
    if mode == "yaml":
        text = post.get("text", "").replace("\r\n", "\n")
        form = from_text(target.usable, text, before=target.before, lenient=not show_errors)
    else:
        posted = form_input(request, target, operation=post.get("_op", "") if pressed == "_op" else "")
        form = from_post(target.usable, posted, before=target.before, lenient=not show_errors)
    if target.instance is None:
        add_problems(form, name_problems(target, form))
    wanted = post.get("_view", mode) if pressed == "_view" else mode
    if mode == "yaml" and wanted == "form" and not form.readable:
        wanted = "yaml"
    pane = post.get("_pane", "")
    return FormPage(
        target,
        form,
        mode="yaml" if wanted == "yaml" else "form",
        pane=pane if pane in PANES else "manifest",
        submission=post.get("_submission", ""),
        show_errors=show_errors,
        base=post.get("_base", ""),
    )


def form_input(request: HttpRequest, target: FormTarget, *, operation: str) -> FormInput:
    post, instance = request.POST, target.instance
    return FormInput(
        pairs=[(name, str(text)) for name, texts in post.lists() for text in texts],
        text=post.get("_text", "").replace("\r\n", "\n"),
        name=instance.name if instance else post.get("_name", ""),
        namespace=instance.namespace if instance else post.get("_namespace", ""),
        operation=operation,
    )


def pressed_button(request: HttpRequest) -> str:
    """The name of the pressed button: ``_op``, ``_view``, ``_save``, ``_merge``; empty if none was pressed.

    htmx sends the last pressed button of a form with each later request, so its name counts only when that
    button triggered the request.
    """
    names = [name for name in ("_op", "_view", "_save", "_merge") if request.POST.get(name)]
    if request.htmx:  # type: ignore[attr-defined]
        names = [name for name in names if name == request.htmx.trigger_name]  # type: ignore[attr-defined]
    return names[0] if names else ""


def add_problems(form: InstanceForm, problems: Iterable[Problem]) -> None:
    """Add problems that only the database knows. They belong to name and namespace, outside of the tree."""
    for problem in problems:
        target = problem.path.rpartition(".")[2]
        if not form.messages_for(target):
            form.field_problems.insert(0, FieldProblem(problem.path, problem.message, target))
            form.problems = (problem, *form.problems)


def name_problems(target: FormTarget, form: InstanceForm) -> list[Problem]:
    """Whether this user may create instances in the namespace, and whether the name is free."""
    contract, name, namespace = target.contract, form.name, form.namespace
    if contract.namespaced and not namespace:
        return []
    if refused := not_allowed(target, form):
        return refused
    if name and name_exists(contract, creation_destination(), namespace, name):
        where = f" in {namespace}" if namespace else ""
        message = f"There is already a {contract.title} called {name}{where}. Choose another name."
        return [Problem("name-taken", message, "metadata.name")]
    return []


def not_allowed(target: FormTarget, form: InstanceForm) -> list[Problem]:
    """Whether this user may create instances in the namespace, as its owner is now."""
    decision = may_create(target.user, target.contract, form.namespace, form.name)
    if decision:
        return []
    return [refusal_problem(form, decision.reason)]


def refusal_problem(form: InstanceForm, reason: str) -> Problem:
    if not form.namespace:
        return Problem("not-allowed", reason, "metadata.name")
    message = f"You cannot create instances in {form.namespace}. {reason}"
    return Problem("not-allowed", message, "metadata.namespace")


def name_exists(contract: Contract, destination: Destination, namespace: str, name: str) -> bool:
    return Instance.objects.filter(
        contract=contract, destination=destination, namespace=namespace, name=name
    ).exists()


def parse_submission(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def submitted_change(page: FormPage) -> Change | None:
    """The change that this form requested already, if it was sent twice.

    A form that was changed since, or whose submission is missing, malformed or of another request, is new.
    """
    submission = parse_submission(page.submission)
    # Read once: the same form, sent at the same moment, may be saved between two queries.
    sent = Change.objects.filter(submission=submission).first() if submission else None
    if sent is not None and _is_same_request(page, sent):
        return sent
    if submission is None or sent is not None:
        page.submission = new_submission()
    return None


def _is_same_request(page: FormPage, sent: Change) -> bool:
    target = page.target
    if (sent.author_id, sent.contract_id) != (target.user.pk, target.contract.pk):
        return False
    if target.instance is None:
        return sent.action == Action.CREATE and sent.manifest == page.form.manifest
    if (sent.action, sent.instance_id) != (Action.UPDATE, target.instance.pk):
        return False
    touched = page.edit_base.touched_by(page.form.manifest)
    return _new_values(sent.touched) == _new_values(one.as_dict() for one in touched)


def _new_values(touched: Iterable[Mapping[str, Any]]) -> list[Any]:
    return [{key: value for key, value in one.items() if key in ("path", "new")} for one in touched]


def new_submission() -> str:
    return str(uuid4())
