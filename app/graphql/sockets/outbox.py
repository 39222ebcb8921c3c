"""The one writer of a socket, and what waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Final

from starlette.types import Send

MAX_TEXTS: Final = 64
MAX_CHARACTERS: Final = 256 * 1024


class Outbox:
    """Texts in the order they were put. Who puts while it is full waits: a socket that is not read
    stops its own operations, and nobody else's."""

    __slots__ = ("closed", "last", "room", "send", "size", "texts", "work", "writer")

    def __init__(self, send: Send) -> None:
        self.send = send
        self.texts: deque[str] = deque()
        self.size = 0
        self.work = asyncio.Event()
        self.room = asyncio.Event()
        self.closed = False
        self.last: tuple[int, str] | None = None
        self.writer = asyncio.get_running_loop().create_task(self.write())

    @property
    def full(self) -> bool:
        return len(self.texts) >= MAX_TEXTS or self.size >= MAX_CHARACTERS

    async def put(self, text: str) -> None:
        """After ``finish`` there is nobody to read it, and nothing happens."""
        while self.full and not self.closed:
            self.room.clear()
            await self.room.wait()
        self.put_now(text)

    def put_now(self, text: str) -> None:
        """However full it is: for the few texts that are ours."""
        if self.closed:
            return
        self.texts.append(text)
        self.size += len(text)
        self.work.set()

    async def write(self) -> None:
        # OSError: the client is gone. RuntimeError: the server has closed the socket by itself, for
        # a frame that is too large, say. The reader hears of both.
        with suppress(OSError, RuntimeError):
            while True:
                await self.work.wait()
                self.work.clear()
                while self.texts:
                    text = self.texts.popleft()
                    await self.send({"type": "websocket.send", "text": text})
                    self.size -= len(text)
                    self.room.set()
                if self.last is not None:
                    code, reason = self.last
                    await self.send({"type": "websocket.close", "code": code, "reason": reason})
                    return

    async def finish(self, code: int, reason: str, *, within: float) -> None:
        """Write what was put, then close. Gives up after ``within`` seconds: a client that does not
        read does not see the code either."""
        self.shut()
        self.last = (code, reason)
        self.work.set()
        await asyncio.wait({self.writer}, timeout=within)
        self.writer.cancel()

    def drop(self) -> None:
        """There is nobody to write to any more."""
        self.shut()
        self.writer.cancel()

    def shut(self) -> None:
        self.closed = True
        self.room.set()
