"""A handshake that is under way when the server is told to stop."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from app.wire import EXTENSION
from tests.app.test_wire import Running, faults, rest, until


class Slow(Running):
    """Accepts at the instant in which the handshake is given up, and closes at once."""

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        transport = scope["extensions"][EXTENSION]._transport
        while not transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(0)
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1012})


@pytest.fixture
def slow() -> Iterator[Slow]:
    started = Slow()
    started.thread.start()
    while not started.server.started:
        time.sleep(0.005)
    yield started
    started.server.should_exit = True
    started.thread.join()


async def test_it_is_refused_as_long_as_the_restart_takes_and_nothing_is_logged(
    slow: Slow, caplog: pytest.LogCaptureFixture
) -> None:
    slow.accepting = False  # it takes its time
    async with slow.raw() as (reader, _):
        await until(lambda: slow.server.server_state.tasks)
        slow.server.should_exit = True
        answer = await rest(reader)
    await until(lambda: not slow.server.server_state.tasks)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert faults(caplog) == []
