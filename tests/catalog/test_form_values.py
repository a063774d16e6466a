"""Values that a form could alter, hide or refuse: line breaks, nested rows, defaults of lists, conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalog.models import Change, Destination, FormDraft, Instance
from contracts.models import Contract
from contracts.publishing import publish
from portal.accounts.models import Team
from tests.catalog.conftest import fill_instance
from tests.catalog.form_browser import Control, controls, posted
from tests.pages import squeezed

ANYTHING = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: anything
spec:
  schema:
    apiVersion: v1alpha1
    kind: Anything
    group: forms.example.com
    spec:
      text: string
      files: "map[string]string"
      args: "[]string"
      pad: string
      replicas: integer | default=1
      hosts: "map[string][]string"
      env: "map[string]map[string]string"
      listed: '[]string | default=["a.example.com","b.example.com"]'
      labels: 'map[string]string | default={"tier":"web"}'
      mode: string | enum="simple,custom" default=simple
      custom:
        size: integer | default=3
        label: string | required=true
  resources: []
---
apiVersion: slipway.dev/v1alpha1
kind: Contract
spec:
  owner: platform
  form:
    fields:
      custom.size: {when: {mode: custom}}
      custom.label: {when: {mode: custom}}
"""
SPEC = {
    "text": "first\nsecond\n",
    "files": {"app.conf": "a=1\r\nb=2\r\n", "nel": "x\u0085y\u2028z"},
    "args": ["-c", "x\ny", ""],
    "pad": " keep ",
    "hosts": {"eu": ["a", " b"], "us": []},
    "env": {"one": {"A.B/c": "1\n"}, "none": {}},
}
EDIT, CREATE = "/instances/{}/edit/", "/catalog/anything/create/"


@pytest.fixture
def anything(teams: dict[str, Team], cluster: Destination) -> Contract:
    publish(ANYTHING, by=None, note="First")
    return Contract.objects.select_related("revision").get(name="anything")


@pytest.fixture
def edited(anything: Contract, cluster: Destination, teams: dict[str, Team]) -> Instance:
    defaults = {"replicas": 1, "listed": ["a.example.com", "b.example.com"], "labels": {"tier": "web"}}
    spec = {**SPEC, **defaults, "mode": "simple"}
    return fill_instance(anything, cluster, teams["checkout"], "cf", spec=spec, status={})


@pytest.fixture
def developer(sign_in: Callable[[str], Client], anything: Contract) -> Client:
    return sign_in("developer")


class Page:
    """The form in a browser without JavaScript."""

    def __init__(self, client: Client, path: str) -> None:
        self.client = client
        self.path = path
        self.answer: Any = client.get(path)

    @property
    def html(self) -> str:
        return squeezed(self.answer)

    def fill(self, **texts: str) -> list[tuple[str, str]]:
        """What the page posts, with other texts by name."""
        return [(name, texts.get(name, text)) for name, text in posted(self.controls)]

    @property
    def controls(self) -> list[Control]:
        return controls(self.answer.content.decode())

    def press(self, button: str = "", value: str = "1", **texts: str) -> Page:
        pairs = self.fill(**texts) + ([(button, value)] if button else [])
        names: dict[str, list[str]] = {}
        for name, text in pairs:
            names.setdefault(name, []).append(text)
        self.answer = self.client.post(self.path, names)
        return self

    def value(self, name: str) -> str:
        return next(one.text for one in self.controls if one.name == name)


def touched() -> dict[str, Any]:
    return {".".join(one["path"]): one.get("new") for one in Change.objects.latest("pk").touched}


def test_a_saved_form_touches_what_was_changed_and_nothing_else(developer: Client, edited: Instance) -> None:
    page = Page(developer, EDIT.format(edited.pk))
    assert page.press().answer.status_code == 302
    assert not Change.objects.exists()
    page = Page(developer, EDIT.format(edited.pk))
    assert page.press(**{"/replicas": "4"}).answer.status_code == 302
    assert touched() == {"spec.replicas": 4}
    assert Change.objects.get().manifest["spec"] == {**SPEC, "replicas": 4}


