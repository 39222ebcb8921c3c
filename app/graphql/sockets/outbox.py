"""What a socket is sent, in order, and what waits while its client does not read."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from starlette.types import Send

from app.wire import HIGH_WATER, Wire

MAX_FRAMES: Final = 256
MAX_BYTES: Final = 256 * 1024
"""What may wait, at most, and one frame more, whatever its size. An event has 650 bytes, so that
this is a burst of 256 of them beside the 100 that fit into the transport; a client who stays behind
further is served again from what its streams have in common. Ten thousand who are behind at once
have 2.5 GB waiting at worst, which is why it is not more."""


class Outbox:
    """Frames to a client. As long as it reads they are written at once: nothing is kept, no task
    waits. Whoever gives one while too many wait is refused (``offer``) or waits (``put``)."""

    __slots__ = ("closed", "flowing", "flushed", "frames", "putting", "refused", "size", "wire")

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.frames: deque[bytes] | None = None  # made when needed: most never need one
        self.size = 0
        self.refused: deque[Callable[[], None]] | None = None
        self.putting: set[asyncio.Future[None]] | None = None
        self.flushed: asyncio.Future[None] | None = None
        self.closed = False
        self.flowing = wire.writable
        wire.listener = self

    @property
    def full(self) -> bool:
        return self.frames is not None and (
            len(self.frames) >= MAX_FRAMES or self.size >= MAX_BYTES
        )

    def offer(self, frame: bytes) -> bool:
        """False when too many wait: it was not taken, and ``on_room`` tells when there is room.
        On a socket that is being closed everything is taken, and nothing is sent."""
        if self.flowing:
            self.wire.write(frame)
            return True
        if not self.closed and self.full:
            return False
        self.put_now(frame)
        return True

    def put_now(self, frame: bytes) -> None:
        """However many wait: for the few frames that are ours."""
        if self.flowing:
            self.wire.write(frame)
        elif not self.closed:
            if self.frames is None:
                self.frames = deque()
            self.frames.append(frame)
            self.size += len(frame)

    async def put(self, frame: bytes) -> None:
        """When there is room: who is not read waits, and holds up nobody else."""
        while not self.offer(frame):
            room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.putting = self.putting or set()
            self.putting.add(room)
            self.on_room(partial(settle, room))
            try:
                await room
            finally:
                self.putting.discard(room)

    def on_room(self, call: Callable[[], None]) -> None:
        """Call it once, as soon as there is room for a few dozen frames: for whoever was refused.
        They are called in turn, and only as long as room is left; never when the socket closes."""
        if self.refused is None:
            self.refused = deque()
        self.refused.append(call)

    # ------------------------------------------------------------------ from the wire

    def held(self) -> None:
        self.flowing = False

    def drained(self) -> None:
        while self.frames and self.wire.writable:
            self.wire.write(self._some(self.frames))
        if not self.frames:
            self._nothing_waits()
        self._make_room()

    def ended(self) -> None:
        self.frames, self.size = None, 0
        self._close()
        self._nothing_waits()

    # ------------------------------------------------------------------ closing

    async def finish(self, send: Send, code: int, reason: str, *, within: float) -> None:
        """Write what waits, close the socket, and see the client leave. One who has not left after
        ``within`` seconds is cut off, and may not have seen the code."""
        self._close()
        try:
            async with asyncio.timeout(within):
                if self.frames:
                    self.flushed = asyncio.get_running_loop().create_future()
                    await self.flushed
                with suppress(OSError, RuntimeError):  # the client or the server was faster
                    await send({"type": "websocket.close", "code": code, "reason": reason})
                await self.wire.gone()
        except TimeoutError:
            pass
        finally:
            self.wire.abort()

    async def hang_up(self, *, within: float) -> None:
        """After the client or the server has closed: only see it leave."""
        self.ended()
        try:
            async with asyncio.timeout(within):
                await self.wire.gone()
        except TimeoutError:
            pass
        finally:
            self.wire.abort()

    # ------------------------------------------------------------------

    def _some(self, frames: deque[bytes]) -> bytes:
        """As many as the transport takes, in one piece: one call of the kernel, not a hundred."""
        some = [frames.popleft()]
        size = len(some[0])
        while frames and size < HIGH_WATER:
            some.append(frames.popleft())
            size += len(some[-1])
        self.size -= size
        return b"".join(some)

    def _nothing_waits(self) -> None:
        self.frames = None
        self.flowing = self.wire.writable and not self.closed
        if self.flushed is not None:
            settle(self.flushed)

    def _make_room(self) -> None:
        """Not before half of it is free: one frame out, one frame in would be a lot of calls."""
        if self.frames and (len(self.frames) > MAX_FRAMES // 2 or self.size > MAX_BYTES // 2):
            return
        while self.refused and not self.full:
            self.refused.popleft()()

    def _close(self) -> None:
        self.closed = True
        self.flowing = False
        self.refused = None
        for room in self.putting or ():
            settle(room)


def settle(future: asyncio.Future[None]) -> None:
    """Unless whoever waited has given up."""
    if not future.done():
        future.set_result(None)
