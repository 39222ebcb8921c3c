"""A deadline cuts its block, and nothing else."""

import asyncio

import pytest

from app.graphql.deadline import Cut, CutShort, Deadline


async def test_a_block_that_is_done_in_time_is_left_alone() -> None:
    with Deadline(0.02):
        await asyncio.sleep(0)
    await asyncio.sleep(0.04)


async def test_time_cuts_the_block_and_the_task_goes_on() -> None:
    with pytest.raises(CutShort) as caught, Deadline(0.01):
        await asyncio.sleep(5)
    assert caught.value.why is Cut.TIME
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


async def test_a_deadline_that_is_lifted_cuts_nothing() -> None:
    with Deadline(0.01) as deadline:
        deadline.lift()
        await asyncio.sleep(0.03)


async def test_who_cancels_the_task_meanwhile_is_obeyed() -> None:
    async def work() -> None:
        with Deadline(0.01):
            try:
                await asyncio.sleep(5)
            finally:
                await asyncio.sleep(5)  # cleaning up takes its time

    task = asyncio.create_task(work())
    await asyncio.sleep(0.03)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
