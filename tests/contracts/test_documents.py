"""YAML as Kubernetes reads it, with positions, and within limits."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.documents import Document, Limits, Span, print_path, read
from contracts.documents.paths import parse_path
from tests.contracts.definitions import existing


def only(text: str) -> Document:
    documents, problems = read(text)
    assert [p for p in problems if p.is_error] == []
    assert len(documents) == 1
    return documents[0]


def cut(text: str, span: Span | None) -> str:
    """The characters of a span within one line."""
    assert span is not None
    assert span.line == span.end_line
    return text.splitlines()[span.line - 1][span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("012", 10),
        ("0o14", 12),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("1:30", "1:30"),
        ("2001-01-02", "2001-01-02"),
        ("true", True),
        ("yes", True),
        ("off", False),
        ("y", True),
        ("N", False),
        ("'yes'", "yes"),
        ('"012"', "012"),
        ("~", None),
        ("", None),
        ("null", None),
        ("100m", "100m"),
        ("1.2.3", "1.2.3"),
        ("18446744073709551615", 18446744073709551615),
        ("9007199254740993", 9007199254740993),
        (".5", 0.5),
        ("-", "-"),
        ("!!str 12", "12"),
    ],
)
def test_a_plain_scalar_means_what_kubernetes_reads(written: str, value: Any) -> None:
    text = f"a: {written}\n" if written != "-" else "a: '-'\n"
    found = only(text).data["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("written", ["yes", "No", "on", "y", "012", "0x1F", "1_0"])
def test_surprising_scalars_are_warnings(written: str) -> None:
    _, problems = read(f"a: {written}\n")
    assert [(p.code, p.severity, p.line, p.column) for p in problems] == [("yaml-surprise", "warning", 1, 4)]


def test_a_key_n_is_read_as_false_and_reported() -> None:
    document, problems = read("spec:\n  n: integer\n")
    assert document[0].data == {"spec": {"false": "integer"}}
    assert str(problems[0]) == '2:3: Kubernetes reads “n” as false. Write "n" in quotes for the string.'


@pytest.mark.parametrize(
    ("text", "key", "first", "line"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", "a", 1, 3, id="yaml"),
        pytest.param("a: {b: 1, c: 2,\n  b: 3}\n", "b", 1, 2, id="flow"),
        pytest.param('"1": a\n1: b\n', "1", 1, 2, id="one key as string and number"),
        pytest.param("x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", "<<", 3, 4, id="merge key"),
        pytest.param("x: &x\n  a: 1\n  a: 2\ny: {<<: *x}\n", "a", 2, 3, id="in a merged map"),
        pytest.param('{"a": 1,\n "a": {}}', "a", 1, 2, id="json"),
        pytest.param('[{"a": 1,\n "\\u0061": 2}]', "a", 1, 2, id="json, escaped"),
    ],
)
def test_a_duplicate_key_is_an_error_with_both_lines(text: str, key: str, first: int, line: int) -> None:
    _, problems = read(text)
    found = [problem for problem in problems if problem.code == "yaml-duplicate-key"]
    message = f"Duplicate key “{key}” in line {line}; the first one is in line {first}."
    assert [(one.severity, one.line, one.message) for one in found] == [("error", line, message)]


def test_a_merged_key_is_no_duplicate_and_a_quoted_one_is_a_string() -> None:
    assert only("b: &x {a: 1}\nc: {a: 2, <<: *x}\n").data["c"] == {"a": 2}
    assert only('"<<": {a: 1}\n').data == {"<<": {"a": 1}}


JSON = {
    '{"a": "\\ud83d\\ude00 \\u00e9\\/"}': {"a": "😀 é/"},
    '{"a": "x\u2028y\u0085z"}': {"a": "x\u2028y\u0085z"},
    '{"a":[1,-0.5,1e3,1E400000000000000000000]}': None,
    '\ufeff\t{"on": "yes", "<<": {"n": null}, "k": [true, false, []]}': {
        "on": "yes",
        "<<": {"n": None},
        "k": [True, False, []],
    },
    '{"a": 18446744073709551615, "b": 18446744073709551616}': {"a": 2**64 - 1, "b": 2.0**64},
}


@pytest.mark.parametrize("text", [text for text, value in JSON.items() if value is not None])
def test_json_is_read_as_json(text: str) -> None:
    document = only(text)
    assert document.data == JSON[text]
    assert repr(document.data) == repr(JSON[text])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": "\\ud83d"}', "lone-surrogate"),
        ('{"a": "\\ude00\\ud83d"}', "lone-surrogate"),
        ('{"\\ud83d": 1}', "lone-surrogate"),
        ('{"a": 1e999}', "number-too-large"),
        (f'{{"a": {"9" * 5000}}}', "number-too-large"),
        (f'{{"a": {"[" * 200}{"]" * 200}}}', "too-deep"),
        (f'{{"a": {"[" * 200_000}{"]" * 200_000}}}', "too-deep"),
    ],
)
def test_json_that_cannot_be_used_has_a_position(text: str, code: str) -> None:
    _, problems = read(text)
    assert [(problem.code, problem.line) for problem in problems] == [(code, 1)]


def test_positions_in_json() -> None:
    text = '{\n  "a": {"b": [1, "x\\ud83d\\ude00y"]}\n}'
    document = only(text)
    assert document.span_of(("a", "b")) == Span(2, 9, 2, 12)
    assert document.value_span(("a", "b", 1)) == Span(2, 18, 2, 34)
    assert document.span_within(("a", "b", 1), 2, 3) == Span(2, 32, 2, 33)


def test_merge_keys_anchors_and_several_documents() -> None:
    documents, problems = read("base: &b {p: 1, q: 2}\nc:\n  <<: *b\n  q: 3\n---\nd: 4\n---\n")
    assert [d.data for d in documents] == [{"base": {"p": 1, "q": 2}, "c": {"p": 1, "q": 3}}, {"d": 4}]
    assert problems == []


def test_aliases_are_copies() -> None:
    data = only("a: &x [1]\nb: *x\n").data
    data["a"].append(2)
    assert data["b"] == [1]


def test_positions_of_keys_and_values() -> None:
    text = "spec:\n  ports:\n    - name: http\n      port: 80\n"
    document = only(text)
    assert cut(text, document.key_span(("spec", "ports"))) == "ports"
    assert cut(text, document.value_span(("spec", "ports", 0, "port"))) == "80"
    assert cut(text, document.span_of(("spec", "ports", 0, "name"))) == "name"
    assert existing(document.span_of(("spec", "ports", 0, "missing"))).line == 3


@pytest.mark.parametrize(
    "text",
    [
        "a: x ${b} y\n",
        "a: 'it''s ${b}'\n",
        'a: "\\u00e9\\n\\t ${b}"\n',
        "a: |\n  first\n    indented ${b}\n",
        "a: >-\n  folded\n  words ${b} here\n",
        "a: plain\n  over lines ${b}\n",
        'a: "quoted\n  over ${b}"\n',
        'a: "broken \\\n  line ${b}"\n',
        "a: é𝒳 ${b}\n",
        "- skipped: {}\n- ${b}\n",
    ],
    ids=lambda text: text[:14],
)
def test_an_expression_is_found_inside_every_kind_of_scalar(text: str) -> None:
    document = only(text)
    path = ("a",) if isinstance(document.data, dict) else (1,)
    value = document.data["a"] if path == ("a",) else document.data[1]
    start = value.index("${b}")
    assert cut(text, document.span_within(path, start, start + 4)) == "${b}"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("a: [1, 2\nb: 3\n", "yaml-syntax", "2:2: This is not valid YAML: did not find expected ',' or ']'"),
        ("a:\n\tb: 1\n", "yaml-syntax", "Indent with spaces; YAML does not allow tabs there."),
        ("a: b: c\n", "yaml-syntax", "Quote strings"),
        ("a: \x01\n", "yaml-syntax", "it contains a character that YAML does not allow"),
        ("a: *nowhere\n", "yaml-syntax", "found undefined alias|no anchor"),
        ("a: &x [*x]\n", "yaml-syntax", "contains itself"),
        ("a: !!python/object:os.system x\n", "yaml-tag", "is not used in Kubernetes manifests"),
        ("a: \ud800\n", "yaml-syntax", "surrogate"),
        ("? [a]\n: 1\n", "yaml-key", "A key must be a string."),
    ],
)
def test_an_invalid_document_has_a_problem_with_its_position(text: str, code: str, message: str) -> None:
    _, problems = read(text)
    found = next(p for p in problems if p.is_error)
    assert found.code == code
    assert any(word in str(found) for word in message.split("|"))
    assert found.line >= 1
    assert found.column >= 1


def billion_laughs() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    return "\n".join(lines)


def merge_bomb() -> str:
    keys = ", ".join(f"k{i}: 1" for i in range(2000))
    return f"base: &b {{{keys}}}\nall:\n" + "  - {<<: *b}\n" * 2000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (billion_laughs(), "yaml-alias-bomb"),
        (merge_bomb(), "yaml-alias-bomb"),
        ("[" * 100_000, "too-deep"),
        ("- " * 5_000 + "x", "too-deep"),
        ("x" * 5_000_000, "too-large"),
        ("--- {}\n" * 200, "too-large"),
        ("a: 1\n" * 600, "too-large"),
    ],
    ids=["aliases", "merge keys", "flow depth", "block depth", "five megabytes", "documents", "problems"],
)
def test_a_hostile_document_is_refused_quickly(text: str, code: str) -> None:
    _, problems = read(text)
    assert code in [p.code for p in problems]


def test_limits_are_set_by_the_caller() -> None:
    assert (
        read("a: 1\n", limits=Limits(size=3))[1][0].message == "The text has 5 characters; the maximum is 3."
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("spec", "resources", 1, "template"), "spec.resources[1].template"),
        (("labels", "app.kubernetes.io/name"), 'labels["app.kubernetes.io/name"]'),
        (("a", 'x"y\\z'), 'a["x\\"y\\\\z"]'),
        ((), ""),
    ],
)
def test_paths_are_printed_and_read_back(path: tuple[str | int, ...], text: str) -> None:
    assert print_path(path) == text
    assert parse_path(text) == path


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_string_is_read_or_refused(text: str) -> None:
    documents, problems = read(text)
    assert documents or problems or not text.strip() or isinstance(problems, list)


@given(st.text(alphabet="ab: -\n[]{}&*\"'|>${}#!<", max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_string_like_yaml_is_read_or_refused(text: str) -> None:
    documents, _ = read(dedent(text))
    for document in documents:
        if isinstance(document.data, dict):
            for key, value in document.data.items():
                span = document.value_span((key,))
                assert span is not None
                if isinstance(value, str):
                    assert existing(document.span_within((key,), 0, len(value))).line >= 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: .inf", float("inf")),
        ("a: -.inf", float("-inf")),
        ("a: +a", "+a"),
        ("a: 1.5", 1.5),
        ("a: 1_0", 10),
    ],
)
def test_special_numbers(text: str, value: object) -> None:
    assert only(text).data == {"a": value}


@pytest.mark.parametrize(
    ("text", "key"), [("null: a", "null"), ("1.0: a", "1"), ("1.5: a", "1.5"), ("on: a", "true")]
)
def test_a_key_becomes_a_json_key(text: str, key: str) -> None:
    assert list(read(text)[0][0].data) == [key]
