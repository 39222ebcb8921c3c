"""Subscribers of each contestant who stay while events are told to them."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.contestants.starting import Server
from benchmarks.live.crowd import Crowd
from benchmarks.live.telling import RAISED, subscribe
from benchmarks.live.writer import Writer
from benchmarks.paths import WrongAnswer

AHEAD: Final = 0.3  # seconds
PROBES: Final = 5


class Audience:
    """``size`` of them at each contestant, who come when they are first asked for."""

    def __init__(self, writer: Writer, size: int) -> None:
        self.size = size
        self._writer = writer
        self._crowds: dict[str, Crowd] = {}

    async def at(self, server: Server) -> Crowd:
        if server.name not in self._crowds:
            crowd = Crowd(server, subscribe(RAISED))
            self._crowds[server.name] = crowd
            await one_ahead(crowd)
            await crowd.open(self.size - 1)
            await all_hear(crowd, self._writer)
        return self._crowds[server.name]

    async def close(self) -> None:
        for crowd in self._crowds.values():
            await crowd.close()


async def one_ahead(crowd: Crowd) -> None:
    """Of those who open a channel of broadcaster together, all but one stay deaf."""
    await crowd.open(1)
    await asyncio.sleep(AHEAD)


async def all_hear(crowd: Crowd, writer: Writer) -> None:
    """Tell something until everybody heard it: a subscription that was sent may not yet stand."""
    probing = crowd.probe()
    for _ in range(PROBES):
        [probe] = await writer.write(crowd.server, await writer.handoffs(crowd.server, 1))
        deaf = await crowd.deaf(probing, probe)
        if not deaf:
            return
    raise WrongAnswer(f"{deaf} of {len(crowd.members)} subscribers are deaf")


@contextmanager
def undisturbed() -> Iterator[None]:
    """The client's own collector would stop it for longer than a delivery takes."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
