"""Publishing creates immutable, numbered revisions; conflicts are reported with the owner's name."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import PermissionDenied

from contracts.models import Contract, Draft, InvalidReason, KnownSchema, RevisionIsImmutable
from contracts.problems import Problem, Rejected
from contracts.publishing import (
    BreakingChange,
    PublishRequest,
    StaleRevision,
    publish,
    publish_request,
    review_publication,
)
from portal.accounts.models import Membership, Role, User
from portal.audit.models import Entry
from tests.contracts.conftest import Users
from tests.contracts.definitions import existing

pytestmark = [pytest.mark.django_db, pytest.mark.backends]


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return text


def test_the_first_publication_creates_revision_one(users: Users, small: str) -> None:
    done = publish(small, by=users.engineer, note=" The first ")
    contract = done.contract
    assert (done.new, done.revision.number, done.revision.note) == (True, 1, "The first")
    assert (done.revision.author, done.revision.author_name) == (users.engineer, "engineer")
    assert done.revision.text == small
    assert (contract.name, contract.kind, contract.api_version) == (
        "note",
        "Note",
        "platform.example.com/v1alpha1",
    )
    assert (contract.title, contract.category, contract.owner.slug) == ("A note", "Texts", "platform")
    assert contract.revision == done.revision


def test_publishing_again_creates_revision_two_and_does_not_change_one(
    users: Users, published: Contract, small: str
) -> None:
    text = changed(small, ("What it says", "What the note says"), ("A note", "A better note"))
    done = publish(text, by=users.teammate)
    assert done.revision.number == 2
    assert Contract.objects.get(name="note").title == "A better note"
    assert published.revisions.get(number=1).text == small


def test_an_unchanged_document_creates_no_revision(users: Users, published: Contract, small: str) -> None:
    done = publish(small, by=users.engineer)
    assert (done.new, done.revision.number) == (False, 1)
    assert published.revisions.count() == 1


def test_an_older_document_is_a_new_revision(users: Users, published: Contract, small: str) -> None:
    publish(changed(small, ("What it says", "What the note says")), by=users.engineer)
    assert publish(small, by=users.engineer).revision.number == 3


def test_a_revision_cannot_be_changed(published: Contract) -> None:
    revision = published.revisions.get()
    revision.text = "something else"
    with pytest.raises(RevisionIsImmutable):
        revision.save()


def test_publishing_is_in_the_audit_log(users: Users, published: Contract) -> None:
    entry = Entry.objects.get(verb="contract.published")
    assert (entry.actor, entry.subject_name, entry.team_slug) == (users.engineer, "A note", "platform")
    assert entry.detail["revision"] == 1
    assert entry.detail["note"] == "The first"


def test_a_published_draft_is_deleted(users: Users, small: str) -> None:
    draft = Draft.objects.create(author=users.engineer, text=small)
    publish_request(PublishRequest(draft.text, users.engineer, draft=draft))
    assert not Draft.objects.exists()


def test_a_refused_draft_is_kept(users: Users) -> None:
    draft = Draft.objects.create(author=users.engineer, text="kind: Nonsense")
    with pytest.raises(Rejected):
        publish_request(PublishRequest(draft.text, users.engineer, draft=draft))
    assert Draft.objects.get().text == "kind: Nonsense"


def test_every_problem_is_reported_at_once(users: Users, small: str) -> None:
    text = changed(
        small, ("string | default", "strin | default"), ("${schema.spec.message}", "${schema.spec.mesage}")
    )
    with pytest.raises(Rejected) as refusal:
        publish(text, by=users.engineer)
    lines = {problem.line for problem in refusal.value.problems}
    assert {10, 20} <= lines or len(refusal.value.problems) >= 1
    assert not Contract.objects.exists()


def test_a_refused_revision_leaves_the_last_valid_one_in_use(
    users: Users, published: Contract, small: str
) -> None:
    with pytest.raises(Rejected):
        publish(changed(small, ("${schema.spec.message}", "${schema.spec.mesage}")), by=users.engineer)
    published.refresh_from_db()
    revision = existing(published.revision)
    assert (revision.number, revision.text) == (1, small)
    assert published.revisions.count() == 1


def test_another_order_of_nodes_is_another_revision(users: Users, published: Contract, small: str) -> None:
    node = "    - id: more\n      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: more}}\n"
    first, second = (
        changed(small, ("  resources:\n", f"  resources:\n{node}")),
        changed(small, ("---\napiVersion: slipway.dev", f"{node}---\napiVersion: slipway.dev")),
    )
    publish(first, by=users.engineer)
    assert publish(second, by=users.engineer).revision.number == 3


def test_a_concurrent_publication_is_reported(users: Users, published: Contract, small: str) -> None:
    """The engineer has seen the changes since revision 1; meanwhile a teammate publishes revision 2."""
    publish(changed(small, ("A note", "From a teammate")), by=users.teammate)
    text = changed(small, ("A note", "From the engineer"))
    with pytest.raises(StaleRevision, match="Revision 2 was published in the meantime"):
        publish_request(PublishRequest(text, users.engineer, after=1))
    assert Contract.objects.get().title == "From a teammate"


def test_a_failing_test_of_the_contract_refuses_it(users: Users, small: str) -> None:
    claim = "['settings.data.message == \"HELLO\"']"
    fine, loud = "{name: fine, expect: {}}", f"{{name: loud, expect: {{assert: {claim}}}}}"
    text = f"{small}  tests:\n    - {fine}\n    - {loud}\n"
    with pytest.raises(Rejected) as refusal:
        publish(text, by=users.engineer)
    (problem,) = refusal.value.problems
    assert (problem.code, problem.path, problem.line) == ("test-failed", "spec.tests[1]", 32)
    assert problem.message == (
        'Test “loud”: “settings.data.message == "HELLO"” should be true, '
        'but settings.data.message is "hello".'
    )


class TestWhoMayPublish:
    def test_engineers_of_the_owning_team(self, users: Users, small: str) -> None:
        publish(small, by=users.engineer)
        assert publish(changed(small, ("A note", "Another")), by=users.teammate).revision.number == 2

    @pytest.mark.parametrize("name", ["developer", "viewer", "other", "root"])
    def test_other_users_may_not_publish(self, users: Users, small: str, name: str) -> None:
        with pytest.raises(PermissionDenied, match="belongs to the team Platform"):
            publish(small, by=getattr(users, name))
        assert not Contract.objects.exists()

    def test_an_operator_at_the_command_line(self, users: Users, small: str) -> None:
        assert publish(small, by=None).revision.author_name == "slipway"

    def test_the_default_owner_is_the_authors_team(self, users: Users, small: str) -> None:
        text = changed(small, ("  owner: platform\n", ""))
        assert publish(text, by=users.other).contract.owner == users.search

    def test_a_contract_keeps_its_owner_if_the_document_names_none(
        self, users: Users, published: Contract, small: str
    ) -> None:
        text = changed(small, ("  owner: platform\n", ""))
        with pytest.raises(PermissionDenied, match="Platform"):
            publish(text, by=users.other)

    def test_a_change_of_owner_needs_rights_in_both_teams(
        self, users: Users, published: Contract, small: str
    ) -> None:
        text = changed(small, ("owner: platform", "owner: search"))
        with pytest.raises(Rejected, match="There is no team “search”"):  # not a team that they know of
            publish(text, by=users.engineer)
        with pytest.raises(PermissionDenied):
            publish(text, by=users.other)
        Membership.objects.create(user=users.teammate, team=users.search, role=Role.ENGINEER)
        assert publish(text, by=users.teammate).contract.owner == users.search


def problems_of(text: str, by: User) -> dict[str, Problem]:
    with pytest.raises(Rejected) as refusal:
        publish(text, by=by)
    return {problem.code: problem for problem in refusal.value.problems}


class TestNameConflicts:
    @pytest.mark.parametrize(
        ("change", "code", "found"),
        [
            pytest.param(
                ("owner: platform", "owner: missing"), "owner-unknown",
                (
                    "There is no team “missing”.",
                    28,
                ),
                id="unknown-owner",
            ),
            pytest.param(
                ("name: note", "name: new"), "name-reserved",
                (
                    "“new” is reserved: a page of the portal has that address.",
                    4,
                ),
                id="page-name",
            ),
            pytest.param(
                ("platform.example.com", "apps"), "bad-name",
                (
                    "An API group must be a lowercase domain name, for example platform.example.com.",
                    7,
                ),
                id="group-without-dot",
            ),
            pytest.param(
                ("platform.example.com", "storage.k8s.io"), "group-reserved",
                (
                    "The group “storage.k8s.io” is reserved for Kubernetes, kro or Slipway itself.",
                    7,
                ),
                id="protected-group",
            ),
            pytest.param(
                ("platform.example.com", "slipway.dev"), "group-reserved",
                (
                    "The group “slipway.dev” is reserved for Kubernetes, kro or Slipway itself.",
                    7,
                ),
                id="our-group",
            ),
        ],
    )  # fmt: skip
    def test_reserved_names(
        self, users: Users, small: str, change: tuple[str, str], code: str, found: tuple[str, int]
    ) -> None:
        problem = problems_of(changed(small, change), users.engineer)[code]
        assert (problem.message, problem.line) == found

    def test_kros_own_kinds(self, users: Users, small: str) -> None:
        text = changed(small, ("platform.example.com", "kro.run"), ("kind: Note", "kind: GraphRevision"))
        assert "kind-reserved" in problems_of(text, users.engineer)

    def test_a_kind_of_another_contract_is_named_with_its_owner(
        self, users: Users, published: Contract, small: str
    ) -> None:
        found = problems_of(changed(small, ("name: note", "name: memo")), users.engineer)["kind-taken"]
        assert found.message == (
            "The kind Note of platform.example.com belongs to the contract “note” of the team Platform."
        )
        assert (found.path, found.line) == ("spec.schema.kind", 9)

    def test_a_withdrawn_contract_keeps_its_kind(self, users: Users, published: Contract, small: str) -> None:
        published.withdraw(by=users.engineer, reason="Nobody needs it")
        found = problems_of(changed(small, ("name: note", "name: memo")), users.engineer)["kind-taken"]
        assert "withdrawn, but its instances remain" in found.message

    def test_the_same_plural_of_another_kind(self, users: Users, published: Contract, small: str) -> None:
        text = changed(small, ("name: note", "name: memo"), ("kind: Note", "kind: NOTE"))
        assert "plural notes" in problems_of(text, users.engineer)["kind-taken"].message

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (("kind: Note", "kind: Memo"), "The kind of “note” is Note and cannot be changed to Memo"),
            (
                ("platform.example.com", "example.com"),
                "The group of “note” is platform.example.com and cannot be changed to",
            ),
            (("    apiVersion: v1alpha1", "    apiVersion: v1"), "The apiVersion of “note” is v1alpha1"),
            (("    kind: Note", "    scope: Cluster\n    kind: Note"), "The scope of “note” is Namespaced"),
        ],
    )
    def test_the_identity_of_a_contract_never_changes(
        self, users: Users, published: Contract, small: str, change: tuple[str, str], message: str
    ) -> None:
        text = small.replace(*change, 1)
        if "scope: Cluster" in text:
            text = changed(text, ("          name: $", "          namespace: notes\n          name: $"))
        assert problems_of(text, users.engineer)["identity-changed"].message.startswith(message)


# what a cluster's row says of a kind → severity and message of the problem
INSTALLED: dict[str, tuple[dict[str, str], str, str]] = {
    "by helm": ({"owner": "“helm”"}, "error", "kind Note in platform.example.com. It belongs to “helm”."),
    "by kro": (
        {"owner": "kro (ResourceGraphDefinition notes)"},
        "error",
        "It belongs to kro (ResourceGraphDefinition notes).",
    ),
    "by a tool without a label": ({"owner": ""}, "error", "Another tool installed it."),
    "the same plural": (
        {"kind": "Notice", "owner": "“helm”"},
        "error",
        "plural notes in platform.example.com. It belongs to “helm”.",
    ),
    "by another contract": ({"contract": "other"}, "error", "for the contract “other”."),
    "by this contract, with a lost database": ({"contract": "note"}, "warning", "already has the kind Note"),
    "by an unknown owner": ({}, "warning", "already has the kind Note"),
}


@pytest.mark.parametrize(("known", "severity", "message"), INSTALLED.values(), ids=INSTALLED.keys())
def test_a_kind_that_the_cluster_has_is_a_problem_with_its_owner(
    users: Users, small: str, known: dict[str, str], severity: str, message: str
) -> None:
    kind = {"kind": "Note", "plural": "notes", "namespaced": True, **known}
    KnownSchema.objects.create(
        destination="production",
        group_version="platform.example.com/v1",  # another version of the same definition
        content_hash="1",
        kinds=[{"kind": "Board", "plural": "boards", "namespaced": True, "owner": ""}, kind],
        document={},
    )
    found = [one for one in review_publication(small, by=users.engineer).problems if "kind" in one.code]
    assert [one.severity for one in found] == [severity]
    assert found[0].message.startswith("“production” already has the ")
    assert message in found[0].message
    if severity == "error":
        with pytest.raises(Rejected):
            publish(small, by=users.engineer)


def allowing_breaking_changes(text: str, value: str = "true") -> str:
    """With kro's annotation in the metadata of the definition."""
    annotations = f'annotations: {{kro.run/allow-breaking-changes: "{value}"}}'
    return re.sub(r"(?m)^metadata:\n  name: (.*)$", rf"metadata:\n  name: \1\n  {annotations}", text, count=1)


