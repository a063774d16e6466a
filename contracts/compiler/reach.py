"""What a contract reads and writes beyond its instance's own namespace: its reach.

Default reach is not listed: namespaced objects in the namespace of the instance, and reads there. For a
cluster-scoped contract every namespace is another one. Everything else is an entry, and publishing it needs a
grant. The compiler derives the entries; whether a namespace that an expression computes belongs to the
instance's own team is only known at run time, and so is the scope of a kind that has no schema here: it is
taken for namespaced, with a second entry for the case that it is cluster-scoped, and the reconciler, which
knows the cluster's discovery, checks each object again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from contracts.problems import Problem

What = Literal["create", "bind", "read", "secret-flow"]
OWN_NAMESPACE = "${schema.metadata.namespace}"
EVERY_NAMESPACE = "*"


@dataclass(frozen=True, slots=True)
class ReachEntry:
    """One thing that a contract reaches.

    ``create``: an object in another namespace, or of a cluster-scoped kind. ``bind``: an object that gives
    rights or takes part in admission, wherever it is. ``read``: an external reference outside the own
    namespace. ``secret-flow``: a value of a Secret that reaches ``target``, which is a status field or a
    field of the node's object.

    ``group`` and ``kind`` are those of the object; empty for a flow into the status. ``namespace`` is
    OWN_NAMESPACE, a literal one, EVERY_NAMESPACE, or the author's expression; empty for a cluster-scoped
    kind. ``name`` is empty for a selection. ``depends_on_input``: the namespace, or for a cluster-scoped kind
    the name, is an expression. ``detail`` says which rights are bound, or which Secrets a value
    comes from. ``fingerprint`` changes with everything that the expressions in the entry depend on, such as
    the allowed values of an input or the template of another node. ``if_cluster_scoped``: the kind has no
    schema here, and it is reached only if it is cluster-scoped. Publishing does not need a grant of it, the
    reconciler does.
    """

    what: What
    node: str = ""
    group: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    target: str = ""
    detail: str = ""
    depends_on_input: bool = False
    fingerprint: str = ""
    if_cluster_scoped: bool = False
    path: str = ""
    line: int = 0
    column: int = 0

    @property
    def key(self) -> str:
        """The canonical string that a grant stores. Node ids and places in the text are no part of it.

        It remains the same when the schema of a kind is learned, unless the contract reaches more than it
        said: the entry with ``if_cluster_scoped`` has the key of the entry that it becomes then.
        """
        parts = (f"{self.group}/{self.kind}", self.namespace, self.name, self.target, self.detail)
        text = " ".join((self.what, *map(_quoted, parts)))
        return f"{text} #{self.fingerprint}" if self.fingerprint else text

    @property
    def description(self) -> str:
        """One plain sentence without a subject and a full stop, such as “creates the Namespace search”."""
        found = _DESCRIPTIONS[self.what](self)
        return f"{found}, if {self.kind} is cluster-scoped" if self.if_cluster_scoped else found

    def as_dict(self) -> dict[str, Any]:
        """For JSON: every field, with ``key`` and ``description``."""
        return {**asdict(self), "key": self.key, "description": self.description}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ReachEntry:
        return cls(**{field.name: data[field.name] for field in fields(cls) if field.name in data})


@dataclass(frozen=True, slots=True)
class Reach:
    """Every entry of a contract, in text order."""

    entries: tuple[ReachEntry, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entries)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(entry.key for entry in self.entries)

    @property
    def descriptions(self) -> tuple[str, ...]:
        """One sentence per entry, without repetitions."""
        return tuple(dict.fromkeys(entry.description for entry in self.entries))

    def exceeds(self, granted: Reach | Collection[str]) -> tuple[ReachEntry, ...]:
        """The entries that ``granted``, another reach or the keys of a grant, does not cover."""
        keys = granted.keys if isinstance(granted, Reach) else frozenset(granted)
        return tuple(entry for entry in self.entries if entry.key not in keys)

    def of_node(self, node: str) -> tuple[ReachEntry, ...]:
        """What the objects of one node reach, values of Secrets included."""
        return tuple(entry for entry in self.entries if entry.node == node)

    def problems(self, granted: Reach | Collection[str] = ()) -> tuple[Problem, ...]:
        """One problem for each entry that needs a grant, at its place in the text.

        A warning if it needs one only for a scope that is not known.
        """
        return tuple(
            Problem(
                "needs-grant",
                f"The contract {entry.description}, which needs a grant.",
                entry.path,
                entry.line,
                entry.column,
                severity="warning" if entry.if_cluster_scoped else "error",
                hint="Ask a portal admin for a grant, or keep to the namespace of the instance.",
                node=entry.node,
            )
            for entry in self.exceeds(granted)
        )

    def as_dict(self) -> dict[str, Any]:
        return {"entries": [entry.as_dict() for entry in self.entries]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reach:
        entries: Iterable[Mapping[str, Any]] = data.get("entries") or ()
        return cls(tuple(map(ReachEntry.from_dict, entries)))


NO_REACH = Reach()
_DEFINES = frozenset(("Role", "ClusterRole"))


def _quoted(text: str) -> str:
    """One word that is unambiguous beside others: a backslash before blanks, “-” for an empty string."""
    escaped = re.sub(r"[\\\s]", lambda match: f"\\{match[0]}", text)
    return {"": "-", "-": "\\-"}.get(text, escaped)


def _place(entry: ReachEntry, preposition: str = "in") -> str:
    """Where it is, with a leading space; nothing for a cluster-scoped kind."""
    if not entry.namespace:
        return ""
    if entry.namespace == OWN_NAMESPACE:
        return f" {preposition} the namespace of the instance"
    if entry.namespace == EVERY_NAMESPACE:
        return f" {preposition} every namespace"
    return f" {preposition} the namespace {entry.namespace}"


def _object(entry: ReachEntry) -> str:
    return f"the {entry.kind} {entry.name}" if entry.name else f"{_article(entry.kind)} {entry.kind}"


def _article(word: str) -> str:
    return "an" if word[:1].upper() in "AEIO" else "a"


def _create(entry: ReachEntry) -> str:
    return f"creates {_object(entry)}{_place(entry)}"


def _bind(entry: ReachEntry) -> str:
    if entry.kind.endswith("Binding") and entry.detail:
        where = _place(entry) if entry.namespace else " in the whole cluster"
        return f"binds {entry.detail}{where}"
    if entry.kind in _DEFINES:
        return f"defines rights with {_object(entry)}{_place(entry)}"
    if entry.kind == "CustomResourceDefinition":
        return f"defines a kind with {_object(entry)}"
    return f"changes how the API server answers with {_object(entry)}{_place(entry)}"


def _read(entry: ReachEntry) -> str:
    if entry.name:
        return f"reads {_object(entry)}{_place(entry, 'of')}"
    return f"reads each {entry.kind} that a selector matches{_place(entry, 'in')}"


def _secret_flow(entry: ReachEntry) -> str:
    value = f"a value of {entry.detail}"
    if not entry.kind:
        return f"shows {value} in {entry.target}"
    if entry.target == "forEach":
        return f"creates one {entry.kind} per item of {value}"
    if entry.kind == "Secret" and entry.target.startswith(("data", "stringData")):
        return f"copies {value} to {entry.target} of {_object(entry)}{_place(entry)}"
    return f"shows {value} in {entry.target} of {_object(entry)}"


_DESCRIPTIONS = {"create": _create, "bind": _bind, "read": _read, "secret-flow": _secret_flow}
