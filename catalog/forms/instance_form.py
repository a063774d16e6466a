"""An instance as a form and as YAML: one text behind both, validated as the API server would validate it.

The draft is YAML text. A form is rendered from it and posted together with it: the values that the form
changed are merged into the text, everything else stays as it is. The result is parsed again, so that form,
YAML view, preview and submission share one manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from catalog.forms.fields import FieldProblem, FieldTree, FormState, Opened, Posted, build, read_posted
from catalog.forms.fields.constraints import is_immutable
from catalog.forms.fields.field_types import Schema, children_of, item_schema
from catalog.forms.fields.problem_paths import deepest_shown, parse_problem_path
from catalog.forms.yaml_text import identical, merge, read_manifest, to_yaml
from contracts.compiler import Definition, Presentation, validate_spec
from contracts.documents import Document
from contracts.documents.object_names import metadata_problems, subdomain_problem
from contracts.documents.paths import MISSING, Path, get, parse_path, print_path
from contracts.problems import Problem, did_you_mean, in_reading_order

_TOP = ("apiVersion", "kind", "metadata", "spec")
_METADATA = ("name", "namespace", "labels", "annotations")


@dataclass(frozen=True, slots=True)
class UsableContract:
    """A contract whose revision compiles: its definition and its presentation."""

    definition: Definition
    presentation: Presentation

    @property
    def schema(self) -> Schema:
        return self.definition.spec_schema


@dataclass(frozen=True, slots=True)
class FormInput:
    """A posted form: its fields as (name, text) in order, and ``text``, the draft that it was opened with."""

    pairs: Sequence[tuple[str, str]]
    text: str
    name: str
    namespace: str
    operation: str = ""  # of a button that adds, removes or moves a row


@dataclass(slots=True)
class InstanceForm:
    """A parsed and validated draft. ``problems`` have the lines of ``text``.

    ``field_problems`` are the problems for the summary of the form, with the id of the input to focus. With
    ``lenient``, required fields that are only not filled in yet are listed in ``missing`` instead.
    """

    text: str
    opened_text: str  # what the inputs of the form are compared with when they are posted
    manifest: dict[str, Any]
    problems: tuple[Problem, ...]
    tree: FieldTree
    field_problems: list[FieldProblem] = field(default_factory=list)
    missing: list[FieldProblem] = field(default_factory=list)
    readable: bool = True  # whether the text is YAML that the form can show

    @property
    def ok(self) -> bool:
        return not self.field_problems and not any(problem.is_error for problem in self.problems)

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

    def messages_for(self, target: str) -> list[str]:
        return [has_problem.message for has_problem in self.field_problems if has_problem.target == target]

    @property
    def name_messages(self) -> list[str]:
        return self.messages_for("name")

    @property
    def namespace_messages(self) -> list[str]:
        return self.messages_for("namespace")


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
    lenient: bool = False,
) -> InstanceForm:
    """Validate YAML text. ``before``: the manifest of the edited instance. ``more``: further problems."""
    parsed = _parse(usable, text, before)
    parsed.problems += more
    return _build_form(usable, parsed, Posted(), lenient=lenient)


def from_post(
    usable: UsableContract,
    posted: FormInput,
    *,
    before: Mapping[str, Any] | None = None,
    lenient: bool = False,
) -> InstanceForm:
    """Merge a posted form into its draft and validate the result."""
    document, _ = read_manifest(posted.text)
    base: dict[str, Any] = document.data if document is not None else {}
    spec = base.get("spec")
    opened = Opened(spec if isinstance(spec, dict) else {}, editing=before is not None)
    hints = usable.presentation.form
    fields = read_posted(usable.schema, hints, posted.pairs, posted.operation, opened)
    desired = _with_envelope(usable.definition, base, posted)
    if fields.data or not isinstance(spec, dict):
        desired["spec"] = fields.data
    elif spec:
        desired["spec"] = {}
    merged = merge(posted.text if document is not None else "", base, desired, list_keys(usable))
    parsed = _parse(usable, merged, before)
    parsed.opened_text = posted.text
    return _build_form(usable, parsed, fields, lenient=lenient)


def _with_envelope(definition: Definition, base: Mapping[str, Any], posted: FormInput) -> dict[str, Any]:
    metadata = base.get("metadata")
    metadata = dict(metadata) if isinstance(metadata, dict) else {}
    metadata["name"] = posted.name.strip()
    if definition.namespaced:
        metadata["namespace"] = posted.namespace.strip()
    return {**base, "apiVersion": definition.api_version, "kind": definition.kind, "metadata": metadata}


def check_manifest(
    usable: UsableContract, manifest: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> list[Problem]:
    """The problems of a manifest. ``before``: that of the edited instance."""
    problems = envelope_problems(usable.definition, manifest) + _engine_problems(before, manifest)
    immutable = _immutable_problems(usable, before, manifest) if before is not None else []
    problems += immutable
    # A changed immutable field also breaks its CEL rule; one message per field is enough.
    reported = {problem.path for problem in immutable}
    old_spec = before.get("spec") if before is not None else None
    if old_spec and manifest.get("spec") is None:
        hint = "Write “spec: {}” if every field shall be removed."
        problems.append(Problem("required", "The spec is missing.", "spec", hint=hint))
        return problems
    found = validate_spec(usable.definition, manifest.get("spec"), old_spec)
    return problems + [problem for problem in found if problem.path not in reported]


def refusal_problems(schema: Schema, causes: Iterable[Mapping[str, str]]) -> list[Problem]:
    """Problems reported by the API server (``status.details.causes``), at the paths of the form's fields."""
    problems = []
    for cause in causes:
        path = parse_problem_path(cause.get("field", ""), schema)
        problems.append(Problem("refused-by-cluster", cause.get("message", ""), print_path(("spec", *path))))
    return problems


