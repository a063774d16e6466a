"""Every page of contracts: content and permissions."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import reverse

from contracts.demo import load
from contracts.live_topics import ContractsTopic, ContractTopic
from contracts.models import Contract, Draft
from contracts.portal_hooks import find, home_sections
from contracts.publishing import PublishRequest, publish, publish_request
from tests.contracts.conftest import SMALL, Browser, Users

pytestmark = pytest.mark.django_db

READING = ("contracts:list", "contracts:detail", "contracts:revision", "contracts:compare", "contracts:file")
WRITING = ("contracts:new", "contracts:edit", "contracts:import")
ARGS: dict[str, list[Any]] = {
    "contracts:detail": ["note"],
    "contracts:revision": ["note", 1],
    "contracts:compare": ["note"],
    "contracts:file": ["note", 1, "contract.yaml"],
    "contracts:edit": ["note"],
}


def address(view: str) -> str:
    return reverse(view, args=ARGS.get(view))


class TestReadPermissions:
    @pytest.mark.parametrize("view", READING)
    @pytest.mark.parametrize("name", ["engineer", "other", "developer", "viewer", "root"])
    def test_all_users_may_read(
        self, browser: Browser, users: Users, published: Contract, view: str, name: str
    ) -> None:
        assert browser(getattr(users, name)).get(address(view)).status_code == 200

    @pytest.mark.parametrize("view", READING + WRITING)
    def test_anonymous_readers_are_redirected_to_the_sign_in_page(
        self, browser: Browser, published: Contract, view: str
    ) -> None:
        answer = browser(None).get(address(view))
        assert answer.status_code == 302
        assert "/login/" in answer.headers["Location"]

    @pytest.mark.parametrize("view", WRITING)
    @pytest.mark.parametrize(
        ("name", "status"),
        [("engineer", 200), ("other", 200), ("root", 200), ("developer", 403), ("viewer", 403)],
    )
    @pytest.mark.usefixtures("published")
    def test_only_engineers_may_write(
        self, browser: Browser, users: Users, view: str, name: str, status: int
    ) -> None:
        assert browser(getattr(users, name)).get(address(view)).status_code == status

    @pytest.mark.parametrize("view", READING)
    def test_reading_changes_nothing(
        self, browser: Browser, users: Users, published: Contract, view: str
    ) -> None:
        assert browser(users.engineer).post(address(view)).status_code == 405

    @pytest.mark.parametrize("view", ["contracts:withdrawal", "contracts:reinstatement"])
    def test_changing_needs_a_post(
        self, browser: Browser, users: Users, published: Contract, view: str
    ) -> None:
        assert browser(users.engineer).get(reverse(view, args=["note"])).status_code == 405

    @pytest.mark.parametrize("name", ["developer", "other"])
    def test_only_owners_may_withdraw(
        self, browser: Browser, users: Users, published: Contract, name: str
    ) -> None:
        answer = browser(getattr(users, name)).post(
            reverse("contracts:withdrawal", args=["note"]), {"reason": "No"}
        )
        assert answer.status_code == 403
        assert not Contract.objects.get().withdrawn

    def test_only_its_author_sees_a_draft(self, browser: Browser, users: Users) -> None:
        draft = Draft.objects.create(author=users.engineer, text="a: secret")
        for view in ("contracts:draft", "contracts:publication"):
            assert browser(users.teammate).get(reverse(view, args=[draft.pk])).status_code == 404
        for view in ("contracts:publication", "contracts:draft-delete", "contracts:draft"):
            posted = {"text": "a: mine", "seen": "", "draft": draft.pk}
            answer = browser(users.teammate).post(reverse(view, args=[draft.pk]), posted, follow=True)
            assert "This draft was published or deleted." in answer.content.decode()
            assert "secret" not in answer.content.decode()
        assert [(one.author, one.text) for one in Draft.objects.order_by("pk")] == [
            (users.engineer, "a: secret"),
            (users.teammate, "a: mine"),
        ]

    def test_text_typed_for_a_draft_that_is_gone_is_kept(
        self, browser: Browser, users: Users, published: Contract
    ) -> None:
        """Its contract too: the draft was published in another window, or its author clicked twice."""
        engineer, draft = (
            browser(users.engineer),
            Draft.objects.create(author=users.engineer, contract=published, text=SMALL + "# more\n"),
        )
        path = reverse("contracts:publication", args=[draft.pk])
        for message in ("revision 2 published", "This draft was published or deleted."):
            assert message in engineer.post(path, {"after": "1"}, follow=True).content.decode()
        posted = {"text": "a: typed", "seen": "", "draft": draft.pk, "contract": "note"}
        answer = engineer.post(reverse("contracts:draft", args=[draft.pk]), posted, follow=True)
        assert "Your text was saved as a separate draft." in answer.content.decode()
        assert [(one.text, one.contract) for one in Draft.objects.all()] == [("a: typed", published)]


class TestWritePermissions:
    """Every address that changes something refuses users without permission."""

    POSTS = ("contracts:check", "contracts:new", "contracts:import", "contracts:edit")

    @pytest.mark.parametrize("view", POSTS)
    @pytest.mark.parametrize("name", ["developer", "viewer"])
    def test_a_refusal_has_a_reason(
        self, browser: Browser, users: Users, published: Contract, view: str, name: str
    ) -> None:
        answer = browser(getattr(users, name)).post(address(view), {"text": "a: 1", "save": "1"})
        assert answer.status_code == 403
        assert not Draft.objects.exists()

    @pytest.mark.parametrize("view", POSTS)
    def test_anonymous_users_are_redirected_to_the_sign_in_page(
        self, browser: Browser, published: Contract, view: str
    ) -> None:
        answer = browser(None).post(address(view), {"text": "a: 1", "save": "1"})
        assert (answer.status_code, Draft.objects.exists()) == (302, False)

    def test_checking_needs_a_post(self, browser: Browser, users: Users) -> None:
        assert browser(users.engineer).get(reverse("contracts:check")).status_code == 405

    def test_a_draft_is_deleted_by_a_post_of_its_author(self, browser: Browser, users: Users) -> None:
        draft = Draft.objects.create(author=users.engineer, text="a: 1")
        where = reverse("contracts:draft-delete", args=[draft.pk])
        assert browser(users.engineer).get(where).status_code == 405
        assert browser(users.engineer).post(where).status_code == 302
        assert not Draft.objects.exists()

    @pytest.mark.parametrize(
        "path", ["/contracts/%00/", "/contracts/?q=%00&owner=%00&category=%00", "/contracts/x/"]
    )
    def test_malformed_addresses_are_not_found(
        self, browser: Browser, users: Users, published: Contract, path: str
    ) -> None:
        assert browser(users.engineer).get(path).status_code in (200, 400, 404)


class TestShell:
    """The hooks of this app: search, home page, live topics."""

    def test_engineers_find_contracts_by_title_and_description(
        self, users: Users, published: Contract
    ) -> None:
        assert [result.label for result in find(users.engineer, "note")] == ["A note"]
        assert list(find(users.developer, "note")) == []

    def test_drafts_are_listed_on_the_home_page(self, rf: RequestFactory, users: Users) -> None:
        Draft.objects.create(author=users.engineer, text="")
        request = rf.get("/")
        request.user = users.engineer
        assert [section.template for section in home_sections(request)] == ["contracts/_home.html"]
        request.user = users.developer
        assert list(home_sections(request)) == []

    def test_all_users_may_subscribe_to_contracts(self, users: Users, published: Contract) -> None:
        topic = ContractTopic()
        assert topic.may_listen(users.viewer, str(published.pk))
        assert not topic.may_listen(users.viewer, "0")
        assert (
            ContractsTopic()
            .version(users.viewer, "")
            .endswith(topic.version(users.viewer, str(published.pk)))
        )
        before = topic.version(users.viewer, str(published.pk))
        published.withdraw(by=users.engineer, reason="It is replaced")
        assert topic.version(users.viewer, str(published.pk)) != before

    def test_the_samples_are_published_once(self, users: Users) -> None:
        assert [done.new for done in load()] == [True] * 6
        assert load() == []


class TestList:
    def test_it_shows_title_owner_kind_and_revision(
        self, browser: Browser, users: Users, published: Contract
    ) -> None:
        text = browser(users.viewer).get(reverse("contracts:list")).content.decode()
        for word in ("A note", "Platform", "Note", "Texts", "Published"):
            assert word in text

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=note", True), ("q=NOTE+platform", True), ("q=nothing", False), ("owner=platform", True),
            ("owner=search", False), ("category=Texts", True), ("category=Web", False),
            ("state=published", True), ("state=withdrawn", False), ("state=beta", False), ("page=99", True),
        ],
    )  # fmt: skip
    def test_filters_are_in_the_address(
        self, browser: Browser, users: Users, published: Contract, query: str, found: bool
    ) -> None:
        text = browser(users.viewer).get(f"{reverse('contracts:list')}?{query}").content.decode()
        assert ("A note" in text) is found
        assert ("No results" in text) is not found

    @pytest.mark.parametrize(
        ("name", "expected"),
        [("engineer", "New contract"), ("viewer", "have not published any contracts yet")],
    )
    def test_an_empty_list_suggests_what_to_do(
        self, browser: Browser, users: Users, name: str, expected: str
    ) -> None:
        assert expected in browser(getattr(users, name)).get(reverse("contracts:list")).content.decode()

    def test_drafts_are_shown_to_their_author(
        self, browser: Browser, users: Users, published: Contract
    ) -> None:
        Draft.objects.create(author=users.engineer, contract=published)
        assert "Draft of note" in browser(users.engineer).get(reverse("contracts:list")).content.decode()
        assert "Draft of note" not in browser(users.teammate).get(reverse("contracts:list")).content.decode()

    def test_the_live_refresh_returns_the_list_alone(
        self, browser: Browser, users: Users, published: Contract
    ) -> None:
        text = (
            browser(users.viewer)
            .get(reverse("contracts:list"), headers={"HX-Request": "true"})
            .content.decode()
        )
        assert text.lstrip().startswith("<section")


class TestReading:
    def test_the_contract_shows_fields_and_nodes(
        self, browser: Browser, users: Users, published: Contract
    ) -> None:
        text = browser(users.viewer).get(published.get_absolute_url()).content.decode()
        for word in ("message", "What it says", "ConfigMap", "settings", "Revision 1", "The first"):
            assert word in text

    def test_a_revision_shows_its_source_highlighted_and_escaped(
        self, browser: Browser, users: Users, small: str
    ) -> None:
        publish(small.replace("What it says", "<b>bold</b>"), by=users.engineer)
        text = browser(users.viewer).get(reverse("contracts:revision", args=["note", 1])).content.decode()
        assert '<span class="k">apiVersion</span>' in text
        assert "<b>bold</b>" not in text

    def test_two_revisions_are_compared(
        self, browser: Browser, users: Users, published: Contract, small: str
    ) -> None:
        publish(small.replace("What it says", "What the note says"), by=users.engineer)
        text = browser(users.viewer).get(reverse("contracts:compare", args=["note"])).content.decode()
        assert "From revision 1 to revision 2" in text
        assert 'class="removed"' in text
        assert 'class="added"' in text

    @pytest.mark.parametrize("query", ["from=1&to=7", "from=x", "from=99999999999999999999"])
    def test_missing_revisions(self, browser: Browser, users: Users, published: Contract, query: str) -> None:
        assert (
            browser(users.viewer).get(f"{reverse('contracts:compare', args=['note'])}?{query}").status_code
            == 404
        )

    def test_downloads(self, browser: Browser, users: Users, published: Contract, small: str) -> None:
        def get(file: str) -> Any:
            return browser(users.viewer).get(reverse("contracts:file", args=["note", 1, file]))

        assert get("contract.yaml").content.decode() == small
        definition = get("definition.yaml").content.decode()
        assert definition.startswith("apiVersion: kro.run/v1alpha1")
        assert "kind: Contract" not in definition
        assert "---" not in definition
        assert "name: notes.platform.example.com" in get("crd.yaml").content.decode()
        assert get("other.yaml").status_code == 404

    def test_a_withdrawn_contract_can_still_be_read(
        self, browser: Browser, users: Users, published: Contract
    ) -> None:
        published.withdraw(by=users.engineer, reason="It is replaced")
        answer = browser(users.viewer).get(published.get_absolute_url())
        assert answer.status_code == 200
        assert "Withdrawn" in answer.content.decode()


class TestWithdrawal:
    def test_withdraw_and_offer_again(self, browser: Browser, users: Users, published: Contract) -> None:
        page = browser(users.engineer)
        page.post(reverse("contracts:withdrawal", args=["note"]), {"reason": "It is replaced"})
        assert Contract.objects.get().withdrawn
        page.post(reverse("contracts:reinstatement", args=["note"]), {"reason": "It is needed"})
        assert not Contract.objects.get().withdrawn

    def test_without_a_reason_the_form_is_shown_again(
        self, browser: Browser, users: Users, published: Contract
    ) -> None:
        answer = browser(users.engineer).post(reverse("contracts:withdrawal", args=["note"]), {"reason": ""})
        assert answer.status_code == 422
        assert "Enter a reason" in answer.content.decode()


class TestReach:
    """Every page of a contract says what it reaches outside the namespace of its instances."""

    WORDS = "Creates the ConfigMap note in the namespace shared"

    @pytest.fixture
    def text(self, small: str) -> str:
        namespaced = "          name: note\n          namespace: shared"
        return small.replace("          name: ${schema.metadata.name}", namespaced)

    @pytest.mark.parametrize("view", ["contracts:detail", "contracts:revision"])
    def test_of_a_published_contract(self, browser: Browser, users: Users, text: str, view: str) -> None:
        publish_request(PublishRequest(text, by=None, grant_reason="agreed"))
        assert self.WORDS in browser(users.viewer).get(address(view)).content.decode()

    def test_in_the_catalog(self, browser: Browser, users: Users, text: str) -> None:
        publish_request(PublishRequest(text, by=None, grant_reason="agreed"))
        assert self.WORDS in browser(users.viewer).get("/catalog/note/").content.decode()

    def test_of_a_draft(self, browser: Browser, users: Users, text: str) -> None:
        draft = Draft.objects.create(author=users.engineer, text=text)
        publication = reverse("contracts:publication", args=[draft.pk])
        page = browser(users.engineer).get(publication).content.decode()
        assert self.WORDS in page
        assert "portal admin" in page
        editor = browser(users.engineer).get(draft.get_absolute_url()).content.decode()
        assert self.WORDS in editor
        assert 'data-goto-line="21"' in editor

    def test_also_of_a_string_of_the_wrong_type(self, browser: Browser, users: Users, text: str) -> None:
        text = text.replace("string | default=hello", "integer | default=1")
        answer = browser(users.engineer).post(reverse("contracts:check"), {"text": text})
        assert self.WORDS in answer.content.decode()

    def test_nothing_without_reach(self, browser: Browser, users: Users, published: Contract) -> None:
        page = browser(users.viewer).get(address("contracts:detail")).content.decode()
        assert 'id="reach"' not in page
