"""The demo's contracts: published once, and not changed afterwards."""

from __future__ import annotations

import pytest

from contracts import demo
from contracts.contract_templates import samples, template_text
from contracts.models import Contract, Revision
from contracts.publishing import Publication, publish
from portal.accounts.models import Team


@pytest.fixture
def loaded(db: None) -> list[Publication]:
    Team.objects.create(slug="platform", name="Platform", offers_to_all=True)
    return demo.load()


def test_every_sample_is_published_under_the_name_of_its_file(loaded: list[Publication]) -> None:
    assert {one.contract.name for one in loaded} == set(samples())


def test_loading_again_keeps_the_changes_of_users(loaded: list[Publication]) -> None:
    text = template_text("scheduled-job").replace("title: Scheduled job", "title: Nightly job")
    publish(text, by=None, note="Ours")
    Contract.objects.get(name="team-namespace").withdraw(by=None, reason="Not ours.")
    before = Revision.objects.count()
    assert demo.load() == []
    assert Revision.objects.count() == before
    assert Contract.objects.get(name="scheduled-job").title == "Nightly job"
    assert Contract.objects.get(name="team-namespace").withdrawn
