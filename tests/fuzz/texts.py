"""Texts that have broken parsers, databases, pages and regular expressions; functions, as some are large."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

from tests.catalog.conftest import SERVICE

HEAD = (
    "apiVersion: platform.example.com/v1alpha1\nkind: Service\nmetadata: {name: shop, namespace: checkout}\n"
)


def lines(count: int, line: str) -> str:
    """``line`` with each number in place of ``#``."""
    return "".join(line.replace("#", str(number)) for number in range(count))


def nested(opening: str, inner: str, closing: str, depth: int) -> str:
    return opening * depth + inner + closing * depth


def spec(inner: str) -> str:
    return f"{HEAD}spec:\n  image: shop:1\n{inner}"


def manifest_json(env: object) -> str:
    metadata = {"name": "shop", "namespace": "checkout"}
    return json.dumps({"metadata": metadata, "spec": {"image": "shop:1", "env": env}})


def laughs() -> str:
    rows = [f"a{level + 1}: &a{level + 1} [{', '.join([f'*a{level}'] * 10)}]" for level in range(9)]
    return "a0: &a0 [lol]\n" + "\n".join(rows)


SMALL: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "null": lambda: "null",
    "NUL": lambda: "a\x00b",
    "surrogate": lambda: "\ud800",
    "escaped surrogate": lambda: '{"\\ud800": "\\udfff"}',
    "bidi": lambda: "\u202egnp\u2066\u200f",
    "line ends": lambda: "a\r\nb\rc\u2028d\u0085e",
    "astral": lambda: "😀" * 60,
    "markup": lambda: "<script>alert(1)</script>{{ 7 * 7 }}{% if %}",
    "SQL": lambda: "'; DROP TABLE users; --",
    "LIKE": lambda: "%_\\" * 80,
    "regex": lambda: "(a+)+$" + "a" * 60 + "!",
    "path": lambda: "../../../../etc/passwd",
    "number": lambda: "9" * 30,
    "negative": lambda: "-1",
    "float": lambda: "1e999",
    "infinity": lambda: "[.inf, -.inf, .nan, Infinity]",
    "words": lambda: "a " * 128,
    "list of one": lambda: "- a",
    "tag": lambda: "!!python/object/apply:os.system ['true']",
    "operation": lambda: "add:/env",
    "deep operation": lambda: "add:" + "/env/@0" * 300,
    "service": lambda: SERVICE,
    "instance": lambda: spec("  env: {A: b}\n"),
    "instance JSON": lambda: manifest_json({"A": "b"}),
    "expression": lambda: SERVICE.replace("${schema.spec.replicas}", "${[1,2].map(a, [1,2].map(b, a * b))}"),
    "broken expression": lambda: SERVICE.replace("${schema.spec.replicas}", "${" + "(" * 500 + "}"),
    "pattern": lambda: SERVICE.replace("minLength=3", 'pattern="(a+)+(b|c*)*$"'),
    "UTF-7": lambda: "+2AA-+ADw-script+AD4-",
}
LARGE: dict[str, Callable[[], str]] = {
    "digits": lambda: "9" * 5_000,
    "digits in a list": lambda: spec(f"  replicas: {'9' * 5_000}\n"),
    "hex": lambda: spec(f"  replicas: 0x{'f' * 5_000}\n"),
    "many words": lambda: lines(3_000, "word# "),
    "deep JSON": lambda: nested("[", "", "]", 100_000),
    "deep maps": lambda: nested('{"a":', "1", "}", 60),
    "deep YAML": lambda: "- " * 5_000 + "x",
    "laughs": laughs,
    "merge keys": lambda: "b: &b {" + lines(1_000, "k#: 1, ") + "}\nall:\n" + "  - {<<: *b}\n" * 1_000,
    "anchors": lambda: lines(5_000, "k#: &a# x\n"),
    "duplicate keys": lambda: "a: 1\n" * 15_000,
    "surprises": lambda: spec("  env:\n" + lines(15_000, "    k#: yes\n")),
    "many keys": lambda: spec("  env:\n" + lines(15_000, "    k#: v\n")),
    "many keys in JSON": lambda: manifest_json({f"k{number}": "v" for number in range(19_000)}),
    "too many keys in JSON": lambda: manifest_json({f"k{number}": "v" for number in range(50_000)}),
    "many wrong keys": lambda: spec(lines(15_000, "  k#: v\n")),
    "many ports": lambda: spec("  ports:\n" + lines(6_000, "    - {name: p#, port: 1}\n")),
    "many wrong ports": lambda: spec("  ports:\n" + "    - {name: 1, port: x}\n" * 6_000),
    "one long string": lambda: spec(f"  env: {{A: {'x' * 200_000}}}\n"),
    "many lines": lambda: spec("  env:\n    A: |\n" + "      a\n" * 30_000),
    "blank lines": lambda: "\n" * 250_000,
    "many documents": lambda: "--- {}\n" * 2_000,
    "many fields": lambda: SERVICE.replace("      env:", lines(3_000, "      f#: string\n") + "      env:"),
    "many nodes": lambda: SERVICE.replace(
        "    - id: service\n",
        lines(800, "    - {id: n#, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: n#}}}\n")
        + "    - id: service\n",
    ),
    "long expression": lambda: SERVICE.replace("${schema.spec.replicas}", "${" + "1 + " * 20_000 + "1}"),
    "many expressions": lambda: SERVICE.replace(
        'size: "${schema.spec.size}"', lines(3_000, "k#: '${schema.spec.size}', ")
    ),
    "long pattern": lambda: SERVICE.replace("minLength=3", 'pattern="' + "(a{1,99}){1,9}" * 99 + '"'),
    "many brackets": lambda: "[{" * 30 + "}{" * 100_000,
    "many quotes": lambda: "'\"" * 100_000,
    "indentation": lambda: "".join(" " * (number % 60) + "a:\n" for number in range(15_000)),
}


@cache
def text_named(name: str) -> str:
    return (SMALL | LARGE)[name]()
