"""What must hold when everything runs again and has settled: of rows, of objects, and of both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.devcluster.http import Http
from tests.kills.clients import Client, Known
from tests.kills.names import GROUP, NAMESPACE
from tests.kills.processes import Processes

PAIRS = f"/apis/{GROUP}/v1alpha1/namespaces/{NAMESPACE}/pairs"
CHILDREN = f"/api/v1/namespaces/{NAMESPACE}/configmaps?labelSelector=app.kubernetes.io/managed-by=slipway"
DECIDED = ("delivered", "superseded")
OPEN = ("waiting", "approved", "delivering")


@dataclass(frozen=True)
class Row:
    key: int
    uid: str
    state: str
    spec: dict[str, Any]


@dataclass(frozen=True)
class ChangeRow:
    key: int
    action: str
    state: str
    message: str
    instance: int | None
    name: str


@dataclass(frozen=True)
class Observed:
    """Rows and objects, by the names of the instances and of their children."""

    rows: Mapping[str, Row]
    changes: tuple[ChangeRow, ...]
    resources: frozenset[tuple[str, str, str]]  # instance, child, uid
    objects: Mapping[str, dict[str, Any]]
    children: Mapping[str, dict[str, Any]]


def observe(processes: Processes) -> Observed:
    http = Http(processes.credentials)
    listed = [http.get(path) for path in (PAIRS, CHILDREN)]
    objects, children = (
        {one["metadata"]["name"]: one for one in answer.body["items"]} if answer.status == 200 else {}
        for answer in listed
    )
    rows = processes.rows("SELECT name, id, uid, state, spec FROM catalog_instance")
    resources = processes.rows(
        "SELECT i.name, r.name, r.uid FROM catalog_instanceresource r "
        "JOIN catalog_instance i ON i.id = r.instance_id"
    )
    return Observed(
        {name: Row(key, uid, state, json.loads(spec)) for name, key, uid, state, spec in rows},
        tuple(changes(processes)),
        frozenset(resources),
        objects,
        children,
    )


def changes(processes: Processes) -> Iterator[ChangeRow]:
    columns = "id, action, state, message, instance_id, instance_name"
    for key, action, state, message, instance, name in processes.rows(
        f"SELECT {columns} FROM catalog_change ORDER BY id"
    ):
        yield ChangeRow(key, action, state, message, instance, name.rpartition("/")[2])


# -- unanswered requests -----------------------------------------------------------------------------------


def settle_unanswered(clients: Iterable[Client], found: Iterable[ChangeRow]) -> None:
    """A request without an answer was accepted if its change was saved: wholly, and at most once."""
    by_name = {name: client for client in clients for name in client.names}
    for change in found:
        client = by_name[change.name]
        if change.key in client.accepted:
            continue
        request = client.unanswered.pop(change.name, None)
        assert request is not None, f"nobody requested {change}"
        assert request.action == change.action, f"{request} became {change}"
        client.accepted.add(change.key)
        client.take(request, change.instance)
    for client in by_name.values():
        client.unanswered.clear()


# -- problems ----------------------------------------------------------------------------------------------


def problems(observed: Observed) -> list[str]:
    """What is inconsistent, whatever was requested. Empty when everything has settled."""
    return [*open_changes(observed), *unequal_rows(observed), *unequal_children(observed)]


def open_changes(observed: Observed) -> Iterator[str]:
    for change in observed.changes:
        if change.state in OPEN:
            yield f"still open: {change}"


def unequal_rows(observed: Observed) -> Iterator[str]:
    for name in sorted({*observed.rows, *observed.objects}):
        row, live = observed.rows.get(name), observed.objects.get(name)
        if row is None or live is None:
            yield f"{name}: row {row}, object {live}"
        elif (row.uid, row.spec, row.state) != (live["metadata"]["uid"], live["spec"], "ready"):
            yield f"{name}: row {row}, object {live['metadata']['uid']} {live['spec']}"
        elif "deletionTimestamp" in live["metadata"] or live.get("status", {}).get("state") != "ACTIVE":
            yield f"{name}: object {live}"


def unequal_children(observed: Observed) -> Iterator[str]:
    expected = {
        child: (name, data)
        for name, live in observed.objects.items()
        for child, data in expected_children(observed, name, live["spec"]).items()
    }
    for child in sorted({*expected, *observed.children}):
        live = observed.children.get(child)
        if child not in expected or live is None:
            yield f"child {child}: expected {expected.get(child)}, object {live}"
            continue
        name, data = expected[child]
        owner = live["metadata"]["labels"].get("slipway.dev/instance-id")
        if (live["data"], owner) != (data, observed.objects[name]["metadata"]["uid"]):
            yield f"child {child}: expected {data}, object {live}"
    rows = {
        (name, child, observed.children.get(child, {}).get("metadata", {}).get("uid", ""))
        for child, (name, _) in expected.items()
    }
    if rows != observed.resources:
        yield f"rows of children: {sorted(observed.resources ^ rows)}"


def expected_children(observed: Observed, name: str, spec: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    first = f"{name}-first"
    uid = observed.children.get(first, {}).get("metadata", {}).get("uid", "")
    found = {first: {"text": spec["text"]}, f"{name}-second": {"first": first, "uid": uid}}
    if spec["extra"]:
        found[f"{name}-extra"] = {"a": "b"}
    return found


def lost(clients: Iterable[Client], observed: Observed, since: int) -> list[str]:
    """What was accepted and is not so, and what is there although it was not accepted.

    ``since``: the last change of the rounds before. A restored cluster may have refused some of those.
    """
    known = {name: one for client in clients for name, one in client.known.items()}
    accepted = {key for client in clients for key in client.accepted}
    found = [
        f"{name}: accepted {known.get(name)}, row {observed.rows.get(name)}"
        for name in sorted({*known, *observed.rows})
        if not is_as_accepted(known.get(name), observed.rows.get(name))
    ]
    fresh = [one for one in observed.changes if one.key > since]
    found += [f"not as accepted: {one}" for one in fresh if one.state not in DECIDED]
    missing = accepted - {one.key for one in observed.changes}
    return [*found, *(f"change {key} was accepted and is lost" for key in sorted(missing))]


def is_as_accepted(known: Known | None, row: Row | None) -> bool:
    if known is None or row is None:
        return known is None and row is None
    return (known.key, known.spec) == (row.key, row.spec)


def repaired(processes: Processes, since: int) -> list[str]:
    """Events after this one that say that a child was found different from what is known of it.

    An instance may create a child twice, when its client turned the child off and on again.
    """
    repairs = processes.rows(
        "SELECT reason, resource, message FROM catalog_event "
        f"WHERE reason IN ('Restored', 'DriftRepaired', 'Adopted') AND id > {since}"
    )
    return [f"repaired: {one}" for one in repairs]
