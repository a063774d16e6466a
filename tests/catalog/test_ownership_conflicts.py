"""The form warns at once if another instance owns an object that this one would create."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalog.models import Destination, Instance, InstanceResource
from catalog.ownership_conflicts import ownership_conflicts
from contracts.models import Contract
from portal.accounts.models import User
from tests.pages import squeezed

pytestmark = pytest.mark.backends

PREVIEW = "/catalog/service/create/preview/"


@pytest.fixture
def blog(make_instance: Callable[..., Instance]) -> Instance:
    """An instance “blog” that has a Deployment called “shop”, in the namespace of the developer."""
    made = make_instance("blog")
    made.resources.filter(kind="Deployment").update(name="shop")
    return made


def typed(client: Client, **changed: str) -> str:
    form = {"_name": "shop", "_namespace": "checkout", "/image": "shop:1", **changed}
    return squeezed(client.post(PREVIEW, form, headers={"HX-Request": "true"}))


def test_the_preview_names_the_owner(sign_in: Callable[[str], Client], blog: Instance) -> None:
    page = typed(sign_in("developer"))
    assert f'Deployment <code>shop</code> is owned by <a class="link" href="/instances/{blog.pk}/"' in page
    assert "All required fields are set." not in page


@pytest.mark.parametrize(
    "changed", [{"_name": "other"}, {"_namespace": "checkout-staging"}, {"_name": ""}], ids=str
)
def test_other_names_and_namespaces_have_no_conflicts(
    sign_in: Callable[[str], Client], blog: Instance, changed: dict[str, str]
) -> None:
    assert "is owned by" not in typed(sign_in("developer"), **changed)


def test_an_owner_that_the_user_may_not_see_is_not_named(
    sign_in: Callable[[str], Client], blog: Instance, users: dict[str, User]
) -> None:
    Instance.objects.update(team=users["other"].teams.get())
    page = typed(sign_in("developer"))
    assert "is owned by an instance of another team" in page
    assert "checkout/blog" not in page


@pytest.mark.parametrize(
    ("kept", "manifest", "found"),
    [
        ({}, {}, True),
        ({"kind": "StatefulSet"}, {}, False),
        ({"api_version": "apps/v1beta1"}, {}, True),
        ({"api_version": "example.com/v1"}, {}, False),
        ({"namespace": ""}, {}, True),
        ({"namespace": "search"}, {}, False),
        ({"namespace": "search"}, {"namespace": "search"}, True),
    ],
    ids=[
        "the same",
        "another kind",
        "another version",
        "another group",
        "no namespace",
        "elsewhere",
        "both",
    ],
)
def test_equal_objects(
    blog: Instance, users: dict[str, User], kept: dict[str, str], manifest: dict[str, str], found: bool
) -> None:
    InstanceResource.objects.filter(kind="Deployment").update(**kept)
    desired = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop", **manifest}}
    draft: dict[str, Any] = {
        "namespace": "checkout",
        "destination": blog.destination,
        "by": users["developer"],
    }
    assert bool(ownership_conflicts([desired], instance=None, **draft)) is found
    assert not ownership_conflicts([desired], instance=blog, **draft)


def test_objects_of_other_clusters_do_not_conflict(
    blog: Instance, contract: Contract, users: dict[str, User]
) -> None:
    away = Destination.objects.create(slug="away", title="Away")
    desired = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}}
    by = users["developer"]
    assert not ownership_conflicts([desired], namespace="checkout", destination=away, by=by, instance=None)


def test_a_namespace_of_another_team_conflicts(blog: Instance, users: dict[str, User]) -> None:
    desired = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "search"}}
    draft: dict[str, Any] = {
        "destination": blog.destination,
        "by": users["developer"],
        "instance": None,
    }
    (conflict,) = ownership_conflicts([desired], namespace="checkout", **draft)
    assert (conflict.kind, conflict.name) == ("Namespace", "search")
    assert conflict.is_namespace_of_team
    assert not ownership_conflicts([desired], namespace="search", **draft)
