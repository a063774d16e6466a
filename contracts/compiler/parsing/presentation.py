"""The ``Contract`` document beside a definition: how catalog and form show it. All of it is optional."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contracts.compiler.contract_document import FieldGroup, FieldHint, FormHints, Presentation
from contracts.compiler.parsing.test_cases import CASE_SCHEMA, read_cases
from contracts.compiler.reporter import Reporter
from contracts.problems import did_you_mean
from contracts.schema.values import faults

Schema = Mapping[str, Any]

API_VERSION = "slipway.dev/v1alpha1"
LIFECYCLES = ("stable", "beta", "deprecated")
WIDGETS = ("text", "textarea", "mono", "secret", "quantity")

_TEXT = {"type": "string"}
_YES = {"type": "boolean"}
_FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _fields(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


_HINT = _fields(
    title=_TEXT,
    placeholder=_TEXT,
    widget={"type": "string", "enum": list(WIDGETS)},
    group=_TEXT,
    order={"type": "integer"},
    advanced=_YES,
    wide=_YES,
    help=_TEXT,
    when=_FREE,
)
_GROUP = {**_fields(name=_TEXT, description=_TEXT), "required": ["name"]}
CONTRACT_SCHEMA = _fields(
    apiVersion=_TEXT,
    kind=_TEXT,
    metadata={**_fields(name=_TEXT), "x-kubernetes-preserve-unknown-fields": True},
    spec=_fields(
        title={**_TEXT, "maxLength": 120},
        description=_TEXT,
        owner=_TEXT,
        category={**_TEXT, "maxLength": 60},
        icon=_TEXT,
        lifecycle={"type": "string", "enum": list(LIFECYCLES)},
        tags={"type": "array", "items": _TEXT},
        documentation=_TEXT,
        form=_fields(
            fields={"type": "object", "additionalProperties": _HINT},
            groups={"type": "array", "items": _GROUP},
        ),
        examples={"type": "array", "items": _FREE},
        tests={"type": "array", "items": CASE_SCHEMA},
    ),
)


def default_presentation(name: str, kind: str) -> Presentation:
    return Presentation(name=name, title=spaced(kind) or name)


def spaced(kind: str) -> str:
    """``StatelessService`` → ``Stateless service``; capitals in a row stay together."""
    words: list[str] = []
    for index, char in enumerate(kind):
        before, after = kind[index - 1 : index], kind[index + 1 : index + 2]
        starts = char.isupper() and (before.islower() or before.isdigit() or (after.islower() and before))
        if starts or not words:
            words.append(char)
        else:
            words[-1] += char
    return " ".join(
        word if index == 0 or word.isupper() else word.lower() for index, word in enumerate(words)
    )


def read_presentation(
    data: Mapping[str, Any], name: str, kind: str, spec_schema: Schema | None, reporter: Reporter
) -> Presentation:
    """Everything that can be used of the document. Unknown keys are warnings, wrong values are errors."""
    for path, code, message, hint in faults(CONTRACT_SCHEMA, data, ()):
        unknown = code == "unknown-field"
        reporter.add(path, code, message, hint, at_key=unknown, severity="warning" if unknown else "error")
    _check_name(data, name, reporter)
    spec = _map(data.get("spec"))
    lifecycle = spec.get("lifecycle")
    form = _map(spec.get("form"))
    hints = dict(_hints(form.get("fields")))
    _check_hints(hints, form, spec_schema, reporter)
    return Presentation(
        name=name,
        title=_text(spec.get("title")).strip() or spaced(kind) or name,
        description=_text(spec.get("description")).strip(),
        owner=_text(spec.get("owner")),
        category=_text(spec.get("category")),
        icon=_text(spec.get("icon")) or "package",
        lifecycle=lifecycle if lifecycle in LIFECYCLES else "stable",
        tags=tuple(tag for tag in _list(spec.get("tags")) if isinstance(tag, str)),
        docs_url=_text(spec.get("documentation")),
        form=FormHints(hints, tuple(_groups(form.get("groups")))),
        examples=tuple(example for example in _list(spec.get("examples")) if isinstance(example, Mapping)),
        tests=tuple(test for test in _list(spec.get("tests")) if isinstance(test, Mapping)),
        cases=read_cases(spec.get("tests"), reporter),
        given=True,
    )


def _check_name(data: Mapping[str, Any], name: str, reporter: Reporter) -> None:
    given = _map(data.get("metadata")).get("name")
    if isinstance(given, str) and name and given != name:
        message = f"This Contract is named “{given}”, but the definition in the same file is named “{name}”."
        reporter.add(("metadata", "name"), "contract-name", message, "Use the same name, or leave it out.")
    if data.get("apiVersion") != API_VERSION:
        message = f"A Contract has the apiVersion {API_VERSION}."
        reporter.add(("apiVersion",), "bad-kind", message, severity="warning")


def _hints(fields: Any) -> Iterator[tuple[str, FieldHint]]:
    for path, entry in _map(fields).items():
        hint = _map(entry)
        order = hint.get("order")
        yield (
            path,
            FieldHint(
                path=path,
                title=_text(hint.get("title")),
                placeholder=_text(hint.get("placeholder")),
                widget=_text(hint.get("widget")),
                group=_text(hint.get("group")),
                order=order if isinstance(order, int) else None,
                advanced=hint.get("advanced") is True,
                wide=hint.get("wide") is True,
                help=_text(hint.get("help")),
                when=_map(hint.get("when")),
            ),
        )


def _groups(groups: Any) -> Iterator[FieldGroup]:
    for entry in _list(groups):
        group = _map(entry)
        if isinstance(group.get("name"), str):
            yield FieldGroup(group["name"], _text(group.get("description")))


def _check_hints(
    hints: Mapping[str, FieldHint], form: Mapping[str, Any], spec_schema: Schema | None, reporter: Reporter
) -> None:
    """A hint for a field that does not exist is a misspelling; so is a group that is not listed."""
    known = set(field_paths(spec_schema)) if spec_schema is not None else None
    groups = [group.name for group in _groups(form.get("groups"))]
    at = ("spec", "form", "fields")
    for path, hint in hints.items():
        if known is not None and path not in known:
            message = f"The contract has no field “{path}”."
            nearest = did_you_mean(path, known)
            reporter.add((*at, path), "unknown-field", message, nearest, at_key=True, severity="warning")
        if hint.group and groups and hint.group not in groups:
            message = f"There is no group “{hint.group}” under spec.form.groups."
            nearest = did_you_mean(hint.group, groups)
            reporter.add((*at, path, "group"), "unknown-group", message, nearest, severity="warning")
        for other in hint.when:
            if known is not None and other not in known:
                message = f"The contract has no field “{other}”."
                place = (*at, path, "when", other)
                nearest = did_you_mean(other, known)
                reporter.add(place, "unknown-field", message, nearest, at_key=True, severity="warning")


def field_paths(schema: Schema, prefix: str = "") -> Iterator[str]:
    """Every field below a schema as hints name it: ``ports``, ``ports[]``, ``ports[].name``, ``labels{}``."""
    for name, child in (schema.get("properties") or {}).items():
        path = f"{prefix}.{name}" if prefix else name
        yield path
        yield from _below(child, path)


def _below(schema: Schema, path: str) -> Iterator[str]:
    yield from field_paths(schema, path)
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        inner = schema.get(key)
        if isinstance(inner, Mapping):
            yield path + mark
            yield from _below(inner, path + mark)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
