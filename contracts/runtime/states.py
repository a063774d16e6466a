"""The result of rendering an instance: each node's state with its reason, and the projected status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.problems import Problem

State = Literal["desired", "pending", "ignored", "failed"]
Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the reconciler must read for an external reference: one object by name, or many by selector.

    ``namespace`` is empty for a cluster-scoped kind and for a selector over all namespaces.
    """

    api_version: str
    kind: str
    plural: str
    namespace: str = ""
    name: str = ""
    selector: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class NodeState:
    """The current state of one node.

    ``reason`` explains why it waits, failed or is not ready; empty when ready. ``waiting_for``: node ids, or
    the path of the field that is not known yet. ``code`` is stable: ``dependency-not-ready``,
    ``field-missing``, ``ready-when``, ``ready-when-failed``, ``not-observed``, ``terminating``,
    ``external-missing``, ``identity-collision``, ``expression-failed``, ``excluded``, ``dependency-ignored``,
    ``schema-field-missing``, ``no-name``, ``no-namespace``, ``foreach-not-a-list``, ``foreach-too-many``,
    ``needs-grant``.
    """

    id: str
    state: State
    manifests: tuple[Manifest, ...] = ()
    ready: bool = False
    reason: str = ""
    waiting_for: tuple[str, ...] = ()
    code: str = ""
    lookups: tuple[Lookup, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendering:
    """All nodes in topological order, the author's status and conditions; ``fatal``: apply nothing.

    ``complete`` is false while one of the author's conditions has no value: missing ones may still get one,
    so those in the cluster are retained.
    """

    nodes: Mapping[str, NodeState]
    status: Mapping[str, Any] = field(default_factory=dict)
    conditions: list[dict[str, Any]] | None = None
    problems: tuple[Problem, ...] = ()
    fatal: bool = False
    complete: bool = True


@dataclass(frozen=True, slots=True)
class PreviewNode:
    """One node of a preview; manifests may contain ``‹known after deployment.status.x›`` placeholders.

    ``code`` is that of :class:`NodeState` when it failed or waits for a field. ``missing``: the paths of the
    instance's fields that it waits for (``spec.appName``); the code is then ``schema-field-missing``.
    """

    id: str
    state: State
    manifests: tuple[Manifest, ...] = ()
    reason: str = ""
    lookups: tuple[Lookup, ...] = ()
    code: str = ""
    missing: tuple[str, ...] = ()
