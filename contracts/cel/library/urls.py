"""Kubernetes' URL library: absolute URLs and absolute paths, as Go's ``url.ParseRequestURI`` reads them."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_plus

from contracts.cel.errors import CelError
from contracts.cel.functions import function, method
from contracts.cel.limits import Budget
from contracts.cel.values import Opaque

SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.%]+\]|[^\[\]:/?#@ \"<>\\^`{|}]*)(?::(?P<port>[0-9]*))?")
BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PATH_SAFE = "/$&+,:;=@!'()*~%[]"


class URLValue(Opaque):
    __slots__ = ("host", "path", "query", "scheme")
    cel_type = "kubernetes.URL"

    def __init__(self, scheme: str, host: str, path: str, query: str) -> None:
        self.scheme = scheme
        self.host = host
        self.path = path
        self.query = query

    def parts(self) -> tuple[str, str, str, str]:
        return self.scheme, self.host, self.path, self.query

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URLValue) and self.parts() == other.parts()

    def __hash__(self) -> int:
        return hash(self.parts())


def parse_url(text: str) -> URLValue | None:
    """None for relative references and for what is no URL."""
    if not text or CONTROL.search(text):
        return None
    match = SCHEME.match(text)
    scheme, rest = (match.group()[:-1].lower(), text[match.end() :]) if match else ("", text)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        return URLValue(scheme, "", "", query) if match and rest and " " not in rest else None
    host = ""
    if rest.startswith("//") and (match or not rest.startswith("///")) and match:
        authority, slash, path = rest[2:].partition("/")
        host = authority.rpartition("@")[2]
        rest = slash + path
        found = HOST.fullmatch(host)
        if found is None or BAD_ESCAPE.search(host) or " " in authority:
            return None
    if BAD_ESCAPE.search(rest):
        return None
    return URLValue(scheme, host, rest, query)


@function("url(string): kubernetes.URL")
def url(budget: Budget, text: str) -> URLValue:
    budget.spend(len(text))
    found = parse_url(text)
    if found is None:
        raise CelError("url() was given a text that is not an absolute URL or path")
    return found


@function("isURL(string): bool")
def is_url(budget: Budget, text: str) -> bool:
    budget.spend(len(text))
    return parse_url(text) is not None


@method("kubernetes.URL.getScheme(): string")
def get_scheme(value: URLValue) -> str:
    return value.scheme


@method("kubernetes.URL.getHost(): string")
def get_host(value: URLValue) -> str:
    return value.host


@method("kubernetes.URL.getHostname(): string")
def get_hostname(value: URLValue) -> str:
    match = HOST.fullmatch(value.host)
    return match["name"].removeprefix("[").removesuffix("]") if match else ""


@method("kubernetes.URL.getPort(): string")
def get_port(value: URLValue) -> str:
    match = HOST.fullmatch(value.host)
    return (match["port"] or "") if match else ""


@method("kubernetes.URL.getEscapedPath(): string")
def get_escaped_path(budget: Budget, value: URLValue) -> str:
    budget.produce(len(value.path))
    return quote(value.path, safe=PATH_SAFE)


@method("kubernetes.URL.getQuery(): map(string, list(string))")
def get_query(budget: Budget, value: URLValue) -> dict[str, list[str]]:
    """Every value of every key; pairs that cannot be read are left out, as Go does it."""
    budget.produce(len(value.query))
    found: dict[str, list[str]] = {}
    for pair in value.query.split("&"):
        if not pair or ";" in pair or BAD_ESCAPE.search(pair):
            continue
        key, _, text = pair.partition("=")
        found.setdefault(unquote_plus(key), []).append(unquote_plus(text))
    return found
