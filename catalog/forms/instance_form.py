"""An instance as a form and as YAML: one text behind both, judged as the API server would judge it.

The draft is YAML text. A posted form is merged into it, so that comments and what the form does not draw live
on; the text is then read again, so that form, YAML view, preview and submission all speak of one and the same
manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from catalog.forms.fields import FieldTree, Posted, Trouble, build, read_posted
from catalog.forms.fields.constraints import is_immutable
from catalog.forms.fields.field_types import Schema, children_of, item_schema
from catalog.forms.fields.problem_paths import deepest_drawn, path_of
from catalog.forms.yaml_text import merge, read_manifest, to_yaml
from contracts.compiler import Definition, Presentation, validate_spec
from contracts.documents import Document
from contracts.documents.paths import MISSING, Path, get, parse_path, print_path
from contracts.problems import Problem, did_you_mean, in_reading_order

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_NAME_RULE = "Use small letters, digits and hyphens, beginning and ending with a letter or a digit."
_TOP = ("apiVersion", "kind", "metadata", "spec")
_METADATA = ("name", "namespace", "labels", "annotations")


@dataclass(frozen=True, slots=True)
class UsableContract:
    """What can be asked for: a compiled contract and how it is presented."""

    definition: Definition
    presentation: Presentation

    @property
    def schema(self) -> Schema:
        return self.definition.spec_schema


@dataclass(slots=True)
class InstanceForm:
    """A draft, read and judged. ``tree`` draws the form; ``problems`` speak of the text, with lines.

    ``troubles`` are the problems for the summary of the form, with the id of the input to go to. With
    ``patient`` what is only missing stands in ``missing``: nobody is scolded for what comes next.
    """

    text: str
    manifest: dict[str, Any]
    problems: tuple[Problem, ...]
    tree: FieldTree
    troubles: list[Trouble] = field(default_factory=list)
    missing: list[Trouble] = field(default_factory=list)  # what is only not filled in yet
    readable: bool = True  # whether the text is YAML that the form can show

    @property
    def ok(self) -> bool:
        return not self.troubles and not any(problem.is_error for problem in self.problems)

    @property
    def spec(self) -> dict[str, Any]:
        spec = self.manifest.get("spec")
        return spec if isinstance(spec, dict) else {}

    @property
    def name(self) -> str:
        return str(get(self.manifest, ("metadata", "name"), "") or "")

    @property
    def namespace(self) -> str:
        return str(get(self.manifest, ("metadata", "namespace"), "") or "")

    def trouble_of(self, target: str) -> list[str]:
        return [trouble.message for trouble in self.troubles if trouble.target == target]

    @property
    def name_troubles(self) -> list[str]:
        return self.trouble_of("name")

    @property
    def namespace_troubles(self) -> list[str]:
        return self.trouble_of("namespace")


def blank_text(
    usable: UsableContract, *, namespace: str = "", name: str = "", spec: Mapping[str, Any] | None = None
) -> str:
    """The text of a new draft."""
    definition = usable.definition
    metadata = {"name": name}
    if definition.namespaced:
        metadata["namespace"] = namespace
    return to_yaml(
        {
            "apiVersion": definition.api_version,
            "kind": definition.kind,
            "metadata": metadata,
            "spec": dict(spec or {}),
        }
    )


def from_text(
    usable: UsableContract,
    text: str,
    *,
    before: Mapping[str, Any] | None = None,
    more: Iterable[Problem] = (),
    patient: bool = False,
) -> InstanceForm:
    """Judge a YAML text. ``before``: the manifest of the instance that is edited. ``more``: what others
    found.
    """
    return _judged(usable, text, Posted(), before, more, patient)


def from_post(
    usable: UsableContract,
    pairs: Sequence[tuple[str, str]],
    *,
    text: str,
    name: str,
    namespace: str,
    operation: str = "",
    before: Mapping[str, Any] | None = None,
    more: Iterable[Problem] = (),
    patient: bool = False,
) -> InstanceForm:
    """Judge a posted form. ``text`` is the draft that the form was drawn from; ``pairs`` its inputs in
    order.
    """
    definition, hints = usable.definition, usable.presentation.form
    posted = read_posted(usable.schema, hints, pairs, operation)
    wanted: dict[str, Any] = {
        "apiVersion": definition.api_version,
        "kind": definition.kind,
        "metadata": {"name": name.strip()},
        "spec": posted.data,
    }
    if definition.namespaced:
        wanted["metadata"]["namespace"] = namespace.strip()
    merged = merge(text, wanted, _drawn(usable), _keys(usable))
    return _judged(usable, merged, posted, before, more, patient)


def refusal_problems(schema: Schema, causes: Iterable[Mapping[str, str]]) -> list[Problem]:
    """What the API server found (``status.details.causes``), at the paths of the form's fields."""
    problems = []
    for cause in causes:
        path = path_of(cause.get("field", ""), schema)
        problems.append(Problem("refused-by-cluster", cause.get("message", ""), print_path(("spec", *path))))
    return problems


