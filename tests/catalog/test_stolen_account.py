"""Each request that changes something, by each kind of account: what must not have happened did not.

An attacker has the session, or a token, of an account. Whatever the answers are, the rows are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client

from catalog import urls as catalog
from catalog.changes import propose_update
from catalog.models import FormDraft, Instance
from catalog.touched import Base
from contracts import urls as contracts
from contracts.compiler import compile_text
from contracts.grants import give
from contracts.models import Contract, Draft, Grant
from portal.accounts import urls as accounts
from portal.accounts.models import APIToken, Membership, PortalRole, Role, Team, TeamNamespace, User
from tests.catalog.conftest import SERVICE

OWN, OWNER, ELSEWHERE = "checkout", "platform", "search"  # teams: of the instance, of the contract, another
ACCOUNTS: dict[str, tuple[tuple[str, Role] | None, PortalRole, dict[str, bool]]] = {
    "stranger": (None, PortalRole.NONE, {}),
    "viewer": ((OWN, Role.VIEWER), PortalRole.NONE, {}),
    "developer": ((OWN, Role.DEVELOPER), PortalRole.NONE, {}),
    "engineer": ((OWN, Role.ENGINEER), PortalRole.NONE, {}),
    "team admin": ((OWN, Role.ADMIN), PortalRole.NONE, {}),
    "owner's viewer": ((OWNER, Role.VIEWER), PortalRole.NONE, {}),
    "owner's developer": ((OWNER, Role.DEVELOPER), PortalRole.NONE, {}),
    "owner's engineer": ((OWNER, Role.ENGINEER), PortalRole.NONE, {}),
    "owner's admin": ((OWNER, Role.ADMIN), PortalRole.NONE, {}),
    "engineer elsewhere": ((ELSEWHERE, Role.ENGINEER), PortalRole.NONE, {}),
    "admin elsewhere": ((ELSEWHERE, Role.ADMIN), PortalRole.NONE, {}),
    "platform engineer": (None, PortalRole.ENGINEER, {}),
    "portal admin": (None, PortalRole.ADMIN, {}),
    "superuser": (None, PortalRole.NONE, {"is_superuser": True, "is_staff": True}),
    "inactive portal admin": ((OWN, Role.ADMIN), PortalRole.ADMIN, {"is_active": False}),
}
DEVELOPERS = {"developer", "engineer", "team admin"}
CARETAKERS = {"owner's engineer", "owner's admin"}
ADMIN = {"portal admin"}
REACHING = SERVICE.replace('{name: "${schema.metadata.name}-config"}', "{name: c, namespace: kube-system}")
NEXT = SERVICE.replace("Plain service", "Another title")
REASON = {"reason": "mine"}


@dataclass(frozen=True)
class Request:
    """``allowed``: the accounts for which it changes rows."""

    name: str
    method: str
    path: str
    allowed: set[str]
    body: Mapping[str, Any] | None = None


API = [
    Request("publish", "post", "contracts/", CARETAKERS, {"text": NEXT}),
    Request("publish and grant", "post", "contracts/", set(), {"text": REACHING, "grant_reason": "mine"}),
    Request("publish reach", "post", "contracts/", set(), {"text": REACHING}),
    Request(
        "take over", "post", "contracts/", set(), {"text": NEXT.replace("owner: platform", "owner: search")}
    ),
    Request("check", "post", "contracts/check/", set(), {"text": NEXT}),
    Request("withdraw", "put", "contracts/service/withdrawal/", CARETAKERS | ADMIN, REASON),
    Request("reinstate", "delete", "contracts/gone/withdrawal/?reason=x", CARETAKERS | ADMIN),
    Request("grant", "post", "contracts/wide/grants/", ADMIN, REASON),
    Request("revoke", "delete", "contracts/service/grants/{grant}/?reason=x", ADMIN),
    Request(
        "create",
        "post",
        "instances/",
        DEVELOPERS,
        {"contract": "service", "namespace": "checkout", "name": "new", "spec": {"image": "shop:1"}},
    ),
    Request("edit", "put", "instances/{instance}/", DEVELOPERS | CARETAKERS, {"spec": {"image": "evil:1"}}),
    Request("delete", "delete", "instances/{instance}/", DEVELOPERS | CARETAKERS),
    Request("cancel", "post", "changes/{change}/cancel/", DEVELOPERS),
]
MANAGERS = {"team admin", *ADMIN}
PAGES = [
    Request("create-team", "post", "/teams/new/", ADMIN, {"name": "New", "slug": "new"}),
    Request("change-offer", "post", "/teams/checkout/offer/", ADMIN, {"offers_to_all": "on"}),
    Request(
        "create-membership",
        "post",
        "/teams/checkout/members/",
        MANAGERS,
        {"username": "stranger", "role": Role.ADMIN.value},
    ),
    Request(
        "change-membership", "post", "/teams/checkout/members/{member}/", MANAGERS, {"role": Role.ADMIN.value}
    ),
    Request("delete-membership", "post", "/teams/checkout/members/{member}/delete/", MANAGERS),
    Request("create-namespace", "post", "/teams/checkout/namespaces/", ADMIN, {"name": "kube-system"}),
    Request(
        "move-namespace", "post", "/teams/checkout/namespaces/{namespace}/move/", ADMIN, {"team": "search"}
    ),
    Request("delete-namespace", "post", "/teams/checkout/namespaces/{namespace}/delete/", ADMIN),
    Request("create-user", "post", "/users/new/", ADMIN, {"username": "accomplice", "portal_role": "admin"}),
    Request("reset-password", "post", "/users/{stranger}/password/", ADMIN),
    Request("change-active", "post", "/users/{stranger}/active/", ADMIN),
    Request("change-portal-role", "post", "/users/{stranger}/portal-role/", ADMIN, {"portal_role": "admin"}),
    Request("delete-token", "post", "/account/tokens/{token}/delete/", set()),
    Request("draft-delete", "post", "/contracts/drafts/{draft}/delete/", set()),
    Request("draft", "post", "/contracts/drafts/{draft}/", set(), {"text": "mine"}),
    Request("publication", "post", "/contracts/drafts/{draft}/publication/", set()),
    Request(
        "draft-grant", "post", "/contracts/drafts/{draft}/grant/", ADMIN, {"version": "{version}", **REASON}
    ),
    Request("withdrawal", "post", "/contracts/service/withdrawal/", CARETAKERS | ADMIN, REASON),
    Request("reinstatement", "post", "/contracts/gone/withdrawal/delete/", CARETAKERS | ADMIN, REASON),
    Request("create-grant", "post", "/contracts/wide/grants/", ADMIN, REASON),
    Request("revoke-grant", "post", "/contracts/service/grants/{grant}/revoke/", ADMIN, REASON),
    Request(
        "create",
        "post",
        "/catalog/service/create/",
        DEVELOPERS,
        {"_name": "new", "_namespace": "checkout", "/image": "shop:1"},
    ),
    Request("edit", "post", "/instances/{instance}/edit/", DEVELOPERS | CARETAKERS, {"/image": "evil:1"}),
    Request("delete", "post", "/instances/{instance}/delete/", DEVELOPERS | CARETAKERS, {"name": "shop"}),
    Request("cancel-change", "post", "/instances/{instance}/changes/{change}/cancel/", DEVELOPERS),
    Request("retry", "post", "/instances/{instance}/retry/", set()),
]
# Addresses that change nothing, or only what belongs to the account itself.
HARMLESS = {
    "login", "logout", "account", "change-password", "create-token", "users", "user", "teams", "team", "list",
    "new", "import", "check",
    "detail", "compare", "revision", "file", "catalog", "contract", "create-preview", "create-lint",
    "create-discard", "instances", "instance", "edit-preview", "edit-lint", "edit-news", "edit-discard",
}  # fmt: skip
OF_THE_ACCOUNT = {"last_login", "used_at"}  # columns: when an account was seen


@dataclass(frozen=True)
class Portal:
    users: Mapping[str, User]
    values: Mapping[str, Any]


@pytest.fixture
def portal(contract: Contract, teams: dict[str, Team], instance: Instance) -> Portal:
    users = {}
    for name, (place, portal_role, fields) in ACCOUNTS.items():
        users[name] = User.objects.create(username=name, portal_role=portal_role, **fields)
        if place is not None:
            Membership.objects.create(user=users[name], team=teams[place[0]], role=place[1])
    victim = User.objects.create(username="victim", portal_role=PortalRole.ADMIN)
    member = Membership.objects.create(user=victim, team=teams[OWN], role=Role.DEVELOPER)
    owner = Contract.objects.get(name="service").owner
    give(contract, compile_text(REACHING.replace("c, name", "d, name")).reach, by=None, reason="agreed")
    grant = Grant.objects.get()
    for name, text in (("gone", SERVICE), ("wide", REACHING.replace("kube-system", "kube-public"))):
        copy = Contract.objects.create(
            name=name,
            owner=owner,
            title=name,
            group="x.example.com",
            version="v1",
            kind=name.title(),
            plural=name,
        )
        copy.revision = copy.revisions.create(number=1, text=text, digest=name, author_name="victim")
        copy.save()
    Contract.objects.get(name="gone").withdraw(by=None, reason="")
    draft = Draft.objects.create(author=victim, text=REACHING.replace("kube-system", "default"))
    manifest = {**instance.manifest, "spec": {**instance.spec, "replicas": 3}}
    change = propose_update(instance=instance, manifest=manifest, by=victim, base=Base(instance.manifest))
    token, _ = APIToken.issue(victim, "theirs")
    values = {
        "instance": instance.pk,
        "change": change.pk,
        "grant": grant.pk,
        "member": member.pk,
        "namespace": TeamNamespace.objects.get(name="checkout").pk,
        "stranger": users["viewer"].pk,
        "token": token.pk,
        "draft": draft.pk,
        "version": draft.version,
    }
    return Portal(users, values)


def rows(user: User) -> dict[str, Any]:
    """Every row of the portal; not when an account was seen, and not the drafts of this user."""
    return {
        f"{model.__name__} {row['id']}": {key: row[key] for key in row.keys() - OF_THE_ACCOUNT}
        for app in ("accounts", "audit", "contracts", "catalog")
        for model in apps.get_app_config(app).get_models()
        if model is not FormDraft
        for row in model._base_manager.values()
        if not (model is Draft and row["author_id"] == user.pk)
    }


def attempt(portal: Portal, request: Request, account: str, *, token: bool) -> None:
    user = portal.users[account]
    client = Client()
    body = {
        k: str(v).format(**portal.values) if v == "{version}" else v for k, v in (request.body or {}).items()
    }
    path = request.path.format(**portal.values)
    more: dict[str, Any] = {}
    if token:
        more["headers"] = {"Authorization": f"Bearer {APIToken.issue(user, 'stolen')[1]}"}
    else:
        client.force_login(user)
    if not path.startswith("/"):
        path = f"/api/v1/{path}"
        more["content_type"] = "application/json"
    before = rows(user)
    answer = getattr(client, request.method)(path, body, **more)
    assert answer.status_code < 500
    works = account in request.allowed and (not token or path.startswith("/api/"))
    assert (rows(user) != before) is works, (account, answer.status_code, answer.content[:300])


def tried_by(portal: Portal, request: Request, accounts: Iterable[str], *, token: bool) -> None:
    for account in accounts:
        with transaction.atomic():
            attempt(portal, request, account, token=token)
            transaction.set_rollback(True)


@pytest.mark.parametrize("name", [f"{one.method} {one.path} {one.name}" for one in API])
def test_the_api_with_a_stolen_token(portal: Portal, name: str) -> None:
    (request,) = (one for one in API if f"{one.method} {one.path} {one.name}" == name)
    tried_by(portal, request, ACCOUNTS, token=True)


@pytest.mark.parametrize("path", [one.path for one in PAGES])
def test_a_page_with_a_stolen_session(portal: Portal, path: str) -> None:
    (request,) = (one for one in PAGES if one.path == path)
    tried_by(portal, request, ACCOUNTS, token=False)


def test_a_token_opens_no_page(portal: Portal) -> None:
    for request in PAGES:
        tried_by(portal, request, ("team admin", "owner's admin", "portal admin"), token=True)


def test_every_request_that_changes_something_is_tried(portal: Portal) -> None:
    client = Client()
    client.force_login(portal.users["stranger"])
    paths = client.get("/api/schema/?format=json").json()["paths"]
    assert paths
    writing = {
        (method, path.removeprefix("/api/v1/").partition("{")[0])
        for path, operations in paths.items()
        for method in operations
        if method in ("post", "put", "patch", "delete") and path.startswith("/api/v1/")
    }
    tried = {(one.method, one.path) for one in API}
    assert all(any(m == method and p.startswith(path) for m, p in tried) for method, path in writing)
    pages = {one.name for module in (accounts, contracts, catalog) for one in module.urlpatterns}
    assert pages == {one.name for one in PAGES} | HARMLESS
