"""Contracts that create each other's kinds: publishing the one that closes the ring is refused."""

from __future__ import annotations

import pytest

from contracts.models import Contract
from contracts.problems import Rejected, errors
from contracts.publishing import publish
from tests.contracts.conftest import Users

DEFINITION = """\
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: NAME}
spec:
  schema:
    group: rings.example.com
    apiVersion: v1alpha1
    kind: KIND
    spec: {more: boolean | default=true}
  resources:
    - id: child
      CONDITION
      template:
        apiVersion: rings.example.com/v1alpha1
        kind: CREATED
        metadata: {name: "${schema.metadata.name}"}
---
apiVersion: slipway.dev/v1alpha1
kind: Contract
spec: {owner: OWNER}
"""


def ring(kind: str, created: str, condition: str = "", owner: str = "platform") -> str:
    text = DEFINITION.replace("NAME", kind.lower()).replace("KIND", kind).replace("CREATED", created)
    return text.replace("CONDITION", condition or "readyWhen: []").replace("OWNER", owner)


def test_the_last_contract_of_a_ring_is_refused(users: Users) -> None:
    publish(ring("First", "Second"), by=users.engineer)
    publish(ring("Second", "Third"), by=users.engineer)
    with pytest.raises(Rejected) as refused:
        publish(ring("Third", "First"), by=users.engineer)
    (problem,) = errors(refused.value.problems)
    assert problem.code == "endless-instances"
    assert "Each Third creates a First, which creates a Second, which creates a Third" in problem.message
    condition = 'includeWhen: ["${schema.spec.more}"]'
    done = publish(ring("Third", "First", condition), by=users.engineer)
    assert "endless-instances" in {problem.code for problem in done.problems}


def test_the_newest_revision_of_the_others_counts(users: Users) -> None:
    publish(ring("First", "Second"), by=users.engineer)
    publish(ring("First", "Other"), by=users.engineer)
    assert publish(ring("Second", "First"), by=users.engineer).new
    with pytest.raises(Rejected):
        publish(ring("First", "Second"), by=users.engineer)


def test_a_ring_through_a_contract_that_the_author_may_not_see(users: Users) -> None:
    users.platform.offers_to_all = False
    users.platform.save()
    publish(ring("First", "Second"), by=users.engineer)
    assert not Contract.objects.visible_to(users.other).exists()
    with pytest.raises(Rejected) as refused:
        publish(ring("Second", "First", owner="search"), by=users.other)
    assert [problem.code for problem in errors(refused.value.problems)] == ["endless-instances"]
