"""The rows that fuzzed requests meet, and clients of every kind of account."""

from __future__ import annotations

from django.conf import settings
from django.test import Client

from catalog.changes import propose_update
from catalog.models import FormDraft, Instance
from catalog.touched import Base
from contracts.compiler import compile_text
from contracts.models import Draft
from portal.accounts.models import APIToken, Membership, PortalRole, Role, Team, User
from tests.catalog.conftest import SERVICE


def accounts(team: Team) -> dict[str, dict[str, str]]:
    """Name of an account → headers of its requests. The empty name is anonymous."""
    admin = User.objects.create_user("fuzz-admin", portal_role=PortalRole.ADMIN)
    developer = User.objects.create_user("fuzz-developer")
    Membership.objects.create(user=admin, team=team, role=Role.ADMIN)
    Membership.objects.create(user=developer, team=team, role=Role.DEVELOPER)
    token = APIToken.issue(admin, "fuzz")[1]
    return {
        "": {},
        "admin": {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_of(admin)}"},
        "developer": {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_of(developer)}"},
        "token": {"Authorization": f"Bearer {token}"},
    }


def session_of(user: User) -> str:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in.cookies[settings.SESSION_COOKIE_NAME].value


def add_drafts_and_changes(instance: Instance) -> None:
    """Of the admin and the developer."""
    for user in User.objects.filter(username__startswith="fuzz-"):
        Draft.objects.create(author=user, contract=instance.contract, text=SERVICE)
        Draft.objects.create(
            author=user, text=SERVICE.replace("Service", "Other").replace(": service", ": other")
        )
        FormDraft.save_text(user, instance.contract, None, "spec:\n  image: shop:1\n")
    admin = User.objects.get(username="fuzz-admin")
    schema = compile_text(SERVICE).form_schema or {}
    manifest = {**instance.manifest, "spec": {**instance.spec, "image": "shop:2"}}
    propose_update(
        instance=instance,
        manifest=manifest,
        by=admin,
        base=Base(instance.manifest, schema, instance.manifest),
    )


def client() -> Client:
    return Client(raise_request_exception=False, SERVER_NAME="localhost")
