"""A live message reaches exactly those who may see what changed: it tells nothing about other teams."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catalog.live_topics import InstancesTopic
from catalog.models import Instance
from contracts.live_topics import ContractsTopic
from contracts.models import Contract
from portal.accounts.models import Team, User
from portal.live.topics import Listener

USERS = [
    "admin", "engineer", "lead", "developer", "teammate", "viewer", "other", "outsider", "inactive",
]  # fmt: skip
Make = Callable[..., Instance]


@pytest.fixture(params=[True, False], ids=["offered to all", "not offered"])
def offered(request: pytest.FixtureRequest, contract: Contract) -> bool:
    Team.objects.filter(pk=contract.owner_id).update(offers_to_all=request.param)
    contract.refresh_from_db()
    return bool(request.param)


def known(users: dict[str, User]) -> list[User]:
    return [users[name] for name in USERS if name in users]


@pytest.mark.parametrize("namespace", ["checkout", "search", "of-no-team"])
def test_who_notices_an_instance_is_who_may_see_it(
    users: dict[str, User], make_instance: Make, offered: bool, namespace: str
) -> None:
    instance = make_instance("shop", namespace)
    assert len(known(users)) > 5
    for user in known(users):
        may = Instance.objects.visible_to(user).exists()
        assert Listener.of(user).belongs_to(instance.audience()) is may, user


@pytest.mark.parametrize("namespace", ["", "checkout", "search", "of-no-team"])
def test_who_notices_a_contract_is_who_may_see_it(
    users: dict[str, User], contract: Contract, make_instance: Make, offered: bool, namespace: str
) -> None:
    if namespace:
        make_instance("shop", namespace)
    for user in known(users):
        may = Contract.objects.visible_to(user).exists()
        assert Listener.of(user).belongs_to(contract.audience()) is may or not user.is_active, user


def test_the_version_of_a_list_is_that_of_its_visible_rows(
    users: dict[str, User], contract: Contract, make_instance: Make
) -> None:
    """It is sent at each connect, so that a reconnecting client could see others at work."""
    Team.objects.filter(pk=contract.owner_id).update(offers_to_all=False)
    instance = make_instance("shop", "checkout")
    lists = (InstancesTopic(), ContractsTopic())

    def versions(name: str) -> list[str]:
        return [topic.version(users[name], "") for topic in lists]

    own, others = versions("developer"), versions("other")
    instance.touch()
    contract.refresh_from_db()
    contract.withdraw(by=None, reason="")
    assert versions("other") == others
    assert all(now != before for now, before in zip(versions("developer"), own, strict=True))
