"""The response that one subscription is written to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from starlette.types import Receive, Scope, Send

from app import tcp
from app.graphql.live.sink import Close, Ending
from app.graphql.observer import CANCELLED
from app.graphql.sse import frames
from app.graphql.sse.hanging_up import connection_of, for_a_listener
from app.graphql.sse.outbox import Outbox

TOLD_WITHIN: Final = 5.0
"""Seconds for what is still to be written when the client is told why its stream ends."""
LOST_WITHIN: Final = 1.0
"""The same when it is not told, since it comes back anyway."""


class EventStream:
    """A subscription's Sink. The task that calls ``run`` writes; another waits for the client to
    leave. ``leaving`` is undone once, as soon as the stream is over for either side.

    There are two ends. With ``complete``: nothing is left to do, or the client was told what. And
    in the middle of the response, like a connection that broke: the client comes back by itself.
    """

    __slots__ = (
        "connection",
        "ended",
        "giving_up",
        "gone",
        "heartbeat",
        "leaving",
        "loop",
        "lost",
        "next_beat",
        "outbox",
        "outcome",
        "room",
        "task",
        "written_at",
    )

    def __init__(self, heartbeat: float) -> None:
        """``heartbeat``: seconds of silence."""
        self.loop = asyncio.get_running_loop()
        self.task = asyncio.current_task()
        self.heartbeat = heartbeat
        self.outbox = Outbox()
        self.leaving = ExitStack()
        self.outcome: str = CANCELLED
        self.room: Callable[[], None] | None = None
        self.connection: asyncio.Transport | None = None
        self.ended = False
        self.lost = False
        self.gone = False
        self.written_at = self.loop.time()
        self.next_beat: asyncio.TimerHandle | None = None
        self.giving_up: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------ the sink

    def offer(self, payload: bytes, cursor: str | None) -> bool:
        return self.outbox.offer(frames.next_event(payload, cursor))

    def end(self, ending: Ending) -> None:
        if self.ended:
            return
        self.outcome = ending.code
        if ending.close is Close.BROKEN:
            self.lost = True
            self.finish(LOST_WITHIN)
            return
        if ending.errors:
            self.outbox.put_now(frames.errors_event(ending.errors))
        self.outbox.put_now(frames.COMPLETE)
        self.finish(TOLD_WITHIN)

    # ------------------------------------------------------------------ ends

    def lose(self) -> None:
        """From our side, for reasons that are gone when the client comes back."""
        self.lost = self.lost or not self.ended
        self.finish(LOST_WITHIN)
        self.close()

    def finish(self, within: float) -> None:
        self.ended = True
        self.outbox.work.set()
        if self.giving_up is not None:
            self.giving_up.cancel()
        self.giving_up = self.loop.call_later(within, self.give_up)

    def give_up(self) -> None:
        """What is still to be written is not read: the server would keep it, and wait."""
        if self.connection is not None:
            tcp.reset(self.connection)

    def close(self) -> None:
        self.leaving.close()

    # ------------------------------------------------------------------ the response

    async def run(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self.connection = connection_of(scope)
        watcher = self.loop.create_task(self.watch(receive))
        self.beat()
        try:
            if self.connection is not None:
                for_a_listener(self.connection)
            await send(frames.start(request_id))
            await send(frames.body(frames.HEARTBEAT))
            await self.write(send)
            if not self.lost or self.connection is None:
                await send({"type": "http.response.body"})
            else:
                self.connection.close()  # once it has sent what it has
                await watcher
        except OSError:  # the client has left; some servers say it so
            self.gone = True
        finally:
            self.close()
            watcher.cancel()
            for timer in (self.next_beat, self.giving_up):
                if timer is not None:
                    timer.cancel()

    async def write(self, send: Send) -> None:
        outbox = self.outbox
        while True:
            await outbox.work.wait()
            outbox.work.clear()
            while batch := outbox.take():
                await send(frames.body(batch))
                self.written_at = self.loop.time()
                if outbox.written(len(batch)) and self.room is not None:
                    self.room()
                    await asyncio.sleep(0)  # a long replay is not all there is to do
            if self.ended or self.gone:
                return

    def beat(self) -> None:
        now = self.loop.time()
        if now - self.written_at >= self.heartbeat:
            self.written_at = now
            if not self.outbox.size:  # else nobody reads
                self.outbox.put_now(frames.HEARTBEAT)
        self.next_beat = self.loop.call_at(self.written_at + self.heartbeat, self.beat)

    async def watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self.outbox.work.set()
        self.close()
