"""What an expression's value carries of a secret: every construct of the language is a row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.cel import CelError, CelSyntaxError, Environment, Limits, parse
from contracts.cel.functions import FUNCTIONS, METHODS
from contracts.cel.syntax.nodes import VISIT, Node
from contracts.cel.typecheck.taint import CLEAN, MAX_SIZE, Level, Taint, flow, join, taint_of
from tests.contracts.cel.test_properties import EXPRESSIONS, JSON

SECRET = Taint(fields={"data": flow("s"), "stringData": flow("s")})
VARIABLES = {"secret": SECRET, "secrets": Taint(fields={None: SECRET}), "schema": CLEAN}
EVERYTHING = Environment(omit=True, conditions=True, extras=True)

CLEAN_VALUES = [
    # literals, other variables, metadata of the Secret
    "1",
    '"password"',
    "schema.spec.name",
    "secret.metadata.name",
    "secret.?metadata.?labels",
    'secret["metadata"]["uid"]',
    "string(secret.metadata.generation)",
    "secrets.map(s, s.metadata.name)",
    "secrets.filter(s, s.metadata.name == schema.spec.name).map(s, s.metadata.uid)",
    "secrets.sortBy(s, s.metadata.name)[0].metadata.name",
    "secrets[0].metadata.name",
    "secrets[?0].?metadata.name.orValue(schema.spec.name)",
    "secrets.first().value().metadata.name",
    "secrets.reverse().last().value().metadata.name",
    "secrets.exists(s, s.metadata.name == schema.spec.name)",
    "secrets.transformList(i, s, s.metadata.name)",
    "secrets.transformMap(i, s, s.metadata.name)",
    "secrets.transformMapEntry(i, s, {s.metadata.name: i})",
    "size(secrets)",
    "has(secret.metadata.labels)",
    # a local variable hides the Secret
    "[1].map(secret, secret)",
    "cel.bind(secret, schema.spec.name, secret)",
    # the clean part of a structure
    '{"a": secret.data.k, "b": schema.spec.name}.b',
    '{"a": secret.data.k}.merge({"b": "x"}).b',
    'cel.bind(s, {"a": secret.data.k, "b": 1}, s.b)',
    "cel.bind(s, secret, s.metadata.name)",
    "dyn(secret).metadata.name",
    "optional.of(secret).value().metadata.name",
    "optional.of(secret).optMap(s, s.metadata.name)",
    "[secret].map(s, s.metadata.name)",
    "(schema.spec.flag ? secret : secrets[0]).metadata.name",
    "lists.range(3)",
]
WARNINGS = [
    # conditions, comparisons, has() and size() are no flows
    "has(secret.data)",
    "has(secret.data.password)",
    "has(secret.?data.password)",
    "size(secret.data)",
    "secret.data.size()",
    "size(string(secret.data.k))",
    'string(secret.data.k) == "x"',
    'string(secret.data.k) != "x"',
    'string(secret.data.k) < "x"',
    'string(secret.data.k) >= "x"',
    '"k" in secret.data',
    'string(secret.data.k) in ["x"]',
    'string(secret.data.k).startsWith("x")',
    'string(secret.data.k).endsWith("x")',
    'string(secret.data.k).contains("x")',
    'string(secret.data.k).matches("x")',
    '"x".contains(string(secret.data.k))',
    "secret.data.?k.hasValue()",
    'string(secret.data.k) == "x" ? "a" : "b"',
    'schema.spec.flag ? "c" : has(secret.data.k) ? "a" : "b"',
    'bool(string(secret.data.k)) ? "a" : "b"',
    '!(string(secret.data.k) == "x")',
    'string(secret.data.k) == "x" && schema.spec.flag',
    'schema.spec.flag || string(secret.data.k) == "x"',
    "secret.data.all(k, true)",
    'secret.data.exists(k, k == "x")',
    'secret.data.exists_one(k, k == "x")',
    'secret.data.exists(k, v, string(v) == "x")',
    'secrets.exists(s, string(s.data.k) == "x")',
    "secrets.filter(s, has(s.data.k)).map(s, s.metadata.name)",
    "secrets.filter(s, has(s.data.k)).size()",
    "secrets.sortBy(s, string(s.data.k)).map(s, s.metadata.name)",
    "secrets.map(s, has(s.data.k), s.metadata.name)",
    "string(secret.data.k).split(',').map(c, 1)",
    "isURL(string(secret.data.k))",
    'quantity("1").isLessThan(quantity(string(secret.data.k)))',
    "type(dyn(secret.data.k))",
    "[?secret.data.?k].size()",
    '{?"a": secret.data.?k, "b": 1}.size()',
    "[secret.data.?k].unwrapOpt().size()",
    'secret.data.?k.optMap(v, "set").orValue("unset")',
    'string(secret.data.k) == "x" ? 1 + 2 : 3',
    "[string(secret.data.k) == 'x', true]",
    "optional.ofNonZeroValue(string(secret.data.k)).hasValue()",
]
FLOWS = [
    # the whole object
    "secret",
    "dyn(secret)",
    "[secret]",
    '{"a": {"b": {"c": secret}}}',
    "string(dyn(secret))",
    "json.marshal(secret)",
    "json.unmarshal(json.marshal(secret)).metadata.name",
    "dyn(secret).map(k, k)",
    "secrets",
    # selection and index
    "secret.data",
    "secret.data.password",
    'secret["data"]["password"]',
    "secret[schema.spec.key]",
    "secret.data[schema.spec.key]",
    "secret.stringData.password",
    "secret.?data.?password",
    "secret[?schema.spec.key]",
    'secret.data.?password.orValue("")',
    "secret.data[?'k'].value()",
    "secrets[0].data.k",
    "schema.spec.list[int(string(secret.data.k))]",
    '{"a": "a", "b": "b"}[string(secret.data.k)]',
    # strings and conversions
    "string(secret.data.k)",
    "int(string(secret.data.k))",
    "bool(string(secret.data.k))",
    "!bool(string(secret.data.k))",
    "-int(string(secret.data.k))",
    "int(string(secret.data.k)) + 1",
    "2 * int(string(secret.data.k))",
    "duration(string(secret.data.k))",
    "quantity(string(secret.data.k)).asInteger()",
    '"a" + string(secret.data.k)',
    '"a" + "b" + string(secret.data.k) + "c"',
    "string(secret.data.k).upperAscii()",
    "string(secret.data.k).charAt(0)",
    "string(secret.data.k).substring(0, 1)",
    "string(secret.data.k).replace('a', 'b')",
    '"x".replace("x", string(secret.data.k))',
    "string(secret.data.k).reverse()",
    "string(secret.data.k).trim()",
    '"abc".indexOf(string(secret.data.k).charAt(0))',
    '"%s".format([string(secret.data.k)])',
    'string(secret.data.k).format(["x"])',
    "string(secret.data.k).split('')",
    "['a', string(secret.data.k)].join('-')",
    '["a"].join(string(secret.data.k))',
    "string(secret.data.k).find('[a-z]+')",
    "string(secret.data.k).findAll('[a-z]')",
    "strings.quote(string(secret.data.k))",
    "base64.encode(secret.data.k)",
    "base64.decode(base64.encode(secret.data.k))",
    "hash.sha256(string(secret.data.k))",
    "random.seededString(8, string(secret.data.k))",
    "url(string(secret.data.k)).getHost()",
    "ip(string(secret.data.k))",
    # structures
    "[1, secret.data.k]",
    "[schema.spec.a] + [string(secret.data.k)]",
    '{"a": secret.data.k}.a',
    '{"a": secret.data.k}[schema.spec.key]',
    "{string(secret.data.k): 1}",
    "{string(secret.data.k): 1}.map(k, k)",
    '{"a": {"b": [{"c": secret.data.k}]}}.a.b[0].c',
    '{"a": secret.data.k}.merge({"b": "x"})',
    '{}.deepMerge({"a": secret.data.k}).a',
    "[secret.data.k].first().value()",
    "[[secret.data.k]].flatten()",
    "[string(secret.data.k)].distinct()",
    "[string(secret.data.k)].sort()",
    "[int(string(secret.data.k))].sum()",
    "[int(string(secret.data.k))].max()",
    "lists.setAtIndex(['a'], 0, string(secret.data.k))",
    "lists.range(int(string(secret.data.k)))",
    "[?secret.data.?k]",
    '{?"a": secret.data.?k}',
    # conditions whose branches carry the value
    "schema.spec.flag ? string(secret.data.k) : ''",
    "schema.spec.flag ? '' : string(secret.data.k)",
    "has(secret.data.k) ? string(secret.data.k) : ''",
    "bool(string(secret.data.k)) && true",
    "false || bool(string(secret.data.k))",
    # macros
    "secret.data.map(k, k)",
    "secret.data.filter(k, true)",
    "secret.data.transformList(k, v, string(v))",
    "secret.data.transformMap(k, v, 1)",
    "secret.data.transformMap(k, v, string(v))",
    "secret.data.transformMapEntry(k, v, {k: 1})",
    "secret.data.transformMapEntry(k, v, {'a': v})",
    "secrets.map(s, s.data.k)",
    "secrets.map(s, s)",
    "secrets.map(s, s.metadata.name == 'a', string(s.data.k))",
    "secrets.filter(s, s.metadata.name == 'a')",
    "secrets.filter(s, s.metadata.name == 'a')[0].data.k",
    "secrets.sortBy(s, s.metadata.name)[0].data.k",
    "string(secret.data.k).split('').map(c, c + '-')",
    "[1, 2].map(i, string(secret.data.k))",
    "['a'].map(i, [secret].map(s, s.data[i]))",
    "cel.bind(s, secret, s.data.k)",
    "cel.bind(s, string(secret.data.k), 'a' + s)",
    "cel.bind(a, secret.data, cel.bind(b, a, b.k))",
    "[secret].map(x, .secret.data.k)",
    # optionals
    "optional.of(secret.data.k)",
    "optional.of(secret.data.k).or(optional.none())",
    "optional.none().or(optional.of(secret.data.k)).value()",
    "optional.none().orValue(string(secret.data.k))",
    "optional.ofNonZeroValue(secret.data.k)",
    "secret.data.?k.optMap(v, string(v))",
    "secret.data.?k.optFlatMap(v, optional.of(v))",
    "[secret.data.?k].unwrapOpt()",
    "optional.unwrap([secret.data.?k])",
    # functions that the analysis does not know
    "unknown(secret.data.k)",
    "schema.spec.name.unknown(secret.data.k)",
    "secret.unknown()",
    "json.unknown(secret)",
]
CONDITIONS = [
    ("runtime.newCondition({type: 'A', status: 'True', message: string(secret.data.k)})", Level.FLOW),
    ("runtime.newCondition({type: 'A', status: has(secret.data.k) ? 'True' : 'False'})", Level.IMPLICIT),
    ("runtime.newCondition({type: 'A', status: 'True', message: secret.metadata.name})", Level.CLEAN),
    ("runtime.condition(secret, 'Ready').message", Level.CLEAN),
    ("omit()", Level.CLEAN),
]
ROWS = [
    *((source, Level.CLEAN) for source in CLEAN_VALUES),
    *((source, Level.IMPLICIT) for source in WARNINGS),
    *((source, Level.FLOW) for source in FLOWS),
    *CONDITIONS,
]


def level_of(source: str) -> Level:
    return taint_of(parse(source, EVERYTHING), VARIABLES).whole


@pytest.mark.parametrize(("source", "level"), ROWS, ids=[source for source, _ in ROWS])
def test_a_construct(source: str, level: Level) -> None:
    assert level_of(source) is level


def test_every_kind_of_node_has_a_row() -> None:
    def kinds(node: Node) -> set[type[Node]]:
        return {type(node)}.union(*(kinds(child) for child in node.children()))

    assert set(VISIT) == set().union(*(kinds(parse(source, EVERYTHING).node) for source, _ in ROWS))


PREDICATES = {"compareTo", "contains", "containsCIDR", "containsIP", "endsWith", "hasValue", "isCIDR"} | {
    "isGreaterThan", "isIP", "isLessThan", "isQuantity", "isSemver", "isSorted", "isURL", "matches", "size",
    "sets.contains", "sets.equivalent", "sets.intersects", "startsWith", "type",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted({*FUNCTIONS, *METHODS} - {"optional.none", "omit"}))
def test_a_function_passes_its_operands_on(name: str) -> None:
    """Only the listed functions do not: their result is a test."""
    value = "secret.data.k"
    if name == "runtime.condition":
        value = "secret.data"
    member = name not in FUNCTIONS
    source = f"({value}).{name}({value})" if member else f"{name}({value})"
    assert level_of(source) is (Level.IMPLICIT if name in PREDICATES else Level.FLOW)


def test_the_source_is_known() -> None:
    variables = {name: Taint(fields={"data": flow(name)}) for name in "abc"}
    found = taint_of(parse("[a.data.x, b.metadata.name, c]"), variables)
    assert found.all_sources == {"a", "c"}


def test_a_taint_of_many_parts_becomes_one_level() -> None:
    names = [f"f{number}" for number in range(MAX_SIZE)]
    many = Taint(fields={name: flow("s") if name == "f7" else CLEAN for name in names})
    assert many.fields == {}
    assert many.select("f8").whole is Level.FLOW
    deep = "secret"
    for _ in range(8):
        deep = f'cel.bind(a, {deep}, {{"l": a, "m": a, "r": a}})'
    assert level_of(deep) is Level.FLOW


# Non-interference: what the secret can change is not clean.

SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
SMALL = Limits(steps=20_000, size=20_000)


def outcome(source: str, bindings: dict[str, Any]) -> str | None:
    """The result as text; None without one."""
    try:
        found = repr(parse(source, EVERYTHING).evaluate(bindings, limits=SMALL))
    except (CelError, CelSyntaxError):
        return None
    return None if " object at 0x" in found else found


def assert_sound(source: str, taint: Taint, pair: Sequence[Any], b: Any) -> None:
    results = [outcome(source, {"a": value, "b": b}) for value in pair]
    if None not in results and results[0] != results[1]:
        assert taint_of(parse(source, EVERYTHING), {"a": taint}).whole > Level.CLEAN


@SETTINGS
@given(EXPRESSIONS, JSON, JSON, JSON)
def test_a_secret_changes_no_clean_value(source: str, first: Any, second: Any, b: Any) -> None:
    assert_sound(source, flow("a"), (first, second), b)


@SETTINGS
@given(EXPRESSIONS, JSON, JSON, JSON, JSON)
def test_a_secret_field_changes_no_clean_value(
    source: str, first: Any, second: Any, public: Any, b: Any
) -> None:
    objects = [{"x": secret, "y": public} for secret in (first, second)]
    assert_sound(source, Taint(fields={"x": flow("a")}), objects, b)


# Expressions that are strings, so that most of them have a value. S, L and D stand for a string, a list of
# strings and any value.
STRINGS = (
    "(S + S)",
    "(S == S ? S : S)",
    "'%s/%s'.format([S, D])",
    "L.join(S)",
    "S.replace(S, S)",
    "S.substring(size(S) > 1 && S.size() > 0 ? 1 : 0)",
    "string(base64.decode(base64.encode(bytes(S))))",
    "json.marshal(D)",
    "string(json.unmarshal(json.marshal(S)))",
    '{"k": S, "l": D}.k',
    '{"k": S, "l": D}[S.contains("p") ? "k" : "k"]',
    '{"k": S}.merge({"l": S}).k',
    '{"k": S}.deepMerge({"l": S}).l',
    "L.filter(i, i == S).join()",
    "L.map(i, S).join()",
    "L.map(i, i.startsWith(S), i + S).join(',')",
    "L.sortBy(i, size(i + S))[0]",
    "L.transformList(i, v, v + string(i)).join()",
    "json.marshal(L.transformList(i, v, S != v, S).size())",
    "json.marshal({'k': S}.transformMap(k, v, S != v, S).size())",
    "json.marshal({'k': S}.transformMapEntry(k, v, {S: v}))",
    "cel.bind(i, S, i + S)",
    "cel.bind(i, D, S)",
    "cel.bind(a, {'name': S, 'data': {'k': S, 'l': S}}, S)",
    "optional.ofNonZeroValue(S).orValue(S)",
    "optional.of(S).optMap(i, i + S).value()",
    "optional.ofNonZeroValue(S).optFlatMap(i, optional.of(S)).orValue(S)",
    '[?{"k": S}.?k, S].last().value()',
    "string(L.exists(i, i == S))",
    "string(L.all(i, i.endsWith(S)))",
    "string(L.exists_one(i, i == S))",
    "string([optional.ofNonZeroValue(S), optional.of(S)].unwrapOpt().size())",
    "string(has(a.data.m))",
    "string([?a.data.?m, S].size())",
    "string({?'m': a.data.?m, 'k': S}.size())",
    "a.data.?m.optMap(i, S).orValue(S)",
    "a.data.?m.optFlatMap(i, optional.of(S)).orValue(S)",
    "string(a.data.?m.hasValue())",
    "{'': '1', 'p': '2', 'x': S}[?S].orValue('3')",
    "{'': '1', 'p': '2', 'pq': '3', 'x': '4', 'xpx': '5', 'p-q': '6', 'zzz': S, '0': '7'}[S]",
    "{'k': '1', 'l': S}[a.data.k == 'p' ? 'k' : 'l']",
    "string(size(D))",
    "string(L.distinct().size())",
    "string(S in L)",
    "string(type(S == S ? dyn(1) : dyn('1')) == type(1))",
    "(hash.md5(S).size() > 1 ? S : '')",
    "S.split('').reverse().join()",
    "random.seededString(3, S)",
    "string(cel.bind(i, {'k': S, 'l': S}, [i].map(j, j.k)[0]))",
)
LISTS = ("[S, S]", "([S] + [S])", "S.split('p')", "[[S], L].flatten()", "L.sort()", "L.slice(0, 1)", "[S]")
ANY = ("S", "L", "a", "[a]", "{'k': a}", "a.data", "{'k': S, 'l': D}")
LEAVES = (
    "a.data.k",
    "a.data.l",
    "a.name",
    "b",
    "'p'",
    "''",
    "dyn(a).name",
    "a['data']['k']",
    "a.?data.?k.orValue('')",
)


def expanded(choices: Iterator[int], symbol: str = "S", depth: int = 0) -> str:
    """One expression; every choice takes a number."""
    table = {"S": LEAVES if depth > 2 else STRINGS, "L": LISTS, "D": ANY}[symbol]
    if symbol == "S" and depth and next(choices, 0) % 3 == 0:
        table = LEAVES
    chosen = "[b]" if symbol == "L" and depth > 3 else table[next(choices, 0) % len(table)]
    return re.sub(r"\b[SLD]\b", lambda match: expanded(choices, match[0], depth + 1), chosen)


def string_expressions() -> st.SearchStrategy[str]:
    return st.binary(min_size=24, max_size=60).map(lambda numbers: expanded(iter(numbers)))


WORDS = st.sampled_from(["", "p", "pq", "x", "xpx", "p-q", "zzz", "0"])


# The key m is not always there.
OBJECTS = st.fixed_dictionaries(
    {"name": st.just("p"), "data": st.fixed_dictionaries({"k": WORDS, "l": WORDS}, optional={"m": WORDS})}
)


@settings(SETTINGS, max_examples=2000)
@given(string_expressions(), OBJECTS, OBJECTS, WORDS)
def test_a_secret_changes_no_clean_string(source: str, first: Any, second: Any, b: str) -> None:
    assert_sound(source, Taint(fields={"data": flow("a")}), (first, second), b)


def test_the_generated_expressions_have_values_that_differ() -> None:
    """Otherwise the property would say nothing."""
    counts = {"value": 0, "differs": 0, "clean": 0, "all": 0}

    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(string_expressions())
    def count(source: str) -> None:
        objects = [{"name": "p", "data": {"k": word, "l": "p"}} for word in ("p", "xpx")]
        results = [outcome(source, {"a": each, "b": "p"}) for each in objects]
        counts["all"] += 1
        counts["value"] += None not in results
        counts["differs"] += results[0] != results[1]
        counts["clean"] += not taint_of(parse(source), {"a": Taint(fields={"data": flow("a")})}).whole

    count()
    assert counts["value"] > counts["all"] / 2
    assert counts["differs"] > counts["all"] / 10
    assert counts["clean"] > counts["all"] / 20


def test_joining_keeps_what_only_one_side_names() -> None:
    found = join(Taint(fields={None: flow("s")}), Taint(fields={"a": CLEAN, "b": flow("t")}))
    assert found.select("a").all_sources == {"s"}
    assert found.select("b").all_sources == {"s", "t"}
    assert found.select("c").all_sources == {"s"}
