"""One who throws bombs, one after the other, beside engineers who look at the queue."""

import asyncio
from contextlib import suppress
from itertools import count, cycle
from statistics import median
from typing import Final

from benchmarks.bombs import Bomb, bombs
from benchmarks.client import at_once, connect
from benchmarks.contestants.roster import BATON
from benchmarks.contestants.starting import Server
from benchmarks.measuring import Meter, Window
from benchmarks.paths import Listing, WrongAnswer, close
from benchmarks.world import Desk
from services.actor import Actor

DEAREST: Final = 5


class Hostile(Listing):
    """As the queue, with a colleague of the engineers who wants to keep them from it. No budget
    ends that: what they may spend in a minute is raised for everybody here."""

    servers = (BATON,)

    def __init__(self, desk: Desk, clients: int) -> None:
        super().__init__("queue", desk, clients, name="hostile")
        self._attacker = desk.seniors[-1]
        self._numbers = count()
        self.dearest: list[tuple[float, str]] = []
        """Seconds of the server's processor, and which bomb; the dearest first."""

    async def window(self, server: Server, meter: Meter, seconds: float) -> Window:
        if not self.dearest:
            self.dearest = await self.weigh(server, meter)
        throwing = asyncio.create_task(self.throw(server))
        try:
            return await super().window(server, meter, seconds)
        finally:
            throwing.cancel()
            with suppress(asyncio.CancelledError):
                await throwing

    async def weigh(self, server: Server, meter: Meter) -> list[tuple[float, str]]:
        """Each by itself, and those that seem to be the dearest three times."""

        async def taken(bomb: Bomb) -> float:
            before = meter.read()
            await self.send(server, self._attacker, bomb(next(self._numbers)))
            return meter.read().since(before).server

        known = dict(bombs())
        found = {name: await taken(bomb) for name, bomb in known.items()}
        for name in sorted(found, key=lambda name: -found[name])[:DEAREST]:
            found[name] = median([await taken(known[name]) for _ in range(3)])
        return sorted(((seconds, name) for name, seconds in found.items()), reverse=True)

    async def throw(self, server: Server) -> None:
        for _, bomb in cycle(list(bombs())):
            await self.send(server, self._attacker, bomb(next(self._numbers)))

    async def send(self, server: Server, actor: Actor, body: bytes) -> None:
        connections = await connect(server.port, 1)
        try:
            request = server.request(self.name, actor, body)
            [(_, status, answer)] = await at_once(connections, [request])
        finally:
            close(connections)
        if status >= 500:
            raise WrongAnswer(f"{status}: {answer[:500]!r}")
