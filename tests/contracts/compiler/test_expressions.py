# ruff: noqa: E501
"""Expressions inside strings, and strings that are one expression (kro §3.1)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.compiler.definition import Code, Part
from contracts.compiler.parsing.expressions import extract
from contracts.compiler.reporter import Reporter
from contracts.documents import read
from contracts.problems import Problem


def extracted(text: str) -> tuple[Code | None, list[Problem]]:
    problems: list[Problem] = []
    document = read(f"k: {json.dumps(text)}\n")[0][0]
    return extract(text, ("k",), ("k",), Reporter(document, problems)), problems


def shown(code: Code) -> list[str]:
    """Expressions in brackets, literal parts as they are."""
    return [f"[{part.source}]" if isinstance(part, Part) else part for part in code.parts]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("${a}", ["[a]"]),
        ("${a}\n", ["[a]", "\n"]),
        (" ${a}", [" ", "[a]"]),
        ("${a}${b}", ["[a]", "[b]"]),
        ("x-${a}-y", ["x-", "[a]", "-y"]),
        ("$${a}", ["$", "[a]"]),
        ("${ a }", ["[ a ]"]),
        ("${a +\n b}", ["[a +\n b]"]),
        ('${"${A}"}', ['["${A}"]']),
        ('${"}" + a}', ['["}" + a]']),
        ("${'}' + a}", ["['}' + a]"]),
        ('${{"a": {"b": 1}}}', ['[{"a": {"b": 1}}]']),
        ("}${a}{", ["}", "[a]", "{"]),
    ],
)
def test_the_parts_of_a_string(text: str, parts: list[str]) -> None:
    code, _ = extracted(text)
    assert code is not None
    assert shown(code) == parts
    assert code.standalone is (len(parts) == 1)


@pytest.mark.parametrize("text", ["plain", "$", "${", "a ${b", "$ {a}", "{a}", '${"}'])
def test_a_string_without_an_expression(text: str) -> None:
    code, problems = extracted(text)
    assert code is None
    assert {problem.severity for problem in problems} <= {"warning"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a ${b ${c} d", "cel-syntax at ${: An expression starts inside another one."),
        ("a ${b ${c", "cel-syntax at ${: An expression starts inside another one."),
        ('a ${"b ${c}', "unclosed-expression at ${: This “${” is never closed, so the string is used as is."),
        ("${'}'}", "kro-would-refuse at '}': kro ignores the single quotes around a brace here and would reject this."),
        ("${'${a}' + b}", "kro-would-refuse at ${: kro ignores the single quotes around “${” here."),
        ("${a.`b-c`}", "kro-would-refuse at `b-c`: kro does not support names in backticks."),
        ("${has(a.?b)}", "kro-would-refuse at b: kro's has() does not support “.?”."),
        ("${a.in}", "kro-would-refuse at in: kro cannot select a field called “in”."),
        ("${a + ${b}}", "cel-syntax at $: Unexpected “$”."),
        ('${"${A}" + a.namespace}', ""),
    ],
)  # fmt: skip
def test_problems_of_a_string(text: str, expected: str) -> None:
    _, problems = extracted(text)
    line = f"k: {json.dumps(text)}"
    found = [
        f"{each.code} at {line[each.column - 1 : each.end_column - 1]}: {each.message}" for each in problems
    ]
    assert found[:1] == ([expected] if expected else [])


pieces = st.sampled_from(
    ["${", "}", "{", "'", '"', "\\", "$", "a", ".b", " + ", "1", "(", ")", "[", "]", "\n", "é"]
)


@given(st.lists(pieces, max_size=14).map("".join))
@settings(max_examples=150, deadline=None)
def test_any_string_is_split_without_loss(text: str) -> None:
    code, problems = extracted(text)
    if code is not None:
        written = [f"${{{part.source}}}" if isinstance(part, Part) else part for part in code.parts]
        assert "".join(written) == text
    elif "${" in text:
        assert problems
    assert all(problem.message and problem.line for problem in problems)


@given(st.lists(st.sampled_from(["${a}", '${"}"}', "${{'k': 1}}", "x", "$", "}", " "]), max_size=8))
@settings(max_examples=150, deadline=None)
def test_expressions_are_found_between_any_strings(parts: list[str]) -> None:
    code, problems = extracted("".join(parts))
    wanted = [part for part in parts if part.startswith("${")]
    found = [f"${{{part.source}}}" for part in code.expressions] if code else []
    assert found == wanted
    assert problems == []
