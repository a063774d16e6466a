"""What accounts learn about other teams from refusals and from what they kept: nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalog.models import DeletedInstance, FormDraft, Instance
from contracts.models import Contract, Draft
from portal.accounts.models import Membership, Team, User
from tests.catalog.conftest import SERVICE

# A namespace of another team, and one that no team owns.
OWNED, UNOWNED = "search", "nowhere"


def create(client: Client, namespace: str, contract: str = "service") -> tuple[int, str]:
    body = {"contract": contract, "namespace": namespace, "name": "x", "spec": {"image": "a:1"}}
    answer = client.post("/api/v1/instances/", body, content_type="application/json")
    return answer.status_code, answer.content.decode().replace(namespace, "NAMESPACE")


@pytest.mark.parametrize("offered", [True, False], ids=["offered to all", "offered to its team"])
@pytest.mark.parametrize("who", ["developer", "viewer", "lead", "outsider"])
def test_a_refusal_does_not_tell_whether_a_namespace_has_an_owner(
    contract: Contract, instance: Instance, sign_in: Callable[[str], Client], who: str, offered: bool
) -> None:
    Team.objects.filter(pk=contract.owner_id).update(offers_to_all=offered)
    contract.owner.namespaces.create(name="of-the-owner")
    answers = {create(sign_in(who), namespace) for namespace in (OWNED, UNOWNED, "of-the-owner")}
    assert len(answers) == 1
    assert next(iter(answers))[0] in (403, 422)


@pytest.mark.parametrize("who", ["developer", "outsider"])
def test_what_does_not_exist_and_what_is_hidden_get_the_same_answer(
    contract: Contract, instance: Instance, sign_in: Callable[[str], Client], who: str
) -> None:
    """Pages and API: ids, names and teams of others."""
    Team.objects.filter(pk=contract.owner_id).update(offers_to_all=False)
    other = Instance.objects.create(
        contract=contract, destination=instance.destination, namespace="search", name="theirs",
        team=Team.objects.get(slug="search"),
    )  # fmt: skip
    Instance.objects.filter(pk=instance.pk).delete()
    client = sign_in(who)
    pairs = [
        (f"/instances/{other.pk}/", "/instances/99999/"),
        (f"/instances/{other.pk}/edit/", "/instances/99999/edit/"),
        (f"/instances/{other.pk}/delete/", "/instances/99999/delete/"),
        (f"/api/v1/instances/{other.pk}/", "/api/v1/instances/99999/"),
        ("/catalog/service/", "/catalog/missing/"),
        ("/api/v1/contracts/service/", "/api/v1/contracts/missing/"),
        ("/teams/search/", "/teams/missing/"),
    ]
    for hidden, missing in pairs:
        answers = [client.get(path) for path in (hidden, missing)]
        assert [answer.status_code for answer in answers] == [404, 404], hidden
        text = answers[0].content.decode()
        assert "theirs" not in text
        assert "Plain service" not in text


def publish(client: Client, owner: str) -> tuple[int, str]:
    text = SERVICE.replace("name: service", "name: mine").replace("kind: Service", "kind: Mine")
    text = text.replace("owner: platform", f"owner: {owner}")
    answer = client.post("/api/v1/contracts/", {"text": text}, content_type="application/json")
    return answer.status_code, answer.content.decode().replace(owner, "OWNER")


def test_publishing_for_a_team_does_not_tell_whether_it_exists(
    contract: Contract, sign_in: Callable[[str], Client]
) -> None:
    Team.objects.create(slug="secret", name="Secret")
    assert publish(sign_in("lead"), "secret") == publish(sign_in("lead"), "absent")


@pytest.fixture
def draft(instance: Instance, users: dict[str, User]) -> FormDraft:
    return FormDraft.objects.create(
        author=users["developer"], contract=instance.contract, instance=instance, text="image: mine:1"
    )


LOSSES: dict[str, Callable[[Instance], Any]] = {
    "left the team": lambda row: Membership.objects.filter(user__username="developer").delete(),
    "given away": lambda row: Instance.objects.filter(pk=row.pk).update(team=Team.objects.get(slug="search")),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("deleted_later", [False, True])
def test_a_draft_shows_no_title_that_its_author_may_not_see(
    draft: FormDraft, instance: Instance, sign_in: Callable[[str], Client], loss: str, deleted_later: bool
) -> None:
    client = sign_in("developer")
    assert "Edit shop" in client.get("/").content.decode()
    LOSSES[loss](instance)
    Instance.objects.filter(pk=instance.pk).update(name="renamed-secret")
    Contract.objects.update(title="Secret title")
    Team.objects.update(offers_to_all=False)
    if deleted_later:
        Instance.objects.filter(pk=instance.pk).delete()
        DeletedInstance.objects.filter(pk=instance.pk).update(team=Team.objects.get(slug="search"))
    home = client.get("/").content.decode()
    page = client.get(f"/instances/{instance.pk}/edit/")
    assert "Edit an instance that you can no longer see" in home
    assert page.status_code == 403
    assert "image: mine:1" in page.content.decode()
    for text in (home, page.content.decode()):
        assert "renamed-secret" not in text
        assert "Secret title" not in text
        assert "was deleted" not in text


def test_a_draft_of_a_hidden_contract_shows_no_title(
    contract: Contract, users: dict[str, User], sign_in: Callable[[str], Client]
) -> None:
    FormDraft.objects.create(author=users["developer"], contract=contract, text="image: mine:1")
    own = Draft.objects.create(author=users["lead"], contract=contract, text="kind: Mine")
    Contract.objects.update(title="Secret title")
    Team.objects.update(offers_to_all=False)
    home = sign_in("developer").get("/").content.decode()
    assert "New: a contract that you can no longer see" in home
    editor = sign_in("lead").get(f"/contracts/drafts/{own.pk}/").content.decode()
    assert "kind: Mine" in editor
    assert "Secret title" not in home + editor
