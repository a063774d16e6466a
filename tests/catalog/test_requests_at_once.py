"""Three clients send a request at the same moment: each gets the answer that a repetition gets."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client

from catalog import change_transitions
from catalog.changes import propose_creation, propose_update
from catalog.models import Change, Destination, FormDraft, Instance
from contracts.compiler import compile_text
from contracts.grants import give, revoke
from contracts.models import Contract, Grant
from contracts.publishing import publish
from portal.accounts.models import Membership, PortalRole, Role, Team, TeamNamespace, User
from portal.accounts.portal_roles import LastPortalAdmin, portal_admins, set_portal_role
from portal.audit.models import Entry
from tests.catalog.conftest import SERVICE
from tests.catalog.test_rights_at_write import BEYOND
from tests.threads import Pause, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.backends]

CLIENTS = 3
CREATE = "/catalog/service/create/"


@dataclass
class Stage:
    instance: Instance
    contract: Contract
    cluster: Destination
    users: dict[str, User]
    teams: dict[str, Team]
    sign_in: Callable[[str], Client]

    @property
    def path(self) -> str:
        return f"/instances/{self.instance.pk}"


@pytest.fixture
def stage(
    instance: Instance,
    cluster: Destination,
    users: dict[str, User],
    teams: dict[str, Team],
    sign_in: Callable[[str], Client],
) -> Stage:
    return Stage(instance, instance.contract, cluster, users, teams, sign_in)


def at_once(actions: list[Callable[[], Any]]) -> list[Any]:
    """The results, in order. Each action starts when all threads are ready."""
    gate = threading.Barrier(len(actions))
    results: dict[int, Any] = {}

    def start(number: int, action: Callable[[], Any]) -> None:
        gate.wait(15)
        results[number] = action()

    threads = [run(lambda n=n, a=action: start(n, a)) for n, action in enumerate(actions)]  # type: ignore[misc]
    for thread, _ in threads:
        thread.join(30)
    assert [failure for _, failures in threads for failure in failures] == []
    return [results[number] for number in sorted(results)]


def post_by_all(stage: Stage, who: str, path: str, form: dict[str, Any]) -> Counter[tuple[int, str]]:
    clients = [stage.sign_in(who) for _ in range(CLIENTS)]

    def send(client: Client) -> tuple[int, str]:
        while (answer := client.post(path, form)).status_code == 503:  # busy: again, as Retry-After says
            pass
        return answer.status_code, answer.get("Location", "")

    return Counter(at_once([lambda client=client: send(client) for client in clients]))  # type: ignore[misc]


# -- one submission ---------------------------------------------------------------------------------------


def test_one_creation(stage: Stage) -> None:
    form = {"_name": "new", "_namespace": "checkout", "/image": "shop:1", "_submission": str(uuid4())}
    answers = post_by_all(stage, "developer", CREATE, form)
    created = Instance.objects.get(name="new")
    assert answers == {(302, f"/instances/{created.pk}/"): CLIENTS}
    assert created.changes.count() == 1


def test_one_update(stage: Stage) -> None:
    form = {"/image": "mine:1", "_base": "1", "_submission": str(uuid4())}
    assert post_by_all(stage, "developer", f"{stage.path}/edit/", form) == {(302, f"{stage.path}/"): CLIENTS}
    assert stage.instance.changes.count() == 1


def creation(stage: Stage, who: str, submission: UUID) -> Callable[[], Change]:
    namespace = {"developer": "checkout", "other": "search"}[who]
    manifest = {"metadata": {"name": f"by-{who}", "namespace": namespace}, "spec": {"image": "shop:1"}}
    return lambda: propose_creation(
        contract=stage.contract,
        destination=stage.cluster,
        manifest=manifest,
        by=stage.users[who],
        submission=submission,
    )


def update(stage: Stage, who: str, submission: UUID) -> Callable[[], Change]:
    manifest = {**stage.instance.manifest, "spec": {**stage.instance.spec, "image": "mine:1"}}
    row = Instance.objects.get(pk=stage.instance.pk)
    return lambda: propose_update(instance=row, manifest=manifest, by=stage.users[who], submission=submission)


def test_different_requests_with_one_submission_are_all_saved(stage: Stage) -> None:
    """A submission may be copied; a client that sends that of another loses nothing, and breaks nothing."""
    submission = uuid4()
    wanted = [(creation, "developer"), (creation, "other"), (update, "developer")]
    changes = at_once([make(stage, who, submission) for make, who in wanted])
    assert len({change.pk for change in changes}) == len(wanted)
    assert Change.objects.filter(submission=submission).count() == 1
    assert Change.objects.count() == len(wanted)


# -- each verb, three times at once -------------------------------------------------------------------------


def test_a_name_is_taken_once(stage: Stage) -> None:
    form = {"_name": "new", "_namespace": "checkout", "/image": "shop:1"}  # three forms: three submissions
    answers = post_by_all(stage, "developer", CREATE, form)
    created = Instance.objects.get(name="new")
    assert answers == {(302, f"/instances/{created.pk}/"): 1, (422, ""): CLIENTS - 1}


def test_a_deletion(stage: Stage) -> None:
    answers = post_by_all(stage, "developer", f"{stage.path}/delete/", {"name": stage.instance.name})
    assert answers == {(302, f"{stage.path}/"): CLIENTS}
    assert stage.instance.changes.count() == 1


def test_a_cancellation(stage: Stage) -> None:
    change = update(stage, "developer", uuid4())()
    path = f"{stage.path}/changes/{change.pk}/cancel/"
    assert post_by_all(stage, "developer", path, {}) == {(302, f"{stage.path}/"): CLIENTS}
    assert Change.objects.get().state == "cancelled"


def test_a_retry(stage: Stage) -> None:
    change = update(stage, "developer", uuid4())()
    change_transitions.refuse(change, "no")
    assert post_by_all(stage, "developer", f"{stage.path}/retry/", {}) == {(302, f"{stage.path}/"): CLIENTS}
    assert Change.objects.get().state == "approved"


def test_a_draft(stage: Stage) -> None:
    """The text of one of them is saved; the first one does not win over later ones."""
    author, contract = stage.users["developer"], stage.contract
    texts = [f"text: {number}" for number in range(CLIENTS)]
    at_once([lambda text=text: FormDraft.save_text(author, contract, None, text) for text in texts])  # type: ignore[misc]
    assert FormDraft.objects.get().text in texts


def all_at_once(action: Callable[[], Any]) -> list[Any]:
    return at_once([action] * CLIENTS)


def test_a_publication(stage: Stage) -> None:
    """The later ones find the text published already."""
    text = SERVICE.replace("Plain service", "Better service")
    published = all_at_once(lambda: publish(text, by=stage.users["engineer"]))
    assert sorted(one.new for one in published) == [False, False, True]
    assert stage.contract.revisions.count() == 2


def test_a_withdrawal(stage: Stage) -> None:
    def withdraw() -> None:
        Contract.objects.get(pk=stage.contract.pk).withdraw(by=stage.users["engineer"], reason="old")

    all_at_once(withdraw)
    assert Entry.objects.filter(verb="contract.withdrawn").count() == 1


def test_a_grant_and_its_revocation(stage: Stage) -> None:
    admin, reach = stage.users["admin"], compile_text(BEYOND).reach
    given = all_at_once(lambda: give(stage.contract, reach, by=admin, reason="needed"))
    assert [one is None for one in given].count(True) == CLIENTS - 1
    revoked = all_at_once(lambda: revoke(Grant.objects.get(), by=admin, reason="no more"))
    assert sorted(revoked) == [False, False, True]


def test_a_new_team_with_a_member_and_a_namespace(stage: Stage) -> None:
    page = "/teams/fresh/"
    posts = {
        "/teams/new/": {"name": "Fresh", "slug": "fresh"},
        f"{page}members/": {"username": "outsider", "role": "viewer"},
        f"{page}namespaces/": {"name": "fresh"},
    }
    for path, form in posts.items():
        answers = post_by_all(stage, "admin", path, form)
        assert answers == {(302, page): 1, (422, ""): CLIENTS - 1}
    assert Membership.objects.filter(team__slug="fresh").count() == 1
    assert TeamNamespace.objects.filter(name="fresh").count() == 1


def test_the_last_two_portal_admins_cannot_remove_each_other(stage: Stage) -> None:
    one, other = stage.users["admin"], User.objects.create_user("second", portal_role=PortalRole.ADMIN)

    def demote(whom: User, by: User) -> str:
        try:
            set_portal_role(User.objects.get(pk=whom.pk), PortalRole.NONE, by=by)
        except (PermissionDenied, LastPortalAdmin) as error:
            return type(error).__name__
        return ""

    results = at_once([lambda: demote(other, one), lambda: demote(one, other)])
    assert sorted(results) == ["", "PermissionDenied"]
    assert portal_admins().count() == 1


def test_a_role_that_is_lowered_during_a_request_waits_for_it(stage: Stage) -> None:
    """What was checked holds until it is written."""
    pause, developer = Pause(), stage.users["developer"]

    def request() -> None:
        with transaction.atomic():
            update(stage, "developer", uuid4())()
            pause.here()

    first, failed = run(request)
    assert pause.reached.wait(15)
    membership = Membership.objects.get(user=developer)
    membership.role = Role.VIEWER
    second, failed_second = run(membership.save)
    second.join(0.3)
    assert second.is_alive(), "the role waits for the request"
    pause.go_on.set()
    for thread in (first, second):
        thread.join(15)
    assert (failed, failed_second) == ([], [])
    with pytest.raises(PermissionDenied):
        update(stage, "developer", uuid4())()
