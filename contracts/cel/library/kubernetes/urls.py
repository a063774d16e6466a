"""Kubernetes' URL library: absolute URLs and absolute paths, as parsed by Go's ``url.ParseRequestURI``."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, unquote_plus

from contracts.cel.errors import CelError
from contracts.cel.functions import function, method
from contracts.cel.limits import Budget
from contracts.cel.values.cel_values import Opaque

SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
PORT = re.compile(r"(?::[0-9]*)?")
USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
HOST = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=<>\"%\x80-\U0010ffff]*")
ADDRESS = re.compile(r"\[[0-9a-fA-F:.]+(?:%25[A-Za-z0-9\-._~%]+)?\]")
BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
# In a host, only non-ASCII characters may be escaped.
BAD_HOST_ESCAPE = re.compile(r"%(?![89a-fA-F][0-9a-fA-F])(?!25)")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
WRITTEN_PATH = re.compile(r"[A-Za-z0-9\-_.~!$&'()*+,;=:@/%\[\]]*")
PATH_SAFE = "$&+,/:;=@"


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


def is_request_uri(text: str) -> bool:
    """Go's ``url.ParseRequestURI``: an absolute URL or an absolute path, in which “#” is not special."""
    return _parsed(text, request=True) is not None


def parse_url(text: str) -> URLValue | None:
    """None for relative references and invalid URLs. The fragment is removed."""
    if not is_request_uri(text):
        return None
    text, _, fragment = text.partition("#")
    return None if BAD_ESCAPE.search(fragment) else _parsed(text, request=False)


def _parsed(text: str, request: bool) -> URLValue | None:
    if not text or CONTROL.search(text):
        return None
    if text == "*":
        return URLValue("", "", "*", "")
    match = SCHEME.match(text)
    scheme, rest = (match.group()[:-1].lower(), text[match.end() :]) if match else ("", text)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        return URLValue(scheme, "", "", query) if match else None
    host: str | None = ""
    if rest.startswith("//") and (match or not (request or rest.startswith("///"))):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        host = _host(authority)
    if host is None or BAD_ESCAPE.search(rest):
        return None
    return URLValue(scheme, host, rest, query)


def _host(authority: str) -> str | None:
    """Unescaped host and port, or None if the user, the host or the port is invalid."""
    user, _, host = authority.rpartition("@")
    name, port = split_port(host)
    if not USER.fullmatch(user) or BAD_ESCAPE.search(user) or not PORT.fullmatch(port):
        return None
    if ADDRESS.fullmatch(name):
        return unquote(name) + port
    if not HOST.fullmatch(name) or BAD_HOST_ESCAPE.search(name):
        return None
    return unquote(name) + port


def split_port(host: str) -> tuple[str, str]:
    """``("[::1]", ":80")``: the port includes its colon, and may be empty."""
    end = host.rfind("]") + 1 if host.startswith("[") else host.rfind(":")
    return (host, "") if end < 0 else (host[:end], host[end:])


@function("url(string): kubernetes.URL")
def url(budget: Budget, text: str) -> URLValue:
    budget.spend(len(text))
    found = parse_url(text)
    if found is None:
        raise CelError("url(): the string is not an absolute URL or path")
    return found


@function("isURL(string): bool")
def is_url(budget: Budget, text: str) -> bool:
    budget.spend(len(text))
    return is_request_uri(text)


@method("kubernetes.URL.getScheme(): string")
def get_scheme(value: URLValue) -> str:
    return value.scheme


@method("kubernetes.URL.getHost(): string")
def get_host(value: URLValue) -> str:
    return value.host


@method("kubernetes.URL.getHostname(): string")
def get_hostname(value: URLValue) -> str:
    return split_port(value.host)[0].removeprefix("[").removesuffix("]")


@method("kubernetes.URL.getPort(): string")
def get_port(value: URLValue) -> str:
    return split_port(value.host)[1].removeprefix(":")


@method("kubernetes.URL.getEscapedPath(): string")
def get_escaped_path(budget: Budget, value: URLValue) -> str:
    """The original path if it needs no escaping, otherwise the path in Go's escaping."""
    budget.produce(len(value.path))
    if WRITTEN_PATH.fullmatch(value.path):
        return value.path
    return quote(unquote(value.path), safe=PATH_SAFE)


@method("kubernetes.URL.getQuery(): map(string, list(string))")
def get_query(budget: Budget, value: URLValue) -> dict[str, list[str]]:
    """All values per key. Invalid pairs are ignored, as in Go."""
    budget.produce(len(value.query))
    found: dict[str, list[str]] = {}
    for pair in value.query.split("&"):
        if not pair or ";" in pair or BAD_ESCAPE.search(pair):
            continue
        key, _, text = pair.partition("=")
        found.setdefault(unquote_plus(key), []).append(unquote_plus(text))
    return found
