"""The two values that planning and assessing start from: what the cluster holds, and what the contract
renders.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.compiler import Definition
from contracts.runtime import Rendering
from reconciler.objects.accessors import Identity, Manifest
from reconciler.objects.health import Health
from reconciler.plan.children import Child
from reconciler.plan.finished import Finished


@dataclass(frozen=True, slots=True)
class Observation:
    """An instance and its objects, as one pass observed them.

    ``members``: every live object that carries the instance's labels. ``found``: the live object of each
    desired one that exists, whatever its owner. ``missing_kinds``: node → why the cluster does not serve its
    kind. ``unserved``: each recorded ``Kind.group`` that it does not serve now. ``refused_reads``: node → why
    it may not read what it references. ``pod_health``: uid of an object → the health of its worst pod.
    ``collected``: how each desired object finished that was deleted afterwards.
    ``contract_kinds``: ``Kind.group`` of the kinds that contracts define, whose objects are not ready before
    a reconciler has set their ``Ready`` condition. ``depth``: how many instances the instance is in.
    """

    instance: Manifest
    members: Sequence[Manifest] = ()
    found: Mapping[Identity, Manifest] = field(default_factory=dict)
    missing_kinds: Mapping[str, str] = field(default_factory=dict)
    refused_reads: Mapping[str, str] = field(default_factory=dict)
    unserved: frozenset[str] = frozenset()
    pod_health: Mapping[str, Health] = field(default_factory=dict)
    contract_kinds: Collection[str] = ()
    collected: Mapping[Identity, Finished] = field(default_factory=dict)
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Graph:
    """What an instance's contract renders to.

    ``observed``: the live objects of each node, from which it was rendered. ``desired``: the objects of the
    nodes that can be rendered now.
    """

    definition: Definition
    rendering: Rendering
    observed: Mapping[str, Any]
    desired: Sequence[Child]
