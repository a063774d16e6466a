"""What a refusal of the API server means for the change that was asked for."""

from __future__ import annotations

import pytest

from catalog.models import ChangeState
from reconciler.engine.delivery import refusal
from reconciler.kube import ApiError

WAITS, IS_OVER = ChangeState.APPROVED, ChangeState.REFUSED

ANSWERS = {
    "a right is missing": (
        403,
        'webs.a.dev "one" is forbidden: User "slipway" cannot patch resource "webs" in API group "a.dev" '
        'in the namespace "shop"',
        WAITS,
        "Slipway lacks a right in the cluster",
    ),
    "the kind is going": (
        403,
        'webs.a.dev "one" is forbidden: create not allowed while custom resource definition is terminating',
        WAITS,
        "Its kind is being removed",
    ),
    "a quota": (
        403,
        'webs.a.dev "one" is forbidden: exceeded quota: few, requested: pods=1, limited: pods=3',
        IS_OVER,
        "exceeded quota: few",
    ),
    "a policy": (
        403,
        'admission webhook "names.example.com" denied the request: the name cannot be one',
        IS_OVER,
        "the name cannot be one",
    ),
    "a namespace that is not there": (
        404,
        'namespaces "shop" not found',
        IS_OVER,
        "The namespace shop does not exist in the cluster.",
    ),
    "a field that the kind does not have": (
        500,
        "failed to create typed patch object: .spec.colour: field not declared in schema",
        IS_OVER,
        "The contract has no field “spec.colour”.",
    ),
    "too many requests": (429, "the server is busy", WAITS, "The cluster could not take it right now"),
    "a fault of the server": (500, "etcd is away", WAITS, "The cluster could not take it right now"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_change_waits_when_asking_again_may_help(case: str) -> None:
    code, message, state, words = ANSWERS[case]
    delivery = refusal(ApiError(code, message))
    assert delivery.state == state
    assert words in delivery.message