class TestBreakingChanges:
    BREAKING = ('message: string | default=hello description="What it says"', "other: string")

    def breaking(self, small: str) -> str:
        return changed(small, self.BREAKING, ("${schema.spec.message}", "${schema.spec.other}"))

    def test_breaking_changes_are_shown_and_refused(
        self, users: Users, published: Contract, small: str
    ) -> None:
        with pytest.raises(BreakingChange) as refusal:
            publish(self.breaking(small), by=users.engineer)
        assert [problem.code for problem in refusal.value.problems] == ["breaking-change"]
        assert published.revisions.count() == 1

    def test_breaking_changes_with_a_reason_are_published_and_the_reason_saved(
        self, users: Users, published: Contract, small: str
    ) -> None:
        done = publish(self.breaking(small), by=users.engineer, breaking_reason="Nobody uses it yet")
        assert done.revision.number == 2
        entry = existing(Entry.objects.filter(verb="contract.published").first())
        assert entry.reason == "Nobody uses it yet"
        assert entry.detail["breaking"]

    @pytest.mark.parametrize(
        ("given", "reason"),
        [("", "allowed by the definition"), ("Nobody uses it yet", "Nobody uses it yet")],
    )
    def test_the_annotation_of_the_definition_confirms_breaking_changes(
        self, users: Users, published: Contract, small: str, given: str, reason: str
    ) -> None:
        publish(allowing_breaking_changes(self.breaking(small)), by=users.engineer, breaking_reason=given)
        entry = existing(Entry.objects.filter(verb="contract.published").first())
        assert (entry.reason, bool(entry.detail["breaking"])) == (reason, True)

    @pytest.mark.parametrize("value", ["True", "false", ""])
    def test_another_value_of_the_annotation_confirms_nothing(
        self, users: Users, published: Contract, small: str, value: str
    ) -> None:
        with pytest.raises(BreakingChange):
            publish(allowing_breaking_changes(self.breaking(small), value), by=users.engineer)
        assert published.revisions.count() == 1

    def test_the_annotation_is_no_reason_for_compatible_changes(
        self, users: Users, published: Contract, small: str
    ) -> None:
        publish(allowing_breaking_changes(small), by=users.engineer)
        entry = existing(Entry.objects.filter(verb="contract.published").first())
        assert entry.reason == ""

    def test_compatible_changes_need_no_reason(self, users: Users, published: Contract, small: str) -> None:
        text = changed(small, ("    status:", "      colour: string | default=red\n    status:"))
        review = review_publication(text, by=users.engineer)
        assert review.changes
        assert not review.breaking
        assert publish(text, by=users.engineer).new


