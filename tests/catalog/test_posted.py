"""Posted forms → values."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.forms.fields import FormState, build, read_posted
from catalog.forms.fields.scalars import from_text, to_text
from contracts.documents.paths import MISSING
from tests.catalog.schemas import HINTS, NO_HINTS, SERVICE

BIG = 2**63 + 1
FLEXIBLE = {"x-kubernetes-int-or-string": True}


@pytest.mark.parametrize(
    ("kind", "schema", "text", "value"),
    [
        ("integer", {}, "1", 1),
        ("integer", {}, str(BIG), BIG),
        ("number", {}, "1", 1),
        ("number", {}, "1.0", 1.0),
        ("number", {}, "1e3", 1000.0),
        ("text", {}, "1", "1"),
        ("text", {}, "  ", MISSING),
        ("lines", {}, "a\r\n b", "a\n b"),
        ("flexible", FLEXIBLE, "80", 80),
        ("flexible", FLEXIBLE, '"80"', "80"),
        ("flexible", FLEXIBLE, "25%", "25%"),
        ("quantity", FLEXIBLE, "100m", "100m"),
        ("quantity", {"type": "string"}, "2", "2"),
        ("choice", {"enum": [1, 2]}, "2", 2),
        ("choice", {"enum": ["1", "2"]}, "2", "2"),
        ("boolean", {}, "true", True),
    ],
)
def test_strings_are_converted_to_values_and_back(
    kind: Any, schema: dict[str, Any], text: str, value: Any
) -> None:
    read, problem = from_text(kind, schema, text)
    assert (type(read), read, problem) == (type(value), value, "")
    again, _ = from_text(kind, schema, to_text(kind, read))
    assert again == read


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        ("integer", "abc", "Enter an integer, such as 3."),
        ("integer", "1.0", "Enter an integer; 1.0 has a fraction or an exponent."),
        ("number", "1,5", "Enter a number, such as 0.5."),
        ("number", "1e999", "Enter a number, such as 0.5."),
        ("quantity", "1 GB", "Enter a quantity, such as 500m, 2 or 1Gi."),
    ],
)
def test_invalid_input_is_kept_as_typed(kind: Any, text: str, problem: str) -> None:
    assert from_text(kind, {}, text) == (text, problem)


def test_empty_input_is_absent_and_a_checkbox_posts_false_before_true() -> None:
    pairs = [
        ("/image", "a:1"),
        ("/replicas", ""),
        ("/debug", "false"),
        ("/debug", "true"),
        ("/probe/path", ""),
    ]
    assert read_posted(SERVICE, NO_HINTS, pairs).data == {"image": "a:1", "debug": True}


def test_rows_keep_the_order_of_the_body_and_empty_rows_remain() -> None:
    pairs = [
        ("/hosts/@7/#value", "b"),
        ("/hosts/@2/#value", ""),
        ("/hosts/@1/#value", "a"),
        ("/ports/@3/name", "http"),
        ("/ports/@3/port", "80"),
        ("/ports/@0/name", ""),
    ]
    posted = read_posted(SERVICE, NO_HINTS, pairs)
    assert posted.data == {"hosts": ["b", "a"], "ports": [{"name": "http", "port": 80}, {}]}
    tree = build(SERVICE, NO_HINTS, posted.data, FormState(posted))
    rows = [row.token for one in tree.root.walk() if one.name == "/hosts" for row in one.children]
    assert rows == ["@7", "@2", "@1"]


def test_map_keys_are_no_part_of_names_and_problems_are_reported_at_the_key() -> None:
    pairs = [
        ("/env/@0/#key", "a.b/c"),
        ("/env/@0/#value", "1"),
        ("/env/@1/#key", "a.b/c"),
        ("/env/@1/#value", "2"),
        ("/env/@2/#key", ""),
        ("/env/@2/#value", "3"),
        ("/env/@3/#key", ""),
        ("/env/@3/#value", ""),
    ]
    posted = read_posted(SERVICE, NO_HINTS, pairs)
    assert posted.data == {"env": {"a.b/c": "1"}}
    assert posted.problems == {
        "/env/@1/#key": ["Duplicate key “a.b/c”."],
        "/env/@2/#key": ["Enter a key."],
    }
    tree = build(SERVICE, NO_HINTS, posted.data, FormState(posted))
    values = [one.text for one in tree.root.walk() if one.name.startswith("/env/@")]
    assert values == ["1", "2", "3", ""], "no input is lost"


@pytest.mark.parametrize(
    ("operation", "hosts"),
    [
        ("add:/hosts", ["a", "b", "c", ""]),
        ("remove:/hosts/@1", ["a", "c"]),
        ("up:/hosts/@2", ["a", "c", "b"]),
        ("up:/hosts/@0", ["a", "b", "c"]),
        ("down:/hosts/@0", ["b", "a", "c"]),
        ("remove:/hosts/@9", ["a", "b", "c"]),
        ("remove:/image", ["a", "b", "c"]),
        ("nonsense", ["a", "b", "c"]),
    ],
)
def test_buttons_of_rows(operation: str, hosts: list[str]) -> None:
    pairs = [("/image", "x")] + [(f"/hosts/@{n}/#value", text) for n, text in enumerate("abc")]
    posted = read_posted(SERVICE, NO_HINTS, pairs, operation)
    tree = build(SERVICE, NO_HINTS, posted.data, FormState(posted))
    assert [one.text for one in tree.root.walk() if one.path[:1] == ("hosts",) and one.token] == hosts
    assert posted.data["image"] == "x"


def test_an_added_row_has_the_focus() -> None:
    posted = read_posted(SERVICE, NO_HINTS, [], "add:/ports")
    tree = build(SERVICE, NO_HINTS, posted.data, FormState(posted))
    assert [one.name for one in tree.root.walk() if one.focus] == ["/ports/@0/name"]


def test_hidden_branches_are_no_values_and_keep_their_input() -> None:
    pairs = [("/size", "medium"), ("/cpu", "500m")]
    posted = read_posted(SERVICE, HINTS, pairs)
    assert posted.data == {"size": "medium"}
    assert posted.parked == [("/cpu", "500m")]
    shown = read_posted(SERVICE, HINTS, [("/size", "custom"), *posted.parked])
    assert shown.data == {"size": "custom", "cpu": "500m"}


def test_unknown_fields_are_kept_for_validation() -> None:
    posted = read_posted(SERVICE, NO_HINTS, [("/imagee", "x"), ("/ports/@0/prot", "1"), ("/hosts/x", "1")])
    assert posted.data == {"imagee": "x", "ports": [{"prot": "1"}]}
    assert posted.problems == {"/hosts": ["“x” is not a row of this list."]}


def test_free_form_fields_are_yaml_and_problems_have_a_line() -> None:
    assert read_posted(SERVICE, NO_HINTS, [("/extra", "a: 1\nb: [x]")]).data == {
        "extra": {"a": 1, "b": ["x"]}
    }
    broken = read_posted(SERVICE, NO_HINTS, [("/extra", "a: [1")])
    assert broken.data == {"extra": "a: [1"}
    assert broken.problems["/extra"][0].startswith("Line ")
