"""The pure parts of pages: highlighted source, differences, the table of fields."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from contracts.views.field_table import field_rows
from contracts.views.highlight import highlighted, lines_of
from contracts.views.revision_diff import text_diff

TEXTS = [
    "",
    "a: 1",
    "a: 1\n",
    "a: |\n  one\n\n  two\nb: 'x'\n",
    "# c\n\n\n",
    "a: <b>&\n",
    "\ta\n",
    "a: [1,\n  2]\n---\nb: 3\n",
    "{\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_highlighting_keeps_every_line(text: str) -> None:
    plain = [html.unescape(re.sub(r"</?span[^>]*>", "", line)) for line in highlighted(text)]
    assert plain == lines_of(text)


def test_classes_of_tokens() -> None:
    assert highlighted("a: 1 # b\n") == (
        '<span class="k">a</span><span class="p">:</span> '
        '<span class="n">1</span> <span class="c"># b</span>',
    )


def test_markup_in_the_source_is_escaped() -> None:
    assert "<script>" not in "".join(highlighted("a: <script>alert(1)</script>\n"))


def test_a_difference_has_both_line_numbers_and_three_lines_of_context() -> None:
    before = "".join(f"l{number}: x\n" for number in range(1, 21))
    found = text_diff(before, before.replace("l10: x\n", "l10: y\nnew: z\n"))
    assert (found.added, found.removed) == (2, 1)
    shown = [(line.kind, line.before, line.after) for line in found.lines]
    assert shown == [
        ("gap", 0, 0), ("same", 7, 7), ("same", 8, 8), ("same", 9, 9), ("removed", 10, 0), ("added", 0, 10),
        ("added", 0, 11), ("same", 11, 12), ("same", 12, 13), ("same", 13, 14),
    ]  # fmt: skip


def test_equal_documents_have_no_difference() -> None:
    assert text_diff("a: 1\n", "a: 1\n").lines == ()


def test_very_long_documents_are_not_compared() -> None:
    assert text_diff("a: 1\n" * 15_000, "b: 1\n" * 15_000).too_long


@pytest.mark.parametrize(
    ("field", "type_", "default", "rules"),
    [
        ({"type": "string", "enum": ["a", "b"], "default": "a"}, "string", '"a"', ("one of a, b",)),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "integer", "", ("1 to 9",)),
        ({"type": "integer", "minimum": 1}, "integer", "", ("at least 1",)),
        (
            {"type": "string", "minLength": 1, "pattern": "^a"},
            "string", "", ("length at least 1", "matches ^a"),
        ),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "list of string", "", ("items at most 3",),
        ),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}, "default": {}},
            "map of integer", "", (),
        ),
        (
            {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]},
            "string", "", ("cannot be changed",),
        ),
        ({"x-kubernetes-int-or-string": True}, "integer or string", "", ()),
    ],
)  # fmt: skip
def test_the_description_of_a_field(field: dict[str, Any], type_: str, default: str, rules: Any) -> None:
    (row,) = field_rows({"type": "object", "properties": {"x": field}})
    assert (row.type, row.default, row.rules) == (type_, default, rules)


def test_fields_of_fields_and_of_items() -> None:
    port = {"type": "object", "required": ["number"], "properties": {"number": {"type": "integer"}}}
    schema = {"properties": {"ports": {"type": "array", "items": port}, "one": port}, "required": ["ports"]}
    assert [(row.path, row.required) for row in field_rows(schema)] == [
        ("ports", True), ("ports[].number", True), ("one", False), ("one.number", True),
    ]  # fmt: skip
