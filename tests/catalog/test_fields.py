"""The form fields of a schema."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.forms.fields import Field, FormState, build, field_table, field_type_of
from catalog.forms.fields.constraints import format_limits
from catalog.forms.fields.field_types import title_of
from catalog.forms.fields.problem_paths import parse_problem_path
from tests.catalog.schemas import HINTS, NO_HINTS, SERVICE


def field(path: tuple[str | int, ...], data: dict[str, Any] | None = None, **more: Any) -> Field:
    tree = build(SERVICE, more.pop("hints", NO_HINTS), data or {}, FormState(**more))
    return next(one for one in tree.root.walk() if one.path == path)


@pytest.mark.parametrize(
    ("schema", "widget", "kind"),
    [
        ({"type": "string"}, "", "text"),
        ({"type": "string"}, "textarea", "lines"),
        ({"type": "string"}, "secret", "secret"),
        ({"type": "string"}, "quantity", "quantity"),
        ({"type": "string", "enum": ["a"]}, "textarea", "choice"),
        ({"type": "integer", "enum": [1, 2]}, "", "choice"),
        ({"type": "integer"}, "", "integer"),
        ({"type": "number"}, "", "number"),
        ({"type": "boolean"}, "", "boolean"),
        ({"x-kubernetes-int-or-string": True}, "", "flexible"),
        ({"x-kubernetes-int-or-string": True}, "quantity", "quantity"),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, "", "object"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "", "map"),
        ({"type": "object", "additionalProperties": {"type": "object", "properties": {"a": {}}}}, "", "map"),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, "", "yaml"),
        ({"type": "array", "items": {"type": "string"}}, "", "list"),
        ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, "", "yaml"),
        ({}, "", "yaml"),
    ],
)
def test_every_schema_has_a_field(schema: dict[str, Any], widget: str, kind: str) -> None:
    assert field_type_of(schema, widget=widget) == kind


def test_deeply_nested_values_are_edited_as_yaml() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for name in "gfedcba":
        schema = {"type": "object", "properties": {name: schema}}
    kinds = {len(one.path): one.field_type for one in build(schema, NO_HINTS, {}).root.walk()}
    assert kinds == {0: "object", 1: "object", 2: "object", 3: "object", 4: "object", 5: "yaml"}


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("image", "Image"),
        ("minReplicas", "Min replicas"),
        ("TLSSecret", "TLS secret"),
        ("cpu", "CPU"),
        ("log_level", "Log level"),
    ],
)
def test_the_default_title_is_derived_from_the_key(key: str, title: str) -> None:
    assert title_of(key) == title


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "minimum": 1.0, "maximum": 50}, "1 to 50"),
        ({"type": "number", "minimum": 0.5}, "at least 0.5"),
        ({"type": "string", "maxLength": 1}, "at most 1 character"),
        ({"type": "string", "minLength": 3, "maxLength": 3}, "exactly 3 characters"),
        ({"type": "array", "minItems": 1}, "at least 1 item"),
        ({"type": "string"}, ""),
    ],
)
def test_limits_are_described(schema: dict[str, Any], expected: str) -> None:
    assert format_limits(schema) == expected


def test_a_default_is_a_placeholder_and_not_a_value() -> None:
    replicas = field(("replicas",))
    assert (replicas.text, replicas.has_default, replicas.default, replicas.given) == ("", True, "2", False)


def test_a_default_choice_posts_nothing_unless_it_is_set() -> None:
    untouched = field(("size",))
    assert [(c.value, c.selected) for c in untouched.choices] == [
        ("", True),
        ("medium", False),
        ("custom", False),
    ]
    written = field(("size",), {"size": "small"})
    assert next((c.value, c.selected) for c in written.choices) == ("small", True)


def test_a_value_outside_the_choices_is_shown() -> None:
    assert [c.label for c in field(("size",), {"size": "huge"}).choices if c.selected] == ["huge"]


def test_a_switch_has_a_default_and_a_boolean_without_one_has_three_states() -> None:
    assert field(("debug",)).style == "switch"
    assert [c.label for c in field(("public",)).choices] == ["Not set", "Yes", "No"]


def test_required_marks_what_has_no_default() -> None:
    assert field(("image",)).required
    assert not field(("size",)).required


def test_immutable_fields_are_locked_once_the_instance_exists() -> None:
    assert not field(("region",)).locked
    assert field(("region",)).immutable
    assert field(("region",), editing=True).locked


def test_hints_set_title_order_group_and_condition() -> None:
    tree = build(SERVICE, HINTS, {"size": "small"})
    assert tree.root.children[0].label == "Container image"
    assert [group.title for group in tree.groups] == [
        "General",
        "Settings",
        "Ports",
        "Hosts",
        "Volumes",
        "Probe",
    ]
    hidden = {one.path for one in tree.root.walk() if one.hidden}
    assert hidden == {("cpu",)}
    assert not field(("cpu",), {"size": "custom"}, hints=HINTS).hidden


def test_the_shape_depends_on_the_inputs_and_not_on_the_values() -> None:
    first = build(SERVICE, HINTS, {"image": "a", "size": "small"}).shape
    assert build(SERVICE, HINTS, {"image": "b", "size": "medium"}).shape == first
    assert build(SERVICE, HINTS, {"image": "a", "size": "custom"}).shape != first
    assert build(SERVICE, HINTS, {"image": "a", "hosts": ["x"]}).shape != first


def test_rows_of_lists_and_maps() -> None:
    data = {
        "ports": [{"name": "http", "port": 80}],
        "env": {"a/b": "1"},
        "volumes": {"v": {"mountPath": "/x"}},
    }
    tree = build(SERVICE, HINTS, data)
    by_name = {one.name: one for one in tree.root.walk()}
    assert by_name["/ports/@0/port"].text == "80"
    assert by_name["/ports/@0/open"].label == "Open to the world"
    assert by_name["/ports"].is_flat
    assert by_name["/env/@0/#value"].key == "a/b"
    assert by_name["/volumes/@0/mountPath"].text == "/x"


def test_a_problem_is_shown_at_its_field_or_the_deepest_visible_one() -> None:
    problems = [
        (("ports", 0, "port"), "Must be at most 65535."),
        (("extra", "deep"), "Is wrong."),
        (("nothing",), "Is not a field."),
    ]
    data = {"ports": [{"name": "a", "port": 70000}], "extra": {"deep": 1}}
    tree = build(SERVICE, NO_HINTS, data, FormState(problems=problems))
    assert [(t.path, t.message, t.target) for t in tree.field_problems] == [
        ("nothing", "Is not a field.", ""),
        ("ports[0].port", "Must be at most 65535.", "f-ports-_40_0-port"),
        ("extra", "deep: Is wrong.", "f-extra"),
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("spec.ports[1].port", ("ports", 1, "port")),
        ("spec.env[LOG.LEVEL]", ("env", "LOG.LEVEL")),
        ("spec.env.LOG.LEVEL", ("env", "LOG.LEVEL")),
        ('spec.env["a/b.c"]', ("env", "a/b.c")),
        ("spec.volumes[data].mountPath", ("volumes", "data", "mountPath")),
        ("spec.volumes.data.mountPath", ("volumes", "data", "mountPath")),
        ("spec", ()),
        ("spec.hosts[0]", ("hosts", 0)),
    ],
)
def test_paths_of_api_servers_are_parsed(text: str, path: tuple[str | int, ...]) -> None:
    assert parse_problem_path(text, SERVICE) == path


def test_the_table_of_fields() -> None:
    rows = {row.dotted_path: row for row in field_table(SERVICE, HINTS)}
    assert list(rows)[:2] == ["image", "region"]
    assert rows["size"].choices == ("small", "medium", "custom")
    assert rows["ports"].type == "list of objects"
    assert rows["ports[].port"].limits == "1 to 65535"
    assert rows["env"].type == "map of strings"
    assert rows["probe.path"].default == "/healthz"
