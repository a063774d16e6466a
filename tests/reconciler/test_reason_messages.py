"""Explanations of Kubernetes' reasons."""

from __future__ import annotations

import pytest

from reconciler.kube import Client, Unreachable
from reconciler.kube.config import Access
from reconciler.objects.reason_messages import explained, join_reasons


@pytest.mark.parametrize(
    ("reported", "image", "shown"),
    [
        (
            "InvalidImageName: bad",
            "A:b",
            "The image A:b has an invalid name: correct it. (InvalidImageName: bad)",
        ),
        (
            "CrashLoopBackOff: back-off 5s",
            "",
            "The container keeps crashing: look at its logs. (CrashLoopBackOff: back-off 5s)",
        ),
        ("Busy: soon", "", "Busy: soon"),
        ("", "", ""),
    ],
)
def test_the_explanation_comes_first_and_the_reason_after_it(reported: str, image: str, shown: str) -> None:
    assert explained(reported, image) == shown


@pytest.mark.parametrize(
    ("reasons", "shown"),
    [
        ([], ""),
        (["a: Waiting."], "a: Waiting."),
        (["a: Waiting.", "b: no node"], "a: Waiting; b: no node"),
        (["Waiting.", "Waiting."], "Waiting."),
    ],
)
def test_several_reasons_are_one_line(reasons: list[str], shown: str) -> None:
    assert join_reasons(reasons) == shown


async def test_an_unreachable_cluster_is_reported_without_socket_errors() -> None:
    async def nowhere() -> Access:
        return Access("https://127.0.0.1:9")

    async with Client(nowhere) as client:
        with pytest.raises(Unreachable) as raised:
            await client.version()
    assert str(raised.value) == "The cluster does not answer."
    assert raised.value.detail.startswith("https://127.0.0.1:9: ")
