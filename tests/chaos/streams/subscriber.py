"""A client of a live stream: whatever happens, it comes back after the last cursor that it has."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from tests.chaos.streams.checker import Beginning, Fact, Stream, Told
from tests.chaos.streams.endings import ComeBack, Fatal
from tests.chaos.streams.plan import Habits, Moment, Transport
from tests.chaos.streams.sockets import socket_connection
from tests.chaos.streams.sse import sse_connection

STAYS: Final = (0.5, 12.0)  # seconds until it does something by itself
SLEEPS: Final = (0.5, 3.0)
PAUSES: Final = (0.02, 1.0)  # between two attempts, longer from failure to failure

RECORD: Final = "handoff { id status }"
CONTENT: Final = """handoff {
        id status reason session { problemSummary status } snapshot { stepCount }
      }"""
DOCUMENTS: Final = {
    Stream.EVENTS: """subscription Events($after: Cursor) {
  handoffEvents(after: $after) {
    __typename
    ... on StreamReady { cursor latest openHandoffs }
    ... on HandoffEvent {
      cursor actor { name }
      %s
    }
  }
}""",
    Stream.CREATED: """subscription Created($after: Cursor) {
  handoffCreated(after: $after) {
    __typename cursor actor { name }
      %s
  }
}""",
    Stream.BELL: """subscription Rung($after: Cursor) {
  notificationReceived(after: $after) {
    __typename cursor notification { id title handoff { id } }
  }
}""",
}


class Connection(Protocol):
    async def subscribe(self, document: str, after: str | None) -> None: ...
    async def next(self) -> dict[str, Any]: ...
    async def close(self) -> None: ...
    async def cut(self) -> None: ...


Connect = Callable[[str, str], AbstractAsyncContextManager[Connection]]
CONNECT: Final[dict[Transport, Connect]] = {
    Transport.SOCKET: socket_connection,
    Transport.SSE: sse_connection,
}


class Subscriber:
    """``told`` is what it was given; ``damaged``, results that it could not use.

    ``failed`` says why it gave up, if it did.
    """

    def __init__(
        self, habits: Habits, url: Callable[[], str], token: Callable[[], str], begin: str | None
    ) -> None:
        self.habits = habits
        self.told = Told(begins=begin)
        self.cursor = begin
        self.damaged: list[dict[str, Any]] = []
        self.ends: Counter[str] = Counter()
        self.failed = ""
        self._calm = habits.steadfast
        self._url = url
        self._token = token
        self._chance = random.Random(habits.seed)
        document = DOCUMENTS[habits.follows]
        if habits.follows is not Stream.BELL:
            document %= CONTENT if habits.content else RECORD
        self._document = document

    @property
    def name(self) -> str:
        return f"client {self.habits.number} ({self.habits.follows}, {self.habits.transport})"

    def settle(self, token: Callable[[], str]) -> None:
        """From the next ``run`` on nothing is in its way, and it does nothing by itself."""
        self._calm = True
        self._token = token

    async def run(self) -> None:
        """Until it is cancelled, or fails."""
        connect = CONNECT[self.habits.transport]
        pause = PAUSES[0]
        while not self.failed:
            had = self.cursor
            try:
                async with connect(self._url(), self._token()) as connection:
                    await connection.subscribe(self._document, self.cursor)
                    self.ends[await self._stay(connection)] += 1
            except ComeBack as end:
                self.ends[str(end)] += 1
            except Fatal as end:
                self.failed = str(end)
            except Exception as fault:  # of the client, or of a message as none should be
                self.failed = repr(fault)
            pause = PAUSES[0] if self.cursor != had else min(PAUSES[1], pause * 2)
            await asyncio.sleep(pause * self._chance.uniform(0.5, 1))

    async def _stay(self, connection: Connection) -> str:
        """Take what comes. Returns what it did itself to end the connection."""
        until = self._some_time()
        while True:
            payload = await self._next(connection, until)
            if payload is not None:
                self._take(payload)
                continue
            moment = self._chance.choice(list(Moment))
            if moment is Moment.LEAVE:
                await connection.close()
                return moment
            if moment is Moment.CUT:
                await connection.cut()
                return moment
            self.ends[moment] += 1
            if moment is Moment.SLEEP:
                await asyncio.sleep(self._chance.uniform(*SLEEPS))
            else:
                await connection.subscribe(self._document, self.cursor)
            until = self._some_time()

    async def _next(self, connection: Connection, until: float | None) -> dict[str, Any] | None:
        """None when it is time to do something."""
        if until is not None and asyncio.get_running_loop().time() > until:
            return None
        try:
            async with asyncio.timeout_at(until):
                return await connection.next()
        except TimeoutError:
            return None

    def _some_time(self) -> float | None:
        """None for ever."""
        if self._calm:
            return None
        return asyncio.get_running_loop().time() + self._chance.uniform(*STAYS)

    def _take(self, payload: dict[str, Any]) -> None:
        [value] = (payload.get("data") or {"": None}).values()
        if payload.get("errors") or value is None:
            self.damaged.append(payload)  # what it has not got, it has to be given again
            return
        if value["__typename"] == "StreamReady":
            self.told.beginnings.append(
                Beginning(self.cursor, value["cursor"], value["latest"], value["openHandoffs"])
            )
            if self.cursor is None:
                self.cursor = self.told.begins = value["cursor"]
            return
        about = value["notification" if self.habits.follows is Stream.BELL else "handoff"]["id"]
        self.told.facts.append(Fact(value["cursor"], value["__typename"], about))
        self.cursor = value["cursor"]
