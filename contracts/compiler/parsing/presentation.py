"""Parses the ``Contract`` document: how catalog and form present a contract. Everything is optional."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contracts.compiler.contract_document import FieldGroup, FieldHint, FormHints, Presentation
from contracts.compiler.parsing.test_cases import TEST_SCHEMA, read_contract_tests
from contracts.compiler.reporter import Location, Reporter, key_of
from contracts.problems import did_you_mean
from contracts.schema.values import faults

Schema = Mapping[str, Any]

API_VERSION = "slipway.dev/v1alpha1"
LIFECYCLES = ("stable", "beta", "deprecated")
# A browser ignores tabs, line breaks and leading spaces in the scheme of a link, so none are allowed.
_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20\x7f]+", re.IGNORECASE)
WIDGETS = ("text", "textarea", "mono", "secret", "quantity")

_STRING = {"type": "string"}
_BOOLEAN = {"type": "boolean"}
_FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _fields(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


_HINT = _fields(
    title=_STRING,
    placeholder=_STRING,
    widget={"type": "string", "enum": list(WIDGETS)},
    group=_STRING,
    order={"type": "integer"},
    advanced=_BOOLEAN,
    wide=_BOOLEAN,
    help=_STRING,
    when=_FREE,
)
_GROUP = {**_fields(name=_STRING, description=_STRING), "required": ["name"]}
CONTRACT_SCHEMA = _fields(
    apiVersion=_STRING,
    kind=_STRING,
    metadata={**_fields(name=_STRING), "x-kubernetes-preserve-unknown-fields": True},
    spec=_fields(
        title={**_STRING, "maxLength": 120},
        description=_STRING,
        owner=_STRING,
        category={**_STRING, "maxLength": 60},
        icon=_STRING,
        lifecycle={"type": "string", "enum": list(LIFECYCLES)},
        tags={"type": "array", "items": _STRING},
        documentation=_STRING,
        adopt=_BOOLEAN,
        form=_fields(
            fields={"type": "object", "additionalProperties": _HINT},
            groups={"type": "array", "items": _GROUP},
        ),
        examples={"type": "array", "items": _FREE},
        tests={"type": "array", "items": TEST_SCHEMA},
    ),
)


def default_presentation(name: str, kind: str) -> Presentation:
    return Presentation(name=name, title=title_from_kind(kind) or name)


def title_from_kind(kind: str) -> str:
    """``StatelessService`` → ``Stateless service``; consecutive capitals stay together."""
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
    """The valid parts of the document. Unknown keys are warnings, wrong values are errors."""
    for path, code, message, hint in faults(CONTRACT_SCHEMA, data, ()):
        unknown = code == "unknown-field"
        reporter.add(
            Location(path, at_key=unknown), code, message, hint, severity="warning" if unknown else "error"
        )
    _check_name(data, name, reporter)
    _check_link(data, reporter)
    spec = _map(data.get("spec"))
    lifecycle = spec.get("lifecycle")
    form = _map(spec.get("form"))
    hints = dict(_hints(form.get("fields")))
    _check_hints(hints, form, spec_schema, reporter)
    return Presentation(
        name=name,
        title=_string(spec.get("title")).strip() or title_from_kind(kind) or name,
        description=_string(spec.get("description")).strip(),
        owner=_string(spec.get("owner")),
        category=_string(spec.get("category")),
        icon=_string(spec.get("icon")) or "package",
        lifecycle=lifecycle if lifecycle in LIFECYCLES else "stable",
        tags=tuple(tag for tag in _list(spec.get("tags")) if isinstance(tag, str)),
        docs_url=safe_link(_string(spec.get("documentation"))),
        adopt=spec.get("adopt") is True,
        form=FormHints(hints, tuple(_groups(form.get("groups")))),
        examples=tuple(example for example in _list(spec.get("examples")) if isinstance(example, Mapping)),
        tests=tuple(test for test in _list(spec.get("tests")) if isinstance(test, Mapping)),
        contract_tests=read_contract_tests(spec.get("tests"), reporter),
        given=True,
    )


def _check_name(data: Mapping[str, Any], name: str, reporter: Reporter) -> None:
    given = _map(data.get("metadata")).get("name")
    if isinstance(given, str) and name and given != name:
        message = f"This Contract is named “{given}”, but the definition in the same file is named “{name}”."
        reporter.add(("metadata", "name"), "contract-name", message, "Use the same name, or remove it.")
    if data.get("apiVersion") != API_VERSION:
        message = f"The apiVersion of a Contract must be {API_VERSION}."
        reporter.add(("apiVersion",), "bad-kind", message, severity="warning")


def safe_link(address: str) -> str:
    """The address if a page may link to it (http, https, mailto), else an empty string."""
    return address if _LINK.fullmatch(address) else ""


def _check_link(data: Mapping[str, Any], reporter: Reporter) -> None:
    address = _string(_map(data.get("spec")).get("documentation"))
    if address and not safe_link(address):
        message = "The documentation must be an address that starts with https://, http:// or mailto:."
        reporter.add(
            ("spec", "documentation"), "unsafe-link", message, "Write the whole address, without spaces."
        )


def _hints(fields: Any) -> Iterator[tuple[str, FieldHint]]:
    for path, entry in _map(fields).items():
        hint = _map(entry)
        order = hint.get("order")
        yield (
            path,
            FieldHint(
                path=path,
                title=_string(hint.get("title")),
                placeholder=_string(hint.get("placeholder")),
                widget=_string(hint.get("widget")),
                group=_string(hint.get("group")),
                order=order if isinstance(order, int) else None,
                advanced=hint.get("advanced") is True,
                wide=hint.get("wide") is True,
                help=_string(hint.get("help")),
                when=_map(hint.get("when")),
            ),
        )


def _groups(groups: Any) -> Iterator[FieldGroup]:
    for entry in _list(groups):
        group = _map(entry)
        if isinstance(group.get("name"), str):
            yield FieldGroup(group["name"], _string(group.get("description")))


def _check_hints(
    hints: Mapping[str, FieldHint], form: Mapping[str, Any], spec_schema: Schema | None, reporter: Reporter
) -> None:
    """Hints for fields that do not exist, groups that are not listed, conditions that cannot hold."""
    fields = dict(fields_by_path(spec_schema)) if spec_schema is not None else None
    groups = [group.name for group in _groups(form.get("groups"))]
    at = ("spec", "form", "fields")
    for path, hint in hints.items():
        if fields is not None and path not in fields:
            message = f"The contract has no field “{path}”."
            nearest = did_you_mean(path, fields)
            reporter.add(key_of((*at, path)), "unknown-field", message, nearest, severity="warning")
        if hint.group and groups and hint.group not in groups:
            message = f"There is no group “{hint.group}” under spec.form.groups."
            nearest = did_you_mean(hint.group, groups)
            reporter.add((*at, path, "group"), "unknown-group", message, nearest, severity="warning")
        if fields is not None:
            _check_condition(hint, fields, reporter)


def _check_condition(hint: FieldHint, fields: Mapping[str, Schema], reporter: Reporter) -> None:
    """A condition names fields by their paths from the root of the spec, and values that they can have."""
    for name, wanted in hint.when.items():
        place = ("spec", "form", "fields", hint.path, "when", name)
        if fault := _unusable_in_condition(name, hint.path, fields):
            reporter.add(key_of(place), "when-field", *fault)
            continue
        options = wanted if isinstance(wanted, list) else [wanted]
        for option in options:
            for _, _, message, _ in faults(fields[name], option, ()):
                text = f"“{option}” is never the value of “{name}”. {message}"
                hint_text = did_you_mean(str(option), map(str, fields[name].get("enum", ())))
                reporter.add(place, "when-value", text, hint_text)
                break


def _unusable_in_condition(name: str, path: str, fields: Mapping[str, Schema]) -> tuple[str, str] | None:
    """Message and hint, if the field ``path`` cannot depend on the field ``name``."""
    if name not in fields:
        parent = path.rpartition(".")[0]
        beside = f"{parent}.{name}"
        hint = f"Names start at the root of the spec: “{beside}”." if beside in fields else ""
        return f"The contract has no field “{name}”.", hint or did_you_mean(name, fields)
    row = max(name.rfind("[]"), name.rfind("{}"))
    if row >= 0 and not path.startswith(f"{name[: row + 2]}."):
        return (
            f"“{name}” is in every item of a list or map.",
            "Only fields of the same item can depend on it.",
        )
    if fields[name].get("type") in ("array", "object"):
        return f"“{name}” is not a single value.", "Name a string, number or boolean."
    return None


def fields_by_path(schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema]]:
    """Every field below a schema as hints name it: ``ports``, ``ports[]``, ``ports[].name``, ``labels{}``."""
    for name, child in (schema.get("properties") or {}).items():
        path = f"{prefix}.{name}" if prefix else name
        yield path, child
        yield from _below(child, path)


def _below(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    yield from fields_by_path(schema, path)
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        inner = schema.get(key)
        if isinstance(inner, Mapping):
            yield path + mark, inner
            yield from _below(inner, path + mark)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
