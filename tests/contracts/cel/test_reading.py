"""Parsing, syntax errors and printing."""

from __future__ import annotations

import time

import pytest

from contracts.cel import BOOL, CelSyntaxError, check, parse
from contracts.cel.limits import MAX_DEPTH


@pytest.mark.parametrize(
    ("source", "canonical"),
    [
        ("a.b . c", "a.b.c"),
        ("a.?b[?0].`x-y/z`", "a.?b[?0].`x-y/z`"),
        ("metadata.namespace", "metadata.namespace"),
        ("(1+2)*3 - -4", "(1 + 2) * 3 - -4"),
        ("1 - (2 - 3)", "1 - (2 - 3)"),
        ("(a || b) && c", "(a || b) && c"),
        ("a?b:(c?d:e)", "a ? b : c ? d : e"),
        ("(a ? b : c) ? d : e", "(a ? b : c) ? d : e"),
        ("!(a && b)", "!(a && b)"),
        ("-(1)", "-(1)"),
        ("-x.y", "-x.y"),
        ("(-1).abs()", "(-1).abs()"),
        ("[1, ?x,]", "[1, ?x]"),
        ("{'a': 1, ?b: c,}", '{"a": 1, ?b: c}'),
        ("'''a\nb'''", '"a\\nb"'),
        ("r'\\d'", '"\\\\d"'),
        ("b'\\xff' + b'a'", 'b"\\xff" + b"a"'),
        ("1u + 0x10u", "1u + 16u"),
        ("1.0 + 1e30", "1.0 + 1e+30"),
        ("1e400 + -1e400", "1e999 + -1e999"),
        ("24.indexOf(x)", "24.indexOf(x)"),
        ("x.map(i, i > 1, i)", "x.map(i, i > 1, i)"),
        ("cel.bind(a, 1, a + a)", "cel.bind(a, 1, a + a)"),
        ("has(a.b) // why", "has(a.b)"),
        ("runtime.newCondition({type: 'A', status: s})", 'runtime.newCondition({type: "A", status: s})'),
        (".a.b", ".a.b"),
        ("index in inner", "index in inner"),
    ],
)
def test_canonical_form(source: str, canonical: str) -> None:
    assert parse(source).unparse() == canonical
    assert parse(canonical).unparse() == canonical


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("", "1:1: The expression is empty."),
        ("a +", "1:4: The expression is incomplete."),
        ("f(a", "1:4: The expression is incomplete. Is a “)” missing?"),
        ("a\n  * * b", "2:5: Unexpected “*”."),
        ("a = b", "1:3: Unexpected “=”. Compare with “==”."),
        ("a & b", "1:3: Unexpected “&”. Write “&&”."),
        ("'abc", "1:1: Unterminated string. Add the closing '."),
        ("a + ${b}", "1:5: Unexpected “$”. An expression inside an expression does not need “${”."),
        ("'\\q'", "1:1: Invalid escape sequence “\\q”; write “\\\\” for a backslash."),
        ("9223372036854775808", "1:1: This integer does not fit into 64 bits."),
        ("9" * 5000, "1:1: This integer does not fit into 64 bits."),
        ("9" * 5000 + "u", "1:1: This unsigned integer does not fit into 64 bits."),
        ("-1u", "1:1: This unsigned integer does not fit into 64 bits."),
        ("while", "1:1: “while” is a reserved word and cannot be a variable."),
        ("has(a)", "1:5: The argument of has() must be a field selection. Write has(a.b)."),
        ("a.map(b.c, 1)", "1:7: The variable of map() must be an identifier. Write x.map(i, …)."),
        ("a.all(i, i, true)", "1:10: The variables of all() must have different names."),
        ("A{b: 1}", '1:2: Protobuf messages cannot be constructed here. Write a map: {"field": value}.'),
        ("runtime.newCondition({type: 'A'})", "1:22: The field status of a condition is required."),
        (
            "runtime.newCondition({type: 'A', status: 'True', why: 'x'})",
            "1:50: The fields of a condition are type, status, reason and message.",
        ),
        ("runtime.newCondition({type: 'A', status: 'True', type: 'B'})", "1:50: Duplicate field type."),
        (
            "runtime.newCondition(a)",
            "1:1: The argument of runtime.newCondition() must be one map literal. "
            "Write {type: …, status: …}.",
        ),
        ("while(1)", "1:1: “while” is a reserved word and cannot be called."),
        ("b'\\u00e4'", "1:1: Unicode escapes are not allowed in bytes."),
        ("'\\ud800'", "1:1: This escape sequence is not a Unicode character."),
        ("a + '\ud800'", "1:6: Invalid Unicode character."),
    ],
)
def test_a_syntax_error_has_a_position_and_a_hint(source: str, error: str) -> None:
    with pytest.raises(CelSyntaxError) as caught:
        parse(source)
    assert str(caught.value) == error


@pytest.mark.parametrize(
    "source",
    [
        "(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1) + "+" * 3,
        "-" + "(-" * MAX_DEPTH + "x" + ")" * MAX_DEPTH,
        "[" * 5000 + "]" * 5000,
        "a" + ".b()" * 5000,
        "a" * 70_000,
        "'" + "\\\\" * 40,
        '"' + "\\\\" * 30_000,
        "'''" + "a'" * 30_000,
        "(" * 30_000,
    ],
    ids=lambda source: f"{source[:4]}… {len(source)}",
)
def test_huge_expressions_fail_quickly(source: str) -> None:
    began = time.thread_time()
    with pytest.raises(CelSyntaxError):
        parse(source)
    assert time.thread_time() - began < 5


@pytest.mark.parametrize("joint", [" + ", " && ", " || "])
def test_chains_may_be_long(joint: str) -> None:
    source = joint.join(["x"] * 2000)
    value: object = 1 if joint == " + " else joint == " && "
    assert parse(source).evaluate({"x": value}) == (2000 if joint == " + " else value)


def test_conditional_chains_may_be_long() -> None:
    source = " : ".join(f"x == {n} ? {n}" for n in range(500)) + " : -1"
    assert parse(source).evaluate({"x": 77}) == 77


def test_the_same_source_is_parsed_once() -> None:
    assert parse("once + 1") is parse("once + 1")


@pytest.mark.parametrize(
    "source", ["1+" * 30_000 + "1", "[1]+" * 15_000 + "[1]", "x?1:" * 15_000 + "2"], ids=len
)
def test_long_chains_take_linear_time(source: str) -> None:
    began = time.process_time()
    expression = parse(source)
    check(expression, {"x": BOOL})
    expression.unparse()
    expression.evaluate({"x": True})
    assert time.process_time() - began < 15
