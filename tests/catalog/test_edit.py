"""Changing and deleting an instance."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalog.forms.fields.field import MOST_FIELDS
from catalog.forms.spec_diff import explicit_values, field_changes, merge_three_way
from catalog.models import Action, Change, ChangeState, Instance, State
from portal.audit.models import Entry
from tests.catalog.schemas import SERVICE
from tests.pages import squeezed


@pytest.fixture
def developer(sign_in: Callable[[str], Client], instance: Instance) -> Client:
    return sign_in("developer")


def url(instance: Instance) -> str:
    return f"/instances/{instance.pk}/edit/"


def test_the_form_has_the_values_and_defaults_are_placeholders(developer: Client, instance: Instance) -> None:
    page = squeezed(developer.get(url(instance)))
    assert 'value="shop:1"' in page
    assert 'name="/replicas" value=""' in page


def test_only_differences_are_changes(developer: Client, instance: Instance) -> None:
    assert developer.post(url(instance), {"/image": "shop:1", "_base": "1"}).status_code == 302
    assert not Change.objects.exists()
    answer = developer.post(url(instance), {"/image": "shop:2", "_base": "1"})
    change = Change.objects.get()
    assert answer["Location"] == f"/instances/{instance.pk}/"
    assert (change.action, change.manifest["spec"]) == ("update", {"image": "shop:2"})
    assert change.touched == [{"path": ["spec", "image"], "old": "shop:1", "new": "shop:2"}]
    assert Entry.objects.filter(verb="instance.update-requested").exists()


def test_an_immutable_field_cannot_change(developer: Client, instance: Instance) -> None:
    answer = developer.post(url(instance), {"/image": "shop:1", "/region": "us", "_base": "1"})
    assert answer.status_code == 422
    assert "Cannot be changed after creation." in answer.content.decode()


def test_a_change_by_another_user_is_shown_and_mine_is_reapplied_on_top(
    developer: Client, instance: Instance
) -> None:
    before = {**instance.manifest, "spec": {"image": "shop:1"}}
    Instance.objects.update(generation=2, spec={**instance.spec, "replicas": 5})
    mine = {"/image": "shop:2", "_base": "1", "_before": json.dumps(before)}
    answer = developer.post(url(instance), mine)
    page = squeezed(answer)
    assert answer.status_code == 409
    assert "This instance was changed while you were editing." in page
    assert 'name="/replicas" value="5"' in page
    assert 'value="shop:2"' in page
    assert not Change.objects.exists()


def test_a_refused_change_shows_its_causes_at_the_fields_and_can_be_resubmitted(
    developer: Client, instance: Instance
) -> None:
    change = Change.objects.create(
        instance=instance,
        instance_name=str(instance),
        action=Action.UPDATE,
        state=ChangeState.REFUSED,
        manifest={**instance.manifest, "spec": {"image": "bad:1"}},
        message="The policy says no.",
        causes=[{"field": "spec.image", "message": "is not signed"}],
        author_name="developer",
    )
    page = developer.get(url(instance)).content.decode()
    assert 'value="bad:1"' in page
    assert "is not signed" in page
    assert "Change refused" in developer.get(f"/instances/{instance.pk}/").content.decode()
    developer.post(f"/instances/{instance.pk}/retry/")
    change.refresh_from_db()
    assert (change.state, change.attempts) == ("approved", 0)
    assert Entry.objects.filter(verb="change.retried").exists()


def test_deleting_needs_the_name_and_leaves_a_page(developer: Client, instance: Instance) -> None:
    pk = instance.pk
    page = developer.get(f"/instances/{pk}/delete/").content.decode()
    assert "Deployment" in page
    assert developer.post(f"/instances/{pk}/delete/", {"name": "other"}).status_code == 422
    assert developer.post(f"/instances/{pk}/delete/", {"name": "shop"}).status_code == 302
    assert developer.post(f"/instances/{pk}/delete/", {"name": "shop"}).status_code == 302
    assert [change.action for change in Change.objects.all()] == ["delete"]
    instance.refresh_from_db()
    assert instance.state == State.DELETING
    assert developer.get(url(instance)).status_code == 409
    instance.delete()
    page = developer.get(f"/instances/{pk}/").content.decode()
    assert "Deleted</h2>" in page
    assert f"?from={pk}" in page
    assert Entry.objects.filter(verb="instance.deleted").exists()


def test_the_page_of_a_deleted_instance_has_the_same_readers(
    sign_in: Callable[[str], Client], instance: Instance
) -> None:
    pk = instance.pk
    instance.delete()
    assert sign_in("viewer").get(f"/instances/{pk}/").status_code == 200
    assert sign_in("other").get(f"/instances/{pk}/").status_code == 404


SPEC = {"image": "a:1", "size": "small", "replicas": 2, "probe": {"path": "/healthz"}}


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        (None, {"image": "a:1"}),
        ({"image": "a:1", "size": "small"}, {"image": "a:1", "size": "small"}),
        ({"probe": {}}, {"image": "a:1", "probe": {}}),
    ],
)
def test_defaults_that_the_api_server_set_are_not_desired_values(asked: Any, meant: Any) -> None:
    assert explicit_values(SERVICE, SPEC, asked) == meant


def test_differences_name_each_field() -> None:
    before = {"a": 1, "b": {"c": "x"}, "l": [1, 2], "gone": True}
    after = {"a": 1.0, "b": {"c": "y"}, "l": [1], "new": ""}
    found = [(one.path_text, one.before, one.after) for one in field_changes(before, after)]
    assert found == [
        ("a", "1", "1.0"),
        ("b.c", "x", "y"),
        ("l[1]", "2", ""),
        ("gone", "true", ""),
        ("new", "", '""'),
    ]


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged"),
    [
        ({"a": 1}, {"a": 2}, {"a": 1, "b": 1}, {"a": 2, "b": 1}),
        ({"a": 1}, {"a": 1}, {"a": 3}, {"a": 3}),
        ({"a": 1}, {"a": 2}, {"a": 3}, {"a": 2}),
        ({"a": 1}, {}, {"a": 1}, {}),
        ({"a": 1}, {"a": 1}, {}, {}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, {"a": {"b": 5}}, {"a": {"b": 5, "c": 2}}),
    ],
)
def test_my_changes_are_reapplied_on_top_of_theirs(base: Any, mine: Any, theirs: Any, merged: Any) -> None:
    assert merge_three_way(base, mine, theirs) == merged


def test_an_instance_with_more_values_than_a_form_shows_is_edited_as_yaml(
    sign_in: Callable[[str], Client], make_instance: Callable[..., Instance]
) -> None:
    env = {f"K{number}": "v" for number in range(MOST_FIELDS)}
    long = make_instance("long", spec={"image": "shop:1", "env": env})
    page = sign_in("developer").get(url(long)).content.decode()
    assert 'name="_mode" value="yaml"' in page
    assert f"K{MOST_FIELDS - 1}: v" in page
    assert 'name="/env' not in page
