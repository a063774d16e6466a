"""The type checker: types of valid expressions, and all problems of invalid ones."""

from __future__ import annotations

import pytest

from contracts.cel import BOOL, DYN, Environment, ListType, StructType, Type, check, from_openapi, parse

SCHEMA = {
    "type": "object",
    "properties": {
        "metadata": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}},
        },
        "spec": {
            "type": "object",
            "properties": {
                "replicas": {"type": "integer"},
                "ratio": {"type": "number"},
                "paused": {"type": "boolean"},
                "port": {"x-kubernetes-int-or-string": True},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "ports": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"port": {"type": "integer"}}},
                },
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "data": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
                "since": {"type": "string", "format": "date-time"},
                "app-name": {"type": "string"},
                "a.b": {"type": "integer"},
                "a/b": {"type": "boolean"},
                "__a": {"type": "number"},
                "for": {"type": "string"},
                "template": {"type": "object", "properties": {"image": {"type": "string"}}},
            },
        },
    },
}
VARIABLES: dict[str, Type] = {
    "schema": from_openapi(SCHEMA, name="__type_schema"),
    "other": from_openapi(SCHEMA, name="__type_other"),
    "any": DYN,
}


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("schema.spec.replicas + 1", "int"),
        ("schema.spec.ratio * 2.0", "double"),
        ("schema.metadata.namespace", "string"),
        ("schema.spec.port", "dyn"),
        ("schema.spec.port == 80 || schema.spec.port == 'http'", "bool"),
        ("schema.spec.labels['a'] + schema.spec.labels.b", "string"),
        ("schema.spec.ports.map(p, p.port)", "list(int)"),
        ("schema.spec.ports.filter(p, p.port > 80)[0].port", "int"),
        ("schema.spec.labels.map(k, k)", "list(string)"),
        ("schema.spec.labels.transformList(k, v, k + v)", "list(string)"),
        ("schema.spec.labels.transformMap(k, v, size(v))", "map(string, int)"),
        ("schema.spec.ports.transformMapEntry(i, p, {string(i): p.port})", "map(string, int)"),
        ("schema.spec.ports.sortBy(p, p.port)[0].port", "int"),
        ("schema.spec.?replicas", "optional_type(int)"),
        ("schema.?spec.replicas.orValue(3)", "int"),
        ("schema.spec.labels[?'a'].orValue('x')", "string"),
        ("schema.spec.?ports.optMap(p, p.size())", "optional_type(int)"),
        ("schema.spec.free", "__type_schema.spec.free"),
        ("schema.spec.free.anything.goes", "dyn"),
        ("dyn(schema.spec.free).map(k, k)", "list(dyn)"),
        ("schema.spec.app__dash__name", "string"),
        ("schema.spec.a__dot__b", "int"),
        ("schema.spec.a__slash__b", "bool"),
        ("schema.spec.__underscores__a", "double"),
        ("schema.spec.for", "string"),
        ("schema.spec.`app-name`", "string"),
        ("string(schema.spec.data.key)", "string"),
        ("schema.spec.since + duration('1h')", "timestamp"),
        ("schema.spec.since - schema.spec.since", "duration"),
        ("schema.spec.since.getHours()", "int"),
        ("schema.spec == null", "bool"),
        ("any.x.y[3]", "dyn"),
        ("any + 1", "int"),
        ("any.map(x, x)", "list(dyn)"),
        ("[]", "list(dyn)"),
        ("{}", "map(dyn, dyn)"),
        ("[1, 'a']", "list(dyn)"),
        ("[[], [1]]", "list(list(int))"),
        ("{'a': 1, 'b': 'c'}", "map(string, dyn)"),
        ("[1, ?schema.spec.?replicas]", "list(int)"),
        ("{'a': 1, ?'b': schema.spec.?replicas}", "map(string, int)"),
        ("true ? 1 : any", "dyn"),
        ("true ? [] : [1]", "list(int)"),
        ("optional.of(1).or(optional.none())", "optional_type(int)"),
        ("optional.none()", "optional_type(dyn)"),
        ("type(1) == type('a')", "bool"),
        ("1 < 2 && dyn(1) < 2.0", "bool"),
        ("any[?'k']", "dyn"),
        ("any[?'k'].orValue([1])", "list(int)"),
        ("any.?k[0].orValue(1)", "int"),
        ("schema.spec.?ports[?0]", "optional_type(__type_schema.spec.ports.@item)"),
        ("schema.spec.paused ? schema.spec.since : null", "timestamp"),
        ("schema.spec.paused ? schema.spec.template : null", "__type_schema.spec.template"),
        ("[].sum()", "int"),
        ("quantity('1').add(2)", "kubernetes.Quantity"),
        ("[quantity('1')].map(q, q.asInteger())", "list(int)"),
        ("lists.setAtIndex([1], 0, 2)", "list(int)"),
        ("{'a': 1}.merge({'b': 2})", "map(string, int)"),
        ("cel.bind(x, schema.spec, x.replicas)", "int"),
        ("'%s %x'.format([1, 'a'])", "string"),
        ("'%s %s'.format([schema.spec.ports, schema.spec.labels])", "string"),
        ("json.unmarshal('1')", "dyn"),
        ("url('/x').getQuery()", "map(string, list(string))"),
        ("schema.spec.ports.exists(i, p, i > 0 && p.port == 1)", "bool"),
    ],
)
def test_types(source: str, kind: str) -> None:
    found, problems = check(parse(source), VARIABLES)
    assert problems == []
    assert str(found) == kind


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("schema.spec.replcas", "replcas: Unknown field “replcas”. Did you mean “replicas”?"),
        ("shema.spec", "shema: Undefined name “shema”. Did you mean “schema”?"),
        (
            "schema.spec.replicas + 'x'",
            "'x': “+” is not defined for int and string. Wrap the int in string(…).",
        ),
        (
            "schema.spec.ratio * 2",
            "schema.spec.ratio * 2: “*” is not defined for double and int. Write the number with a fraction "
            "(2.0), or convert with double(…) or int(…).",
        ),
        (
            "schema.metadata.name.lowerASCII()",
            "lowerASCII: Unknown function “lowerASCII”. Did you mean “lowerAscii”?",
        ),
        ("lists.rang(3)", "rang: Unknown function “lists.rang”. Did you mean “lists.range”?"),
        ("quantity('1').sign()", "sign: Unknown function “sign”. Write sign(x)."),
        ("startsWith('a', 'b')", "startsWith: Unknown function “startsWith”. Write x.startsWith(…)."),
        (
            "size(schema.spec.paused)",
            "size(schema.spec.paused): No overload matches size(bool). Available: size(string), size(bytes), "
            "size(list(A)), size(map(A, B)).",
        ),
        (
            "schema.spec.free.map(k, k)",
            "schema.spec.free: A value of type __type_schema.spec.free is not iterable with map(). "
            "Wrap it in dyn(…) to iterate over its keys.",
        ),
        (
            "true ? schema.spec : other.spec",
            "other.spec: The branches of “? :” have different types, "
            "__type_schema.spec and __type_other.spec. Wrap both branches in dyn(…), or convert one.",
        ),
        (
            "true ? 'a' : null",
            "null: The branches of “? :” have different types, string and null. "
            "Wrap both branches in dyn(…), or convert one.",
        ),
        (
            "schema.spec.replicas ? 1 : 2",
            "schema.spec.replicas: The condition before “?” must be bool, not int.",
        ),
        ("schema.spec.paused && 1", "1: The operand of “&&” must be bool, not int."),
        (
            "schema.spec['replicas']",
            "schema.spec['replicas']: A value of type __type_schema.spec cannot be indexed with string. "
            "Select the field with a dot.",
        ),
        ("type(1) == int", "int: Undefined name “int”. Available: any, other, schema."),
        (
            "schema.spec.ratio > 1",
            "schema.spec.ratio > 1: “>” is not defined for double and int. Write the number with a fraction "
            "(2.0), or convert with double(…) or int(…).",
        ),
        ("-schema.spec.paused", "-schema.spec.paused: “-” is not defined for bool."),
        ("-duration('1h')", "-duration('1h'): “-” is not defined for duration."),
        (
            "[?null]",
            "null: The value after “?” must be optional, not null. Select it with “.?”, or remove the “?”.",
        ),
        (
            "schema.spec.labels.sortBy(k, k)",
            "schema.spec.labels: sortBy() sorts lists, not maps. "
            "Convert the keys to a list first: .map(k, k).",
        ),
        (
            "schema.spec.ports.sortBy(p, p)",
            "p: Values of type __type_schema.spec.ports.@item cannot be ordered. "
            "Sort by a number or a string.",
        ),
        ("{'a': 1, 'b': 2, 'a': 3}", "'a': Duplicate key in the map. Remove one of them."),
        (
            "schema.metadata.name.matches('(?=a)')",
            "'(?=a)': This is not a valid RE2 regular expression. "
            "RE2 does not support look-around or backreferences.",
        ),
        (
            "'%s-%s'.format([schema.metadata.name])",
            "[schema.metadata.name]: Clauses in the format string: 2; values in the list: 1. "
            "Write one clause, such as %s, for each value.",
        ),
        (
            "'%5d'.format([1])",
            "'%5d': format() does not support “%5”. Supported: %s, %d, %f, %e, %b, %o, %x, %X and %%.",
        ),
        (
            "'%d'.format([schema.metadata.name])",
            "schema.metadata.name: format(): “%d” does not accept string. Convert the value first.",
        ),
        (
            "'%s'.format([schema.spec.template])",
            "schema.spec.template: format(): “%s” does not accept __type_schema.spec.template. "
            "Convert the value first.",
        ),
        (
            "math.abs(1)",
            "math.abs(1): kro does not provide the math and sets libraries.",
        ),
        (
            "omit()",
            "omit(): omit() requires the CELOmitFunction feature gate to be enabled, and works "
            "only in templates. Use “.?field.orValue(…)” for a default.",
        ),
        (
            "runtime.condition(schema, 'Ready')",
            "runtime.condition(schema, 'Ready'): The runtime functions are only "
            "available in status.conditions expressions.",
        ),
        (
            "schema.spec.data.key + 'x'",
            "'x': “+” is not defined for bytes and string. Wrap the bytes in string(…).",
        ),
        (
            "schema.spec.data.key == 'x'",
            "schema.spec.data.key == 'x': “==” is not defined for bytes and string. "
            "Convert the bytes with string(…).",
        ),
        (
            "schema.spec['ports']",
            "schema.spec['ports']: A value of type __type_schema.spec cannot be indexed with string. "
            "Select the field with a dot.",
        ),
        ("'x' + [1]", "[1]: “+” is not defined for string and list(int)."),
        (
            "runtime.newCondition({type: 'A', status: 'True'})",
            "runtime.newCondition({type: 'A', status: 'True'}): The runtime functions are only available in "
            "status.conditions expressions.",
        ),
        (
            "optional.of(1).optFlatMap(x, x)",
            "x: The body of optFlatMap() must be optional, not int. Use optMap().",
        ),
        (
            "schema.spec.ports.port",
            "port: A value of type list(__type_schema.spec.ports.@item) has no field “port”. "
            "It is a list: select an element with [0], or iterate with map(x, …).",
        ),
    ],
)
def test_problems(source: str, message: str) -> None:
    _, problems = check(parse(source), VARIABLES)
    assert [f"{source[p.start : p.end]}: {p.message} {p.hint}".rstrip() for p in problems] == [message]


