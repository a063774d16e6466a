"""A contract of a team whose contracts are not offered to everybody: nothing of it reaches other teams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.availability import may_create, may_create_somewhere, namespaces_for
from catalog.models import Change, Destination, Instance
from catalog.portal_hooks.counts import count_contracts
from contracts import portal_hooks
from contracts.known_kinds import compile_known
from contracts.live_topics import ContractTopic
from contracts.models import Contract, Draft, KnownSchema
from contracts.problems import Rejected
from contracts.publishing import publish, review_publication
from portal.accounts.models import Membership, Role, Team, User
from portal.audit.models import Entry
from tests.catalog.conftest import SERVICE, fill_instance
from tests.migrations import migrate, migrate_to_newest

PRIVATE = (
    SERVICE.replace("name: service\n", "name: hush\n", 1)
    .replace("kind: Service\n    types", "kind: Hush\n    types", 1)
    .replace("title: Plain service", "title: Quiet service")
    .replace("owner: platform", "owner: search")
)
USES_IT = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: user-of-it}
spec:
  schema:
    group: user.example.com
    apiVersion: v1alpha1
    kind: UserOfIt
    spec: {name: string}
  resources:
    - id: child
      template:
        apiVersion: platform.example.com/v1alpha1
        kind: Hush
        metadata: {name: "${schema.spec.name}"}
        spec: {image: "shop:1", nothing: here}
---
apiVersion: slipway.dev/v1alpha1
kind: Contract
spec: {title: User of it, owner: checkout}
"""


@pytest.fixture
def private(teams: dict[str, Team], users: dict[str, User], cluster: Destination) -> Contract:
    for name, team in (("searcher", "search"), ("maker", "checkout")):
        users[name] = User.objects.create_user(name)
        Membership.objects.create(user=users[name], team=teams[team], role=Role.ENGINEER)
    publish(PRIVATE, by=users["searcher"], note="The first hush")
    return Contract.objects.select_related("owner", "revision").get(name="hush")


