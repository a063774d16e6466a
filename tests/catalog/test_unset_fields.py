"""The form says which nodes would wait for an optional field that is not set."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from catalog.models import Instance
from contracts.models import Contract
from contracts.publishing import publish
from tests.catalog.conftest import SERVICE
from tests.pages import squeezed

TRAP = SERVICE.replace(
    "      env: map[string]string\n", "      env: map[string]string\n      appName: string\n"
).replace('metadata: {name: "${deployment.metadata.name}"}', 'metadata: {name: "${schema.spec.appName}"}')


@pytest.mark.parametrize("page", ["create", "edit"])
@pytest.mark.parametrize("mode", ["form", "yaml"])
def test_the_nodes_that_would_wait(
    contract: Contract,
    sign_in: Callable[[str], Client],
    make_instance: Callable[..., Instance],
    page: str,
    mode: str,
) -> None:
    address = "/catalog/service/create/preview/"
    if page == "edit":
        address = f"/instances/{make_instance('shop').pk}/edit/preview/"
    publish(TRAP, by=None)
    client = sign_in("developer")

    def preview(app_name: str) -> str:
        form = {"_name": "shop", "_namespace": "checkout", "/image": "shop:1", "/appName": app_name}
        if mode == "yaml":
            value = f", appName: {app_name}" if app_name else ""
            text = (
                "apiVersion: platform.example.com/v1alpha1\nkind: Service\n"
                f"metadata: {{name: shop, namespace: checkout}}\nspec: {{image: 'shop:1'{value}}}\n"
            )
            form = {"_mode": "yaml", "text": text}
        return squeezed(client.post(address, form, headers={"HX-Request": "true"}))

    shown = preview("")
    assert "spec.appName" in shown
    assert "is not set. service would wait for it." in shown
    assert "All required fields are set." not in shown
    shown = preview("shop")
    assert "would wait for it" not in shown
    assert "All required fields are set." in shown
