"""A call of the library, bounded: nothing of it is left over, however it ends."""

import asyncio
import gc
from typing import Any

import pytest

from services.events.line import bounded


async def test_a_call_that_fails_while_its_caller_is_cancelled_leaves_no_error_behind() -> None:
    unnoticed: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: unnoticed.append(what))

    async def fail() -> None:
        caller.cancel()
        raise ConnectionError

    caller = asyncio.create_task(bounded(fail(), 5))
    with pytest.raises(asyncio.CancelledError):
        await caller
    await asyncio.sleep(0)
    gc.collect()

    assert unnoticed == []
