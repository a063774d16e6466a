"""Where values of Secrets go: from node to node in their order, and into the status.

The ``data`` and ``stringData`` of a Secret are secret, and so is the annotation in which kubectl keeps a copy
of them; the rest of its metadata is not. Secret data in the data of a Secret in the instance's own namespace
stays there. Everywhere else it is a flow, and the field of the object that receives it carries it on; so
does the object's status, into which a controller may copy any field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from contracts.cel.typecheck.taint import CLEAN, Level, Taint, flat, flow, implied, join, taint_of
from contracts.compiler.definition import Code, Definition, Node
from contracts.compiler.reach import ReachEntry
from contracts.compiler.reaching.places import Places
from contracts.compiler.reporter import Reporter
from contracts.documents import print_path

Path = tuple[str | int, ...]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
STATUS: Path = ("spec", "schema", "status")
SECRET_FIELDS = ("data", "stringData")


@dataclass(frozen=True, slots=True)
class Use:
    """A value that carries a secret, and where it goes. ``node`` is None for the status."""

    node: Node | None
    target: str
    code: Code
    at: Path
    """From the document's root."""
    taint: Taint

    @property
    def level(self) -> Level:
        return self.taint.whole


def is_secret(node: Node) -> bool:
    return (node.group, node.kind) == ("", "Secret")


def secret_uses(places: Places) -> list[Use]:
    """Every value that carries a secret to a place that is not one for secrets."""
    definition = places.definition
    if not any(map(is_secret, definition.nodes)):
        return []
    found: list[Use] = []
    variables: dict[str, Taint] = {}
    index = {node.id: number for number, node in enumerate(definition.nodes)}
    for node_id in definition.order:
        node = definition.node(node_id)
        flows = _NodeFlows(node, ("spec", "resources", index[node_id]), variables)
        found += flows.uses(places.is_own(node))
        variables[node_id] = flows.observed()
    found.sort(key=lambda use: index[use.node.id] if use.node else 0)
    return [*_status_uses(definition, variables), *found]


class _NodeFlows:
    """The secrets that the expressions of one node carry."""

    def __init__(self, node: Node, at: Path, variables: Mapping[str, Taint]) -> None:
        self.node = node
        self.at = at
        self.lists = [taint_of_code(each.code, variables) for each in node.for_each]
        iterators = {each.name: taint.contents for each, taint in zip(node.for_each, self.lists, strict=True)}
        names = {**variables, **iterators}
        self.codes = [(code, taint_of_code(code, names)) for code in node.codes]
        self.conditions = [taint_of_code(code, variables) for code in node.include_when]

    def uses(self, own_namespace: bool) -> Iterator[Use]:
        node, body = self.node, "externalRef" if self.node.is_external else "template"
        for number, (each, taint) in enumerate(zip(node.for_each, self.lists, strict=True)):
            # Secret objects as items are no flow yet: what the template takes of them is seen below.
            items = join(taint.own, taint.contents.own)
            if items.whole:
                yield Use(node, "forEach", each.code, (*self.at, "forEach", number, each.name), items)
        for number, (code, taint) in enumerate(zip(node.include_when, self.conditions, strict=True)):
            if taint.whole:
                at = (*self.at, "includeWhen", number)
                yield Use(node, "includeWhen", code, at, implied(taint))
        for code, taint in self.codes:
            may_hold_secrets = is_secret(node) and own_namespace and code.path[0] in SECRET_FIELDS
            if taint.whole and (node.is_external or not may_hold_secrets):
                yield Use(node, print_path(code.path), code, (*self.at, body, *code.path), taint)

    def observed(self) -> Taint:
        """The node's variable in other expressions."""
        secret = _secret(self.node.id) if is_secret(self.node) else CLEAN
        if self.node.is_external:
            found = join(secret, implied(*(taint for _, taint in self.codes)))
        else:
            fields = [_at(code.path, taint) for code, taint in self.codes if taint.whole]
            echo = flat(*(taint for _, taint in self.codes))
            found = join(secret, *fields, Taint(fields={"status": echo}) if echo.whole else CLEAN)
        if not self.node.is_many:
            return found
        length = implied(*(taint.keys for taint in self.lists))
        return Taint(length.level, length.sources, {None: found})


def _secret(node_id: str) -> Taint:
    secret = flow(node_id)
    annotations = Taint(fields={LAST_APPLIED: secret})
    fields: dict[str | None, Taint] = dict.fromkeys(SECRET_FIELDS, secret)
    return Taint(fields={**fields, "metadata": Taint(fields={"annotations": annotations})})


def _at(path: Path, taint: Taint) -> Taint:
    """An object that carries it at a path; the items of a list are not told apart."""
    keys = [part if isinstance(part, str) else None for part in reversed(path)]
    return reduce(lambda inner, key: Taint(fields={key: inner}), keys, taint)


def taint_of_code(code: Code, variables: Mapping[str, Taint]) -> Taint:
    taints = [taint_of(part.expression, variables) for part in code.expressions]
    return taints[0] if code.standalone else flat(*taints)


def _status_uses(definition: Definition, variables: Mapping[str, Taint]) -> Iterator[Use]:
    for code in definition.status:
        taint = taint_of_code(code, variables)
        if taint.whole:
            yield Use(None, print_path(("status", *code.path)), code, (*STATUS, *code.path), taint)
    for index, code in enumerate(definition.conditions):
        taint = taint_of_code(code, variables)
        if taint.whole:
            path = ("conditions", index)
            yield Use(None, print_path(("status", *path)), code, (*STATUS, *path), taint)


def flow_entry(use: Use, places: Places, reporter: Reporter) -> ReachEntry:
    """The entry of a use that is a flow."""
    node = use.node
    place = places.of_flow(node) if node is not None else None
    span = reporter.span(use.at)
    return ReachEntry(
        what="secret-flow",
        node=node.id if node is not None else "",
        group=node.group if node is not None else "",
        kind=node.kind if node is not None else "",
        namespace=place.namespace if place is not None else "",
        name=place.name if place is not None else "",
        target=use.target,
        detail=describe_secrets(use.taint, places),
        fingerprint=places.fingerprint(node, [use.code]),
        path=print_path(use.at),
        line=span.line,
        column=span.column,
    )


def report_implicit(use: Use, places: Places, reporter: Reporter) -> None:
    secrets = describe_secrets(use.taint, places)
    message = f"{use.target} depends on a value of {secrets}: who sees it can learn something about that."
    hint = "Test a field that is not secret, or wait for the Secret with readyWhen."
    reporter.add(use.at, "secret-condition", message, hint, severity="warning")


def describe_secrets(taint: Taint, places: Places) -> str:
    nodes = [places.definition.node(source) for source in sorted(taint.all_sources)]
    return " and ".join(dict.fromkeys(_describe(node, places) for node in nodes))


def _describe(node: Node, places: Places) -> str:
    place = places.of(node)
    name = f"the Secret {place.name}" if place.name and not node.is_many else f"the Secrets of “{node.id}”"
    if places.is_own(node):
        return name
    return f"{name} of {'every namespace' if place.namespace == '*' else f'the namespace {place.namespace}'}"
