"""The editor: no input is ever lost, and every response reports the problems."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from contracts.grants import give
from contracts.known_kinds import compile_known
from contracts.models import Contract, Draft
from contracts.publishing import publish
from tests.contracts.conftest import Browser, Users
from tests.contracts.definitions import existing

pytestmark = pytest.mark.django_db

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join(['*' + chr(97 + level)] * 9)}]\n"
    for level in range(9)
)
TWENTY_MISTAKES = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: mistakes}
spec:
  schema:
    group: platform.example.com
    apiVersion: v1alpha1
    kind: Mistakes
    spec:
""" + "".join(f"      field{number}: strng\n" for number in range(20))


@pytest.fixture
def page(browser: Browser, users: Users) -> Client:
    return browser(users.engineer)


def test_a_new_contract_starts_with_a_valid_document(page: Client) -> None:
    answer = page.get(reverse("contracts:new"))
    assert "No problems" in answer.content.decode()
    assert not Draft.objects.exists()


def test_a_new_contract_can_start_with_a_sample(page: Client) -> None:
    text = page.get(reverse("contracts:new") + "?from=scheduled-job").content.decode()
    assert "kind: ScheduledJob" in text


def test_without_javascript_the_draft_is_saved_and_checked(page: Client, small: str) -> None:
    answer = page.post(
        reverse("contracts:new"), {"text": small.replace("settings.m", "setting.m"), "then": "check"}
    )
    draft = Draft.objects.get()
    assert answer.headers["Location"] == draft.get_absolute_url()
    text = page.get(answer.headers["Location"]).content.decode()
    assert "Did you mean “settings”?" in text


def test_line_endings_are_normalised(page: Client) -> None:
    page.post(reverse("contracts:new"), {"text": "a: 1\r\nb: 2\r\n"})
    assert Draft.objects.get().text == "a: 1\nb: 2\n"


def test_typing_saves_one_draft_and_replaces_the_url(page: Client) -> None:
    first = page.post(
        reverse("contracts:check"), {"text": "a: 1", "save": "1"}, headers={"HX-Request": "true"}
    )
    draft = Draft.objects.get()
    assert first["HX-Replace-Url"] == draft.get_absolute_url()
    again = {"text": "a: 2", "save": "1", "draft": draft.pk, "seen": draft.version}
    page.post(reverse("contracts:check"), again, headers={"HX-Request": "true"})
    assert Draft.objects.get().text == "a: 2"


def test_two_requests_of_one_page_save_one_draft(page: Client) -> None:
    page.post(reverse("contracts:check"), {"text": "a: 1", "save": "1"})
    page.post(reverse("contracts:new"), {"text": "a: 1", "then": "publish"})
    assert Draft.objects.count() == 1


