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
    """Four times the text takes about four times as long; with quadratic time it would be sixteen times."""
    small = max(seconds_to_scan(piece * 50_000) for _ in range(2))
    assert seconds_to_scan(piece * 200_000) < 8 * max(small, 0.005)


def seconds_to_scan(text: str) -> float:
    """Processor time of this thread, which other programs of the machine do not change."""
    began = time.thread_time()
    scan(text, 0)
    return time.thread_time() - began
