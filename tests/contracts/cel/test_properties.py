"""Properties that hold for all sources and all values."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.cel import (
    DYN,
    CelError,
    CelSyntaxError,
    Environment,
    Expression,
    Limits,
    check,
    from_openapi,
    parse,
    scan,
    to_json,
    wrap,
)
from contracts.cel.expression import FAULT
from contracts.cel.functions import FUNCTIONS, METHODS
from contracts.cel.syntax.nodes import walk

EVERYTHING = Environment(omit=True, conditions=True, extras=True)
SMALL = Limits(steps=20_000, size=20_000)
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TEXTS = st.text(alphabet=st.sampled_from("ab \"'`\\{}[]()?:.,+-*/%&|!=<>0123uxrbBR\n$é"), max_size=40)
LITERALS = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.integers(0, 2**64 - 1).map(lambda n: f"{n}u"),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        ["true", "false", "null", "[]", "{}", "optional.none()", "b'\\xff'", "'10Gi'", "'10.0.0.0/8'"]
    ),
    st.text(max_size=6).filter(lambda text: text.isprintable()).map(json.dumps),
    st.sampled_from(["a", "b", "a.x", "a.?y", "b[0]", "a.x.y.z", "a['x']", "duration('1h')"]),
    st.sampled_from(["quantity('1')", "ip('::1')", "cidr('::/8')", "semver('1.2.3')", "url('/a')"]),
)
BINARY = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"])
MACROS = st.sampled_from(["all", "exists", "exists_one", "map", "filter", "sortBy", "optMap", "optFlatMap"])
TWO = st.sampled_from(["all", "exists", "existsOne", "transformList", "transformMap", "transformMapEntry"])


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    args = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.builds("({} {} {})".format, inner, BINARY, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("{}{}".format, st.sampled_from(["!", "-"]), inner),
        st.builds("{}({})".format, st.sampled_from(sorted(FUNCTIONS)), args),
        st.builds("({}).{}({})".format, inner, st.sampled_from(sorted(METHODS)), args),
        st.builds("({}).{}(i, {})".format, inner, MACROS, inner),
        st.builds("({}).{}(i, j, {})".format, inner, TWO, inner),
        st.builds("[{}, ?{}]".format, inner, inner),
        st.builds("{{{}: {}, ?'k': {}}}".format, inner, inner, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("({})[?{}]".format, inner, inner),
        st.builds("cel.bind(a, {}, {})".format, inner, inner),
        st.builds("has(({}).x)".format, inner),
    )


EXPRESSIONS = st.recursive(LITERALS, _combined, max_leaves=8)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["x", "y", "z"]), inner, max_size=3)
    ),
    max_leaves=10,
)


def _read(source: str) -> Expression | None:
    """The expression, or None for a syntax error, whose position is inside the source."""
    refused: CelSyntaxError | None = None
    try:
        return parse(source, EVERYTHING)
    except CelSyntaxError as error:
        refused = error
    assert 0 <= refused.offset <= len(source)
    assert min(refused.line, refused.column) >= 1
    return None


def _tried(source: str, bindings: dict[str, Any]) -> None:
    expression = _read(source)
    if expression is None:
        return
    assert parse(expression.unparse(), EVERYTHING).unparse() == expression.unparse()
    for reference in expression.references:
        assert 0 <= reference.start < reference.end <= len(source)
    for node in walk(expression.node):
        assert 0 <= node.start < node.end <= len(source)
    kind, problems = check(expression, dict.fromkeys(bindings, DYN))
    assert str(kind)
    for problem in problems:
        assert 0 <= problem.start <= problem.end <= len(source)
    message = ""
    try:
        to_json(expression.evaluate(bindings, limits=SMALL))
    except CelError as error:
        message = error.message
    assert message != FAULT


@SETTINGS
@given(TEXTS)
def test_any_string_parses_or_is_a_syntax_error(source: str) -> None:
    _tried(source, {"a": 1})


@SETTINGS
@given(TEXTS)
def test_the_end_of_an_expression_is_a_brace(text: str) -> None:
    end = scan(text, 0)
    assert end is None or text[end] == "}"


@settings(SETTINGS, max_examples=300)
@given(EXPRESSIONS, JSON, JSON)
def test_any_expression_evaluates_or_raises_cel_error(source: str, a: Any, b: Any) -> None:
    _tried(source, {"a": a, "b": b})


@SETTINGS
@given(EXPRESSIONS, JSON)
def test_printing_preserves_the_meaning(source: str, a: Any) -> None:
    expression = _read(source)
    if expression is None:
        return

    def outcome(text: str) -> str:
        try:
            return repr(parse(text, EVERYTHING).evaluate({"a": a}, limits=SMALL))
        except CelError as error:
            return error.message

    first, again = outcome(source), outcome(expression.unparse())
    assert first == again or "too many steps" in first + again or " object at 0x" in first


@SETTINGS
@given(JSON, JSON)
def test_any_schema_has_a_type_and_converts_any_value(schema: Any, value: Any) -> None:
    kind = from_openapi(
        {"type": "object", "properties": {"x": {"type": "string", "format": "byte"}}}, name="t"
    )
    wrap(value, kind)
    if isinstance(schema, dict):
        from_openapi({"properties": {key: {"type": "string"} for key in schema}}, name="t")