def test_a_check_after_publication_saves_no_draft(page: Client, users: Users) -> None:
    text = (Path("contracts/samples") / "stateless-service.yaml").read_text()
    publish(text, by=users.engineer)
    answer = page.post(
        reverse("contracts:check"), {"text": text, "save": "1"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert not Draft.objects.exists()


def test_publishing_uses_the_draft_that_typing_saved(page: Client) -> None:
    page.post(reverse("contracts:check"), {"text": "a: 1", "save": "1"})
    draft = Draft.objects.get()
    form = {"text": "a: 2", "draft": draft.pk, "seen": draft.version, "then": "publish"}
    answer = page.post(reverse("contracts:new"), form)
    assert answer.headers["Location"] == reverse("contracts:publication", args=[draft.pk])
    assert Draft.objects.get().text == "a: 2"


def test_a_draft_changed_in_another_window_is_saved_as_a_second_one(page: Client) -> None:
    page.post(reverse("contracts:check"), {"text": "a: 1", "save": "1"})
    draft = Draft.objects.get()
    stale = {"draft": draft.pk, "seen": draft.version, "save": "1"}
    page.post(reverse("contracts:check"), {**stale, "text": "a: first window"})
    page.post(reverse("contracts:check"), {**stale, "text": "a: second window"})
    assert sorted(Draft.objects.values_list("text", flat=True)) == ["a: first window", "a: second window"]


def test_drafts_of_other_users_are_not_changed(page: Client, users: Users) -> None:
    theirs = Draft.objects.create(author=users.teammate, text="theirs")
    page.post(reverse("contracts:check"), {"text": "mine", "save": "1", "draft": theirs.pk})
    assert set(Draft.objects.values_list("author__username", "text")) == {
        ("teammate", "theirs"),
        ("engineer", "mine"),
    }


def test_the_editor_gets_problems_as_json(page: Client, small: str) -> None:
    text = small.replace("${schema.spec.message}", "${schema.spec.mesage}")
    answer = page.post(reverse("contracts:check"), {"text": text}, headers={"Accept": "application/json"})
    (problem,) = answer.json()["problems"]
    assert (problem["line"], problem["severity"]) == (22, "error")
    assert "message" in problem["hint"]
    assert not Draft.objects.exists()


def test_problems_of_publishing_are_reported_while_typing(
    page: Client, published: Contract, small: str
) -> None:
    text = (
        small.replace("name: note", "name: third") + "  tests:\n    - {name: odd, expect: {present: [x]}}\n"
    )
    answer = page.post(reverse("contracts:check"), {"text": text}, headers={"Accept": "application/json"})
    assert [problem["code"] for problem in answer.json()["problems"]] == ["kind-taken", "test-failed"]


def test_editing_starts_with_the_newest_revision_and_continues_the_draft(
    page: Client, published: Contract, small: str
) -> None:
    assert "A note" in page.get(reverse("contracts:edit", args=["note"])).content.decode()
    page.post(reverse("contracts:edit", args=["note"]), {"text": small + "# more\n"})
    draft = Draft.objects.get()
    assert draft.contract == published
    assert page.get(reverse("contracts:edit", args=["note"])).headers["Location"] == draft.get_absolute_url()


class TestImport:
    def test_importing_pasted_yaml(self, page: Client, small: str) -> None:
        answer = page.post(reverse("contracts:import"), {"text": small})
        assert answer.headers["Location"] == Draft.objects.get().get_absolute_url()

    def test_a_file(self, page: Client, small: str) -> None:
        file = SimpleUploadedFile("note.yaml", b"\xef\xbb\xbf" + small.encode())
        page.post(reverse("contracts:import"), {"file": file})
        assert Draft.objects.get().text == small

    def test_importing_a_binary_file(self, page: Client) -> None:
        answer = page.post(
            reverse("contracts:import"),
            {"file": SimpleUploadedFile("x.yaml", b"\xff\xfe\x00"), "text": "kept"},
        )
        assert answer.status_code == 422
        assert "x.yaml is not UTF-8 text" in answer.content.decode()
        assert "kept" in answer.content.decode()

    def test_importing_nothing(self, page: Client) -> None:
        assert page.post(reverse("contracts:import"), {}).status_code == 422

    @pytest.mark.conformance
    def test_the_webapp_of_kro_is_published_unchanged(
        self, page: Client, users: Users, conformance: Path
    ) -> None:
        text = (conformance / "kro" / "examples" / "kubernetes" / "webapp" / "rg.yaml").read_text()
        page.post(reverse("contracts:import"), {"text": text})
        contract = Contract(name="webapp.kro.run", owner=users.platform)
        give(contract, compile_known(text).reach, by=users.root, reason="kro's example")
        answer = page.post(
            reverse("contracts:publication", args=[Draft.objects.get().pk]), {"note": "As it is"}
        )
        assert answer.status_code == 302
        contract = Contract.objects.get()
        assert (contract.kind, contract.owner, existing(contract.revision).text) == (
            "WebApp",
            users.platform,
            text,
        )


class TestPublication:
    def draft(self, users: Users, text: str) -> str:
        draft = Draft.objects.create(author=users.engineer, text=text)
        return reverse("contracts:publication", args=[draft.pk])

    def test_the_page_shows_the_effects(self, page: Client, users: Users, small: str) -> None:
        text = page.get(self.draft(users, small)).content.decode()
        assert "A note: revision 1" in text
        assert "Publish revision 1" in text

    def test_publishing_redirects_to_the_contract(self, page: Client, users: Users, small: str) -> None:
        answer = page.post(self.draft(users, small), {"note": "The first"})
        assert answer.headers["Location"] == reverse("contracts:detail", args=["note"])
        assert existing(Contract.objects.get().revision).note == "The first"
        assert not Draft.objects.exists()

    def test_the_difference_from_the_newest_revision_is_shown(
        self, page: Client, users: Users, published: Contract, small: str
    ) -> None:
        text = page.get(
            self.draft(users, small.replace("What it says", "What the note says"))
        ).content.decode()
        assert 'class="added"' in text
        assert "revision 2" in text

    def test_problems_are_shown_and_nothing_is_lost(self, page: Client, users: Users) -> None:
        where = self.draft(users, TWENTY_MISTAKES)
        answer = page.post(where, {"note": "Try"})
        assert answer.status_code == 422
        assert "Fix 20 problems first" in answer.content.decode()
        assert Draft.objects.get().text == TWENTY_MISTAKES

    def test_publishing_a_contract_of_another_team_is_refused_with_a_reason(
        self, browser: Browser, users: Users, published: Contract, small: str
    ) -> None:
        draft = Draft.objects.create(author=users.other, text=small + "# mine\n")
        answer = browser(users.other).post(reverse("contracts:publication", args=[draft.pk]))
        assert answer.status_code == 403
        assert "belongs to the team Platform" in answer.content.decode()
        assert Draft.objects.exists()

    def test_schema_changes_need_the_checkbox_and_the_reason(
        self, page: Client, users: Users, published: Contract, small: str
    ) -> None:
        text = small.replace('message: string | default=hello description="What it says"', "other: string")
        where = self.draft(users, text.replace("schema.spec.message", "schema.spec.other"))
        assert "breaking" in page.get(where).content.decode()
        for incomplete in ({}, {"breaking": "on"}, {"reason": "Why not"}):
            answer = page.post(where, incomplete)
            assert answer.status_code == 422
            assert "Allow breaking changes and enter a reason" in answer.content.decode()
        assert page.post(where, {"breaking": "on", "reason": "Nobody uses it"}).status_code == 302
        assert published.revisions.count() == 2

    def test_the_definition_can_allow_schema_changes(
        self, page: Client, users: Users, published: Contract, small: str
    ) -> None:
        text = small.replace('message: string | default=hello description="What it says"', "other: string")
        annotation = 'annotations: {kro.run/allow-breaking-changes: "true"}'
        text = text.replace("\nspec:", f"\n  {annotation}\nspec:", 1)
        where = self.draft(users, text.replace("schema.spec.message", "schema.spec.other"))
        shown = page.get(where).content.decode()
        assert "The definition allows breaking changes" in shown
        assert 'name="breaking"' not in shown
        assert page.post(where, {}).status_code == 302
        assert published.revisions.count() == 2

    def test_a_concurrent_publication_is_reported(
        self, page: Client, users: Users, published: Contract, small: str
    ) -> None:
        where = self.draft(users, small.replace("What it says", "From the engineer"))
        publish(small.replace("What it says", "From a teammate"), by=users.teammate)
        answer = page.post(where, {"after": "1"})
        assert answer.status_code == 409
        assert "Revision 2 was published in the meantime" in answer.content.decode()
        assert 'name="after" value="2"' in answer.content.decode()
        assert page.post(where, {"after": "2"}).status_code == 302

    def test_an_unchanged_document(self, page: Client, users: Users, published: Contract, small: str) -> None:
        where = self.draft(users, small)
        assert "is identical" in page.get(where).content.decode()
        page.post(where)
        assert published.revisions.count() == 1


class TestBadInput:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            pytest.param(BOMB, "aliases", id="yaml-bomb"),
            pytest.param("x: " + "y" * 1_200_000, "the maximum is 1,048,576", id="long"),
            pytest.param("[" * 100_000, "", id="deep"),
            pytest.param("a: [1\nb: }", "", id="broken-yaml"),
            pytest.param("just words", "", id="no-definition"),
            pytest.param("", "The text contains no ResourceGraphDefinition", id="empty"),
            pytest.param("a: \ud83d\ude00 \u202e <script>alert(1)</script>", "", id="odd-characters"),
        ],
    )
    def test_hostile_yaml_is_reported_and_its_draft_kept(self, page: Client, text: str, message: str) -> None:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16")
        answer = page.post(
            reverse("contracts:check"), {"text": text, "save": "1"}, headers={"HX-Request": "true"}
        )
        assert answer.status_code == 200
        assert message in answer.content.decode()
        assert "<script>alert" not in answer.content.decode()
        draft = Draft.objects.get()
        assert draft.text == text
        assert page.get(draft.get_absolute_url()).status_code == 200
        assert page.get(reverse("contracts:publication", args=[draft.pk])).status_code == 200

    def test_twenty_problems_are_reported(self, page: Client) -> None:
        answer = page.post(
            reverse("contracts:check"), {"text": TWENTY_MISTAKES}, headers={"Accept": "application/json"}
        )
        problems = [problem for problem in answer.json()["problems"] if problem["severity"] == "error"]
        assert [problem["line"] for problem in problems] == list(range(10, 30))

    def test_a_name_in_use(self, page: Client, users: Users, published: Contract, small: str) -> None:
        publish(small.replace("name: note", "name: memo").replace("Note", "Memo"), by=users.engineer)
        draft = Draft.objects.create(author=users.engineer, text=small.replace("name: note", "name: third"))
        answer = page.post(reverse("contracts:publication", args=[draft.pk]))
        assert answer.status_code == 422
        assert "belongs to the contract “note” of the team Platform" in answer.content.decode()
