"""What a ``Contract`` document holds: how the catalog and the form present a contract, and its tests.

Values only; :mod:`contracts.compiler.parsing` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.compiler.definition import UNKNOWN_SPAN
from contracts.documents import Span


@dataclass(frozen=True, slots=True)
class FieldExpectation:
    """``path`` in the manifest of ``node`` (item ``index`` of a collection) equals ``value`` or is absent."""

    node: str
    path: str
    value: Any = None
    absent: bool = False
    index: int = 0


@dataclass(frozen=True, slots=True)
class ProblemExpectation:
    path: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class ContractTest:
    """One named test, at ``index``. ``observed``: per node id, what its object has beside its manifest."""

    name: str
    input: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    observed: Mapping[str, Any] = field(default_factory=dict)
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    fields: tuple[FieldExpectation, ...] = ()
    status: Mapping[str, Any] = field(default_factory=dict)
    assertions: tuple[str, ...] = ()
    problems: tuple[ProblemExpectation, ...] = ()
    index: int = 0
    span: Span = UNKNOWN_SPAN


@dataclass(frozen=True, slots=True)
class FieldHint:
    """How the form shows one field; ``path`` is below ``spec``, with ``[]`` for list items."""

    path: str
    title: str = ""
    placeholder: str = ""
    widget: str = ""
    group: str = ""
    order: int | None = None
    advanced: bool = False
    wide: bool = False
    help: str = ""
    when: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldGroup:
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class FormHints:
    fields: Mapping[str, FieldHint] = field(default_factory=dict)
    groups: tuple[FieldGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class Presentation:
    """How the catalog presents a contract: the ``Contract`` document, or its defaults.

    ``adopt``: instances adopt unmanaged objects that have the names of theirs.
    """

    name: str = ""
    title: str = ""
    description: str = ""
    owner: str = ""
    category: str = ""
    icon: str = "package"
    lifecycle: Literal["stable", "beta", "deprecated"] = "stable"
    tags: tuple[str, ...] = ()
    docs_url: str = ""
    adopt: bool = False
    form: FormHints = FormHints()
    examples: tuple[Mapping[str, Any], ...] = ()
    tests: tuple[Mapping[str, Any], ...] = ()
    contract_tests: tuple[ContractTest, ...] = ()
    given: bool = False
