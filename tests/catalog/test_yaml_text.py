"""Form and YAML are two views of one document; neither loses what the other wrote."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.forms.yaml_text import identical, merge, read_manifest, to_yaml

TEXT = """\
# who to ask: the checkout team
apiVersion: example.com/v1
kind: Service
spec:
  image: a:1   # pinned
  # two of them, for the zones
  replicas: 2
  empty: ""
  ports:
    # the public one
    - name: http
      port: 80
    # for the sidecar
    - name: admin   # internal
      port: 9000
"""


def keys(path: tuple[str | int, ...]) -> tuple[str, ...]:
    return ("name",) if path == ("spec", "ports") else ()


def value_of(text: str) -> dict[str, Any]:
    document, _ = read_manifest(text)
    assert document is not None
    data: dict[str, Any] = document.data
    return data


def merged(text: str, spec: dict[str, Any]) -> str:
    before = value_of(text)
    return merge(text, before, {**before, "spec": spec}, keys)


def changed(spec: dict[str, Any]) -> str:
    return merged(TEXT, spec)


PORTS = [{"name": "http", "port": 80}, {"name": "admin", "port": 9000}]


def test_the_same_values_change_nothing() -> None:
    assert changed({"image": "a:1", "replicas": 2, "ports": PORTS, "empty": ""}) == TEXT


def test_a_changed_value_keeps_every_comment() -> None:
    assert changed({"image": "a:2", "replicas": 3, "ports": PORTS, "empty": ""}) == TEXT.replace(
        "a:1", "a:2"
    ).replace("replicas: 2", "replicas: 3")


def test_removed_values_are_removed() -> None:
    text = changed({"image": "a:1", "ports": PORTS})
    assert "replicas:" not in text
    assert "empty" not in text


def test_rows_are_matched_by_key_and_keep_their_comments() -> None:
    text = changed({"image": "a:1", "replicas": 2, "ports": [{"name": "new", "port": 1}, PORTS[1]]})
    assert "name: admin   # internal" in text
    assert "http" not in text
    assert value_of(text)["spec"]["ports"] == [{"name": "new", "port": 1}, PORTS[1]]


@pytest.mark.parametrize(
    "value",
    [
        "yes",
        "on",
        "no",
        "y",
        "null",
        "~",
        "1",
        "1.0",
        "1e3",
        "012",
        "0x1f",
        "12:30",
        "",
        " a",
        "a\nb\n",
        "=",
    ],
)
def test_ambiguous_strings_stay_strings(value: str) -> None:
    data = value_of(to_yaml({"value": value, value or "k": 1}))
    assert data["value"] == value
    assert data[value or "k"] == 1


@pytest.mark.parametrize("value", [1, 1.0, True, "1", None, 2**63 + 1, -0.5])
def test_numbers_keep_their_type(value: Any) -> None:
    read = value_of(merged("spec: {a: 7}\n", {"a": value}))["spec"]["a"]
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\n---\nb: 2\n", "several-documents"),
        ("- a\n", "not-a-mapping"),
        ("a: [1\n", "yaml-syntax"),
        ("a: " + "x" * 300_000, "too-large"),
    ],
)
def test_invalid_drafts_have_a_reason(text: str, code: str) -> None:
    _, problems = read_manifest(text)
    assert code in {problem.code for problem in problems}


def test_an_empty_string_that_is_filled_loses_its_quotes() -> None:
    assert merged('spec: {a: ""}\n', {"a": "shop"}) == "spec: {a: shop}\n"


def test_a_long_text_is_written_instead_of_merged() -> None:
    """Reading it with its comments would take seconds."""
    text = "# a comment\n" * 4_000 + TEXT
    before = value_of(text)
    written = merge(text, before, {**before, "metadata": {"name": "other"}}, lambda path: ())
    assert value_of(written) == {**before, "metadata": {"name": "other"}}
    assert len(written) < len(TEXT)


STRINGS = [
    "yes",
    "1",
    " a",
    "a\tb",
    "a\nb\n",
    "\n",
    "a \nb",
    "a\u2028b",
    "a\x85b",
    "\ufeff",
    "😀",
    "a: b",
    "#",
    "<<",
    "=",
    "",
]


@pytest.mark.parametrize(
    "long", ["1 + " * 20_000, "line\n" * 10_000, "é" * 50_000], ids=["blanks", "lines", "é"]
)
def test_long_values_are_written_exactly(long: str) -> None:
    value: dict[str, Any] = {
        "long": long,
        "list": [*STRINGS, 1, 1.5, 2**63, None, True, {}, []],
        **dict.fromkeys(STRINGS, "x"),
    }
    assert identical(value_of(to_yaml(value)), value)
