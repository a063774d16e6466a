"""Creating an instance as a browser without JavaScript does: plain posts."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Change, Destination, FormDraft, Instance
from contracts.models import Contract
from portal.audit.models import Entry

pytestmark = pytest.mark.backends

CREATE = "/catalog/service/create/"
GOOD = {"_name": "shop", "_namespace": "checkout", "/image": "shop:1"}


@pytest.fixture
def developer(sign_in: Callable[[str], Client], contract: Contract, cluster: Destination) -> Client:
    return sign_in("developer")


def test_a_valid_form_saves_a_change_and_a_row_and_redirects_to_the_page(developer: Client) -> None:
    answer = developer.post(CREATE, {**GOOD, "/replicas": "3", "_submission": str(uuid4())})
    row = Instance.objects.get()
    change = Change.objects.get()
    assert row.team is not None
    assert change.author is not None
    assert (answer.status_code, answer["Location"]) == (302, f"/instances/{row.pk}/")
    assert (str(row), row.team.slug, row.state) == ("checkout/shop", "checkout", "waiting")
    assert change.manifest == {
        "apiVersion": "platform.example.com/v1alpha1",
        "kind": "Service",
        "metadata": {"name": "shop", "namespace": "checkout"},
        "spec": {"image": "shop:1", "replicas": 3},
    }
    assert (change.state, change.action, change.author.username) == ("approved", "create", "developer")
    assert Entry.objects.get(verb="instance.creation-requested").team_slug == "checkout"
    assert b"Creation requested" in developer.get(f"/instances/{row.pk}/").content


def test_a_form_submitted_twice_creates_one_change(developer: Client) -> None:
    form = {**GOOD, "_submission": str(uuid4())}
    first, second = developer.post(CREATE, form), developer.post(CREATE, form)
    assert first["Location"] == second["Location"]
    assert Change.objects.count() == 1


def test_a_preview_after_submission_saves_no_draft(developer: Client) -> None:
    form = {**GOOD, "_submission": str(uuid4())}
    developer.post(CREATE, form)
    developer.post(f"{CREATE}preview/", form, headers={"HX-Request": "true"})
    assert not FormDraft.objects.exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"_name": ""}, "Enter a name."),
        ({"_name": "Shop"}, "Use lowercase letters, digits, hyphens and dots"),
        ({"_namespace": ""}, "Select a namespace."),
        ({"_namespace": "search"}, "You cannot create instances in search."),
        ({"_namespace": "nowhere"}, "You cannot create instances in nowhere."),
        ({"/image": ""}, "This field is required."),
        ({"/image": "a"}, "at least 3"),
        ({"/replicas": "many"}, "Enter an integer, such as 3."),
        ({"/replicas": "51"}, "at most 50"),
        ({"/size": "huge"}, "small, large"),
        ({"/ports/@0/name": "http"}, "ports[0].port"),
        ({"/ports/@0/name": "http", "/ports/@0/port": "99999"}, "at most 65535"),
        ({"/imagee": "x"}, "imagee"),
        ({"/env/@0/#key": "", "/env/@0/#value": "1"}, "Enter a key."),
    ],
)
def test_problems_are_shown_at_their_fields_and_no_input_is_lost(
    developer: Client, changed: dict[str, str], message: str
) -> None:
    answer = developer.post(CREATE, {**GOOD, **changed})
    page = answer.content.decode().replace("&quot;", '"')
    assert answer.status_code == 422
    assert message in page
    assert "to fix" in page
    assert not Change.objects.exists()
    for name, text in {**GOOD, **changed}.items():
        assert not text or text in FormDraft.objects.get().text or text in page, f"{name} was lost"


def test_a_name_in_use_is_reported_at_the_name(
    developer: Client, make_instance: Callable[..., Instance]
) -> None:
    make_instance("shop")
    answer = developer.post(CREATE, GOOD)
    assert answer.status_code == 422
    assert "There is already a Plain service called shop in checkout." in answer.content.decode()


def test_a_withdrawn_contract_refuses_the_form_and_keeps_the_draft(
    developer: Client, contract: Contract
) -> None:
    Contract.objects.filter(pk=contract.pk).update(withdrawn_at=timezone.now())
    answer = developer.post(CREATE, GOOD)
    assert answer.status_code == 409
    assert "was withdrawn" in answer.content.decode()
    assert "image: shop:1" in FormDraft.objects.get().text
    assert developer.get(CREATE).status_code == 409
    assert not Instance.objects.exists()


def test_a_draft_is_continued(developer: Client) -> None:
    developer.post(f"{CREATE}preview/", {**GOOD, "/image": "half:typed"})
    page = developer.get(CREATE).content.decode()
    assert "Continuing your draft" in page
    assert 'value="half:typed"' in page
    developer.post(f"{CREATE}discard/")
    assert "half:typed" not in developer.get(CREATE).content.decode()


def test_rows_are_added_and_removed_without_javascript(developer: Client) -> None:
    page = developer.post(CREATE, {**GOOD, "_op": "add:/ports"})
    assert page.status_code == 200
    assert 'name="/ports/@0/port"' in page.content.decode()
    page = developer.post(CREATE, {**GOOD, "/ports/@0/name": "http", "_op": "remove:/ports/@0"})
    assert 'name="/ports/@0/port"' not in page.content.decode()


def test_form_and_yaml_show_one_draft(developer: Client) -> None:
    page = developer.post(CREATE, {**GOOD, "_view": "yaml"}).content.decode()
    assert "image: shop:1" in page
    assert 'name="text"' in page
    text = (
        "apiVersion: platform.example.com/v1alpha1\nkind: Service\n"
        "metadata: {name: shop, namespace: checkout}\nspec:\n  # pinned\n  image: shop:9\n"
    )
    page = developer.post(CREATE, {"_mode": "yaml", "text": text, "_view": "form"}).content.decode()
    assert 'value="shop:9"' in page
    assert "# pinned" in page
    answer = developer.post(CREATE, {"_mode": "yaml", "text": text})
    assert answer.status_code == 302


def test_invalid_yaml_is_kept_and_its_line_reported(developer: Client) -> None:
    answer = developer.post(CREATE, {"_mode": "yaml", "text": "spec: [1\n", "_view": "form"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "spec: [1" in page
    problems = developer.post(f"{CREATE}lint/", {"text": "spec: [1\n"}).json()["problems"]
    assert problems[0]["code"] == "yaml-syntax"
    assert problems[0]["line"] > 0


@pytest.mark.parametrize(
    "text", ["a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" * 1, "x" * 600_000, "\x00", "- 1"]
)
def test_hostile_yaml_is_a_problem(developer: Client, text: str) -> None:
    assert developer.post(CREATE, {"_mode": "yaml", "text": text}).status_code == 422
    assert developer.post(CREATE, {**GOOD, "_text": text}).status_code in (302, 422)


def test_numbers_are_saved_as_typed(developer: Client) -> None:
    developer.post(CREATE, {**GOOD, "/env/@0/#key": "BIG", "/env/@0/#value": str(2**63), "/replicas": "3"})
    spec = Change.objects.get().manifest["spec"]
    assert spec["env"] == {"BIG": "9223372036854775808"}
    assert type(spec["replicas"]) is int


def test_a_change_waits_for_an_unreachable_cluster_and_the_page_shows_it(
    developer: Client, cluster: Destination
) -> None:
    Destination.objects.update(reachable=False, message="Connection refused.", seen_at=timezone.now())
    answer = developer.post(CREATE, GOOD, follow=True)
    page = answer.content.decode()
    assert "Default cluster cannot be reached." in page
    assert "Creation saved; waiting for the cluster" in page
    assert "It will be applied when Default cluster is reachable again." in page
    assert Change.objects.get().state == "approved"


def test_a_copy_has_the_desired_values(developer: Client, instance: Instance) -> None:
    page = developer.get(f"{CREATE}?from={instance.pk}").content.decode()
    assert 'value="shop:1"' in page
    assert "Enter a new name" in page


@pytest.mark.parametrize("key", ["0", "missing", "²", "9" * 30, "-1"])
def test_a_copy_of_a_missing_instance_is_an_empty_form(developer: Client, key: str) -> None:
    assert developer.get(CREATE, {"from": key}).status_code == 200


def test_typing_returns_problems_and_preview_only(developer: Client) -> None:
    page = developer.get(CREATE).content.decode()
    shape = page.split('name="_shape" value="')[1].split('"')[0]
    answer = developer.post(
        f"{CREATE}preview/", {**GOOD, "_shape": shape, "/replicas": "x"}, headers={"HX-Request": "true"}
    )
    text = answer.content.decode()
    assert "HX-Retarget" not in answer
    assert 'name="/image"' not in text
    assert "Enter an integer" in text
    assert 'data-node="deployment"' in text
    pressed = {"HX-Request": "true", "HX-Trigger-Name": "_op"}
    form = {**GOOD, "_shape": shape, "_op": "add:/ports"}
    reshaped = developer.post(f"{CREATE}preview/", form, headers=pressed)
    assert 'name="/ports/@0/port"' in reshaped.content.decode()
    typing = developer.post(f"{CREATE}preview/", form, headers={"HX-Request": "true"})
    assert "HX-Retarget" not in typing, "htmx repeats the last button's name; only the click itself counts"
    assert reshaped["HX-Retarget"] == "#instance-form"


def test_submitting_needs_few_queries(developer: Client) -> None:
    with CaptureQueriesContext(connection) as sent:
        developer.post(CREATE, GOOD)
    most = 39 if connection.vendor == "postgresql" else 36  # rights are read again, there under a lock
    assert len(sent) <= most, [one["sql"] for one in sent]