PAGES = [
    "/catalog/hush/", "/catalog/hush/create/", "/contracts/hush/", "/contracts/hush/revisions/1/",
    "/contracts/hush/compare/", "/contracts/hush/edit/", "/api/v1/contracts/hush/",
    "/api/v1/contracts/hush/revisions/", "/api/v1/contracts/hush/revisions/1/",
]  # fmt: skip
LISTS = [
    "/catalog/", "/catalog/?q=quiet", "/contracts/", "/contracts/?owner=search", "/search/?q=quiet",
    "/api/v1/contracts/", "/api/v1/contracts/?q=quiet", "/", "/instances/",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("name", ["developer", "lead", "maker", "outsider"])
def test_other_teams_do_not_find_it(
    sign_in: Callable[[str], Client], private: Contract, name: str, path: str
) -> None:
    answer = sign_in(name).get(path)
    assert answer.status_code == 404 or (answer.status_code == 403 and "Quiet" not in answer.content.decode())


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("name", ["developer", "lead", "maker", "outsider"])
def test_lists_of_other_teams_do_not_show_it(
    sign_in: Callable[[str], Client], private: Contract, name: str, path: str
) -> None:
    page = sign_in(name).get(path).content.decode()
    assert "Quiet service" not in page
    assert "hush" not in page


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("name", ["searcher", "engineer", "admin"])
def test_its_team_and_portal_roles_read_it(
    sign_in: Callable[[str], Client], private: Contract, name: str, path: str
) -> None:
    expected = {200, 302}
    if path.endswith("/create/") and name != "searcher":
        expected = {403}
    assert sign_in(name).get(path).status_code in expected


@pytest.mark.parametrize("name", ["searcher", "engineer", "admin", "other"])
def test_lists_of_its_team_and_of_portal_roles_show_it(
    sign_in: Callable[[str], Client], private: Contract, name: str
) -> None:
    for path in ("/catalog/", "/search/?q=quiet", "/api/v1/contracts/"):
        assert "Quiet service" in sign_in(name).get(path).content.decode()


@pytest.mark.parametrize(
    ("name", "path", "posted"),
    [
        ("maker", "/contracts/hush/withdrawal/", {"reason": "mine"}),
        ("maker", "/contracts/hush/edit/", {"text": "taken"}),
        ("developer", "/catalog/hush/create/", {"name": "mine", "namespace": "checkout"}),
        ("developer", "/catalog/hush/create/preview/", {}),
        ("developer", "/catalog/hush/create/lint/", {}),
        ("engineer", "/catalog/hush/create/", {"name": "mine", "namespace": "checkout"}),
    ],
)
def test_other_teams_change_nothing(
    sign_in: Callable[[str], Client], private: Contract, name: str, path: str, posted: dict[str, str]
) -> None:
    assert sign_in(name).post(path, posted).status_code in (403, 404, 409)
    private.refresh_from_db()
    assert not private.withdrawn
    assert not Instance.objects.exists()
    assert not Change.objects.exists()


def post_instance(client: Client, namespace: str) -> Any:
    body = {"contract": "hush", "namespace": namespace, "name": "mine", "spec": {"image": "shop:1"}}
    return client.post("/api/v1/instances/", body, content_type="application/json")


def test_the_api_creates_instances_for_its_team_only(
    sign_in: Callable[[str], Client], private: Contract, users: dict[str, User], teams: dict[str, Team]
) -> None:
    assert post_instance(sign_in("developer"), "checkout").status_code == 422
    # In both teams: it is still not for the namespaces of the other one.
    Membership.objects.create(user=users["developer"], team=teams["search"], role=Role.DEVELOPER)
    answer = post_instance(sign_in("developer"), "checkout")
    assert answer.status_code == 403
    assert "is offered to the team Search only" in answer.json()["message"]
    assert not Instance.objects.exists()
    assert [space.name for space in namespaces_for(users["developer"], private)] == ["search"]
    assert post_instance(sign_in("developer"), "search").status_code == 202


def test_the_form_refuses_a_namespace_of_another_team(
    sign_in: Callable[[str], Client], private: Contract, users: dict[str, User], teams: dict[str, Team]
) -> None:
    Membership.objects.create(user=users["developer"], team=teams["search"], role=Role.DEVELOPER)
    posted = {"metadata.name": "mine", "metadata.namespace": "checkout", "spec.image": "shop:1"}
    sign_in("developer").post("/catalog/hush/create/", posted)
    assert not may_create(users["developer"], private, "checkout")
    assert not Instance.objects.exists()


def test_counts_topics_and_search(private: Contract, users: dict[str, User]) -> None:
    for name, sees in (("searcher", True), ("admin", True), ("maker", False), ("outsider", False)):
        assert count_contracts(users[name]) == int(sees)
        assert ContractTopic().may_listen(users[name], str(private.pk)) == sees
        assert bool(list(portal_hooks.find(users[name], "quiet"))) == sees


def test_its_kind_is_unknown_to_other_teams(private: Contract, users: dict[str, User]) -> None:
    """Neither the contract nor the cluster's schema of its kind may tell its fields."""
    assert private.revision is not None
    crd = compile_known(private.revision.text).runnable
    assert crd is not None
    KnownSchema.objects.create(
        destination="default",
        group_version="platform.example.com/v1alpha1",
        content_hash="1",
        document={
            "components": {
                "schemas": {
                    "Hush": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"image": {"type": "string"}}}
                        },
                        "x-kubernetes-group-version-kind": [
                            {"group": "platform.example.com", "version": "v1alpha1", "kind": "Hush"}
                        ],
                    }
                }
            }
        },
        kinds=[{"kind": "Hush", "plural": "hushes", "namespaced": True}],
    )
    codes = {
        name: {problem.code for problem in compile_known(USES_IT, users[name]).problems}
        for name in ("searcher", "admin", "maker")
    }
    assert "unknown-kind" in codes["maker"]
    assert codes["searcher"] == codes["admin"]
    assert "unknown-kind" not in codes["searcher"]
    found = " ".join(str(problem) for problem in compile_known(USES_IT, users["maker"]).problems)
    assert "nothing" not in found


