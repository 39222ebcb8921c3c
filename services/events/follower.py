"""One consumer's way through an account's log."""

import asyncio
from collections.abc import Callable
from typing import Self

from services.events.log import Event
from services.events.tail import Tail


class Follower:
    """Yields the events after ``position``, each once and in order, for as long as it is iterated.

    It holds a position, a flag, and at most one page: all a slow consumer costs, however far it
    falls behind. For one consumer at a time. ``close`` when done, or use it as a context manager.

    Iteration waits while the database is away. It raises HubStopped when this process stops
    following, CursorExpired when retention has overtaken a consumer that slow, and CursorUnknown
    when the log no longer reaches ``position`` (a database restored from an older copy).
    """

    def __init__(self, tail: Tail, position: int, left: Callable[[Tail], None]) -> None:
        """``left`` is called once, when the follower no longer needs the tail."""
        self.position = position
        self._tail = tail
        self._left = left
        self._flag = asyncio.Event()
        self._page: dict[int, Event] = {}
        self._closed = False
        tail.flags.add(self._flag)

    @property
    def newest(self) -> int:
        """The number of the last event that this process has read of the log."""
        return self._tail.position

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        try:
            event = await self._next()
        except Exception:
            self.close()
            raise
        if event is None:
            raise StopAsyncIteration
        self.position = event.seq
        return event

    def close(self) -> None:
        """Leave. An iteration that waits ends. Safe to repeat."""
        if not self._closed:
            self._closed = True
            self._page.clear()
            self._tail.flags.discard(self._flag)
            self._flag.set()
            self._left(self._tail)

    async def aclose(self) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _next(self) -> Event | None:
        while not self._closed:
            if self._tail.ended_by is not None:
                raise self._tail.ended_by(self.position)
            wanted = self.position + 1
            event = self._page.pop(wanted, None) or self._tail.event(wanted)
            if event is not None:
                return event
            if self.position < self._tail.position:
                events = await self._tail.replay(self.position)
                self._page = {event.seq: event for event in events}
            else:
                await self._flag.wait()
            self._flag.clear()
        return None
