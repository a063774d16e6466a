"""A submission identifies one opened form. It never leads to an instance that the form is not about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from catalog.changes import propose_creation, propose_update
from catalog.models import Action, Change, Destination, Instance
from catalog.touched import Base
from contracts.models import Contract

CREATE = "/catalog/service/create/"
FORM = {"_name": "new", "_namespace": "checkout", "/image": "new:1"}
Foreign = Callable[[str], str]


@pytest.fixture
def foreign(
    make_instance: Callable[..., Instance], users: dict[str, Any], contract: Contract, cluster: Destination
) -> Foreign:
    """A ``_submission`` that is missing, malformed, or of another request."""
    row = make_instance("unrelated")

    def make(kind: str) -> str:
        if kind in ("", "not-a-uuid"):
            return kind
        submission = uuid4()
        author, _, action = kind.partition("'s ")
        fields: dict[str, Any] = {"by": users[author], "submission": submission}
        if action == "creation":
            manifest = {**row.manifest, "metadata": {"name": "theirs", "namespace": "checkout"}}
            propose_creation(contract=contract, destination=cluster, manifest=manifest, **fields)
        else:
            manifest = {**row.manifest, "spec": {**row.spec, "image": "theirs:1"}}
            propose_update(instance=row, manifest=manifest, base=Base(row.manifest), **fields)
        return str(submission)

    return make


KINDS = [
    "",
    "not-a-uuid",
    "developer's creation",
    "developer's update",
    "teammate's creation",
    "teammate's update",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_creation_is_not_dropped(sign_in: Callable[[str], Client], foreign: Foreign, kind: str) -> None:
    form = {**FORM, "_submission": foreign(kind)}
    answer = sign_in("developer").post(CREATE, form)
    created = Instance.objects.get(name="new")
    assert (answer.status_code, answer["Location"]) == (302, f"/instances/{created.pk}/")
    assert Change.objects.get(instance=created).manifest["spec"] == {"image": "new:1"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_update_is_not_dropped(
    sign_in: Callable[[str], Client], instance: Instance, foreign: Foreign, kind: str
) -> None:
    form = {"/image": "mine:1", "_base": "1", "_submission": foreign(kind)}
    answer = sign_in("developer").post(f"/instances/{instance.pk}/edit/", form)
    assert (answer.status_code, answer["Location"]) == (302, f"/instances/{instance.pk}/")
    assert instance.changes.get().manifest["spec"] == {"image": "mine:1"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_deletion_has_no_submission(
    sign_in: Callable[[str], Client], instance: Instance, foreign: Foreign, kind: str
) -> None:
    form = {"name": instance.name, "_submission": foreign(kind)}
    answer = sign_in("developer").post(f"/instances/{instance.pk}/delete/", form)
    assert answer["Location"] == f"/instances/{instance.pk}/"
    assert instance.changes.get().action == Action.DELETE


def test_a_form_that_is_sent_twice_is_one_change(
    sign_in: Callable[[str], Client], instance: Instance
) -> None:
    developer, submission = sign_in("developer"), str(uuid4())
    for image in ("mine:1", "mine:1", "mine:2"):
        form = {"/image": image, "_base": "1", "_submission": submission}
        assert developer.post(f"/instances/{instance.pk}/edit/", form).status_code == 302
    images = [change.manifest["spec"]["image"] for change in instance.changes.order_by("pk")]
    assert images == ["mine:1", "mine:2"]


@pytest.mark.parametrize("path", [CREATE, "/instances/{instance}/edit/"])
def test_a_form_is_one_change_if_the_same_one_is_saved_between_two_queries(
    sign_in: Callable[[str], Client], instance: Instance, path: str
) -> None:
    """Whichever query about submissions it follows."""
    path = path.format(instance=instance.pk)
    form = {**FORM, "_base": "1", "_submission": str(uuid4())}
    first, second = sign_in("developer"), sign_in("developer")
    answers: list[Any] = []

    def interrupt(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        found = execute(sql, *arguments)
        if not answers and "catalog_change" in sql and '"submission" =' in sql:
            answers.append(None)  # not in its own queries
            answers[:] = [first.post(path, form)]
        return found

    with connection.execute_wrapper(interrupt):
        answers.append(second.post(path, form))
    assert [(one.status_code, one["Location"]) for one in answers] == [(302, answers[0]["Location"])] * 2
    assert Change.objects.count() == 1


def test_a_form_that_is_changed_and_sent_again_is_another_request(
    sign_in: Callable[[str], Client], contract: Contract, cluster: Destination
) -> None:
    form = {**FORM, "_submission": str(uuid4())}
    developer = sign_in("developer")
    developer.post(CREATE, form)
    developer.post(CREATE, {**form, "_name": "other"})
    assert set(Instance.objects.values_list("name", flat=True)) == {"new", "other"}


def test_a_form_whose_instance_was_deleted_since_asks_again(
    sign_in: Callable[[str], Client], contract: Contract, cluster: Destination
) -> None:
    form = {**FORM, "_submission": str(uuid4())}
    developer = sign_in("developer")
    developer.post(CREATE, form)
    Instance.objects.get().delete()
    answer = developer.post(CREATE, form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "was submitted already" in page
    assert 'value="new:1"' in page
    assert form["_submission"] not in page
    assert not Instance.objects.exists()