@dataclass(slots=True)
class _Parsed:
    """A draft text with its document, its problems, and whether it is an edit of an existing instance."""

    text: str
    document: Document | None
    problems: list[Problem]
    editing: bool
    opened_text: str
    readable: bool

    @property
    def manifest(self) -> dict[str, Any]:
        return self.document.data if self.document is not None else {}

    @property
    def spec(self) -> dict[str, Any]:
        spec = self.manifest.get("spec")
        return spec if isinstance(spec, dict) else {}


def _parse(usable: UsableContract, text: str, before: Mapping[str, Any] | None) -> _Parsed:
    document, problems = read_manifest(text)
    readable = not any(problem.is_error for problem in problems)
    if document is not None:
        problems += check_manifest(usable, document.data, before)
    return _Parsed(text, document, problems, before is not None, text, readable)


def _build_form(usable: UsableContract, parsed: _Parsed, posted: Posted, *, lenient: bool) -> InstanceForm:
    problems = [_with_position(parsed.document, problem) for problem in parsed.problems]
    errors = [problem for problem in problems if problem.is_error]
    missing = [error for error in errors if lenient and error.code == "required"]
    shown = [error for error in errors if error not in missing]
    in_spec = [(path, problem_text(error)) for error in shown if (path := _below_spec(error)) is not None]
    tree = build(
        usable.schema,
        usable.presentation.form,
        parsed.spec,
        FormState(posted, in_spec, editing=parsed.editing),
    )
    outside = [error for error in shown if _below_spec(error) is None]
    return InstanceForm(
        text=parsed.text,
        opened_text=parsed.opened_text,
        manifest=parsed.manifest,
        problems=in_reading_order(problems),
        tree=tree,
        field_problems=[_field_problem(error) for error in outside] + tree.field_problems,
        missing=[_missing(tree, error) for error in missing],
        readable=parsed.readable,
    )


def _field_problem(error: Problem) -> FieldProblem:
    return FieldProblem(error.path, problem_text(error), _TARGETS.get(error.path, ""))


def _missing(tree: FieldTree, fault: Problem) -> FieldProblem:
    path = _below_spec(fault)
    if path is None:
        return FieldProblem(fault.path.rpartition(".")[2], fault.message, _TARGETS.get(fault.path, ""))
    shown = {one.path: one for one in tree.root.walk() if not one.hidden}
    owner = shown[deepest_shown(path, shown)]
    return FieldProblem(owner.label if owner.path == path else print_path(path), fault.message, owner.id)


_TARGETS = {"metadata.name": "name", "metadata.namespace": "namespace"}


def problem_text(problem: Problem) -> str:
    return f"{problem.message} {problem.hint}".strip()


def _below_spec(problem: Problem) -> Path | None:
    try:
        path = parse_path(problem.path)
    except ValueError:
        return None
    return path[1:] if path[:1] == ("spec",) else None


