"""Whatever happens while a form is open: what was typed is kept, and the page says what happened."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from catalog.models import Change, FormDraft, Instance
from portal.accounts.models import Membership, Role, Team, User
from tests.catalog.handover import move
from tests.pages import squeezed

CREATE = "/catalog/service/create/"
TYPED = "typed/by-hand:1"


@dataclass
class Stage:
    instance: Instance
    users: dict[str, User]
    teams: dict[str, Team]
    client: Client

    @property
    def path(self) -> str:
        return f"/instances/{self.instance.pk}/edit/"


@pytest.fixture
def stage(
    instance: Instance, users: dict[str, User], teams: dict[str, Team], sign_in: Callable[[str], Client]
) -> Stage:
    return Stage(instance, users, teams, sign_in("developer"))


def hand_over(stage: Stage) -> None:
    move(stage.teams)


def delete(stage: Stage) -> None:
    Instance.objects.get(pk=stage.instance.pk).delete()


def start_deleting(stage: Stage) -> None:
    Instance.objects.get(pk=stage.instance.pk).mark_deleting()


def lower_the_role(stage: Stage) -> None:
    Membership.objects.filter(user=stage.users["developer"]).update(role=Role.VIEWER)


def leave_the_team(stage: Stage) -> None:
    Membership.objects.filter(user=stage.users["developer"]).delete()


def break_the_contract(stage: Stage) -> None:
    """Its latest revision does not compile with the kinds that are known now."""
    revision = stage.instance.contract.revision
    assert revision is not None
    type(revision).objects.filter(pk=revision.pk).update(text="kind: Nothing")


# what happens, whether a draft was saved while typing → status, what the page says
EDITS: dict[tuple[Callable[[Stage], None], bool], tuple[int, str]] = {
    (hand_over, True): (403, "The instance belongs to another team now, or you left its team."),
    (hand_over, False): (404, "It was not saved. Copy what you need."),
    (leave_the_team, True): (403, "The instance belongs to another team now, or you left its team."),
    (leave_the_team, False): (404, "It was not saved. Copy what you need."),
    (delete, True): (409, "It was deleted"),
    (delete, False): (409, "It was deleted"),
    (start_deleting, True): (409, "It is being deleted and cannot be changed any more."),
    (start_deleting, False): (409, "It is being deleted and cannot be changed any more."),
    (lower_the_role, True): (403, "you need the role developer"),
    (lower_the_role, False): (403, "you need the role developer"),
    (break_the_contract, True): (409, "Its latest revision does not compile"),
    (break_the_contract, False): (409, "Its latest revision does not compile"),
}


@pytest.mark.parametrize(("case", "expected"), EDITS.items())
def test_an_edit_that_cannot_be_submitted_any_more_is_not_lost(
    stage: Stage, case: tuple[Callable[[Stage], None], bool], expected: tuple[int, str]
) -> None:
    happens, has_draft = case
    status, says = expected
    if has_draft:
        form = {"/image": "older:1", "_base": "1"}
        assert stage.client.post(f"{stage.path}preview/", form).status_code == 200
    happens(stage)
    answer = stage.client.post(stage.path, {"/image": TYPED, "_base": "1"})
    page = squeezed(answer)
    assert answer.status_code == status
    assert says in page
    assert TYPED in page
    assert not Change.objects.exists()
    if status != 404:
        assert TYPED in FormDraft.objects.get().text
        again = stage.client.get(stage.path)
        assert again.status_code == status
        assert TYPED in squeezed(again), "it is there when the user returns"
        assert b"Edit " in stage.client.get("/").content


def test_a_user_who_never_saw_the_instance_learns_nothing(
    stage: Stage, sign_in: Callable[[str], Client]
) -> None:
    other, form = sign_in("other"), {"/image": TYPED}
    hidden = other.post(stage.path, form)
    missing = other.post("/instances/999999/edit/", form)
    assert hidden.status_code == missing.status_code == 404
    content = [re.sub(r"[A-Za-z0-9]{64}", "", squeezed(page)) for page in (hidden, missing)]  # CSRF tokens
    assert content[0] == content[1]
    assert not FormDraft.objects.exists()


CREATIONS: dict[Callable[[Stage], None], tuple[int, str]] = {
    lower_the_role: (403, "You need the role developer"),
    leave_the_team: (403, "You need the role developer"),
    break_the_contract: (409, "Its latest revision does not compile"),
    hand_over: (422, "You cannot create instances in checkout."),
}


@pytest.mark.parametrize(("happens", "expected"), CREATIONS.items())
def test_a_creation_that_cannot_be_submitted_any_more_is_not_lost(
    stage: Stage, happens: Callable[[Stage], None], expected: tuple[int, str]
) -> None:
    status, says = expected
    happens(stage)
    answer = stage.client.post(CREATE, {"_name": "new", "_namespace": "checkout", "/image": TYPED})
    assert answer.status_code == status
    assert says in squeezed(answer)
    assert TYPED in squeezed(answer)
    assert TYPED in FormDraft.objects.get().text
    assert TYPED in squeezed(stage.client.get(CREATE))


def test_a_withdrawn_contract_keeps_the_draft(stage: Stage) -> None:
    stage.instance.contract.withdraw(by=None, reason="")
    form = {"_name": "new", "_namespace": "checkout", "/image": TYPED}
    assert stage.client.post(CREATE, form).status_code == 409
    assert TYPED in FormDraft.objects.get().text


@pytest.mark.parametrize("is_edit", [True, False])
def test_a_form_that_is_sent_after_the_session_ended_is_shown_after_the_sign_in(
    stage: Stage, is_edit: bool
) -> None:
    path = stage.path if is_edit else CREATE
    form = {"/image": TYPED, "_base": "1", "_name": "new", "_namespace": "checkout"}
    client = Client()
    answer = client.post(path, form)
    assert answer.status_code == 302
    assert answer["Location"] == f"/login/?next={path}"
    assert not FormDraft.objects.exists()
    signed_in = client.post(
        answer["Location"], {"username": "developer", "password": "developer-secret", "next": path}
    )
    assert signed_in["Location"] == path
    page = client.get(path)
    assert page.status_code == 200
    assert "Your session had ended. Nothing was submitted" in squeezed(page)
    assert TYPED in squeezed(page)
    assert TYPED in FormDraft.objects.get().text
    assert not Change.objects.exists()
    assert "Your session had ended" not in squeezed(client.get(path)), "it is shown once"
    assert client.post(path, form).status_code == 302
    assert Change.objects.count() == 1


def test_what_another_user_of_the_browser_typed_is_not_shown(stage: Stage) -> None:
    """Signing in as another user than the signed-in one ends the session with all that is in it."""
    client = Client()
    client.force_login(stage.users["teammate"])
    session = client.session
    session["kept_input"] = {"path": stage.path, "body": "/image=secret:1"}
    session.save()
    client.force_login(stage.users["developer"])
    assert "secret:1" not in squeezed(client.get(stage.path))


def test_a_form_whose_csrf_token_is_stale_shows_what_was_typed_and_saves_nothing(stage: Stage) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(stage.users["developer"])
    form = {"/image": TYPED, "_base": "1", "password": "hidden-one"}
    answer = client.post(stage.path, form)
    assert answer.status_code == 403
    assert TYPED in squeezed(answer)
    assert "hidden-one" not in squeezed(answer)
    assert not FormDraft.objects.exists()
    assert not Change.objects.exists()