class TestWithdrawal:
    def test_a_withdrawn_contract_leaves_the_catalog_until_it_is_offered_again(
        self, users: Users, published: Contract
    ) -> None:
        published.withdraw(by=users.engineer, reason="It is replaced")
        assert not Contract.objects.available().exists()
        published.reinstate(by=users.engineer, reason="It is needed after all")
        assert Contract.objects.available().get() == published
        verbs = Entry.objects.exclude(verb="contract.published").order_by("pk").values_list("verb", "reason")
        assert list(verbs) == [
            ("contract.withdrawn", "It is replaced"),
            ("contract.reinstated", "It is needed after all"),
        ]

    def test_withdrawing_is_idempotent(self, users: Users, published: Contract) -> None:
        published.withdraw(by=users.engineer, reason="It is replaced")
        moment = published.withdrawn_at
        published.withdraw(by=users.engineer, reason="Again")
        assert published.withdrawn_at == moment
        assert Entry.objects.filter(verb="contract.withdrawn").count() == 1

    def test_a_reason_is_required(self, users: Users, published: Contract) -> None:
        with pytest.raises(InvalidReason):
            published.withdraw(by=users.engineer, reason="  ")
        assert not published.withdrawn

    @pytest.mark.parametrize("name", ["developer", "viewer", "other"])
    def test_only_engineers_of_the_owning_team(self, users: Users, published: Contract, name: str) -> None:
        with pytest.raises(PermissionDenied):
            published.withdraw(by=getattr(users, name), reason="Because")

    def test_a_new_revision_of_a_withdrawn_contract_stays_withdrawn(
        self, users: Users, published: Contract, small: str
    ) -> None:
        published.withdraw(by=users.engineer, reason="It is replaced")
        assert publish(changed(small, ("A note", "Another")), by=users.engineer).contract.withdrawn


class TestDrafts:
    def test_a_draft_changed_in_another_window_is_not_overwritten(self, users: Users) -> None:
        draft = Draft.objects.create(author=users.engineer, text="one")
        seen = draft.version
        draft.save_text("two", seen=seen)
        third = draft.save_text("three", seen=seen)
        assert third.pk != draft.pk
        assert sorted(Draft.objects.values_list("text", flat=True)) == ["three", "two"]

    def test_a_deleted_draft_is_recreated(self, users: Users) -> None:
        draft = Draft.objects.create(author=users.engineer, text="one")
        Draft.objects.all().delete()
        assert draft.save_text("two", seen=draft.version).text == "two"
