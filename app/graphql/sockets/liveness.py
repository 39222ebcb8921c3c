"""Whether somebody is still there.

ASGI has no ping frame, and a server that pings by itself (uvicorn) closes a laptop that slept with
1011, which the reference client takes for final. So the pings are messages of the protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Liveness:
    """Calls ``ping`` every ``interval`` seconds, and ``silent`` when for ``timeout`` seconds after
    one of them nothing at all was heard."""

    __slots__ = ("deadline", "interval", "loop", "next", "ping", "silent", "timeout")

    def __init__(
        self,
        interval: float,
        timeout: float,
        ping: Callable[[], None],
        silent: Callable[[], None],
    ) -> None:
        self.interval = interval
        self.timeout = timeout
        self.ping = ping
        self.silent = silent
        self.loop = asyncio.get_running_loop()
        self.next: asyncio.TimerHandle | None = None
        self.deadline: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self.next = self.loop.call_later(self.interval, self.tick)

    def tick(self) -> None:
        self.ping()
        if self.deadline is None:
            self.deadline = self.loop.call_later(self.timeout, self.silent)
        self.start()

    def heard(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def stop(self) -> None:
        self.heard()
        if self.next is not None:
            self.next.cancel()
