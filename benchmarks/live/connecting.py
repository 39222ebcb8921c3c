"""Many who come in the same instant: for the first time, or back with a cursor."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from time import perf_counter
from typing import Final

from benchmarks.contestants.roster import PLAIN
from benchmarks.contestants.starting import Server
from benchmarks.live.audience import one_ahead, undisturbed
from benchmarks.live.crowd import Crowd
from benchmarks.live.telling import EVENTS, RAISED, subscribe
from benchmarks.live.writer import Writer
from benchmarks.measuring import Cpu, Meter, Window
from benchmarks.paths import WrongAnswer
from resolvers import cursors

BEHIND: Final = 20
"""Events that those who come back have missed."""
MOST_PLAIN: Final = 100
"""Who come in one instant: more would take plain Strawberry half a minute."""


class Arrivals:
    """Paths whose operations are clients. ``rate`` per second of a window."""

    name = ""
    rate = 0
    plain_rate = 0

    def __init__(self, writer: Writer, clients: int) -> None:
        self.clients = clients
        self._writer = writer

    @property
    def servers(self) -> tuple[str, ...]:
        plain = (PLAIN,) if self.clients <= MOST_PLAIN else ()
        return ("Baton", "floor", *plain)

    async def window(self, server: Server, meter: Meter, seconds: float) -> Window:
        rate = self.plain_rate if server.name == PLAIN else self.rate
        latencies: list[float] = []
        spent, taken = 0.0, Cpu(0, 0)
        async with somebody_there(server):
            for _ in range(max(1, ceil(seconds * rate / self.clients))):
                took, cost = await self.volley(server, meter)
                latencies += took
                spent += max(took)
                taken += cost
        return Window.of(latencies, spent, taken)

    async def volley(self, server: Server, meter: Meter) -> tuple[list[float], Cpu]:
        """How long it took each client, and all of them together."""
        raise NotImplementedError

    async def all_hear_of(self, crowd: Crowd) -> None:
        """Who is connected hears of what happens now, at once."""
        crowd.expect(1)
        written = await self._writer.write(
            crowd.server, await self._writer.handoffs(crowd.server, 1)
        )
        if deaf := await crowd.missing():
            raise WrongAnswer(f"{deaf} of {self.clients} that came in the same instant are deaf")
        await crowd.verify(written)


class Connect(Arrivals):
    """From the first packet to StreamReady."""

    name = "connect"
    rate = 500
    plain_rate = 100

    async def volley(self, server: Server, meter: Meter) -> tuple[list[float], Cpu]:
        crowd = Crowd(server, subscribe(EVENTS), hears_ready=True)
        with undisturbed():
            before = meter.read()
            await crowd.open(self.clients, together=self.clients)
            taken = meter.read().since(before)
        await self.all_hear_of(crowd)
        await crowd.close()
        return [member.ready - member.began for member in crowd.members], taken


class Reconnect(Arrivals):
    """From the first packet to the last of the events that were missed."""

    name = "reconnect"
    rate = 250
    plain_rate = 50

    async def volley(self, server: Server, meter: Meter) -> tuple[list[float], Cpu]:
        missed = await self._writer.write(server, await self._writer.handoffs(server, BEHIND))
        after = cursors.write(server.desk.juniors[0].account_id, missed[0].seq - 1)
        crowd = Crowd(server, subscribe(RAISED, {"after": after}))
        crowd.expect(BEHIND, self.clients)
        with undisturbed():
            before = meter.read()
            began = perf_counter()
            await crowd.open(self.clients, together=self.clients)
            await crowd.all_told()
            taken = meter.read().since(before)
        await crowd.verify(missed)
        took = [at - began for at in crowd.ledger.receipts]
        await self.all_hear_of(crowd)
        await crowd.close()
        return took, taken


@asynccontextmanager
async def somebody_there(server: Server) -> AsyncIterator[None]:
    """For plain Strawberry: see ``one_ahead``. The others have nobody connected before."""
    if server.name != PLAIN:
        yield
        return
    crowd = Crowd(server, subscribe(RAISED))
    await one_ahead(crowd)
    try:
        yield
    finally:
        await crowd.close()
