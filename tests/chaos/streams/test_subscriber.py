"""The client itself: it comes back after what it has, and what it could not use it has not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.chaos.streams import subscriber as module
from tests.chaos.streams.checker import Beginning, Fact, Stream
from tests.chaos.streams.endings import ComeBack, Fatal
from tests.chaos.streams.plan import Habits, Start, Transport
from tests.chaos.streams.subscriber import Subscriber

HABITS = Habits(0, 0, Stream.EVENTS, Transport.SOCKET, False, Start.NOW, 0.0, True, 1)


def ready(cursor: str) -> dict[str, Any]:
    said = {"__typename": "StreamReady", "cursor": cursor, "latest": cursor, "openHandoffs": 2}
    return {"data": {"handoffEvents": said}}


def claimed(cursor: str) -> dict[str, Any]:
    said = {"__typename": "HandoffClaimed", "cursor": cursor, "handoff": {"id": "h"}}
    return {"data": {"handoffEvents": said}}


class Scripted:
    """All connections of a client: what comes over them, one after the other."""

    def __init__(self, script: list[Any]) -> None:
        self.script = script
        self.asked: list[str | None] = []
        self.over = asyncio.Event()

    async def subscribe(self, document: str, after: str | None) -> None:
        self.asked.append(after)

    async def next(self) -> dict[str, Any]:
        if not self.script:
            self.over.set()
            await asyncio.Event().wait()
        said = self.script.pop(0)
        if isinstance(said, Exception):
            raise said
        payload: dict[str, Any] = said
        return payload

    async def close(self) -> None:
        pass

    async def cut(self) -> None:
        pass


async def through(
    script: list[Any], monkeypatch: pytest.MonkeyPatch
) -> tuple[Scripted, Subscriber]:
    """Until the script is over, or the client."""
    connection = Scripted(script)

    @asynccontextmanager
    async def connect(url: str, token: str) -> AsyncIterator[Scripted]:
        yield connection

    monkeypatch.setitem(module.CONNECT, Transport.SOCKET, connect)
    made = Subscriber(HABITS, lambda: "url", lambda: "token", None)
    either = {asyncio.create_task(made.run()), asyncio.create_task(connection.over.wait())}
    done, _ = await asyncio.wait(either, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    assert done
    for task in either:
        task.cancel()
    return connection, made


async def test_it_comes_back_after_the_last_cursor_that_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = [
        ComeBack("1006"), ready("c1"), claimed("c2"), ComeBack("1012"), ready("c2"), claimed("c3"),
        ComeBack("RESYNC_REQUIRED"),
    ]  # fmt: skip
    connection, made = await through(script, monkeypatch)
    assert connection.asked == [None, None, "c2", "c3"]
    assert made.told.begins == "c1"
    assert made.told.facts == [Fact(cursor, "HandoffClaimed", "h") for cursor in ("c2", "c3")]
    assert made.told.beginnings == [Beginning(None, "c1", "c1", 2), Beginning("c2", "c2", "c2", 2)]
    assert made.ends == {"1006": 1, "1012": 1, "RESYNC_REQUIRED": 1}


@pytest.mark.parametrize(
    "damaged",
    [
        {"data": None, "errors": [{"message": "x"}]},
        {"data": {"handoffEvents": None}},
        claimed("c2") | {"errors": [{"message": "x"}]},
    ],
)
async def test_what_came_with_errors_it_has_not(
    damaged: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = [ready("c1"), damaged, ComeBack("1006")]
    connection, made = await through(script, monkeypatch)
    assert connection.asked == [None, "c1"]
    assert made.told.facts == []
    assert made.damaged == [damaged]


async def test_it_gives_up_when_others_would(monkeypatch: pytest.MonkeyPatch) -> None:
    connection, made = await through([ready("c1"), Fatal("closed with 1011")], monkeypatch)
    assert connection.asked == [None]
    assert made.failed == "closed with 1011"
