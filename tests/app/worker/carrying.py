"""A carrier on a real database, and channels that are written by hand."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.worker import Carrier, Trier
from app.worker.lookout import Lookout
from db.database import Database, Transaction
from services.deliveries.taking import Taken
from services.events import Doorbell
from services.integrations.protocol import Channel, Letter, Sent
from services.options import Options

OPTIONS = Options(link_base="https://desk.example", mail=True)
PATIENCE = 15.0

Behaviour = Callable[[Letter], Awaitable[Sent]]


@dataclass
class Recorded:
    """A channel that keeps what it was given, and then does as it is told."""

    behave: Behaviour
    letters: list[Letter] = field(default_factory=list)
    earlier: list[str | None] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def send(self, letter: Letter, earlier: str | None) -> Sent:
        self.letters.append(letter)
        self.earlier.append(earlier)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self.behave(letter)
        finally:
            self.at_once -= 1


async def accept(letter: Letter) -> Sent:
    return Sent(f"ref-{letter.key}", "Accepted.")


def raising(error: BaseException) -> Behaviour:
    async def fail(letter: Letter) -> Sent:
        raise error

    return fail


async def hang(letter: Letter) -> Sent:
    await asyncio.sleep(3_600)
    raise AssertionError


@asynccontextmanager
async def carrying(
    database: Database,
    channel: Channel | Callable[[Taken], Channel],
    *,
    doorbell: Doorbell | None = None,
    observed: list[tuple[Any, Any]] | None = None,
    poll: float = 0.05,
    options: Options = OPTIONS,
    **settings: Any,
) -> AsyncIterator[Carrier]:
    """A carrier that runs while the block does; ``channel`` carries everything."""

    async def find(tx: Transaction, taken: Sequence[Taken]) -> Mapping[UUID, Channel]:
        return {each.id: channel(each) if callable(channel) else channel for each in taken}

    doorbell = doorbell or Doorbell("memory://")
    trier = Trier(
        database,
        find,
        options,
        lambda *what: observed.append(what) if observed is not None else None,
        doorbell.ring,
    )
    facts: dict[str, Any] = {"worker": "tested", "drain": timedelta(seconds=1)} | settings
    carrier = Carrier(
        database,
        doorbell,
        trier,
        Lookout(database, doorbell, options, poll=timedelta(seconds=poll)),
        poll=timedelta(seconds=poll),
        **facts,
    )
    await carrier.start()
    try:
        yield carrier
    finally:
        await carrier.stop()


async def eventually(met: Callable[[], Any], within: float = PATIENCE) -> None:
    """Until ``met()``, or what it resolves to, is true."""
    until = time.monotonic() + within
    while True:
        answer = met()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return
        assert time.monotonic() < until, "it did not happen in time"
        await asyncio.sleep(0.02)