def test_yaml_and_back_and_every_validation_keep_the_values(developer: Client, edited: Instance) -> None:
    page = Page(developer, EDIT.format(edited.pk))
    for button, value in (("_view", "yaml"), ("_view", "form"), ("_save", "1"), ("_op", "add:/args")):
        assert page.press(button, value).answer.status_code == 200
    page.press(**{"/replicas": "4"})
    assert touched() == {"spec.replicas": 4}


def test_several_lines_are_shown_in_a_textarea(developer: Client, edited: Instance) -> None:
    page = Page(developer, EDIT.format(edited.pk))
    kinds = {one.name: one.kind for one in page.controls}
    assert (kinds["/text"], kinds["/files/@0/#value"], kinds["/args/@1/#value"]) == ("textarea",) * 3
    assert kinds["/pad"] == "text"


@pytest.mark.parametrize(
    ("name", "text", "spec"),
    [
        ("/text", "first\r\nthird\r\n", {"text": "first\nthird\n"}),
        ("/files/@0/#value", "a=1\r\nb=3\r\n", {"files": {**SPEC["files"], "app.conf": "a=1\r\nb=3\r\n"}}),  # type: ignore[dict-item]
        ("/pad", " kept ", {"pad": " kept "}),
        ("/hosts/@0/@0/#value", "c", {"hosts": {"eu": ["c", " b"], "us": []}}),
        ("/env/@0/@0/#key", "A", {"env": {"one": {"A": "1\n"}, "none": {}}}),
        ("/hosts/@1/#key", "asia", {"hosts": {"eu": ["a", " b"], "asia": []}}),
        ("/listed/@1/#value", "c.example.com", {"listed": ["a.example.com", "c.example.com"]}),
    ],
)
def test_a_changed_text_keeps_the_kind_of_its_blanks(
    developer: Client, edited: Instance, name: str, text: str, spec: dict[str, Any]
) -> None:
    page = Page(developer, EDIT.format(edited.pk))
    assert page.press(**{name: text}).answer.status_code == 302
    assert Change.objects.get().manifest["spec"] == {**SPEC, **spec}


def test_maps_of_lists_and_of_maps_are_filled_in_without_javascript(developer: Client) -> None:
    page = (
        Page(developer, CREATE)
        .press("_op", "add:/hosts")
        .press("_op", "add:/hosts/@0", **{"/hosts/@0/#key": "eu"})
    )
    page.press("_op", "add:/hosts/@0", **{"/hosts/@0/@0/#value": "a"})
    page.press("_op", "up:/hosts/@0/@1", **{"/hosts/@0/@1/#value": "b"})
    page.press("_op", "add:/env").press("_op", "add:/env/@0", **{"/env/@0/#key": "one"})
    filled = {"/env/@0/@0/#key": "A", "/env/@0/@0/#value": "1", "_name": "new", "_namespace": "checkout"}
    assert page.press(**filled).answer.status_code == 302
    assert Instance.objects.get().spec == {"hosts": {"eu": ["b", "a"]}, "env": {"one": {"A": "1"}}}


def test_the_default_of_a_list_is_shown_and_can_be_emptied_and_restored(developer: Client) -> None:
    page = Page(developer, CREATE)
    assert (page.value("/listed/@0/#value"), page.value("/labels/@0/#key")) == ("a.example.com", "tier")
    named = {"_name": "new", "_namespace": "checkout"}
    page.press("_op", "remove:/listed/@0", **named)
    assert "listed: - b.example.com" in squeezed_draft()
    page.press("_op", "remove:/listed/@1")
    page.press("_op", "remove:/labels/@0")
    assert "empty, without the default" in page.html
    assert "listed: [] labels: {}" in squeezed_draft()
    page.press("_op", "default:/labels")
    assert page.value("/labels/@0/#key") == "tier"
    assert page.press().answer.status_code == 302
    assert Instance.objects.get().spec == {"listed": []}


