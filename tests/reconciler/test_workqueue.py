"""The queue: every key is processed, never twice at once, and failures are retried with increasing delays."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from reconciler.base.backoff import exponential_backoff
from reconciler.base.workqueue import MAX_DELAY, WorkQueue


async def test_a_key_that_is_added_twice_is_due_once() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    queue.add("a")
    assert await queue.get() == "a"
    assert len(queue) == 0


async def test_a_key_that_is_added_during_its_pass_is_due_again_after_it() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    await queue.get()
    queue.add("a")
    assert len(queue) == 0
    queue.done("a")
    assert await queue.get() == "a"


async def test_other_keys_do_not_wait_for_it() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    queue.add("b")
    assert [await queue.get(), await queue.get()] == ["a", "b"]


async def test_the_earliest_time_counts() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_after("a", 60)
    queue.add_after("a", 0.01)
    queue.add_after("a", 30)
    async with asyncio.timeout(5):
        assert await queue.get() == "a"


async def test_failures_back_off_and_success_resets_it() -> None:
    queue: WorkQueue[str] = WorkQueue()
    waits = [queue.add_rate_limited("a") for _ in range(12)]
    assert 0.1 <= waits[0] <= 0.2
    assert MAX_DELAY / 2 <= waits[-1] <= MAX_DELAY
    queue.forget("a")
    assert queue.add_rate_limited("a") <= 0.2
    assert queue.add_rate_limited("a", at_least=7) >= 7
    queue.discard("a")


async def test_a_key_is_tried_again_however_often_it_failed() -> None:
    queue: WorkQueue[str] = WorkQueue()
    for _ in range(1100):
        wait = queue.add_rate_limited("a")
    assert MAX_DELAY / 2 <= wait <= MAX_DELAY
    queue.discard("a")


@given(failures=st.integers(0, 10**9), first=st.floats(0.001, 10), longest=st.floats(10, 10**6))
def test_every_number_of_failures_has_a_wait(failures: int, first: float, longest: float) -> None:
    wait = exponential_backoff(failures, first, longest)
    following = exponential_backoff(failures + 1, first, longest)
    assert 0 <= wait <= following <= longest
    assert failures == 0 or wait >= first
    assert wait == longest or following >= 2 * wait or following == longest
