"""The process prunes by itself: soon after its start, then now and then, whatever happens."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import asyncpg
import pytest

from db.database import Database
from db.embedded import APP_ROLE
from services.events import Pruner
from tests.harness.cutting import Cutter, cutter
from tests.harness.postgres import Cluster
from tests.harness.retention import RETENTION, age, prune_all
from tests.services.events.parts import Writer, eventually, make_handoff

LOGGER = "services.events.pruning"
SELDOM = timedelta(hours=1)
OFTEN = timedelta(seconds=0.05)


class NewPruner(Protocol):
    async def __call__(self, *, on: Database = ..., every: timedelta = ...) -> Pruner: ...


@pytest.fixture
async def new_pruner(database: Database) -> AsyncIterator[NewPruner]:
    """A started one, whose first turn comes at once."""
    await prune_all(database)  # tests here share a database, and all accounts are pruned
    async with AsyncExitStack() as started:

        async def make(*, on: Database = database, every: timedelta = SELDOM) -> Pruner:
            pruner = Pruner(on, retention=RETENTION, first=timedelta(0), every=every)
            await pruner.start()
            started.push_async_callback(pruner.stop)
            return pruner

        yield make


@pytest.fixture
async def cut(cluster: Cluster) -> AsyncIterator[Cutter]:
    async with cutter(cluster.server) as made:
        yield made


async def old(writer: Writer, owner_dsn: str, count: int) -> None:
    """So many more events that are to be pruned."""
    await writer.write_bulk(count)
    await writer.turn_over()
    async with writer.database.transaction(writer.account.id) as tx:
        head = await tx.fetchval("SELECT seq FROM event_counter")
    await age(owner_dsn, writer.account.id, up_to=head)


async def left(database: Database, account_id: UUID) -> int:
    async with database.transaction(account_id) as tx:
        count: int = await tx.fetchval("SELECT count(*) FROM event")
    return count


async def test_everything_old_goes_soon_after_the_start(
    database, owner_dsn, new_pruner, writer, other_account
):
    other = Writer(database, other_account, await make_handoff(database, other_account))
    await old(writer, owner_dsn, 2500)  # more than one turn takes
    await old(other, owner_dsn, 3)
    pruner = await new_pruner()
    await eventually(lambda: pruner.done_at is not None)
    assert pruner.pruned == 2503
    assert await left(database, writer.account.id) == 0
    assert await left(database, other_account.id) == 0


async def test_it_looks_again_and_again(owner_dsn, new_pruner, writer):
    pruner = await new_pruner(every=OFTEN)
    for total in (2, 4):
        await old(writer, owner_dsn, 2)
        await eventually(lambda total=total: pruner.pruned == total)


async def test_how_long_ago_it_was_through_is_known(new_pruner):
    pruner = await new_pruner(every=OFTEN)
    await eventually(lambda: pruner.done_at is not None)
    first = pruner.done_at
    await eventually(lambda: pruner.done_at > first)
    assert time.monotonic() - pruner.done_at < 5


async def test_processes_share_the_work(owner_dsn, new_pruner, writer):
    await old(writer, owner_dsn, 2500)
    pruners = [await new_pruner(every=OFTEN) for _ in range(3)]
    await eventually(lambda: sum(pruner.pruned for pruner in pruners) >= 2500)
    await eventually(lambda: all(pruner.done_at is not None for pruner in pruners))
    assert sum(pruner.pruned for pruner in pruners) == 2500


async def test_it_outlasts_the_database_and_says_so_once(
    *, cut, database_name, owner_dsn, new_pruner, writer, caplog
):
    def said() -> list[str]:
        return [each.levelname for each in caplog.records if each.name == LOGGER]

    await old(writer, owner_dsn, 2)
    distant = Database(cut.dsn(database_name, APP_ROLE), max_connections=2)
    await distant.open()
    with caplog.at_level(logging.DEBUG, logger=LOGGER):
        cut.cut_at(b"", times=10**6)  # nothing of what is said arrives
        pruner = await new_pruner(on=distant)
        await eventually(lambda: len(said()) >= 2)
        assert pruner.done_at is None
        cut.cut_at(b"", times=0)
        await eventually(lambda: pruner.done_at is not None)
    await distant.close()
    assert pruner.pruned == 2
    assert said()[0] == "WARNING"
    assert set(said()[1:]) == {"DEBUG"}


async def test_it_outlives_a_failure_nobody_foresaw(owner_dsn, new_pruner, writer, caplog):
    owner = await asyncpg.connect(owner_dsn)
    await owner.execute("ALTER FUNCTION prune_events RENAME TO gone")
    try:
        pruner = await new_pruner(every=OFTEN)
        await eventually(lambda: "pruning old events failed" in caplog.text)
    finally:
        await owner.execute("ALTER FUNCTION gone RENAME TO prune_events")
        await owner.close()
    await old(writer, owner_dsn, 2)
    await eventually(lambda: pruner.pruned == 2)


async def test_it_stops_at_once_in_the_middle_of_a_turn(database, owner_dsn, new_pruner, writer):
    await old(writer, owner_dsn, 2)
    owner = await asyncpg.connect(owner_dsn)
    held = owner.transaction()
    await held.start()
    await owner.execute(f"SET LOCAL app.account_id = '{writer.account.id}'")
    await owner.execute("SELECT FROM event WHERE seq = 2 FOR UPDATE")
    pruner = await new_pruner()
    await asyncio.sleep(0.2)
    began = time.monotonic()
    await pruner.stop()
    await pruner.stop()
    assert time.monotonic() - began < 1.5
    await held.rollback()
    await owner.close()
    assert pruner.pruned == 0
    assert await left(database, writer.account.id) == 2
