"""The end of an expression inside a string."""

from __future__ import annotations

import time

import pytest

from contracts.cel import scan


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("${a}", "a"),
        ("x ${a.b} y ${c}", "a.b"),
        ("${{'a': {'b': 1}}.a} }", "{'a': {'b': 1}}.a"),
        ("${'}' + a}", "'}' + a"),
        ("${'{' + a} b", "'{' + a"),
        ('${"}" + "\\"}" + a}', '"}" + "\\"}" + a'),
        ("${'''}'}''' + a}", "'''}'}''' + a"),
        ('${"""}"}""" + a}', '"""}"}""" + a'),
        ("${r'\\' + a}", "r'\\' + a"),
        ("${b'}' + rb'\\'}", "b'}' + rb'\\'"),
        ("${a.`x}y`}", "a.`x}y`"),
        ("${a // it's } not\n + b}", "a // it's } not\n + b"),
        ("${'it + a}", "'it + a"),
        ("${bar'x\\'}'}", "bar'x\\'}'"),
        ("${}", ""),
    ],
)
def test_finds_the_closing_brace(text: str, inside: str) -> None:
    start = text.index("${") + 2
    end = scan(text, start)
    assert end is not None
    assert text[start:end] == inside


@pytest.mark.parametrize("text", ["${a", "${{a}", '${"a}', "${'''a}", "${a // b}", "${"])
def test_an_unclosed_expression_is_plain_text(text: str) -> None:
    assert scan(text, 2) is None


@pytest.mark.parametrize("piece", ["'\\\\", '"\\', "'", "{", "'''", "a'\n", "//", "r'", "`"])
def test_takes_linear_time(piece: str) -> None:
    began = time.monotonic()
    scan(piece * 200_000, 0)
    assert time.monotonic() - began < 5
