"""An instance that is changed or deleted while its edit form is open."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.test import Client

from catalog.changes import propose_deletion, propose_update
from catalog.models import Change, FormDraft, Instance
from portal.accounts.models import Membership, User
from tests.catalog.form_browser import controls
from tests.pages import squeezed


@pytest.fixture
def developer(sign_in: Callable[[str], Client], instance: Instance) -> Client:
    return sign_in("developer")


def before(instance: Instance) -> str:
    return json.dumps({**instance.manifest, "spec": {"image": "shop:1"}})


def news(client: Client, instance: Instance) -> str:
    answer = client.post(f"/instances/{instance.pk}/edit/news/", {"_before": before(instance)})
    assert answer.status_code == 200
    return squeezed(answer)


def update(instance: Instance, by: User, **spec: Any) -> Change:
    manifest = {**instance.manifest, "spec": {**instance.spec, **spec}}
    return propose_update(instance=instance, manifest=manifest, by=by)


def test_nothing_happened(developer: Client, instance: Instance) -> None:
    assert "message" not in news(developer, instance)
    page = squeezed(developer.get(f"/instances/{instance.pk}/edit/"))
    assert f'data-live="instance.{instance.pk}" data-version="{instance.version}"' in page


def test_a_requested_change_has_its_author_and_fields(
    developer: Client, instance: Instance, users: dict[str, User]
) -> None:
    update(instance, users["teammate"], replicas=5)
    page = news(developer, instance)
    assert "This instance was changed by teammate" in page
    assert "<code>replicas</code> not set → 5" in page
    assert 'name="_merge"' in page


def test_my_own_change_in_another_window_is_named(
    developer: Client, instance: Instance, users: dict[str, User]
) -> None:
    update(instance, users["developer"], replicas=5)
    assert "changed by you, in another window" in news(developer, instance)


def test_a_change_with_kubectl_has_no_author(developer: Client, instance: Instance) -> None:
    Instance.objects.update(spec={**instance.spec, "replicas": 5}, generation=2)
    assert "This instance was changed outside of Slipway" in news(developer, instance)


def test_merging_keeps_my_input_and_shows_theirs(
    developer: Client, instance: Instance, users: dict[str, User]
) -> None:
    update(instance, users["teammate"], replicas=5)
    mine = {"/image": "shop:2", "_base": "1", "_before": before(instance)}
    page = squeezed(developer.post(f"/instances/{instance.pk}/edit/", {**mine, "_save": "1"}))
    assert "This instance was changed by teammate" in page, "the page shows it again"
    page = squeezed(developer.post(f"/instances/{instance.pk}/edit/", {**mine, "_merge": "1"}))
    assert "Your changes were reapplied on top of these." in page
    assert ('value="shop:2"' in page, 'name="/replicas" value="5"' in page) == (True, True)
    assert "This instance was changed by teammate" not in page
    assert Change.objects.count() == 1


def test_a_requested_deletion_keeps_the_input(
    developer: Client, instance: Instance, users: dict[str, User]
) -> None:
    propose_deletion(instance=instance, by=users["teammate"])
    assert "The deletion of this instance was requested by teammate" in news(developer, instance)
    check_input_is_kept(developer, instance.pk, before(instance))


def test_a_deleted_instance_keeps_the_input(
    developer: Client, instance: Instance, users: dict[str, User]
) -> None:
    change, manifest, pk = (
        propose_deletion(instance=instance, by=users["teammate"]),
        before(instance),
        instance.pk,
    )
    instance.delete()
    assert change.author == users["teammate"]
    instance.pk = pk
    assert "This instance was deleted by teammate" in news(developer, instance)
    mine = {"/image": "shop:2", "_before": manifest}
    assert developer.post(f"/instances/{pk}/edit/preview/", mine).status_code == 204
    assert developer.get(f"/instances/{pk}/edit/")["Location"] == f"/instances/{pk}/"
    check_input_is_kept(developer, pk, manifest)


def check_input_is_kept(client: Client, pk: int, manifest: str) -> None:
    mine = {"/image": "shop:2", "_name": "shop", "_namespace": "checkout", "_before": manifest, "_base": "1"}
    answer = client.post(f"/instances/{pk}/edit/", mine)
    assert answer.status_code == 409
    assert "image: shop:2" in answer.content.decode()
    assert "Use for a new instance" in answer.content.decode()
    page = squeezed(client.post("/catalog/service/create/", {**mine, "_mode": "form", "_view": "form"}))
    assert 'value="shop:2"' in page
    assert "image: shop:2" in FormDraft.objects.get(instance=None).text


def test_a_lost_right_is_announced_to_who_has_a_draft_only(
    developer: Client, instance: Instance, users: dict[str, User], sign_in: Callable[[str], Client]
) -> None:
    developer.post(
        f"/instances/{instance.pk}/edit/preview/", {"/image": "shop:2", "_before": before(instance)}
    )
    Membership.objects.filter(user=users["developer"]).delete()
    assert "You can no longer edit this instance." in news(developer, instance)
    path = f"/instances/{instance.pk}/edit/news/"
    assert sign_in("other").post(path, {}).status_code == 404
    assert sign_in("other").get(path).status_code == 405
    assert Client().post(path, {}).status_code == 302


@pytest.mark.parametrize("posted", ["", "null", "[]", "{", '{"metadata": {}}'])
def test_a_broken_base_is_no_error(developer: Client, instance: Instance, posted: str) -> None:
    answer = developer.post(f"/instances/{instance.pk}/edit/news/", {"_before": posted})
    assert answer.status_code == 200


def test_a_base_beyond_the_limits_is_refused(developer: Client, instance: Instance) -> None:
    answer = developer.post(f"/instances/{instance.pk}/edit/news/", {"_before": "[" * 100_000})
    assert answer.status_code == 422


def test_a_resumed_draft_does_not_undo_what_others_changed(
    developer: Client, instance: Instance, users: dict[str, User]
) -> None:
    path = f"/instances/{instance.pk}/edit/"
    mine = {"/image": "shop:2", "_base": "1", "_before": before(instance)}
    developer.post(f"{path}preview/", mine)
    update(instance, users["teammate"], replicas=5)
    page = squeezed(developer.get(path))
    assert "Your changes were reapplied on top of these." in page
    assert ('value="shop:2"' in page, 'name="/replicas" value="5"' in page) == (True, True)


@pytest.mark.parametrize("broken", ["spec: [1", "spec: {image: a, image: b}"])
def test_a_draft_that_cannot_be_merged_yet_keeps_its_base(
    developer: Client, instance: Instance, users: dict[str, User], broken: str
) -> None:
    path = f"/instances/{instance.pk}/edit/"
    developer.post(f"{path}preview/", {"_mode": "yaml", "text": broken, "_before": before(instance)})
    update(instance, users["teammate"], replicas=5)
    page = squeezed(developer.get(path))
    assert "This instance was changed by teammate" in page
    assert "<code-editor" in page
    base = controls(developer.get(path).content.decode())
    kept = {one.name: one.text for one in base if one.name in ("_base", "_before")}
    assert json.loads(kept["_before"])["spec"] == {"image": "shop:1"}
    text = yaml.safe_dump({**instance.manifest, "spec": {"image": "shop:2"}})
    answer = developer.post(path, {"_mode": "yaml", "text": text, **kept})
    assert answer.status_code == 409
    assert "Your changes were reapplied on top of these." in squeezed(answer)


def test_a_merge_keeps_comments_and_a_broken_text(
    developer: Client, instance: Instance, users: dict[str, User]
) -> None:
    path = f"/instances/{instance.pk}/edit/"
    update(instance, users["teammate"], replicas=5)
    text = "# mine\n" + yaml.safe_dump({**instance.manifest, "spec": {"image": "shop:2"}})
    mine = {"_mode": "yaml", "_base": "", "_before": before(instance), "_merge": "1"}
    page = squeezed(developer.post(path, {**mine, "text": text}))
    assert ("# mine" in page, "replicas: 5" in page) == (True, True)
    broken = f"{text}spec: [1\n"
    for button in ({"_merge": "1"}, {"_merge": ""}):
        page = squeezed(developer.post(path, {**mine, **button, "text": broken}))
        assert "spec: [1" in page
        assert "This instance was changed by teammate" in page
