"""Syntax of names, labels and annotations (RFC 1123 and the label syntax), with the messages of a server."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DNS1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"

_QUALIFIED = re.compile(QUALIFIED)
_VALUE = re.compile(VALUE)

SUBDOMAIN_MESSAGE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
    "must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    f"'{SUBDOMAIN}')"
)
LABEL_MESSAGE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    f"'{LABEL}')"
)
DNS1035_MESSAGE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    f"validation is '{DNS1035}')"
)
NAME_PART_MESSAGE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    f"'{QUALIFIED}')"
)
VALUE_MESSAGE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    f"for validation is '{VALUE}')"
)


def too_long(limit: int) -> str:
    return f"must be no more than {limit} characters"


def subdomain_problems(name: str, prefix: bool = False) -> list[str]:
    return _SUBDOMAIN.problems(name, prefix)


def namespace_problems(name: str, prefix: bool = False) -> list[str]:
    if "." in name and not _LABEL.problems(name.replace(".", "a"), prefix):
        return ["must not contain dots"]
    return label_problems(name, prefix)


def label_problems(name: str, prefix: bool = False) -> list[str]:
    return _LABEL.problems(name, prefix)


def service_problems(name: str, prefix: bool = False) -> list[str]:
    return ["must not contain dots"] if "." in name else dns1035_problems(name, prefix)


def dns1035_problems(name: str, prefix: bool = False) -> list[str]:
    return _DNS1035.problems(name, prefix)


def path_segment_problems(name: str, prefix: bool = False) -> list[str]:
    """Names of RBAC objects: anything that can be a segment of a path."""
    if not prefix and name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in name]


@dataclass(frozen=True, slots=True)
class _Syntax:
    limit: int
    pattern: re.Pattern[str]
    message: str

    def problems(self, name: str, prefix: bool) -> list[str]:
        """Problems of a name, or of the `prefix` of a generated name."""
        if prefix and name.endswith("-"):
            name = name[:-1] + "a"
        found = [too_long(self.limit)] if len(name) > self.limit else []
        if not self.pattern.fullmatch(name):
            found.append(self.message)
        return found


_SUBDOMAIN = _Syntax(253, re.compile(SUBDOMAIN), SUBDOMAIN_MESSAGE)
_LABEL = _Syntax(63, re.compile(LABEL), LABEL_MESSAGE)
_DNS1035 = _Syntax(63, re.compile(DNS1035), DNS1035_MESSAGE)


def label_key_problems(key: str) -> list[str]:
    """Problems of the key of a label or annotation: an optional domain, a slash and a name."""
    prefix, slash, name = key.partition("/")
    if not slash:
        prefix, name = "", key
    elif "/" in name:
        return [
            "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and "
            "end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used "
            f"for validation is '{QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. "
            "'example.com/MyName')"
        ]
    found = []
    if slash and not prefix:
        found.append("prefix part must be non-empty")
    elif slash:
        found += [f"prefix part {problem}" for problem in subdomain_problems(prefix)]
    if not name:
        found.append("name part must be non-empty")
    elif len(name) > 63:
        found.append("name part must be no more than 63 characters")
    if not _QUALIFIED.fullmatch(name):
        found.append(NAME_PART_MESSAGE)
    return found


def label_value_problems(value: str) -> list[str]:
    found = [too_long(63)] if len(value) > 63 else []
    if not _VALUE.fullmatch(value):
        found.append(VALUE_MESSAGE)
    return found
