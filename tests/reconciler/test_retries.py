"""When something that failed is tried again."""

from __future__ import annotations

from reconciler.base.retries import Retries


def test_the_back_off_grows_per_key_until_it_is_forgotten() -> None:
    now = [0.0]
    retries: Retries[str] = Retries(first=1.0, longest=5.0, clock=lambda: now[0])
    assert retries.is_due("a")
    for delay in (1.0, 2.0, 4.0, 5.0, 5.0):
        retries.failed("a")
        assert (retries.is_due("a"), retries.is_due("b")) == (False, True)
        assert retries.seconds_until_next(99.0) == delay
        assert retries.seconds_until_next(0.5) == 0.5
        now[0] += delay
        assert retries.is_due("a")
        assert retries.seconds_until_next(99.0) == 99.0, "what is due is not waited for"
    retries.failed("a")
    retries.failed("b")
    assert retries.seconds_until_next(99.0) == 1.0
    retries.forget("b")
    assert retries.is_due("b")
    retries.forget_all()
    assert retries.is_due("a")
    retries.failed("a")
    assert retries.seconds_until_next(99.0) == 1.0, "it starts again"


def test_an_attempt_that_began_before_the_news_is_repeated_at_once() -> None:
    retries: Retries[str] = Retries(first=1.0, clock=lambda: 0.0)
    epoch = retries.epoch
    retries.forget_all()
    retries.failed("a", epoch)
    assert retries.is_due("a")
    retries.failed("a", retries.epoch)
    assert not retries.is_due("a")