def _with_position(document: Document | None, problem: Problem) -> Problem:
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
    """Problems outside of the spec: apiVersion, kind, name, namespace, and unknown fields."""
    problems = []
    for key, wanted in (("apiVersion", definition.api_version), ("kind", definition.kind)):
        if manifest.get(key) != wanted:
            problems.append(Problem("wrong-kind", f"Must be “{wanted}”, the {key} of this contract.", key))
    for key in manifest:
        if key not in _TOP:
            hint = did_you_mean(str(key), _TOP)
            problems.append(Problem("unknown-field", f"Unknown field “{key}”.", key, hint=hint))
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict):
        return [*problems, Problem("required", "Set at least the name of the instance.", "metadata")]
    for key in metadata:
        if key not in _METADATA:
            message = f"“{key}” cannot be set here; the cluster sets it."
            problems.append(Problem("unknown-field", message, print_path(("metadata", key))))
    return problems + _name_problems(definition, metadata)


def _name_problems(definition: Definition, metadata: Mapping[str, Any]) -> list[Problem]:
    problems = []
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not name:
        problems.append(Problem("required", "Enter a name.", "metadata.name"))
    elif problem := subdomain_problem(str(name)):
        problems.append(Problem("bad-name", problem, "metadata.name"))
    if definition.namespaced and not namespace:
        problems.append(Problem("required", "Select a namespace.", "metadata.namespace"))
    if not definition.namespaced and namespace:
        message = f"{definition.kind} is cluster-scoped; remove the namespace."
        problems.append(Problem("cluster-scoped", message, "metadata.namespace"))
    for key in ("labels", "annotations"):
        strings = metadata.get(key) or {}
        if not isinstance(strings, dict) or not all(isinstance(one, str) for one in strings.values()):
            problems.append(Problem("wrong-type", "Must be a map of strings.", f"metadata.{key}"))
    for (key, entry), problem in metadata_problems(metadata):
        problems.append(Problem("bad-label", problem, print_path(("metadata", key, entry))))
    return problems


# What a person may set although the prefix is the reconciler's (docs/reference/cluster-objects.md).
_FOR_PEOPLE = {
    ("annotations", "slipway.dev/adopt"),
    ("annotations", "slipway.dev/reconcile"),
    ("annotations", "kro.run/reconcile"),
}
_ENGINE_DOMAINS = ("slipway.dev", "kro.run", "applyset.kubernetes.io")
_ENGINE_KEYS = ("app.kubernetes.io/managed-by",)


def _engine_problems(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Problem]:
    """Labels and annotations by which the reconciler finds what belongs to an instance."""
    problems = []
    for key in ("labels", "annotations"):
        old, new = (get(one or {}, ("metadata", key), None) for one in (before, after))
        known = old if isinstance(old, Mapping) else {}
        for entry, value in new.items() if isinstance(new, Mapping) else ():
            if is_of_the_engine(key, str(entry)) and known.get(entry, MISSING) != value:
                message = f"“{entry}” is set by Slipway and cannot be chosen. Remove it."
                problems.append(Problem("reserved-label", message, print_path(("metadata", key, str(entry)))))
    return problems


def is_of_the_engine(field: str, key: str) -> bool:
    """``field``: “labels” or “annotations”."""
    domain = key.rpartition("/")[0].lower()
    owned = any(domain == one or domain.endswith(f".{one}") for one in _ENGINE_DOMAINS)
    return (owned or key in _ENGINE_KEYS) and (field, key) not in _FOR_PEOPLE


def _immutable_problems(
    usable: UsableContract, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Problem]:
    problems = []
    for key in ("name", "namespace"):
        if get(before, ("metadata", key), "") != get(after, ("metadata", key), ""):
            message = "Cannot be changed. Create another instance instead."
            problems.append(Problem("immutable", message, f"metadata.{key}"))
    for path in _changed_immutable(usable.schema, before.get("spec"), after.get("spec"), ("spec",)):
        problems.append(Problem("immutable", "Cannot be changed after creation.", print_path(path)))
    return problems


def _changed_immutable(schema: Schema, before: Any, after: Any, path: Path) -> Iterable[Path]:
    """Paths of immutable fields that were set and have another value now; a default counts as its value."""
    if is_immutable(schema):
        default = schema.get("default", MISSING)
        old = default if before is MISSING else before
        new = default if after is MISSING else after
        if old is not MISSING and not identical(old, new):
            yield path
    elif isinstance(before, dict):
        now = after if isinstance(after, dict) else {}
        for key, child in children_of(schema).items():
            yield from _changed_immutable(
                child, before.get(key, MISSING), now.get(key, MISSING), (*path, key)
            )


def list_keys(usable: UsableContract) -> Callable[[Path], Sequence[str]]:
    """The merge keys of the list at a path of the manifest."""

    def keys(path: Path) -> Sequence[str]:
        at: Schema = usable.schema
        for part in path[1:]:
            at = children_of(at).get(str(part)) or item_schema(at)
        return tuple(at.get("x-kubernetes-list-map-keys") or ())

    return keys