def _judged(
    usable: UsableContract,
    text: str,
    posted: Posted,
    before: Mapping[str, Any] | None,
    more: Iterable[Problem],
    patient: bool,
) -> InstanceForm:
    document, problems = read_manifest(text)
    manifest: dict[str, Any] = document.data if document is not None else {}
    readable = document is not None
    if readable:
        problems += envelope_problems(usable.definition, manifest)
        frozen = _frozen_problems(usable, before, manifest) if before is not None else []
        old = before.get("spec") if before is not None else None
        problems += frozen
        # A field that is frozen and changed is told once, in our words, and not again as a broken rule.
        told_already = {problem.path for problem in frozen}
        found = validate_spec(usable.definition, manifest.get("spec"), old)
        problems += [problem for problem in found if problem.path not in told_already]
    problems += more
    problems = [_placed(document, problem) for problem in problems]
    spec = manifest.get("spec")
    faults = [problem for problem in problems if problem.is_error]
    waiting = [fault for fault in faults if patient and fault.code == "required"]
    told = [fault for fault in faults if fault not in waiting]
    tree = build(
        usable.schema,
        usable.presentation.form,
        spec if isinstance(spec, dict) else {},
        posted=posted,
        problems=[(path, problem_words(fault)) for fault in told if (path := _below_spec(fault)) is not None],
        editing=before is not None,
    )
    form = InstanceForm(text, manifest, in_reading_order(problems), tree, readable=readable)
    outside = [fault for fault in told if _below_spec(fault) is None]
    form.troubles = [Trouble(p.path, problem_words(p), _TARGETS.get(p.path, "")) for p in outside]
    form.troubles += tree.troubles
    form.missing = [_missing(tree, fault) for fault in waiting]
    return form


def _missing(tree: FieldTree, fault: Problem) -> Trouble:
    path = _below_spec(fault)
    if path is None:
        return Trouble(fault.path.rpartition(".")[2], fault.message, _TARGETS.get(fault.path, ""))
    drawn = {one.path: one for one in tree.root.walk() if not one.hidden}
    owner = drawn[deepest_drawn(path, drawn)]
    return Trouble(owner.label if owner.path == path else print_path(path), fault.message, owner.id)


_TARGETS = {"metadata.name": "name", "metadata.namespace": "namespace"}


def problem_words(problem: Problem) -> str:
    return f"{problem.message} {problem.hint}".strip()


def _below_spec(problem: Problem) -> Path | None:
    try:
        path = parse_path(problem.path)
    except ValueError:
        return None
    return path[1:] if path[:1] == ("spec",) else None


def _placed(document: Document | None, problem: Problem) -> Problem:
    if document is None or problem.line or not problem.path:
        return problem
    try:
        span = document.span_of(parse_path(problem.path))
    except ValueError:
        return problem
    if span is None:
        return problem
    return replace(
        problem, line=span.line, column=span.column, end_line=span.end_line, end_column=span.end_column
    )


def envelope_problems(definition: Definition, manifest: Mapping[str, Any]) -> list[Problem]:
    """What is wrong around the spec: version, kind, name, namespace, and what does not belong there."""
    problems = []
    for key, wanted in (("apiVersion", definition.api_version), ("kind", definition.kind)):
        if manifest.get(key) != wanted:
            problems.append(Problem("wrong-kind", f"Must be “{wanted}”, the {key} of this contract.", key))
    for key in manifest:
        if key not in _TOP:
            hint = did_you_mean(str(key), _TOP)
            problems.append(Problem("unknown-field", f"An instance has no field “{key}”.", key, hint=hint))
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict):
        return [*problems, Problem("required", "Say at least the name of the instance.", "metadata")]
    for key in metadata:
        if key not in _METADATA:
            message = f"“{key}” cannot be set here; the cluster decides it."
            problems.append(Problem("unknown-field", message, print_path(("metadata", key))))
    return problems + _name_problems(definition, metadata)


def _name_problems(definition: Definition, metadata: Mapping[str, Any]) -> list[Problem]:
    problems = []
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not name:
        problems.append(Problem("required", "Give it a name.", "metadata.name"))
    elif not isinstance(name, str) or len(name) > 253 or not _SUBDOMAIN.match(name):
        problems.append(Problem("bad-name", _NAME_RULE, "metadata.name"))
    if definition.namespaced and not namespace:
        problems.append(Problem("required", "Choose a namespace.", "metadata.namespace"))
    if not definition.namespaced and namespace:
        message = f"A {definition.kind} belongs to no namespace."
        problems.append(Problem("cluster-scoped", message, "metadata.namespace"))
    for key in ("labels", "annotations"):
        texts = metadata.get(key) or {}
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            problems.append(Problem("wrong-type", "Must be a map of texts.", f"metadata.{key}"))
    return problems


def _frozen_problems(
    usable: UsableContract, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Problem]:
    problems = []
    for key in ("name", "namespace"):
        if get(before, ("metadata", key), "") != get(after, ("metadata", key), ""):
            message = "Cannot change; create another instance instead."
            problems.append(Problem("immutable", message, f"metadata.{key}"))
    for path in _changed_frozen(usable.schema, before.get("spec"), after.get("spec"), ("spec",)):
        problems.append(Problem("immutable", "Cannot be changed after creation.", print_path(path)))
    return problems


def _changed_frozen(schema: Schema, before: Any, after: Any, path: Path) -> Iterable[Path]:
    """Paths of immutable fields that were set and now say something else; a default counts as its value."""
    if is_immutable(schema):
        default = schema.get("default", MISSING)
        old = default if before is MISSING else before
        new = default if after is MISSING else after
        if old is not MISSING and old != new:
            yield path
    elif isinstance(before, dict):
        now = after if isinstance(after, dict) else {}
        for key, child in children_of(schema).items():
            yield from _changed_frozen(child, before.get(key, MISSING), now.get(key, MISSING), (*path, key))


def _drawn(usable: UsableContract) -> Any:
    """Whether the form shows a path, so that a missing value there means that it was removed."""
    own = {("metadata", "name"), ("metadata", "namespace")}

    def drawn(path: Path) -> bool:
        return path in own or (path[:1] == ("spec",) and len(path) > 1)

    return drawn


def _keys(usable: UsableContract) -> Any:
    def keys(path: Path) -> Sequence[str]:
        at: Schema = usable.schema
        for part in path[1:]:
            at = children_of(at).get(str(part)) or item_schema(at)
        return tuple(at.get("x-kubernetes-list-map-keys") or ())

    return keys
