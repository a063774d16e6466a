"""Hypothesis strategies: any request to any endpoint that the URL resolver knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import URLPattern, get_resolver
from hypothesis import strategies as st

from tests.fuzz.texts import LARGE, SMALL, text_named

ACCOUNTS = ["admin", "admin", "developer", "token", ""]
METHODS = ["GET", "GET", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
PARAMETER = re.compile(r"<(?:(?P<type>\w+):)?(?P<name>\w+)>")
# Values that exist, by the name of the parameter, or by its type.
KNOWN = {
    "name": ["service"],
    "slug": ["checkout", "platform"],
    "number": ["1"],
    "file": ["contract.yaml", "crd.yaml"],
}
NUMBERS = ["1", "2", "3", "4", "5", "0", "9" * 19, "9" * 400]
FIELDS = [
    "text", "_text", "_before", "_op", "_view", "_save", "_mode", "_pane", "_name", "_namespace",
    "_submission", "_base", "_show_errors", "_kept", "save", "seen", "draft", "contract", "then",
    "note", "reason", "breaking_reason", "role", "user", "name", "slug", "namespace", "team",
    "title", "portal_role", "expires", "key", "entries", "username", "password", "next",
    "offers_to_all", "file", "/image", "/region", "/size", "/replicas", "/config", "/ports",
    "/ports/@0", "/ports/@0/name", "/ports/@0/port", "/ports/@x", "/env", "/env/@0", "/env/@0/=key",
    "/env/@0/=value", "/unknown", "_source",
]  # fmt: skip
PARAMETERS = [
    "q", "page", "page_size", "sort", "state", "team", "verb", "namespace", "contract", "tab",
    "node", "view", "from", "to", "format", "category", "owner", "lifecycle", "next", "topics",
    "cursor", "old", "new",
]  # fmt: skip
KEYS = [
    "contract", "namespace", "name", "spec", "labels", "annotations", "generation", "text", "note",
    "breaking_reason", "reason", "entry", "key", "keys",
]  # fmt: skip
TYPES = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/json",
    "application/json; charset=latin-1",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "b" * 300,
    "text/plain",
    "",
]
HEADERS = [
    {},
    {},
    {},
    {"HX-Request": "true"},
    {"HX-Request": "true", "HX-Target": "catalog-cards", "HX-Trigger-Name": "_op"},
    {"Accept": "application/json"},
    {"Content-Encoding": "gzip"},
    {"Content-Length": "-1"},
    {"Content-Length": "9" * 30},
    {"Host": "a" * 5_000},
    {"X-" + "Long" * 5_000: "1"},
    {"Cookie": "theme=" + "x" * 60_000},
    {"Cookie": "sessionid=\xff\x01; csrftoken=" + "é" * 99},
    {"Authorization": "Bearer " + "x" * 60_000},
    {"Authorization": "Bearer"},
    {"If-None-Match": '"' * 999},
    {"Accept": "*/*;q=" + "9" * 999},
    {"HX-Current-URL": "http://[" + "x" * 999},
    {"Range": "bytes=9-1"},
    {"X-HTTP-Method-Override": "DELETE"},
]


@dataclass(frozen=True)
class Request:
    account: str
    method: str
    path: str  # as sent, percent-encoded, with the query
    type: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        body = f"{self.body[:300]!r} ({len(self.body):,} bytes)"
        sent = f"{self.method} {self.path[:300]} {self.type} {body} {str(self.headers)[:200]}"
        return f"{self.account or 'anonymous'}: {sent}"


def routes() -> list[str]:
    """The patterns of all URLs: ``contracts/<str:name>/edit/``."""
    return sorted(set(routes_of(get_resolver().url_patterns, "")))


def routes_of(patterns: Sequence[Any], prefix: str) -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes_of(pattern.url_patterns, route)


small = st.sampled_from(sorted(SMALL)).map(text_named) | st.text(max_size=40)
large = st.sampled_from(sorted(LARGE)).map(text_named)
usual = st.sampled_from(
    ["1", "0", "on", "yaml", "form", "service", "checkout", "shop", "shop:1", "ready", "-updated"]
)
texts = st.one_of(usual, usual, small, small, small, large)
keys = st.sampled_from(KEYS) | small
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | small, inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def requests(draw: st.DrawFn, route: str) -> Request:
    kind = draw(st.sampled_from(TYPES))
    account, method = draw(st.sampled_from(ACCOUNTS)), draw(st.sampled_from(METHODS))
    path = "/" + PARAMETER.sub(lambda found: draw(values_of(found["name"], found["type"])), route)
    if draw(st.integers(0, 2)) == 0:
        path += "?" + draw(forms(PARAMETERS))
    if method not in ("POST", "PUT", "PATCH", "DELETE"):
        return Request(account, method, path, headers=draw(st.sampled_from(HEADERS)))
    if draw(st.integers(0, 3)):  # usually a type that the endpoint reads
        kind = "application/json" if route.startswith("api/v1/") else TYPES[0]
    return Request(account, method, path, kind, draw(body_of(kind)), draw(st.sampled_from(HEADERS)))


def with_large_texts(instance: int) -> Iterator[Request]:
    """Each large text at each place that reads texts."""
    pages = {
        "/contracts/check/": {"text": "", "save": "1"},
        "/catalog/service/create/": {"_mode": "yaml", "text": ""},
        "/catalog/service/create/preview/": {"_text": "", "_op": "add:/env", "/image": "shop:1"},
        f"/instances/{instance}/edit/": {"_mode": "yaml", "text": "", "_view": "form"},
        f"/instances/{instance}/edit/preview/": {"_text": "", "_before": "", "_pane": "changes"},
        f"/instances/{instance}/edit/lint/": {"text": ""},
    }
    for text in map(text_named, LARGE):
        for path, fields in pages.items():
            form = {name: value or text for name, value in fields.items()}
            yield Request("admin", "POST", path, TYPES[0], urlencode(form, errors="surrogatepass").encode())
        yield Request("token", "POST", "/api/v1/contracts/check/", TYPES[2], as_json({"text": text}))


def values_of(name: str, type_: str) -> st.SearchStrategy[str]:
    known = st.sampled_from(KNOWN.get(name, NUMBERS))
    if type_ == "int":
        return st.sampled_from(NUMBERS)
    return st.one_of(known, known, known, small).map(
        lambda text: quote(text[:500], safe="", errors="surrogatepass")
    )


def quoted(text: str) -> str:
    return quote(text[:500], safe="", errors="surrogatepass")


def body_of(kind: str) -> st.SearchStrategy[bytes]:
    raw = st.binary(max_size=60) | texts.map(as_bytes)
    if "json" in kind:
        objects = st.dictionaries(keys, json_values, max_size=6)
        return st.one_of(objects.map(as_json), objects.map(as_json), json_values.map(as_json), raw)
    if "multipart" in kind:
        return st.lists(st.tuples(st.sampled_from(FIELDS), texts), max_size=4).map(as_multipart) | raw
    return st.one_of(forms(FIELDS).map(str.encode), forms(FIELDS).map(str.encode), raw)


def forms(names: list[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(st.sampled_from(names) | st.sampled_from(names) | small, texts)
    return st.lists(pairs, max_size=8).map(lambda found: urlencode(found, errors="surrogatepass"))


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_multipart(pairs: list[tuple[str, str]]) -> bytes:
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (name.encode(), b'; filename="a"' if name == "file" else b"", as_bytes(text))
        for name, text in pairs
    ]
    return b"".join(parts) + b"--b--\r\n"
