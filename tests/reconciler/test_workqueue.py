"""The queue: every key is processed, never twice at once, and failures are retried with increasing delays."""

from __future__ import annotations

import asyncio

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
