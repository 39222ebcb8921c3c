"""The door that lets old events go: whose, which, how many, and who waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db.database import Database
from db.embedded import OWNER_ROLE
from db.embedded.cluster import SUPERUSER
from db.models.vocabulary import EventType
from services.events import record
from services.events.log import Span, span
from services.handoffs.cancelling import cancel
from services.handoffs.claiming import claim
from services.handoffs.resolving import resolve
from services.handoffs.returning import return_
from tests.harness.people import Account
from tests.harness.retention import RETENTION, age, prune_all
from tests.harness.story import claimed, escalated, waiting

NOW = datetime.now(UTC)
PRUNE = "SELECT prune_events($1, $2)"


@pytest.fixture(autouse=True)
async def _nothing_else_is_old(database: Database) -> None:
    """Tests here share a database, and the door is for all accounts."""
    await prune_all(database)


async def kept(database: Database, account: Account) -> list[int]:
    """The numbers of the rows that are there."""
    async with database.transaction(account.id) as tx:
        return [row["seq"] for row in await tx.fetch("SELECT seq FROM event ORDER BY seq")]


async def promised(database: Database, account: Account) -> Span:
    async with database.transaction(account.id) as tx:
        return await span(tx)


async def over(database: Database, account: Account) -> None:
    """A handoff that was raised and cancelled: two events."""
    raised = await waiting(database, account.tier1, now=NOW)
    async with database.transaction(account.id) as tx:
        await cancel(tx, account.tier1, raised.handoff["id"], now=NOW)


@asynccontextmanager
async def in_account(
    dsn: str, account: Account
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A transaction of somebody else than the service. Committed when the block ends well."""
    async with connected(dsn) as connection, connection.transaction():
        await connection.execute(f"SET LOCAL app.account_id = '{account.id}'")
        yield connection


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


# -- what goes


async def test_age_decides(database, owner_dsn, account):
    for _ in range(3):
        await over(database, account)
    await age(owner_dsn, account.id, up_to=4)
    assert await prune_all(database) == [4]
    assert await kept(database, account) == [5, 6]
    assert await promised(database, account) == Span(horizon=4, head=6)


async def test_what_is_behind_something_younger_stays_whatever_its_clock_said(
    database, owner_dsn, account
):
    for _ in range(3):
        await over(database, account)
    await age(owner_dsn, account.id, up_to=6)
    async with in_account(owner_dsn, account) as owner:
        await owner.execute("UPDATE event SET occurred_at = now() WHERE seq = 3")
    assert await prune_all(database) == [2]
    assert await promised(database, account) == Span(horizon=2, head=6)


async def test_a_handoff_that_is_not_over_keeps_its_history_whole(database, owner_dsn, account):
    await waiting(database, account.tier1)
    await claimed(database, account.tier2, await waiting(database, account.tier1))
    await over(database, account)
    await age(owner_dsn, account.id, up_to=5)
    assert await prune_all(database) == [2]
    assert await kept(database, account) == [1, 2, 3]
    assert await promised(database, account) == Span(horizon=5, head=5)


async def test_what_is_about_no_handoff_goes_with_the_horizon(database, owner_dsn, account):
    await waiting(database, account.tier1)
    for _ in range(2):
        async with database.transaction(account.id) as tx:
            await record(tx, EventType.INTEGRATION_DISABLED, None, None, now=NOW)
    await age(owner_dsn, account.id, up_to=2)
    assert await prune_all(database) == [1]
    assert await kept(database, account) == [1, 3]
    assert await promised(database, account) == Span(horizon=2, head=3)


@pytest.mark.parametrize("end", ["cancelled", "returned", "resolved", "superseded"])
async def test_its_history_goes_as_a_whole_when_its_end_is_old(database, owner_dsn, account, end):
    raised = await waiting(database, account.tier1)
    handoff_id = raised.handoff["id"]
    if end != "cancelled":
        await claimed(database, account.tier2, raised)
    begun = await kept(database, account)
    await age(owner_dsn, account.id, up_to=len(begun))
    await prune_all(database)

    async with database.transaction(account.id) as tx:
        match end:
            case "cancelled":
                await cancel(tx, account.tier1, handoff_id, now=NOW)
            case "returned":
                await return_(tx, account.tier2, handoff_id, "Renew it", now=NOW)
            case "resolved":
                await resolve(tx, account.tier2, raised.session["id"], "Renewed", now=NOW)
    if end == "superseded":
        await escalated(database, account.tier2, raised.session, now=NOW)
    ended = len(begun) + 1
    await over(database, account)
    await age(owner_dsn, account.id, up_to=len(begun))
    assert await prune_all(database) == [0]
    assert await kept(database, account) == [*begun, ended, ended + 1, ended + 2]

    await age(owner_dsn, account.id, up_to=ended)
    await prune_all(database)
    # the end of one that was superseded is the beginning of another, which waits
    left = [ended] if end == "superseded" else []
    assert await kept(database, account) == [*left, ended + 1, ended + 2]


