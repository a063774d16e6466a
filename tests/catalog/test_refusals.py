"""The form says before the submission what the reconciler would refuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from catalog.models import Instance
from contracts.compiler import compile_text
from contracts.grants import give, revoke
from contracts.models import Contract, Grant, Revision
from portal.accounts.models import Team, TeamNamespace
from tests.catalog.conftest import SERVICE
from tests.pages import squeezed

CONFIG = '        metadata: {name: "${schema.metadata.name}-config"}\n'
WHOLE = '      includeWhen: ["${schema.spec.config}"]\n'
SECRET = "    - id: secret\n      externalRef: {apiVersion: v1, kind: Secret, metadata: {name: own}}\n"


def config_in(namespace: str) -> str:
    metadata = f'        metadata: {{name: settings, namespace: "{namespace}"}}\n'
    return SERVICE.replace(WHOLE, "").replace(CONFIG, metadata)


READING = SERVICE.replace(
    "  resources:\n",
    "  resources:\n    - id: theirs\n"
    "      externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: search}}\n",
)
CARRYING = (
    SERVICE.replace(WHOLE, "")
    .replace("  resources:\n", f"  resources:\n{SECRET}")
    .replace('data: {size: "${schema.spec.size}"}', 'data: {size: "${string(secret.data.k)}"}')
)
NAMESPACE = SERVICE.replace(WHOLE, "").replace("kind: ConfigMap", "kind: Namespace")
NAMESPACE = NAMESPACE.replace('        data: {size: "${schema.spec.size}"}\n', "")
RIGHTS = SERVICE.replace(WHOLE, "").replace(
    "apiVersion: v1\n        kind: ConfigMap", "apiVersion: rbac.authorization.k8s.io/v1\n        kind: Role"
)
RIGHTS = RIGHTS.replace('        data: {size: "${schema.spec.size}"}\n', "        rules: []\n")
# The text; what is refused without a grant; and still with one.
DRAFTS = {
    "default reach": (SERVICE, "", ""),
    "own namespace, computed": (config_in("${schema.metadata.namespace}"), "", ""),
    "another namespace of the team": (config_in("checkout-staging"), "", ""),
    "a namespace of another team": (config_in("search"), "ConfigMap search/settings is out of reach", ""),
    "computed, of another team": (
        config_in("${schema.spec.size == 'small' ? 'search' : 'search'}"),
        "ConfigMap search/settings is out of reach",
        "ConfigMap search/settings is out of reach",
    ),
    "a namespace of no team": (config_in("new"), "ConfigMap new/settings is out of reach", ""),
    "cluster-scoped": (NAMESPACE, "Namespace shop-config is out of reach: it is not in a namespace.", ""),
    "rights": (RIGHTS, "Role checkout/shop-config is out of reach: it gives rights.", ""),
    "a read": (READING, "ConfigMap search/a is out of reach", ""),
    "a value of a Secret": (
        CARRYING,
        "config: This is out of reach: it shows a value of the Secret own in data.size of the ConfigMap",
        "",
    ),
    "excluded": (CARRYING.replace("    - id: config\n", f"    - id: config\n{WHOLE}"), "", ""),
    "not known yet": (config_in("${deployment.status.conditions[0].message}"), "", ""),
}


@pytest.fixture(autouse=True)
def namespaces(contract: Contract, teams: dict[str, Team]) -> None:
    assert {"checkout", "checkout-staging", "search"} <= set(
        TeamNamespace.objects.values_list("name", flat=True)
    )


def store(contract: Contract, text: str) -> None:
    """A revision as it was published before grants, or under a grant that was revoked."""
    assert compile_text(text).definition is not None, list(map(str, compile_text(text).problems))
    number = contract.revisions.count() + 1
    contract.revision = Revision.objects.create(
        contract=contract, number=number, text=text, digest=text[-60:]
    )
    contract.save()


def preview(client: Client, address: str) -> str:
    form = {"_name": "shop", "_namespace": "checkout", "/image": "shop:1", "/region": "eu"}
    return squeezed(client.post(address, form, headers={"HX-Request": "true"}))


@pytest.mark.parametrize("page", ["create", "edit"])
@pytest.mark.parametrize("name", DRAFTS)
def test_the_form_says_what_would_be_refused(
    contract: Contract,
    sign_in: Callable[[str], Client],
    make_instance: Callable[..., Instance],
    name: str,
    page: str,
) -> None:
    text, without, granted = DRAFTS[name]
    address = "/catalog/service/create/preview/"
    if page == "edit":
        address = f"/instances/{make_instance('shop').pk}/edit/preview/"
    store(contract, text)
    client = sign_in("developer")

    def assert_shown(expected: str) -> None:
        shown = preview(client, address)
        assert ("Would be refused: " in shown) is bool(expected)
        assert f"Would be refused: {expected}" in shown or not expected
        assert ("All required fields are set." in shown) is (expected == "")

    assert_shown(without)
    given = give(contract, compile_text(text).reach, by=None, reason="needed")
    assert_shown(granted)
    if given is not None:
        revoke(Grant.objects.get(), by=None, reason="no longer")
        assert_shown(without)


def test_a_namespace_that_the_team_gets_is_within_reach(
    contract: Contract, sign_in: Callable[[str], Client], teams: dict[str, Team]
) -> None:
    store(contract, config_in("new"))
    client = sign_in("developer")
    assert "Would be refused" in preview(client, "/catalog/service/create/preview/")
    TeamNamespace.objects.create(team=TeamNamespace.objects.get(name="checkout").team, name="new")
    assert "Would be refused" not in preview(client, "/catalog/service/create/preview/")
