"""What the cluster says, in words for people who do not know Kubernetes."""

from __future__ import annotations

import pytest

from reconciler.kube import Client, Unreachable
from reconciler.kube.config import Access
from reconciler.objects.reason_messages import in_plain_words, sentences


@pytest.mark.parametrize(
    ("said", "image", "shown"),
    [
        (
            "InvalidImageName: bad",
            "A:b",
            "The image A:b has a name that no image can have: correct it. (InvalidImageName: bad)",
        ),
        (
            "CrashLoopBackOff: back-off 5s",
            "",
            "The program starts and ends again and again: look at its logs. (CrashLoopBackOff: back-off 5s)",
        ),
        ("Busy: soon", "", "Busy: soon"),
        ("", "", ""),
    ],
)
def test_the_plain_words_come_first_and_the_raw_text_after_them(said: str, image: str, shown: str) -> None:
    assert in_plain_words(said, image) == shown


@pytest.mark.parametrize(
    ("reasons", "shown"),
    [
        ([], ""),
        (["a: It waits."], "a: It waits."),
        (["a: It waits.", "b: no node"], "a: It waits; b: no node"),
        (["It waits.", "It waits."], "It waits."),
    ],
)
def test_several_reasons_are_one_line(reasons: list[str], shown: str) -> None:
    assert sentences(reasons) == shown


async def test_a_cluster_that_is_away_is_told_without_the_words_of_sockets() -> None:
    async def nowhere() -> Access:
        return Access("https://127.0.0.1:9")

    async with Client(nowhere) as client:
        with pytest.raises(Unreachable) as raised:
            await client.version()
    assert str(raised.value) == "The cluster does not answer."
    assert raised.value.detail.startswith("https://127.0.0.1:9: ")
