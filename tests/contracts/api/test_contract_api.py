"""The API of contracts: tokens, permissions, and every problem in the response."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from contracts.compiler import Reach, ReachEntry
from contracts.grants import give
from contracts.models import Contract
from contracts.publishing import publish
from portal.accounts.models import APIToken, User
from tests.contracts.conftest import Users
from tests.contracts.definitions import existing

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/contracts/"

SignedIn = Callable[[User | None], APIClient]


@pytest.fixture
def api() -> SignedIn:
    def signed_in(user: User | None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {APIToken.issue(user, 'test')[1]}")
        return client

    return signed_in


def test_anonymous_requests_are_refused(api: SignedIn, published: Contract) -> None:
    for path in (ROOT, f"{ROOT}note/", f"{ROOT}note/revisions/", f"{ROOT}note/revisions/1/"):
        assert api(None).get(path).status_code == 401


def test_all_users_may_read(api: SignedIn, users: Users, published: Contract, small: str) -> None:
    client = api(users.viewer)
    (listed,) = client.get(ROOT).json()["results"]
    assert {**listed, "reach": []} == client.get(f"{ROOT}note/").json()
    assert (listed["name"], listed["kind"], listed["owner"], listed["revision"]) == (
        "note",
        "Note",
        "platform",
        1,
    )
    assert (listed["api_version"], listed["withdrawn"], listed["instances"]) == (
        "platform.example.com/v1alpha1",
        False,
        0,
    )
    (revision,) = client.get(f"{ROOT}note/revisions/").json()["results"]
    assert (revision["number"], revision["note"], revision["author"]) == (1, "The first", "engineer")
    assert "text" not in revision
    assert client.get(f"{ROOT}note/revisions/1/").json()["text"] == small


@pytest.mark.parametrize(
    ("query", "number"), [("q=note", 1), ("q=zebra", 0), ("owner=search", 0), ("category=Texts", 1)]
)
def test_the_list_is_filtered(
    api: SignedIn, users: Users, published: Contract, query: str, number: int
) -> None:
    assert api(users.viewer).get(f"{ROOT}?{query}").json()["count"] == number


@pytest.mark.parametrize("path", ["nothing/", "nothing/revisions/", "note/revisions/9/"])
def test_missing_contracts(api: SignedIn, users: Users, published: Contract, path: str) -> None:
    assert api(users.viewer).get(ROOT + path).status_code == 404


class TestPublish:
    def test_publishing_creates_a_revision(self, api: SignedIn, users: Users, small: str) -> None:
        answer = api(users.engineer).post(ROOT, {"text": small, "note": "By pipeline"}, format="json")
        assert answer.status_code == 201
        assert answer.json() == {"contract": "note", "revision": 1, "new": True, "problems": [], "reach": []}
        assert existing(Contract.objects.get().revision).note == "By pipeline"

    def test_an_unchanged_document(
        self, api: SignedIn, users: Users, published: Contract, small: str
    ) -> None:
        answer = api(users.engineer).post(ROOT, {"text": small}, format="json")
        assert (answer.status_code, answer.json()["new"]) == (200, False)

    def test_every_problem_is_in_the_answer(self, api: SignedIn, users: Users, small: str) -> None:
        answer = api(users.engineer).post(
            ROOT, {"text": small.replace("c.message", "c.mesage")}, format="json"
        )
        assert answer.status_code == 422
        assert answer.json()["message"] == "The contract cannot be published."
        (problem,) = answer.json()["problems"]
        assert (problem["line"], problem["path"]) == (22, "spec.resources[0].template.data.message")

    def test_schema_changes_need_a_reason(
        self, api: SignedIn, users: Users, published: Contract, small: str
    ) -> None:
        text = small.replace('message: string | default=hello description="What it says"', "other: string")
        text = text.replace("schema.spec.message", "schema.spec.other")
        client = api(users.engineer)
        refused = client.post(ROOT, {"text": text}, format="json")
        assert refused.status_code == 422
        assert {problem["code"] for problem in refused.json()["problems"]} == {"breaking-change"}
        done = client.post(ROOT, {"text": text, "breaking_reason": "Nobody uses it"}, format="json")
        assert done.status_code == 201

    def test_the_definition_can_allow_schema_changes(
        self, api: SignedIn, users: Users, published: Contract, small: str
    ) -> None:
        text = small.replace('message: string | default=hello description="What it says"', "other: string")
        annotation = 'annotations: {kro.run/allow-breaking-changes: "true"}'
        text = text.replace("schema.spec.message", "schema.spec.other")
        text = text.replace("\nspec:", f"\n  {annotation}\nspec:", 1)
        assert api(users.engineer).post(ROOT, {"text": text}, format="json").status_code == 201

    @pytest.mark.parametrize("name", ["developer", "viewer", "other"])
    def test_only_the_owners(self, api: SignedIn, users: Users, small: str, name: str) -> None:
        answer = api(getattr(users, name)).post(ROOT, {"text": small}, format="json")
        assert answer.status_code == 403
        assert "belongs to the team Platform" in answer.json()["message"]

    def test_a_missing_document(self, api: SignedIn, users: Users) -> None:
        answer = api(users.engineer).post(ROOT, {"note": "x"}, format="json")
        assert answer.status_code == 400
        assert answer.json()["problems"] == [{"path": "text", "message": "This field is required."}]


class TestWithdrawal:
    def test_put_and_delete_are_safe_to_repeat(
        self, api: SignedIn, users: Users, published: Contract
    ) -> None:
        client = api(users.engineer)
        for _ in range(2):
            answer = client.put(f"{ROOT}note/withdrawal/", {"reason": "It is replaced"}, format="json")
            assert (answer.status_code, answer.json()["withdrawn"]) == (200, True)
        for _ in range(2):
            answer = client.delete(f"{ROOT}note/withdrawal/?reason=Needed")
            assert (answer.status_code, answer.json()["withdrawn"]) == (200, False)

    def test_a_reason_is_required(self, api: SignedIn, users: Users, published: Contract) -> None:
        answer = api(users.engineer).put(f"{ROOT}note/withdrawal/", {}, format="json")
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["path"] == "reason"

    def test_only_the_owners(self, api: SignedIn, users: Users, published: Contract) -> None:
        answer = api(users.other).put(f"{ROOT}note/withdrawal/", {"reason": "No"}, format="json")
        assert answer.status_code == 403


class TestCheck:
    def test_problems_of_a_document(self, api: SignedIn, users: Users, small: str) -> None:
        client = api(users.engineer)
        assert client.post(f"{ROOT}check/", {"text": small}, format="json").json() == {
            "publishable": True,
            "denied": "",
            "problems": [],
            "reach": [],
        }
        answer = client.post(f"{ROOT}check/", {"text": "a: ["}, format="json").json()
        assert answer["publishable"] is False
        assert answer["problems"][0]["code"] == "yaml-syntax"

    def test_only_contract_authors_may_check(self, api: SignedIn, users: Users, small: str) -> None:
        assert api(users.developer).post(f"{ROOT}check/", {"text": small}, format="json").status_code == 403


def test_the_reach_of_a_contract(api: SignedIn, users: Users, small: str) -> None:
    client = api(users.engineer)
    text = small.replace(
        "          name: ${schema.metadata.name}", "          name: note\n          namespace: shared"
    )
    checked = client.post(f"{ROOT}check/", {"text": text}, format="json").json()
    (entry,) = checked["reach"]
    give(
        Contract(name="note", owner=users.platform),
        Reach((ReachEntry.from_dict(entry),)),
        by=users.root,
        reason="agreed",
    )
    published = client.post(ROOT, {"text": text}, format="json").json()
    detail = client.get(f"{ROOT}note/").json()
    assert entry["description"] == "creates the ConfigMap note in the namespace shared"
    assert (entry["what"], entry["node"], entry["namespace"]) == ("create", "settings", "shared")
    assert (entry["path"], entry["line"]) == ("spec.resources[0].template.metadata.namespace", 21)
    assert entry.pop("granted") is False
    assert published["reach"] == detail["reach"] == [entry]


def test_a_contract_without_reach(api: SignedIn, users: Users, published: Contract) -> None:
    assert api(users.viewer).get(f"{ROOT}note/").json()["reach"] == []


def test_a_withdrawn_contract_is_still_listed(
    api: SignedIn, users: Users, published: Contract, small: str
) -> None:
    published.withdraw(by=users.engineer, reason="It is replaced")
    publish(small.replace("A note", "Still"), by=users.engineer)
    assert api(users.viewer).get(ROOT).json()["results"][0]["withdrawn"] is True
