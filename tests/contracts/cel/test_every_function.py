# ruff: noqa: E501
"""Every function of every library, at its edges (kro §3.4); cel-go and kro return the same values."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.cel import CelError, Environment, check, parse, to_json
from contracts.cel.functions import FUNCTIONS, METHODS
from contracts.cel.syntax.macros import ONE_VARIABLE, TWO_VARIABLES

WITH_ALL = Environment(omit=True, conditions=True)
WHEN = "timestamp('2024-02-29T23:59:58.123456789Z')"

VALUES: dict[str, list[tuple[str, Any]]] = {
    "standard": [
        ("size('äb') + size(b'äb') + size([1]) + size({'a': 1}) + 'a'.size()", 8),
        ("[bool('t'), bool('FALSE'), bool('1')]", [True, False, True]),
        ("[int('-7'), int(7u), int(-1.9), int(timestamp('1970-01-01T00:01:00Z'))]", [-7, 7, -1, 60]),
        ("[uint('7'), uint(7), uint(7.9)]", [7, 7, 7]),
        ("[double('1e3'), double(2), double('.5')]", [1000, 2, 0.5]),
        ("[string(7u), string(true), string(b'a'), string(-0.0), string(1e15)]", ["7", "true", "a", "-0", "1e+15"]),
        ("bytes('ä') == b'\\xc3\\xa4' && dyn(1) == 1 && type(1) == type(2)", True),
        ("timestamp(60) == timestamp('1970-01-01T00:01:00Z') && duration('1m') == duration('60s')", True),
        ("'abc'.contains('bc') && 'abc'.startsWith('ab') && 'abc'.endsWith('')", True),
        ("'abc'.matches('b') && matches('abc', '^a') && !'abc'.matches('^b')", True),
        ("[1, 2].all(i, i > 0) && [1, 2].exists(i, i > 1) && [1, 2].exists_one(i, i > 1)", True),
        ("[].all(i, false) && ![].exists(i, true)", True),
        ("[1, 2].map(i, i * 2) + [1, 2].map(i, i > 1, i * 5) + [1, 2].filter(i, i > 1)", [2, 4, 10, 2]),
        ("{'a': 1}.map(k, k) + {'a': 1}.filter(k, true)", ["a", "a"]),
    ],
    "time": [
        (f"[{WHEN}.getFullYear(), {WHEN}.getMonth(), {WHEN}.getDate(), {WHEN}.getDayOfMonth()]", [2024, 1, 29, 28]),
        (f"[{WHEN}.getDayOfWeek(), {WHEN}.getDayOfYear()]", [4, 59]),
        (f"[{WHEN}.getHours(), {WHEN}.getMinutes(), {WHEN}.getSeconds(), {WHEN}.getMilliseconds()]", [23, 59, 58, 123]),
        (f"[{WHEN}.getDate('Europe/Zurich'), {WHEN}.getHours('-02:30'), {WHEN}.getMinutes('-02:30')]", [1, 21, 29]),
        ("[duration('-90m').getHours(), duration('90m').getMinutes(), duration('1.5s').getSeconds()]", [-1, 90, 1]),
        ("duration('0.25s').getMilliseconds()", 250),
    ],
    "strings": [
        ("'tacocat'.charAt(0) + 'tacocat'.charAt(7)", "t"),
        ("['tacocat'.indexOf('a'), 'tacocat'.indexOf('a', 3), 'tacocat'.indexOf('z')]", [1, 5, -1]),
        ("['tacocat'.lastIndexOf('a'), 'tacocat'.lastIndexOf('a', 3), 'ab'.lastIndexOf('')]", [5, 1, 2]),
        ("'ÄbC'.lowerAscii() + 'äbC'.upperAscii()", "ÄbcäBC"),
        ("'aaa'.replace('a', 'b') + 'aaa'.replace('a', 'b', 2) + 'aaa'.replace('a', 'b', 0)", "bbbbbaaaa"),
        ("'ab'.replace('', '-')", "-a-b-"),
        ("'a,b,c'.split(',') + 'a,b,c'.split(',', 2) + 'a,b,c'.split(',', 0)", ["a", "b", "c", "a", "b,c"]),
        ("'äb'.split('') + ''.split(',')", ["ä", "b", ""]),
        ("'tacocat'.substring(4) + 'tacocat'.substring(0, 2) + 'a'.substring(1)", "catta"),
        ("'\\u00a0 a b\\t\\n'.trim()", "a b"),
        ("'äb🙂'.reverse()", "🙂bä"),
        ("['a', 'b'].join() + ['a', 'b'].join(', ') + [].join(',')", "aba, b"),
        ("'%s %d%% %x %X %o %b %e'.format(['a', 5, 255, 'z', 8, true, 1234.5])", "a 5% ff 7A 10 1 1.234500e+03"),
        ("'%.1f|%s|%s|%s'.format([2.25, [1, 'b'], {'b': 1, 'a': null}, duration('90s')])", "2.2|[1, b]|{a: null, b: 1}|90s"),
        ("strings.quote('a\"\\n\\\\')", '"a\\"\\n\\\\"'),
    ],
    "lists": [
        ("[1, 2, 3].slice(1, 2) + [1].slice(1, 1)", [2]),
        ("[[1, [2]], [3]].flatten() + [[[[4]]]].flatten(2)", [1, [2], 3, [4]]),
        ("['b', 'a'].sort() + [true, false].sort().map(b, string(b))", ["a", "b", "false", "true"]),
        ("[{'n': 2}, {'n': 1}].sortBy(x, x.n).map(x, x.n)", [1, 2]),
        ("[1, 2, 1].distinct() + [1, 2].reverse()", [1, 2, 2, 1]),
        ("[1, 2].first().value() + [1, 2].last().value()", 3),
        ("[[].first().hasValue(), [].last().hasValue()]", [False, False]),
        ("lists.range(3) + lists.range(0)", [0, 1, 2]),
    ],
    "two variables": [
        ("['a'].all(i, v, i == 0 && v == 'a') && {'k': 1}.exists(k, v, k == 'k')", True),
        ("[5, 5].existsOne(i, v, i == 1) && ![5, 5].exists_one(i, v, v == 5)", True),
        ("['a', 'b'].transformList(i, v, v + string(i)) + ['a', 'b'].transformList(i, v, i > 0, v)", ["a0", "b1", "b"]),
        ("{'a': 1, 'b': 2}.transformMap(k, v, v * 2)", {"a": 2, "b": 4}),
        ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, k)", {"b": "b"}),
        ("{'a': 'x'}.transformMapEntry(k, v, {v: k})", {"x": "a"}),
        ("['a', 'b'].transformMapEntry(i, v, i > 0, {v: i})", {"b": 1}),
    ],
    "bindings and encoders": [
        ("cel.bind(x, 2, x * x) + cel.bind(x, 1, cel.bind(x, x + 1, x))", 6),
        ("base64.encode(b'hello') + string(base64.decode('aGVsbG8')) + string(base64.decode('aGk='))", "aGVsbG8=hellohi"),
    ],
    "optionals": [
        ("[optional.of(1).hasValue(), optional.none().hasValue(), optional.of(null).hasValue()]", [True, False, True]),
        ("optional.of(1).value() + optional.none().orValue(2) + optional.of(3).orValue(9)", 6),
        ("optional.none().or(optional.of(1)).value() + optional.of(2).or(optional.of(1)).value()", 3),
        ("optional.ofNonZeroValue('').hasValue() || optional.ofNonZeroValue([]).hasValue()", False),
        ("optional.of(1).optMap(x, x + 1).value() + optional.none().optMap(x, x + 1).orValue(5)", 7),
        ("optional.of({'a': 1}).optFlatMap(x, x.?b).orValue(0)", 0),
        ("{'a': {'b': 1}}.?a.?b.value() + {'a': [1]}.?a[0].value() + [1][?0].value() + [1][?9].orValue(4)", 7),
        ("[1, ?optional.none(), ?optional.of(2)]", [1, 2]),
        ("{'a': 1, ?'b': optional.none(), ?'c': optional.of(2)}", {"a": 1, "c": 2}),
        ("optional.unwrap([optional.of(1), optional.none()]) + [optional.of(2)].unwrapOpt()", [1, 2]),
    ],
    "Kubernetes lists": [
        ("[1, 1, 2].isSorted() && [].isSorted() && !['b', 'a'].isSorted()", True),
        ("[1, 2].sum() + [].sum()", 3),
        ("[1.5, 2.0].sum() == 3.5 && [1u].sum() == 1u && [duration('1s'), duration('1m')].sum() == duration('61s')", True),
        ("['b', 'a'].min() + ['b', 'a'].max()", "ab"),
        ("[[1, 2, 1].indexOf(1), [1, 2, 1].lastIndexOf(1), [1].indexOf(3)]", [0, 2, -1]),
    ],
    "Kubernetes URLs": [
        ("[isURL('https://a.b/c'), isURL('/c'), isURL('a.b'), isURL('')]", [True, True, False, False]),
        ("cel.bind(u, url('HTTPS://me@a.b:80/c d?x=1&x=2'), [u.getScheme(), u.getHost(), u.getHostname()])", ["https", "a.b:80", "a.b"]),
        ("cel.bind(u, url('https://a.b:80/c d?x=1&x=2'), [u.getPort(), u.getEscapedPath()])", ["80", "/c%20d"]),
        ("url('https://a.b?x=1&x=2&y').getQuery()", {"x": ["1", "2"], "y": [""]}),
    ],
    "Kubernetes regex": [
        ("['abc123'.find('[0-9]+'), 'abc'.find('[0-9]+')]", ["123", ""]),
        ("'1a22b333'.findAll('[0-9]+') + '1a22'.findAll('[0-9]+', 1) + '1'.findAll('[0-9]', 0)", ["1", "22", "333", "1"]),
    ],
    "Kubernetes quantities": [
        ("['1Gi', '100m', '1e3', '.5', '1.', '-1Ki', '1E', '1Ti', '+2'].all(q, isQuantity(q))", True),
        ("['', '1gi', '1 Gi', '1ee3', '0x1', '1Zi', 'a'].exists(q, isQuantity(q))", False),
        ("[quantity('2k').asInteger(), quantity('1Ki').asInteger(), quantity('1e3').asInteger()]", [2000, 1024, 1000]),
        ("[quantity('100m').isInteger(), quantity('3').isInteger()]", [False, True]),
        ("[quantity('1.5').asApproximateFloat(), quantity('50k').sub(20000).asApproximateFloat()]", [1.5, 30000]),
        ("[quantity('1').add(quantity('500m')).asApproximateFloat(), quantity('1').add(2).asApproximateFloat()]", [1.5, 3]),
        ("[sign(quantity('-3')), sign(quantity('0')), sign(quantity('1m'))]", [-1, 0, 1]),
        ("[quantity('1k').compareTo(quantity('1000')), quantity('1').compareTo(quantity('2'))]", [0, -1]),
        ("quantity('1Mi').isGreaterThan(quantity('1M')) && quantity('1m').isLessThan(quantity('1'))", True),
        ("quantity('200M') == quantity('0.2G')", True),
    ],
    "Kubernetes addresses": [
        ("[isIP('127.0.0.1'), isIP('::1'), isIP('127.0.0.256'), isIP('01.0.0.1'), isIP('::ffff:1.2.3.4')]", [True, True, False, False, False]),
        ("[string(ip('2001:DB8::1')), string(ip('10.0.0.1'))]", ["2001:db8::1", "10.0.0.1"]),
        ("[ip.isCanonical('2001:db8::1'), ip.isCanonical('2001:DB8::1')]", [True, False]),
        ("[ip('1.2.3.4').family(), ip('::1').family()]", [4, 6]),
        ("ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified() && !ip('::1').isUnspecified()", True),
        ("ip('127.9.9.9').isLoopback() && ip('::1').isLoopback() && !ip('1.1.1.1').isLoopback()", True),
        ("ip('224.0.0.7').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast() && !ip('224.0.1.1').isLinkLocalMulticast()", True),
        ("ip('169.254.1.1').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast() && !ip('fec0::1').isLinkLocalUnicast()", True),
        ("ip('192.168.0.1').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast() && !ip('ff02::1').isGlobalUnicast()", True),
        ("[isCIDR('10.0.0.0/8'), isCIDR('10.0.0.1/8'), isCIDR('10.0.0.0/33'), isCIDR('10.0.0.0/08')]", [True, True, False, False]),
        ("cidr('10.0.0.0/8').containsIP('10.1.1.1') && cidr('10.0.0.0/8').containsIP(ip('10.1.1.1'))", True),
        ("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))", True),
        ("[string(cidr('10.1.2.3/8').ip()), string(cidr('10.1.2.3/8').masked()), string(cidr('10.1.2.3/8'))]", ["10.1.2.3", "10.0.0.0/8", "10.1.2.3/8"]),
        ("cidr('2001:db8::/32').prefixLength()", 32),
    ],
    "Kubernetes versions": [
        ("[isSemver('1.2.3-rc.1+b5'), isSemver('v1.2.3'), isSemver('1.2'), isSemver('1.2.3-01')]", [True, False, False, False]),
        ("cel.bind(v, semver('1.2.3'), [v.major(), v.minor(), v.patch()])", [1, 2, 3]),
        ("[semver('1.0.0-a').compareTo(semver('1.0.0')), semver('1.0.0+a').compareTo(semver('1.0.0+b'))]", [-1, 0]),
        ("semver('1.10.0').isGreaterThan(semver('1.9.0')) && semver('1.0.0-2').isLessThan(semver('1.0.0-10'))", True),
    ],
    "kro": [
        ("random.seededString(3, 'a') == random.seededString(3, 'a') && size(random.seededString(40, 'a')) == 40", True),
        ("[random.seededInt(5, 6, 'a'), random.seededInt(-3, -2, 'b')]", [5, -3]),
        ("{'a': 1, 'b': {'c': 1}}.merge({'b': {'d': 2}})", {"a": 1, "b": {"d": 2}}),
        ("{'a': 1, 'b': {'c': 1, 'l': [1]}}.deepMerge({'b': {'d': 2, 'l': [2]}})", {"a": 1, "b": {"c": 1, "d": 2, "l": [2]}}),
        ("json.unmarshal('{\"a\": [1, null, true, \"x\"]}')", {"a": [1, None, True, "x"]}),
        ("json.marshal({'b': 1.0, 'a': '<', 'c': [b'a', null]})", '{"a":"\\u003c","b":1,"c":["YQ==",null]}'),
        ("base64.encode(hash.fnv64a('')) + base64.encode(hash.md5('a'))", "y/Kc5IQiIyU=DMF1ucDxtqgxw5niaXcmYQ=="),
        ("base64.encode(hash.sha256(''))", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ("lists.setAtIndex([1, 2], 1, 9) + lists.insertAtIndex([1, 2], 2, 3) + lists.removeAtIndex([1, 2], 0)", [1, 9, 1, 2, 3, 2]),
        ("{'a': omit(), 'b': [omit(), 1]}", {"b": [1]}),
        ("runtime.condition({'status': {'conditions': [{'type': 'A', 'status': 'True'}]}}, 'A').status", "True"),
    ],
}  # fmt: skip

FAILURES = [
    "'a'.charAt(2)",
    "'abc'.substring(2, 1)",
    "'abc'.substring(-1)",
    "[1].slice(0, 2)",
    "[1].slice(-1, 1)",
    "[1].flatten(-1)",
    "[].max()",
    "int('1.5')",
    "bool('yes')",
    "string(b'\\xff')",
    "timestamp('2024-02-30T00:00:00Z')",
    "duration('1d')",
    "base64.decode('%')",
    "url('a.b')",
    "quantity('1Zi')",
    "quantity('100m').asInteger()",
    "ip('1.2.3')",
    "ip.isCanonical('1.2.3')",
    "cidr('10.0.0.0')",
    "cidr('10.0.0.0/8').containsIP('x')",
    "semver('1.2')",
    "'a'.find('(')",
    "random.seededString(0, 'a')",
    "random.seededInt(2, 1, 'a')",
    "json.unmarshal('{')",
    "json.marshal({1: 2})",
    "{'a': 1}.deepMerge(dyn(1))",
    "lists.setAtIndex([1], 1, 2)",
    "lists.insertAtIndex([1], 3, 2)",
    "lists.removeAtIndex([1], -1)",
    "['a', 'b'].transformMapEntry(i, v, {'x': v})",
]

ROWS = [pytest.param(*row, id=f"{library}: {row[0]}") for library, rows in VALUES.items() for row in rows]


@pytest.mark.parametrize(("source", "wanted"), ROWS)
def test_a_function(source: str, wanted: Any) -> None:
    expression = parse(source, WITH_ALL)
    _, problems = check(expression, {})
    assert problems == []
    assert to_json(expression.evaluate({})) == wanted


@pytest.mark.parametrize("source", FAILURES)
def test_invalid_arguments_are_not_pending(source: str) -> None:
    with pytest.raises(CelError) as caught:
        parse(source, WITH_ALL).evaluate({})
    assert not caught.value.pending


def test_every_function_has_a_case() -> None:
    used = {
        name for rows in VALUES.values() for source, _ in rows for name in parse(source, WITH_ALL).functions
    }
    known = {
        name
        for table in (FUNCTIONS, METHODS)
        for name, function in table.items()
        if function.feature != "extras"
    }
    assert (known | set(ONE_VARIABLE) | set(TWO_VARIABLES) | {"cel.bind"}) - used == set()