def test_all_problems_are_reported_once() -> None:
    source = "schema.spec.replcas + foo.bar > nope(1) ? schema.spec.ports.map(p, p.prt) : [unknown]"
    kind, problems = check(parse(source), VARIABLES)
    assert [source[p.start : p.end] for p in problems] == ["replcas", "foo", "nope", "prt", "unknown"]
    assert [p.code for p in problems] == [
        "unknown-field",
        "unknown-name",
        "unknown-function",
        "unknown-field",
        "unknown-name",
    ]
    assert isinstance(kind, ListType)


def test_conditions_are_checked_where_they_are_allowed() -> None:
    environment = Environment(conditions=True)
    source = "runtime.newCondition({type: '', status: 'Yes', message: 1})"
    _, problems = check(parse(source, environment), {})
    assert [p.message for p in problems] == [
        "A condition's type must not be empty.",
        "A condition's status must be True, False or Unknown.",
        "The field message of a condition must be string, not int.",
    ]
    kind, problems = check(parse("runtime.condition(a, 'Ready').status == 'True'", environment), {"a": DYN})
    assert (kind, problems) == (BOOL, [])
    _, problems = check(parse("runtime.condition(a, 'Ready').state", environment), {"a": DYN})
    assert [p.hint for p in problems] == ["Did you mean “status”?"]


@pytest.mark.parametrize(
    "source",
    [
        "'a'.matches(schema.metadata.name)",
        "dyn(1).format([1])",
        "'%s'.format(dyn([1]))",
        "'%s'.format([?schema.?spec.?name])",
        "b'%s'.format([1])",
    ],
)
def test_only_constants_are_checked_as_constants(source: str) -> None:
    _, problems = check(parse(source), VARIABLES)
    assert [problem.code for problem in problems if "format()" in problem.message] == []


def test_structs_with_the_same_name_are_equal() -> None:
    assert StructType("a", {}) == StructType("a", {"x": BOOL})
    assert StructType("a", {}) != StructType("b", {})