def test_names_still_collide_and_reveal_nothing(private: Contract, users: dict[str, User]) -> None:
    same_name = PRIVATE.replace("owner: search", "owner: checkout")
    review = review_publication(same_name, by=users["maker"])
    assert (review.contract, review.latest, review.changes) == (None, None, ())
    same_kind = same_name.replace("name: hush\n", "name: loud\n", 1)
    for text, code in ((same_name, "name-taken"), (same_kind, "kind-taken")):
        with pytest.raises(Rejected) as refusal:
            publish(text, by=users["maker"])
        (problem,) = (one for one in refusal.value.problems if one.code == code)
        assert "another team's contract" in problem.message
        assert "Search" not in f"{problem.message} {problem.hint}"
    assert Contract.objects.count() == 1
    with pytest.raises(Rejected) as refusal:
        publish(same_kind, by=users["admin"])
    assert "of the team Search" in str(refusal.value)


def test_a_draft_cannot_be_attached_to_it(
    sign_in: Callable[[str], Client], private: Contract, users: dict[str, User]
) -> None:
    sign_in("maker").post("/contracts/check/", {"text": "a: b", "save": "1", "contract": "hush"})
    assert Draft.objects.get().contract is None


def test_the_publish_page_of_a_draft_with_its_name_shows_nothing_of_it(
    sign_in: Callable[[str], Client], private: Contract, users: dict[str, User]
) -> None:
    text = PRIVATE.replace("owner: search", "owner: checkout").replace("Quiet service", "Mine")
    draft = Draft.objects.create(author=users["maker"], text=text)
    page = sign_in("maker").get(reverse("contracts:publication", args=[draft.pk]))
    assert page.status_code == 200
    assert "Quiet service" not in page.content.decode()
    assert "The first hush" not in page.content.decode()


def test_the_flag_offers_it_and_its_removal_leaves_instances(
    sign_in: Callable[[str], Client],
    private: Contract,
    users: dict[str, User],
    teams: dict[str, Team],
    cluster: Destination,
) -> None:
    admin, developer = sign_in("admin"), sign_in("developer")
    admin.post("/teams/search/offer/", {"offers_to_all": "on"})
    entry = Entry.objects.filter(verb="team.offer_changed").get()
    assert (entry.actor_name, entry.team_slug, entry.detail) == ("admin", "search", {"offers_to_all": True})
    assert developer.get("/catalog/hush/create/").status_code == 200
    private.refresh_from_db()
    row = fill_instance(private, cluster, teams["checkout"], "shop", "checkout")

    admin.post("/teams/search/offer/", {})
    admin.post("/teams/search/offer/", {})
    assert Entry.objects.filter(verb="team.offer_changed").count() == 2
    page = developer.get("/catalog/hush/")
    assert page.status_code == 200
    assert "is offered to the team Search only" in page.content.decode()
    assert developer.get("/catalog/hush/create/").status_code == 403
    assert "Quiet service" not in developer.get("/catalog/").content.decode()
    assert developer.get(f"/instances/{row.pk}/").status_code == 200
    assert developer.get(f"/instances/{row.pk}/edit/").status_code == 200
    assert developer.get(f"/instances/{row.pk}/delete/").status_code == 200
    assert sign_in("outsider").get("/catalog/hush/").status_code == 404
    found = Contract.objects.select_related("owner").get(name="hush")
    assert "is offered to the team Search only" in may_create_somewhere(users["developer"], found).reason


@pytest.mark.django_db(transaction=True)
def test_the_migration_keeps_published_contracts_offered() -> None:
    old = migrate(("contracts", "0001_initial"), ("accounts", "0004_portal_roles"))
    team, contract, revision = (
        old.get_model("accounts", "Team"),
        old.get_model("contracts", "Contract"),
        old.get_model("contracts", "Revision"),
    )
    for slug in ("publishes", "unpublished", "none"):
        team.objects.create(slug=slug, name=slug)
    for slug in ("publishes", "unpublished"):
        made = contract.objects.create(
            name=slug, group="example.com", version="v1", kind=slug, plural=slug, title=slug,
            owner=team.objects.get(slug=slug),
        )  # fmt: skip
        if slug == "publishes":
            made.revision = revision.objects.create(contract=made, number=1, text="", digest="")
            made.save()
    try:
        migrate_to_newest()
        assert dict(Team.objects.values_list("slug", "offers_to_all")) == {
            "publishes": True, "unpublished": False, "none": False,
        }  # fmt: skip
    finally:
        Contract.objects.update(revision=None)
        migrate_to_newest()
