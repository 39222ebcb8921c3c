"""Whether somebody is still there.

ASGI has no ping frame, and a server that pings by itself (uvicorn) closes a laptop that slept with
1011, which the reference client takes for final. So the pings are messages of the protocol.
"""

from __future__ import annotations

import asyncio
from collections import deque
from math import ceil
from typing import Final, Protocol

TICKS: Final = 50  # in an interval
NOWHERE: Final = -1


class Member(Protocol):
    """A socket. It sets ``heard`` to the ``now`` of its Liveness whenever it hears something;
    ``place`` is not its business."""

    heard: int
    place: int

    def ping(self) -> None: ...

    def silent(self) -> None:
        """Nothing was heard for too long. May be called after it has left, too."""


class Liveness:
    """Of all sockets of a server: each is pinged every ``interval`` seconds, and is ``silent`` when
    for ``timeout`` seconds after one of the pings nothing at all was heard.

    One timer serves them all. They take their turns on a circle of ``TICKS`` places, at the place
    where they joined, so that not all are pinged at once. Time is counted in ticks: a process that
    was stopped for a while does not take that for a silence of everybody else.
    """

    def __init__(self, interval: float, timeout: float) -> None:
        self.tick_after = interval / TICKS
        self.patience = max(1, ceil(timeout / self.tick_after))  # in ticks
        self.now = 0
        self.places: list[set[Member]] = [set() for _ in range(TICKS)]
        self.pinged: deque[tuple[int, list[Member]]] = deque()  # (when, whom)
        self.count = 0
        self.timer: asyncio.TimerHandle | None = None

    def join(self, member: Member) -> None:
        member.heard = self.now
        member.place = self.now % TICKS
        self.places[member.place].add(member)
        self.count += 1
        if self.timer is None:
            self.wait()

    def leave(self, member: Member) -> None:
        """Also for those who never joined."""
        if member.place != NOWHERE:
            self.places[member.place].discard(member)
            member.place = NOWHERE
            self.count -= 1
            if not self.count and self.timer is not None:
                self.timer.cancel()
                self.timer = None
                self.pinged.clear()

    def wait(self) -> None:
        self.timer = asyncio.get_running_loop().call_later(self.tick_after, self.tick)

    def tick(self) -> None:
        self.wait()
        self.now += 1
        while self.pinged and self.pinged[0][0] + self.patience <= self.now:
            at, members = self.pinged.popleft()
            for member in members:
                if member.heard < at:
                    member.silent()
        members = list(self.places[self.now % TICKS])
        if members:
            self.pinged.append((self.now, members))
            for member in members:
                member.ping()
