"""One subscriber of a live subscription."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Final, TypeAlias

from app.graphql.errors import ClientError, ErrorCode, cancelled, explain, told
from app.graphql.live.sink import Close, Ending, Sink
from app.graphql.observer import OK
from app.graphql.results import RequestError
from resolvers.streams import Feed

PATIENCE: Final = 10.0
"""Seconds that a client may leave what waits for it untouched."""

TOO_SLOW: Final = (
    "You did not keep up with the events. Nothing is lost: subscribe again after this cursor."
)


Work: TypeAlias = Callable[[], Coroutine[Any, Any, Ending | None]]


class TooSlow(Exception):
    """A subscriber has fallen too far behind, or does not read at all."""


class LiveSubscription:
    """``room`` and ``leave`` are for its transport, the rest for what feeds it.

    ``position`` is the number of the last event that its sink took or that was none of its
    stream's. ``make_context`` gives the context of one execution for this subscriber alone.
    """

    __slots__ = (
        "cursor",
        "ended",
        "engineer",
        "feed",
        "left",
        "make_context",
        "position",
        "sink",
        "space",
        "task",
    )

    def __init__(self, engineer: Hashable, make_context: Callable[[], Any], sink: Sink) -> None:
        self.engineer = engineer
        self.make_context = make_context
        self.sink = sink
        self.position = 0
        self.cursor: str | None = None  # of the last event that its sink took
        self.ended = False
        self.left: Callable[[LiveSubscription], None] | None = None
        self.feed: Feed | None = None  # its own, while it has one
        self.space: asyncio.Event | None = None
        self.task: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ for its transport

    def room(self) -> None:
        """There is room again in the sink."""
        if self.space is not None:
            self.space.set()

    def leave(self) -> asyncio.Task[None] | None:
        """The client wants no more, or is gone. Safe to repeat.

        Returns the task that still has its source to close, if there is one.
        """
        if not self.ended:
            self.stop()
        return self.task

    # ------------------------------------------------------------------ for what feeds it

    def offer(self, payload: bytes, cursor: str | None) -> bool:
        if not self.sink.offer(payload, cursor):
            return False
        self.cursor = cursor
        return True

    async def take(self, make: Callable[[], Awaitable[bytes]], cursor: str | None) -> None:
        """Offer what ``make`` gives until there is room, made anew each time: what the client was
        allowed to see before it waited may not be what it is allowed to see now.

        Raises TooSlow after PATIENCE.
        """
        while not self.offer(await make(), cursor):
            self.space = asyncio.Event()
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.space.wait()
            except TimeoutError:
                raise TooSlow from None
            finally:
                self.space = None

    def drive(self, work: Work) -> None:
        """Have it fed by a task of its own. An exception ends it, and so does an Ending."""
        self.task = asyncio.get_running_loop().create_task(self._driven(work))

    async def _driven(self, work: Work) -> None:
        ending: Ending | None
        try:
            ending = await work()
        except asyncio.CancelledError as error:
            ending = self.ending(cancelled(error))
        except Exception as error:
            ending = self.ending(error)
        if self.task is asyncio.current_task():  # it may have handed over to another
            self.task = None
        if ending is not None:
            self.end(ending)

    def end(self, ending: Ending) -> None:
        if not self.ended:
            self.stop()
            self.sink.end(ending)

    def stop(self) -> None:
        self.ended = True
        self.let_go()
        if self.left is not None:
            self.left(self)
        if self.task is not None:
            self.task.cancel()

    def let_go(self) -> None:
        """Of its own feed."""
        if self.feed is not None:
            self.feed.close()
            self.feed = None

    def ending(self, error: Exception) -> Ending:
        if isinstance(error, TooSlow):
            extensions = {"code": ErrorCode.RESYNC_REQUIRED.value, "cursor": self.cursor}
            told_so = [{"message": TOO_SLOW, "extensions": extensions}]
            return Ending(ErrorCode.RESYNC_REQUIRED, told_so, Close.TOO_SLOW)
        return ending(error)


COMPLETE: Final = Ending(OK, [])


def ending(error: Exception) -> Ending:
    """Of whoever listened to what has failed.

    What only its client can put right is told as an error. Whatever passes closes the connection
    instead, since that is what clients come back from by themselves.
    """
    if isinstance(error, (ClientError, RequestError)):
        errors, code = told(error)
        if code != ErrorCode.UNAVAILABLE:
            return Ending(code, errors)
        return Ending(code, [], Close.BROKEN)
    _, extensions = explain(error, where="a stream")
    return Ending(extensions["code"], [], Close.BROKEN)
