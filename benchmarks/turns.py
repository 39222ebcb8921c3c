"""What takes turns: paths whose windows follow each other, round after round."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.documents import LISTS
from benchmarks.hostile import Hostile
from benchmarks.live.audience import Audience
from benchmarks.live.connecting import Connect, Reconnect
from benchmarks.live.fanout import Burst, Paced
from benchmarks.live.writer import Writer
from benchmarks.paths import Claim, Escalate, Listing, Path
from benchmarks.wanted import Wanted
from benchmarks.world import World
from db.database import Database


@dataclass(frozen=True, slots=True)
class Turns:
    """``audience`` is there from the first of its paths' windows to the last."""

    named: str
    paths: list[Path]
    audience: Audience | None = None

    async def over(self) -> None:
        if self.audience is not None:
            await self.audience.close()


def of(wanted: Wanted, database: Database, made: World, writer: Writer) -> Iterator[Turns]:
    """Audiences of different sizes are not there at the same time. Who arrives is told how many
    handoffs wait, so arrivals come before fan-out makes them thousands."""
    if requests := list(_requests(wanted, database, made)):
        yield Turns("requests", requests)
    if arrivals := list(_arrivals(wanted, writer)):
        yield Turns("arrivals", arrivals)
    if "fanout" in wanted.paths:
        for size in wanted.subscribers:
            audience = Audience(writer, size)
            paths: list[Path] = [Burst(audience, writer), Paced(audience, writer)]
            yield Turns(f"fanout to {size:,}", paths, audience)


def _requests(wanted: Wanted, database: Database, made: World) -> Iterator[Path]:
    if "escalate" in wanted.paths:
        for clients in (16, 1):
            yield Escalate(database, made.escalating, clients)
    if "claim" in wanted.paths:
        yield Claim(database, made.claiming)
    for name in LISTS:
        if name in wanted.paths:
            for clients in (16, 1):
                yield Listing(name, made.queueing, clients)
    if "hostile" in wanted.paths:
        yield Hostile(made.queueing, 16)


def _arrivals(wanted: Wanted, writer: Writer) -> Iterator[Path]:
    for name, kind in (("connect", Connect), ("reconnect", Reconnect)):
        if name in wanted.paths:
            for clients in wanted.arriving:
                yield kind(writer, clients)