def squeezed_draft() -> str:
    return " ".join(FormDraft.objects.get().text.split())


def test_an_untouched_default_is_not_a_value(developer: Client) -> None:
    Page(developer, CREATE).press(_name="new", _namespace="checkout")
    assert Instance.objects.get().spec == {}


def test_a_condition_names_a_field_elsewhere_and_what_it_hides_blocks_nothing(developer: Client) -> None:
    page = Page(developer, CREATE)
    assert "/custom/label" not in page.html
    assert ">Custom<" not in page.html
    page.press("_save", "1", **{"/mode": "custom"})
    page.press("_save", "1", **{"/custom/size": "5"})
    assert "This field is required." in page.html
    page.press("_save", "1", **{"/mode": ""})
    assert 'id="f-custom-label"' not in page.html
    page.press("_save", "1", **{"/mode": "custom"})
    assert page.value("/custom/size") == "5"
    page.press(_name="new", _namespace="checkout", **{"/mode": ""})
    assert page.answer.status_code == 302
    assert Instance.objects.get().spec == {}


def test_a_value_that_a_condition_hides_stays(
    developer: Client, anything: Contract, cluster: Destination, teams: dict[str, Team]
) -> None:
    spec = {"custom": {"size": 7, "label": " x "}, "mode": "simple"}
    instance = fill_instance(anything, cluster, teams["checkout"], "hidden", spec=spec, status={})
    Page(developer, EDIT.format(instance.pk)).press(**{"/text": "new"})
    assert touched() == {"spec.text": "new"}


EMPTY = ["", "\n", "---\n", "null\n", "# nothing\n", "---\n# a\n---\n", "~", "{}"]


@pytest.mark.parametrize("text", EMPTY)
def test_an_empty_text_creates_and_changes_nothing(developer: Client, edited: Instance, text: str) -> None:
    for path in (CREATE, EDIT.format(edited.pk)):
        answer = developer.post(path, {"_mode": "yaml", "text": text, "_base": "1"})
        assert answer.status_code == 422
        assert "spec: {}" in answer.content.decode() or "metadata" in answer.content.decode()
    assert not Change.objects.exists()


def test_a_text_without_a_spec_does_not_remove_it(developer: Client, edited: Instance) -> None:
    head = (
        "apiVersion: forms.example.com/v1alpha1\nkind: Anything\nmetadata: {name: cf, namespace: checkout}\n"
    )
    for spec in ("", "spec:\n", "spec: null\n"):
        answer = developer.post(EDIT.format(edited.pk), {"_mode": "yaml", "text": head + spec, "_base": "1"})
        assert answer.status_code == 422
        assert "The spec is missing." in answer.content.decode()
    answer = developer.post(
        EDIT.format(edited.pk), {"_mode": "yaml", "text": f"{head}spec: {{}}\n", "_base": "1"}
    )
    assert answer.status_code == 302


def test_a_duplicate_key_cannot_be_saved_and_stays_in_yaml(developer: Client, edited: Instance) -> None:
    text = (
        '{"apiVersion": "forms.example.com/v1alpha1", "kind": "Anything",\n'
        '"metadata": {"name": "cf", "namespace": "checkout"},\n'
        '"spec": {"text": "\\ud83d\\ude00",\n"text": "b"}}'
    )
    mine = {"_mode": "yaml", "text": text, "_base": "1"}
    for more in ({}, {"_view": "form"}):
        page = squeezed(developer.post(EDIT.format(edited.pk), {**mine, **more}))
        assert "Duplicate key “text” in line 4; the first one is in line 3." in page
        assert "<code-editor" in page
    assert "<code-editor" in squeezed(developer.get(EDIT.format(edited.pk))), "the draft opens as YAML"
    single = text.replace(',\n"text": "b"', "")
    assert developer.post(EDIT.format(edited.pk), {**mine, "text": single}).status_code == 302
    assert Change.objects.get().manifest["spec"] == {"text": "😀"}
