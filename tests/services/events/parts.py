"""Writers, readers, a Redis-protocol server and a wire that can go dead, for the tests here."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from db.database import Database
from db.embedded.cluster import SUPERUSER
from db.ids import uuid7
from db.models.vocabulary import EventType
from services.events import Event, Follower, record
from services.events.pages import TRANSIENT
from tests.harness.people import Account
from tests.harness.postgres import Cluster

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


async def terminate(cluster: Cluster, database: str, application: str) -> int:
    """Kill the connections of that application name. Returns how many there were."""
    connection = await asyncpg.connect(cluster.dsn(database, SUPERUSER))
    try:
        count: int = await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = $1 AND application_name = $2",
            database,
            application,
        )
        return count
    finally:
        await connection.close()


class Wire:
    """A TCP port of ours that leads to another place, until it goes dead."""

    def __init__(self) -> None:
        self.port = 0
        self.alter: Callable[[bytes], bytes] = bytes
        self._alive = asyncio.Event()
        self._alive.set()
        self._open: set[asyncio.Task[None]] = set()

    def go_dead(self) -> None:
        """Connections that are open stay open and carry nothing any more; new ones work."""
        self._alive.clear()
        self._alive = asyncio.Event()
        self._alive.set()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, alive: asyncio.Event
    ) -> None:
        try:
            while data := await reader.read(65536):
                await alive.wait()  # cleared for good when the wire goes dead
                writer.write(self.alter(data))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def leading_to(self, place: Path | int) -> AsyncIterator["Wire"]:
        """A unix socket, or a port of this machine."""

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if isinstance(place, int):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", place)
            else:
                far_reader, far_writer = await asyncio.open_unix_connection(str(place))
            alive = self._alive
            for way in ((reader, far_writer), (far_reader, writer)):
                task = asyncio.create_task(self._carry(*way, alive))
                self._open.add(task)

        listening = await asyncio.start_server(connected, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            listening.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
