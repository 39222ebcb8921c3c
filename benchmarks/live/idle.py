"""What a subscription weighs while nothing happens: resident memory of the server's process."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psutil  # type: ignore[import-untyped]

from benchmarks.contestants.roster import PLAIN
from benchmarks.contestants.starting import Server
from benchmarks.live.audience import all_hear, one_ahead
from benchmarks.live.crowd import Crowd
from benchmarks.live.fanout import MOST_PLAIN
from benchmarks.live.telling import RAISED, subscribe
from benchmarks.live.writer import Writer

WARMING: Final = 20
"""Subscribers that come and go first, so that what is loaded and made once is not counted."""
CALM: Final = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Weight:
    """``each`` in bytes."""

    server: str
    subscribers: int
    each: float


async def weigh(server: Server, writer: Writer, sizes: Sequence[int]) -> list[Weight]:
    """Of a server that has just been started: one that has served before has room to reuse."""
    await hearing(server, writer, [WARMING])
    empty = resident(server)
    wanted = [size for size in sizes if server.name != PLAIN or size <= MOST_PLAIN]
    full = await hearing(server, writer, wanted)
    return [
        Weight(server.name, size, (found - empty) / size)
        for size, found in zip(wanted, full, strict=True)
    ]


async def hearing(server: Server, writer: Writer, sizes: Sequence[int]) -> list[int]:
    """Resident memory while so many subscribe. They have all heard of an event, then nothing."""
    found = []
    crowd = Crowd(server, subscribe(RAISED))
    await one_ahead(crowd)
    for size in sizes:
        await crowd.open(size - len(crowd.members))
        await all_hear(crowd, writer)
        await asyncio.sleep(CALM)
        found.append(resident(server))
    await crowd.close()
    await asyncio.sleep(CALM)
    return found


def resident(server: Server) -> int:
    return int(psutil.Process(server.pid).memory_info().rss)