async def test_one_that_was_superseded_lately_is_over_since_then(database, owner_dsn, account):
    """No event of its own says so: all it has are old."""
    raised = await waiting(database, account.tier1)
    await claimed(database, account.tier2, raised)
    await escalated(database, account.tier2, raised.session, now=NOW)
    await age(owner_dsn, account.id, up_to=2)
    assert await prune_all(database) == [0]
    await age(owner_dsn, account.id, up_to=3)
    assert await prune_all(database) == [2]
    assert await kept(database, account) == [3]


async def test_a_turn_takes_no_more_than_it_is_told_and_tears_no_history(
    database, owner_dsn, account
):
    first, second = [await waiting(database, account.tier1, now=NOW) for _ in range(2)]
    for raised in (first, second):
        async with database.transaction(account.id) as tx:
            await claim(tx, account.tier2, raised.handoff["id"], now=NOW)
            await return_(tx, account.tier2, raised.handoff["id"], "Renew it", now=NOW)
    await age(owner_dsn, account.id, up_to=6)
    assert await prune_all(database, at_most=1) == [0, 0, 0, 3, 0, 3]
    assert await promised(database, account) == Span(horizon=6, head=6)


async def test_each_log_has_a_horizon_of_its_own(database, owner_dsn, account, other_account):
    for one, up_to in ((account, 4), (other_account, 2)):
        for _ in range(2):
            await over(database, one)
        await age(owner_dsn, one.id, up_to)
    assert sorted(await prune_all(database)) == [2, 4]
    assert await kept(database, account) == []
    assert await kept(database, other_account) == [3, 4]


# -- when there is nothing to do


async def test_a_log_is_not_looked_at_again_before_something_in_it_can_be_old(
    database, owner_dsn, account, other_account
):
    """Neither one with young events nor one with none, nor those where nothing has ever been."""
    await over(database, account)
    await age(owner_dsn, account.id, up_to=0)
    await over(database, other_account)
    await age(owner_dsn, other_account.id, up_to=2)
    assert sorted(await prune_all(database)) == [0, 2]
    assert await prune_all(database) == []


async def test_a_log_is_looked_at_again_as_soon_as_something_in_it_is_old(
    database, owner_dsn, account
):
    for _ in range(2):
        await over(database, account)
    await age(owner_dsn, account.id, up_to=2, days_since=10)
    assert await prune_all(database) == [2]
    async with database.system() as connection:
        for days, gone in ((11, None), (9, 2), (9, None)):
            assert await connection.fetchval(PRUNE, timedelta(days=days), 1000) == gone


# -- what it is not to be talked into


@pytest.mark.parametrize("retention", ["0", "23:59:59", "-1 year", "1 mon -40 days"])
async def test_a_day_is_the_least_that_is_kept(database, owner_dsn, account, retention):
    await over(database, account)
    await age(owner_dsn, account.id, up_to=2)
    async with database.system() as connection:
        with pytest.raises(asyncpg.PostgresError, match="kept for a day at least"):
            await connection.execute(f"SELECT prune_events(interval '{retention}', 1000)")
    assert await kept(database, account) == [1, 2]


@pytest.mark.parametrize("at_most", [0, -1, 10_001, None])
async def test_a_turn_is_bounded(database, at_most):
    async with database.system() as connection:
        with pytest.raises(asyncpg.InvalidParameterValueError, match="from 1 to 10000"):
            await connection.execute(PRUNE, RETENTION, at_most)
        with pytest.raises(asyncpg.InvalidParameterValueError, match="for a day"):
            await connection.execute(PRUNE, None, 1)


