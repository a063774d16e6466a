"""``POST /api/v1/contracts/check/`` says what ``POST /api/v1/contracts/`` would answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from contracts.compiler import compile_text
from contracts.grants import give, revoke
from contracts.models import Contract, Draft, Grant
from contracts.publishing import PublishRequest, publish, publish_request
from portal.accounts.models import User
from tests.contracts.conftest import SMALL, Users

REACHING = SMALL.replace("  name: ${schema.metadata.name}\n", "  name: shared\n          namespace: search\n")
SHOWING = SMALL.replace(
    "      configMap: ${settings.metadata.name}\n", "      shown: ${string(secret.data.k)}\n"
).replace(
    "  resources:\n",
    "  resources:\n    - id: secret\n"
    "      externalRef: {apiVersion: v1, kind: Secret, metadata: {name: own}}\n",
)
BREAKING = SMALL.replace("message: string |", "message: integer |").replace("default=hello", "default=1")
BREAKING = BREAKING.replace("${schema.spec.message}", "${string(schema.spec.message)}")
TEXTS = {
    "nothing wrong": SMALL,
    "a syntax error": "a: [",
    "an unknown type": SMALL.replace("message: string", "message: strin"),
    "reach": REACHING,
    "a value of a Secret": SHOWING,
    "a breaking change": BREAKING,
    "a confirmed breaking change": BREAKING.replace(
        "  name: note\n", '  name: note\n  annotations: {kro.run/allow-breaking-changes: "true"}\n'
    ),
    "another team's": SMALL.replace("owner: platform", "owner: search"),
    "no such owner": SMALL.replace("owner: platform", "owner: nobody"),
}


def post(user: User, path: str, text: str) -> tuple[int, Mapping[str, Any]]:
    client = Client()
    client.force_login(user)
    answer = client.post(f"/api/v1/contracts/{path}", {"text": text}, content_type="application/json")
    return answer.status_code, answer.json()


def codes(answer: Mapping[str, Any]) -> list[str]:
    return [one["code"] for one in answer.get("problems") or () if one["severity"] == "error"]


@pytest.mark.parametrize("published", [False, True], ids=["new", "published"])
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("username", ["engineer", "other"])
def test_it_says_what_publishing_would_answer(
    users: Users, name: str, username: str, published: bool
) -> None:
    if published:
        publish(SMALL, by=users.engineer)
    user: User = getattr(users, username)
    status, checked = post(user, "check/", TEXTS[name])
    assert status == 200
    code, answer = post(user, "", TEXTS[name])
    assert checked["publishable"] is (code in (200, 201))
    if code == 403:
        assert checked["denied"]
        assert checked["denied"] in answer["message"]
    else:
        assert codes(checked) == codes(answer)
        assert not checked["denied"] or codes(checked)


def test_a_grant_and_its_revocation_are_seen(users: Users) -> None:
    def checked() -> tuple[bool, list[bool], list[str]]:
        answer = post(users.engineer, "check/", SHOWING)[1]
        return answer["publishable"], [one["granted"] for one in answer["reach"]], codes(answer)

    assert checked() == (False, [False], ["needs-grant"])
    contract = Contract(name="note", owner=users.platform)
    give(contract, compile_text(SHOWING).reach, by=users.root, reason="agreed")
    assert checked() == (True, [True], [])
    revoke(Grant.objects.get(), by=users.root, reason="no longer")
    assert checked() == (False, [False], ["needs-grant"])
    publish_request(PublishRequest(SHOWING, by=None, grant_reason="agreed"))
    revoke(Grant.objects.active().get(), by=users.root, reason="no longer")
    assert checked() == (True, [False], [])  # it is published already


def test_what_is_missing_is_named_with_what_to_do(users: Users) -> None:
    _, checked = post(users.engineer, "check/", SHOWING)
    (problem,) = checked["problems"]
    shown = "shows a value of the Secret own in status.shown"
    assert problem["message"] == f"The contract {shown}, which needs a grant."
    assert problem["hint"] == "Ask a portal admin for a grant, or keep to the namespace of the instance."
    assert [one["description"] for one in checked["reach"]] == [shown]


def test_the_editor_gets_the_reach_too(users: Users) -> None:
    client = Client()
    client.force_login(users.engineer)
    answer = client.post("/contracts/check/", {"text": SHOWING}, headers={"Accept": "application/json"})
    found = json.loads(answer.content)
    assert [one["code"] for one in found["problems"]] == ["needs-grant"]
    assert [(one["target"], one["granted"]) for one in found["reach"]] == [("status.shown", False)]


def test_a_check_changes_nothing(users: Users) -> None:
    for text in TEXTS.values():
        post(users.engineer, "check/", text)
    assert not Contract.objects.exists()
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("status", "reason", "refused"),
    [
        ("False", "OwnerConflict", True),
        ("False", "NamesNotAccepted", True),
        ("False", "Establishing", False),
        ("False", "Refused", False),
        ("True", "Ready", False),
    ],
)
def test_a_kind_that_was_replaced_is_a_problem(users: Users, status: str, reason: str, refused: bool) -> None:
    """Also on the publish page, and although an earlier revision was published."""
    contract = publish(SMALL, by=users.engineer).contract
    message = "The cluster already has notes.platform.example.com, and it belongs to “helm”."
    contract.conditions = [{"type": "KindReady", "status": status, "reason": reason, "message": message}]
    contract.save()
    text = SMALL.replace("A note", "Another")
    draft = Draft.objects.create(author=users.engineer, contract=contract, text=text)
    client = Client()
    client.force_login(users.engineer)
    page = client.get(f"/contracts/drafts/{draft.pk}/publication/").content.decode()
    assert (message in page) is refused
    for path in ("check/", ""):
        code, answer = post(users.engineer, path, text)
        assert codes(answer) == (["kind-foreign"] if refused else [])
    assert (code == 422) is refused
