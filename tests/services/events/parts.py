"""Writers and readers of a log, for the tests here."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from db.database import Database
from db.ids import uuid7
from db.models.vocabulary import EventType
from services.events import Event, Follower, record
from services.events.pages import TRANSIENT
from tests.harness.people import Account

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def make_handoff(database: Database, account: Account) -> UUID:
    """Something for events to be about, without an event of its own."""
    session, handoff = uuid7(), uuid7()
    async with database.transaction(account.id) as tx:
        await tx.execute(
            "INSERT INTO session (account_id, id, owner_id, status, problem_summary) "
            "VALUES ($1, $2, $3, 'ESCALATED', 'Outlook cannot connect')",
            account.id,
            session,
            account.tier1.id,
        )
        await tx.execute(
            "INSERT INTO handoff (account_id, id, session_id, intent, status, priority, "
            "problem_summary, reason, raised_by_id) "
            "VALUES ($1, $2, $3, 'ESCALATE', 'OPEN', 'NORMAL', 'Outlook', 'Out of ideas', $4)",
            account.id,
            handoff,
            session,
            account.tier1.id,
        )
    return handoff


class GivenUp(Exception):
    """Rolls a transaction back."""


class Writer:
    """Writes events of one account about one handoff, and rings whom it is told to."""

    def __init__(
        self,
        database: Database,
        account: Account,
        handoff: UUID,
        ring: Callable[[UUID, int], None] = lambda _account, _seq: None,
    ) -> None:
        self.database = database
        self.account = account
        self.handoff = handoff
        self.ring = ring

    async def write(self, *, give_up: bool = False) -> int:
        async with self.database.transaction(self.account.id) as tx:
            seq = await record(
                tx, EventType.HANDOFF_CREATED, self.handoff, self.account.tier1, now=NOON
            )
            if give_up:
                raise GivenUp
        self.ring(self.account.id, seq)
        return seq

    async def write_bulk(self, count: int) -> None:
        """One transaction with ``count`` events, for tests that need a long log."""
        async with self.database.transaction(self.account.id) as tx:
            seq = await record(
                tx, EventType.HANDOFF_CREATED, self.handoff, self.account.tier1, now=NOON
            )
            await tx.execute(
                "INSERT INTO event (account_id, seq, type, handoff_id, actor_id) "
                "SELECT $1, $2 + more, 'handoff.created', $3, $4 FROM generate_series(1, $5) more",
                self.account.id,
                seq,
                self.handoff,
                self.account.tier1.id,
                count - 1,
            )
            await tx.execute("UPDATE event_counter SET seq = seq + $1", count - 1)

    async def end(self, handoff: UUID) -> None:
        """Without an event of its own: the last one told of it, for these tests."""
        async with self.database.transaction(self.account.id) as tx:
            await tx.execute(
                "UPDATE handoff SET status = 'CANCELLED', closed_at = $2 WHERE id = $1",
                handoff,
                NOON,
            )

    async def turn_over(self) -> None:
        """The handoff is over; from now on events are about another."""
        await self.end(self.handoff)
        self.handoff = await make_handoff(self.database, self.account)

    async def write_many(self, count: int) -> int:
        seq = 0
        for _ in range(count):
            seq = await self.write()
        return seq

    async def write_through(self, count: int) -> None:
        """As a client would: again until it is known to be written. May write one twice."""
        for _ in range(count):
            while True:
                try:
                    await self.write()
                    break
                except TRANSIENT:
                    await asyncio.sleep(0.02)


async def take(follower: Follower, count: int, *, within: float = 10) -> list[Event]:
    """The next ``count`` events."""
    events: list[Event] = []
    async with asyncio.timeout(within):
        while len(events) < count:
            events.append(await anext(follower))
    return events


async def numbers(follower: Follower, count: int, *, within: float = 10) -> list[int]:
    return [event.seq for event in await take(follower, count, within=within)]


async def nothing(follower: Follower, seconds: float = 0.2) -> bool:
    """Whether no event comes for so long."""
    try:
        async with asyncio.timeout(seconds):
            await anext(follower)
    except TimeoutError:
        return True
    return False


async def eventually(true: Callable[[], bool], *, within: float = 10) -> None:
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - most of what is waited for has no event
            await asyncio.sleep(0.01)
