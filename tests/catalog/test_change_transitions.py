"""The life of a change: the transitions, what each writes, and that no other code sets the state."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps.registry import Apps

from catalog import change_transitions
from catalog.change_transitions import TRANSITIONS, TransitionNotAllowed
from catalog.changes import propose_deletion, propose_update
from catalog.models import Action, Change, ChangeState, Instance, WaitReason
from portal.audit.models import Entry
from tests.migrations import migrate, migrate_to_newest

MakeInstance = Callable[..., Instance]
ROOT = Path(change_transitions.__file__).parent.parent
S = ChangeState

CALLS: dict[str, Callable[[Change, Any], None]] = {
    "wait_for_approval": lambda change, by: change_transitions.wait_for_approval(change, "why"),
    "wait_for_window": lambda change, by: change_transitions.wait_for_window(change, "why"),
    "wait_for_cluster": lambda change, by: change_transitions.wait_for_cluster(change, "why"),
    "wait_for_schema": lambda change, by: change_transitions.wait_for_schema(change, "why"),
    "approve": lambda change, by: change_transitions.approve(change),
    "start_delivery": lambda change, by: change_transitions.start_delivery(change),
    "commit": lambda change, by: change_transitions.commit(change),
    "merge": lambda change, by: change_transitions.merge(change),
    "finish": lambda change, by: change_transitions.finish(change, "why"),
    "refuse": lambda change, by: change_transitions.refuse(change, "why", [{"field": "a", "message": "b"}]),
    "expire": lambda change, by: change_transitions.expire(change, "why"),
    "cancel": lambda change, by: change_transitions.cancel(change, by=by),
    "supersede": lambda change, by: change_transitions.supersede(change, successor_of(change)),
    "fail": lambda change, by: change_transitions.fail(change, "ticket", "why"),
    "retry": lambda change, by: change_transitions.retry(change, by=by),
}
TABLE = {  # transition → state: the states from which it starts
    ("wait_for_approval", S.WAITING): "waiting approved",
    ("wait_for_window", S.WAITING): "waiting approved",
    ("wait_for_cluster", S.WAITING): "waiting approved delivering",
    ("wait_for_schema", S.WAITING): "waiting approved delivering",
    ("approve", S.APPROVED): "waiting",
    ("start_delivery", S.DELIVERING): "waiting approved delivering",
    ("commit", S.COMMITTED): "delivering",
    ("merge", S.MERGED): "committed",
    ("finish", S.DELIVERED): "waiting approved delivering committed merged",
    ("refuse", S.REFUSED): "waiting approved delivering committed merged",
    ("expire", S.EXPIRED): "waiting approved",
    ("cancel", S.CANCELLED): "waiting approved",
    ("supersede", S.SUPERSEDED): "waiting approved",
    ("fail", S.FAILED): "waiting approved delivering committed merged",
    ("retry", S.APPROVED): "refused failed",
}


def successor_of(change: Change) -> Change:
    return Change.objects.create(instance_name=change.instance_name, action=Action.DELETE)


def rows() -> list[Any]:
    return [
        pytest.param(name, source, target if source in sources.split() else None, id=f"{name}-from-{source}")
        for (name, target), sources in TABLE.items()
        for source in ChangeState
    ]


def test_the_table_is_complete() -> None:
    assert {name for name, _ in TABLE} == set(TRANSITIONS) == set(CALLS)


@pytest.mark.parametrize(("name", "source", "target"), rows())
def test_each_transition(
    make_instance: MakeInstance,
    users: dict[str, Any],
    name: str,
    source: ChangeState,
    target: ChangeState | None,
) -> None:
    row = make_instance("one")
    change = Change.objects.create(
        instance=row,
        instance_name=str(row),
        action=Action.UPDATE,
        state=source,
        team=row.team,
        reason="cluster" if source == S.WAITING else "",
    )
    version = row.version
    if target is None:
        with pytest.raises(TransitionNotAllowed):
            CALLS[name](change, users["developer"])
        assert Change.objects.get(pk=change.pk).state == source
        assert not Entry.objects.filter(verb__startswith="change.").exists()
        return
    CALLS[name](change, users["developer"])
    saved = Change.objects.get(pk=change.pk)
    assert saved.state == change.state == target
    assert saved.reason == TRANSITIONS[name].reason
    ends = target not in ("waiting", "approved", "delivering", "committed", "merged")
    assert (saved.decided_at is not None) == ends
    entry = Entry.objects.get(verb="change.retried" if name == "retry" else f"change.{target}")
    assert (entry.subject_id, entry.team_slug) == (str(change.pk), "checkout")
    assert (entry.detail["from"], entry.detail["to"]) == (source, target)
    assert Instance.objects.get().version > version


def test_a_wait_names_its_reason_and_an_end_its_cause() -> None:
    def text(**fields: Any) -> str:
        return Change(**fields).state_text

    assert text(state="waiting", reason="predecessor") == "Waiting for an earlier change"
    assert text(state="waiting", reason="schema") == "Waiting for the schema in the cluster"
    assert text(state="superseded", successor_id=12) == "Superseded by change 12"
    assert text(state="failed", failed_step="ticket") == "Failed at ticket"
    assert text(state="delivering") == "Delivering"


def test_repeated_attempts_for_one_reason_are_one_entry(make_instance: MakeInstance) -> None:
    row = make_instance("one")
    change = Change.objects.create(instance=row, instance_name=str(row), action=Action.UPDATE)
    for _ in range(3):
        change_transitions.start_delivery(change)
        change_transitions.wait_for_cluster(change, "It is away.")
    assert change.attempts == 3
    assert Entry.objects.filter(verb__in=["change.delivering", "change.waiting"]).count() == 2
    change_transitions.start_delivery(change)
    change_transitions.wait_for_cluster(change, "It refuses.")
    assert Entry.objects.filter(verb="change.waiting").count() == 2


def test_further_changes_wait_and_follow_in_order(make_instance: MakeInstance, users: dict[str, Any]) -> None:
    row, by = make_instance("one"), users["developer"]
    first, second, third = (propose_update(instance=row, manifest=row.manifest, by=by) for _ in range(3))

    def states() -> list[tuple[str, str]]:
        return list(Change.objects.order_by("pk").values_list("state", "reason"))

    waits = (S.WAITING, WaitReason.PREDECESSOR)
    with pytest.raises(TransitionNotAllowed):
        change_transitions.start_delivery(third)
    assert states() == [(S.APPROVED, ""), waits, waits]
    change_transitions.start_delivery(first)
    change_transitions.finish(first)
    assert states() == [(S.DELIVERED, ""), (S.APPROVED, ""), waits]
    second.refresh_from_db()
    change_transitions.refuse(second, "no")
    assert states() == [(S.DELIVERED, ""), (S.REFUSED, ""), (S.APPROVED, "")]
    change_transitions.retry(second, by=by)
    assert states() == [(S.DELIVERED, ""), waits, (S.APPROVED, "")]
    change_transitions.cancel(Change.objects.get(pk=third.pk), by=by)
    assert states() == [(S.DELIVERED, ""), (S.APPROVED, ""), (S.CANCELLED, "")]


def test_a_deletion_supersedes_every_open_change(make_instance: MakeInstance, users: dict[str, Any]) -> None:
    row, by = make_instance("one"), users["developer"]
    for _ in range(2):
        propose_update(instance=row, manifest=row.manifest, by=by)
    deletion = propose_deletion(instance=row, by=by)
    assert deletion.state == S.APPROVED
    others = Change.objects.exclude(pk=deletion.pk)
    assert {(one.state, one.successor_id) for one in others} == {(S.SUPERSEDED, deletion.pk)}


def test_a_deletion_that_the_cluster_has_accepted_is_not_requested_again(
    make_instance: MakeInstance, users: dict[str, Any]
) -> None:
    row, by = make_instance("one"), users["developer"]
    first = propose_deletion(instance=row, by=by)
    assert propose_deletion(instance=row, by=by) == first
    change_transitions.start_delivery(first)
    change_transitions.finish(first)
    assert [propose_deletion(instance=row, by=by) for _ in range(3)] == [first] * 3
    assert Entry.objects.filter(verb="instance.deletion-requested").count() == 1
    Instance.objects.update(state="ready")  # a restored cluster has undone it
    second = propose_deletion(instance=row, by=by)
    assert (second.pk != first.pk, second.state) == (True, S.APPROVED)


def test_a_deletion_waits_for_a_delivery_that_is_under_way(
    make_instance: MakeInstance, users: dict[str, Any]
) -> None:
    row, by = make_instance("one"), users["developer"]
    first, second = (propose_update(instance=row, manifest=row.manifest, by=by) for _ in range(2))
    change_transitions.start_delivery(first)
    deletion = propose_deletion(instance=row, by=by)
    second.refresh_from_db()
    assert (second.state, first.state) == (S.SUPERSEDED, S.DELIVERING)
    assert (deletion.state, deletion.reason) == (S.WAITING, WaitReason.PREDECESSOR)
    change_transitions.finish(first)
    deletion.refresh_from_db()
    assert deletion.state == S.APPROVED


# -- the code -------------------------------------------------------------------------------------------


def product_modules() -> list[tuple[str, ast.Module]]:
    folders = ("portal", "contracts", "catalog", "reconciler")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    kept = [path for path in paths if "migrations" not in path.parts and path.name != "change_transitions.py"]
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text())) for path in kept]


def sets_change_state(node: ast.AST) -> bool:
    """An assignment to ``….state`` or a keyword ``state=`` whose value names a state of changes."""
    if isinstance(node, ast.Assign):
        targets = [leaf for target in node.targets for leaf in ast.walk(target)]
        named = any(isinstance(leaf, ast.Attribute) and leaf.attr == "state" for leaf in targets)
        return named and mentions_change_state(node.value)
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        writes = called in ("update", "create", "update_or_create", "get_or_create", "bulk_create", "Change")
        return writes and any(
            one.arg == "state" and mentions_change_state(one.value) for one in node.keywords
        )
    return False


def mentions_change_state(node: ast.AST) -> bool:
    return any(isinstance(leaf, ast.Name) and leaf.id == "ChangeState" for leaf in ast.walk(node))


def test_no_other_code_sets_the_state() -> None:
    found = [
        f"{path}:{getattr(node, 'lineno', 0)}"
        for path, tree in product_modules()
        for node in ast.walk(tree)
        if sets_change_state(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "sets"),
    [
        ("change.state = ChangeState.DELIVERED", True),
        ("change.state, change.message = ChangeState.DELIVERED, 'x'", True),
        ("Change.objects.filter(pk=1).update(state=ChangeState.REFUSED)", True),
        ("Change(state=ChangeState.REFUSED)", True),
        ("Change.objects.filter(state=ChangeState.REFUSED)", False),
        ("row.state = State.READY", False),
    ],
)
def test_the_check_of_the_code_finds(code: str, sets: bool) -> None:
    assert any(sets_change_state(node) for node in ast.walk(ast.parse(code))) == sets


UNREACHABLE = {"wait_for_approval", "wait_for_window", "commit", "merge", "expire", "fail"}


def test_states_of_features_to_come_are_unreachable() -> None:
    """Nothing calls these transitions yet; whoever calls one removes it here."""
    called = {
        node.func.attr
        for _, tree in product_modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "change_transitions"
    }
    assert called.isdisjoint(UNREACHABLE)
    assert called | UNREACHABLE == {*TRANSITIONS, "request"} - {"approve"}


# -- the migration --------------------------------------------------------------------------------------


@pytest.fixture
def old_database(transactional_db: None) -> Iterator[Apps]:
    yield migrate(("catalog", "0007_reason_node"))
    migrate_to_newest()


@pytest.mark.slow
def test_changes_of_an_older_release_get_their_states(old_database: Apps) -> None:
    old = old_database
    contract = old.get_model("contracts", "Contract").objects.create(
        name="pair",
        kind="Pair",
        plural="pairs",
        owner_id=old.get_model("accounts", "Team").objects.create(slug="t", name="T").pk,
    )
    destination = old.get_model("catalog", "Destination").objects.create(slug="it", title="It")
    ids = [
        old.get_model("catalog", "Instance")
        .objects.create(contract_id=contract.pk, destination=destination, name=name)
        .pk
        for name in ("one", "two")
    ]
    for instance, state in [
        (ids[0], "delivered"),
        (ids[0], "refused"),
        (ids[0], "approved"),
        (ids[0], "approved"),
        (ids[1], "waiting"),
        (None, "approved"),
    ]:
        old.get_model("catalog", "Change").objects.create(instance_id=instance, action="update", state=state)
    migrate(("catalog", "0008_change_states"))
    rows = Change.objects.order_by("pk").values_list("state", "reason", "delivery_started_at")
    assert [(state, reason, started is not None) for state, reason, started in rows] == [
        ("delivered", "", False),
        ("refused", "", False),
        ("approved", "", True),
        ("waiting", "predecessor", True),
        ("waiting", "approval", True),
        ("approved", "", True),
    ]
