"""From a request to a judged draft: what form, preview, YAML view and submission of one page share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest

from catalog.availability import creation_destination, may_create, namespaces_for
from catalog.forms.fields import Trouble
from catalog.forms.highlight import Line, yaml_lines
from catalog.forms.instance_form import InstanceForm, UsableContract, from_post, from_text, problem_words
from catalog.forms.spec_diff import Difference, differences
from catalog.forms.yaml_text import to_yaml
from catalog.graph_view import Graph, graph_of_preview
from catalog.models import DeletedInstance, Destination, FormDraft, Instance
from catalog.ownership_conflicts import Claim, claims
from contracts.models import Contract
from contracts.problems import Problem
from contracts.runtime import PreviewNode, preview
from contracts.schema import apply_defaults
from portal.accounts.models import TeamNamespace, User

PANES = ("manifest", "resources", "changes")


@dataclass(slots=True)
class Page:
    """Everything that the form page shows. ``instance`` is None while creating."""

    user: User
    contract: Contract
    usable: UsableContract
    form: InstanceForm
    instance: Instance | None = None
    before: Mapping[str, Any] | None = None  # the manifest that the edit began with
    mode: str = "form"
    pane: str = "manifest"
    submission: str = ""
    told: bool = False  # a submission was refused: everything is said at its field
    base: str = ""  # the generation that the edit began with
    previewed: list[PreviewNode] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)  # what it would create and another instance has
    continued: FormDraft | None = None  # the draft that the form goes on with
    copied: Instance | DeletedInstance | None = None  # the instance that the form is a copy of
    theirs: list[tuple[Difference, bool]] = field(default_factory=list)  # changed meanwhile; and by me too

    @property
    def namespaces(self) -> list[TeamNamespace]:
        return namespaces_for(self.user)

    @property
    def summary(self) -> list[Trouble]:
        """Everything that stands in the way; of a text, what no field shows as well."""
        seen = self.form.troubles
        if self.mode == "form":
            return seen
        return [Trouble(p.path, problem_words(p), "") for p in self.form.problems if p.is_error]

    @property
    def focus(self) -> str:
        """The id of the input that gets the focus after a refusal."""
        return next((one.target for one in self.form.troubles if one.target), "") if self.told else ""

    @property
    def strange_namespace(self) -> bool:
        return self.form.namespace not in {one.name for one in self.namespaces}

    @property
    def before_json(self) -> str:
        return json.dumps(self.before) if self.before else ""

    @property
    def shape(self) -> str:
        return f"{self.mode}-{self.form.tree.shape}"

    @property
    def lines(self) -> list[Line]:
        changed = changed_lines(to_yaml(self.before), self.form.text) if self.before else ()
        wrong = [p for p in self.form.problems if p.is_error and (self.told or p.code != "required")]
        return yaml_lines(self.form.text, wrong, changed)

    @property
    def graph(self) -> Graph:
        return graph_of_preview(self.usable.definition, self.previewed)

    @property
    def resources(self) -> int:
        return sum(len(node.manifests) for node in self.previewed)

    @property
    def changes(self) -> list[Difference]:
        before = self.before.get("spec") if self.before else {}
        return list(differences(before or {}, self.form.spec))

    @property
    def manifests(self) -> list[tuple[str, str, list[Line]]]:
        """(kind, name, lines) of every resource that would be created."""
        return [
            (
                str(manifest.get("kind", "")),
                str(manifest.get("metadata", {}).get("name", "")),
                yaml_lines(to_yaml(dict(manifest))),
            )
            for node in self.previewed
            for manifest in node.manifests
        ]

    def point_out(self) -> None:
        """Put the focus on the first field that is wrong."""
        for one in self.form.tree.root.walk():
            one.focus = one.id == self.focus or (one.is_entry and one.key_id == self.focus)

    def look_ahead(self) -> None:
        """Render what would be created, with the same runtime that the reconciler uses."""
        if not self.form.readable:
            return
        wished = {**self.form.manifest, "spec": apply_defaults(self.usable.schema, self.form.spec)}
        metadata = wished.get("metadata")
        named = isinstance(metadata, dict) and metadata.get("name")
        wished["metadata"] = {**(metadata if isinstance(metadata, dict) else {}), "name": named or "unnamed"}
        self.previewed = list(preview(self.usable.definition, wished))
        if named and not self.form.name_troubles:
            self.claims = claims(
                [manifest for node in self.previewed for manifest in node.manifests],
                namespace=self.form.namespace,
                destination=self.instance.destination if self.instance else creation_destination(),
                by=self.user,
                instance=self.instance,
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


def posted_page(
    request: HttpRequest,
    user: User,
    contract: Contract,
    usable: UsableContract,
    *,
    instance: Instance | None = None,
    before: Mapping[str, Any] | None = None,
    sending: bool = False,
) -> Page:
    """Read the form that was posted, in whichever view. ``sending``: it is submitted, so all is said."""
    post = request.POST
    pressed = pressed_button(request)
    told = sending or bool(post.get("_told") or pressed == "_save")
    mode = "yaml" if post.get("_mode") == "yaml" else "form"
    if mode == "yaml":
        form = from_text(usable, post.get("text", "").replace("\r\n", "\n"), before=before, patient=not told)
    else:
        form = from_post(
            usable,
            [(name, text) for name, texts in post.lists() for text in texts],
            text=post.get("_text", "").replace("\r\n", "\n"),
            name=instance.name if instance else post.get("_name", ""),
            namespace=instance.namespace if instance else post.get("_namespace", ""),
            operation=post.get("_op", "") if pressed == "_op" else "",
            before=before,
            patient=not told,
        )
    more = place_problems(user, contract, form) if instance is None else []
    if more:
        add_problems(form, more)
    wanted = post.get("_view", mode) if pressed == "_view" else mode
    if mode == "yaml" and wanted == "form" and not form.readable:
        wanted = "yaml"
    pane = post.get("_pane", "")
    return Page(
        user,
        contract,
        usable,
        form,
        instance,
        before,
        mode="yaml" if wanted == "yaml" else "form",
        pane=pane if pane in PANES else "manifest",
        submission=post.get("_submission", ""),
        told=told,
        base=post.get("_base", ""),
    )


def pressed_button(request: HttpRequest) -> str:
    """The name of the button that asked: ``_op``, ``_view``, ``_save``, or nothing for typing and sending.

    htmx sends the last button of a form along with every later request of the form, so its name counts only
    when that button is what triggered the request.
    """
    names = [name for name in ("_op", "_view", "_save") if request.POST.get(name)]
    if request.htmx:  # type: ignore[attr-defined]
        names = [name for name in names if name == request.htmx.trigger_name]  # type: ignore[attr-defined]
    return names[0] if names else ""


def add_problems(form: InstanceForm, problems: Iterable[Problem]) -> None:
    """Problems that only the database knows: they stand at name and namespace, outside of the field tree."""
    for problem in problems:
        target = problem.path.rpartition(".")[2]
        if not form.trouble_of(target):
            form.troubles.insert(0, Trouble(problem.path, problem.message, target))
            form.problems = (problem, *form.problems)


def place_problems(user: User, contract: Contract, form: InstanceForm) -> list[Problem]:
    """Whether this person may create there, and whether the name is free."""
    name, namespace = form.name, form.namespace
    if contract.namespaced and not namespace:
        return []
    decision = may_create(user, contract, namespace, name)
    if not decision:
        message = (
            f"You may not create anything in {namespace}. {decision.reason}" if namespace else decision.reason
        )
        return [Problem("not-allowed", message, "metadata.namespace" if namespace else "metadata.name")]
    if name and taken(contract, creation_destination(), namespace, name):
        where = f" in {namespace}" if namespace else ""
        message = f"There is already a {contract.title} called {name}{where}. Choose another name."
        return [Problem("name-taken", message, "metadata.name")]
    return []


def taken(contract: Contract, destination: Destination, namespace: str, name: str) -> bool:
    return Instance.objects.filter(
        contract=contract, destination=destination, namespace=namespace, name=name
    ).exists()


def submission_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def new_submission() -> str:
    return str(uuid4())