async def test_whoever_asks_stays_in_their_own_account(database, owner_dsn, account, other_account):
    for one in (account, other_account):
        await over(database, one)
    await age(owner_dsn, account.id, up_to=2)
    async with database.transaction(other_account.id) as tx:
        assert await tx.fetchval(PRUNE, RETENTION, 1000) == 2
        assert await tx.fetchval("SELECT app_account()") == other_account.id
        seen = await tx.fetch("SELECT DISTINCT account_id FROM event")
        assert [row["account_id"] for row in seen] == [other_account.id]


async def test_an_owner_whom_row_level_security_does_not_bind_prunes_the_same(
    *, database, cluster, database_name, owner_dsn, account, other_account
):
    """Some migrate as a superuser, and the door acts as whoever has made it."""
    for one in (account, other_account):
        for _ in range(2):
            await over(database, one)
    await age(owner_dsn, account.id, up_to=2)
    async with connected(cluster.dsn(database_name, SUPERUSER)) as superuser:
        await superuser.execute(f"ALTER FUNCTION prune_events OWNER TO {SUPERUSER}")
        try:
            assert await prune_all(database) == [2]
        finally:
            await superuser.execute(f"ALTER FUNCTION prune_events OWNER TO {OWNER_ROLE}")
    assert await kept(database, account) == [3, 4]
    assert await kept(database, other_account) == [1, 2, 3, 4]
    assert await promised(database, other_account) == Span(horizon=0, head=4)


async def test_what_is_not_committed_has_not_gone(database, owner_dsn, account):
    await over(database, account)
    await age(owner_dsn, account.id, up_to=2)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(account.id) as tx:
            assert await tx.fetchval(PRUNE, RETENTION, 1000) == 2
            raise ZeroDivisionError
    assert await kept(database, account) == [1, 2]
    assert await promised(database, account) == Span(horizon=0, head=2)


# -- at the same time


async def test_one_prunes_at_a_time(database, owner_dsn, account, other_account):
    for one in (account, other_account):
        await over(database, one)
        await age(owner_dsn, one.id, up_to=2)
    async with database.transaction(account.id) as tx:
        assert await tx.fetchval(PRUNE, RETENTION, 1000) == 2
        assert await prune_all(database) == []
    assert await prune_all(database) == [2]


async def test_processes_that_prune_at_once_take_everything_once(
    database, owner_dsn, account, other_account
):
    for one in (account, other_account):
        for _ in range(10):
            await over(database, one)
        await age(owner_dsn, one.id, up_to=16)

    async def one_of_many() -> int:
        taken = 0
        for _ in range(40):
            taken += sum(await prune_all(database, at_most=3))
            await asyncio.sleep(0)
        return taken

    taken = await asyncio.gather(*(one_of_many() for _ in range(4)))
    assert sum(taken) == 32
    for one in (account, other_account):
        assert await kept(database, one) == [17, 18, 19, 20]
        assert await promised(database, one) == Span(horizon=16, head=20)


async def test_writers_do_not_wait_while_rows_are_deleted(database, owner_dsn, account):
    await over(database, account)
    await age(owner_dsn, account.id, up_to=2)
    async with in_account(owner_dsn, account) as owner:
        await owner.execute("SELECT FROM event WHERE seq = 2 FOR UPDATE")
        pruning = asyncio.create_task(prune_all(database))
        await _until_waiting(owner)
        async with asyncio.timeout(5):
            await over(database, account)
        assert not pruning.done()
    assert await pruning == [2]
    assert await kept(database, account) == [3, 4]
    assert await promised(database, account) == Span(horizon=2, head=4)


async def test_whoever_writes_for_long_delays_the_pruning_of_their_account_and_nobody_else(
    database, owner_dsn, account, other_account
):
    await over(database, account)
    raised = await waiting(database, account.tier1, now=NOW)
    await age(owner_dsn, account.id, up_to=2)
    async with connected(owner_dsn) as observer:
        async with database.transaction(account.id) as tx:
            await claim(tx, account.tier2, raised.handoff["id"], now=NOW)
            pruning = asyncio.create_task(prune_all(database))
            await _until_waiting(observer)
            async with asyncio.timeout(5):
                await over(database, other_account)
            assert await kept(database, account) == [1, 2, 3]
        assert await pruning == [2]
    assert await kept(database, account) == [3, 4]


async def _until_waiting(observer: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Until somebody who prunes waits for a lock."""
    async with asyncio.timeout(10):
        waiting_now = 0
        while waiting_now == 0:
            await asyncio.sleep(0.02)
            waiting_now = await observer.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")
