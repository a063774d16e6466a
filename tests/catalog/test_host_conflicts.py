"""The form warns at once if another instance claims a host that this one would claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string

from catalog.host_conflicts import ClaimedHost, claimed_hosts
from catalog.models import Destination, Instance
from portal.accounts.models import User

HOST = "shop.example.com"


def ingress(host: Any = HOST, path: str = "/", **spec: Any) -> dict[str, Any]:
    rule = {"host": host, "http": {"paths": [{"path": path}]}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": [rule], **spec},
    }


@pytest.fixture
def blog(make_instance: Callable[..., Instance]) -> Instance:
    """An instance “blog” that claims the host, in the namespace of the developer."""
    made = make_instance("blog")
    made.resources.create(
        node="web",
        api_version="networking.k8s.io/v1",
        kind="Ingress",
        namespace=made.namespace,
        name="blog",
        claims=[["", HOST, "/"]],
    )
    return made


@pytest.mark.parametrize(
    ("manifest", "namespace", "hosts"),
    [
        pytest.param(ingress(), "checkout", [HOST], id="the-same-host"),
        pytest.param(ingress(path="/api"), "checkout", [], id="another-path"),
        pytest.param(ingress(path="/api"), "search", [HOST], id="another-path-in-another-namespace"),
        pytest.param(ingress("x.example.com"), "checkout", [], id="another-host"),
        pytest.param(ingress(ingressClassName="internal"), "checkout", [], id="another-class"),
        pytest.param(ingress(None), "checkout", [], id="no-host"),
        pytest.param(
            {**ingress(), "spec": {"rules": "‹known after app.status.x›"}}, "checkout", [], id="unknown"
        ),
        pytest.param(
            {**ingress(), "kind": "ConfigMap", "apiVersion": "v1"}, "checkout", [], id="another-kind"
        ),
    ],
)
def test_which_hosts_are_claimed(
    blog: Instance, users: dict[str, User], manifest: dict[str, Any], namespace: str, hosts: list[str]
) -> None:
    found = claimed_hosts(
        [manifest],
        namespace=namespace,
        destination=Destination.objects.get(),
        by=users["developer"],
        instance=None,
    )
    assert found == [ClaimedHost(host, blog) for host in hosts]


def test_its_own_hosts_and_those_of_other_teams(blog: Instance, users: dict[str, User]) -> None:
    given: dict[str, Any] = {
        "namespace": "checkout",
        "destination": blog.destination,
        "by": users["developer"],
    }
    assert claimed_hosts([ingress()], **given, instance=blog) == []
    Instance.objects.update(team=users["other"].teams.get())
    (hidden,) = claimed_hosts([ingress()], **given, instance=None)
    assert hidden.owner is None


@pytest.mark.parametrize(("visible", "owner"), [(True, "checkout/blog"), (False, "another team's instance")])
def test_the_preview_names_the_owner_if_it_is_visible(blog: Instance, visible: bool, owner: str) -> None:
    claimed = ClaimedHost(HOST, blog if visible else None)
    page = render_to_string("catalog/_preview.html", {"draft": {"claimed_hosts": [claimed]}, "form": {}})
    assert f"<code>{HOST}</code> is claimed by" in page
    assert owner in page
    assert ("checkout/blog" in page) is visible
