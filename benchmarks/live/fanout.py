"""One event, told to many: how many a second, at what cost each, how long after the commit."""

from math import ceil
from typing import Final

from benchmarks.contestants.roster import FRAMES, PLAIN
from benchmarks.contestants.starting import Server
from benchmarks.live.audience import Audience, undisturbed
from benchmarks.live.writer import Writer
from benchmarks.measuring import Cpu, Meter, Window

BURST: Final = 50
"""Events of one burst, at most."""
AT_ONCE: Final = 100_000
"""Deliveries of one burst, at most."""
BURSTS: Final = 10_000
"""Deliveries in bursts per second of a window, most of which they do not take."""
PACE: Final = 1_500
"""Deliveries a second that are paced, and those of plain Strawberry's bursts."""
MOST_PLAIN: Final = 1_000
"""Subscribers: more would take plain Strawberry minutes."""


class Fanout:
    """Paths that tell events to an audience."""

    name = ""

    def __init__(self, audience: Audience, writer: Writer) -> None:
        self.clients = audience.size
        self._audience = audience
        self._writer = writer

    @property
    def servers(self) -> tuple[str, ...]:
        plain = (PLAIN,) if self.clients <= MOST_PLAIN else ()
        return ("Baton", "floor", FRAMES, *plain)


class Burst(Fanout):
    """Events committed in one transaction, so that nothing but telling them takes time."""

    name = "fanout burst"

    async def window(self, server: Server, meter: Meter, seconds: float) -> Window:
        crowd = await self._audience.at(server)
        size = self.clients
        wanted = max(size, round(seconds * (PACE if server.name == PLAIN else BURSTS)))
        events = max(1, min(BURST, AT_ONCE // size, wanted // size))
        latencies: list[float] = []
        spent, taken = 0.0, Cpu(0, 0)
        for _ in range(ceil(wanted / (size * events))):
            handoffs = await self._writer.handoffs(server, events)
            crowd.expect(events)
            with undisturbed():
                before = meter.read()
                written = await self._writer.write(server, handoffs)
                await crowd.all_told()
                await crowd.verify(written)
                taken += meter.read().since(before)
            latencies += crowd.ledger.latencies(written)
            spent += max(crowd.ledger.receipts) - written[0].at
        return Window.of(latencies, spent, taken)


class Paced(Fanout):
    """One event after the other, so many that each subscriber's share of the pace is kept."""

    name = "fanout paced"

    async def window(self, server: Server, meter: Meter, seconds: float) -> Window:
        crowd = await self._audience.at(server)
        events, every = max(2, ceil(seconds * PACE / self.clients)), self.clients / PACE
        handoffs = await self._writer.handoffs(server, events)
        crowd.expect(events)
        with undisturbed():
            before = meter.read()
            written = await self._writer.write(server, handoffs, every=every)
            await crowd.all_told()
            await crowd.verify(written)
            taken = meter.read().since(before)
        # the last event has its share of time too, unless it took longer
        spent = max(events * every, max(crowd.ledger.receipts) - written[0].at)
        return Window.of(crowd.ledger.latencies(written), spent, taken)
