"""What a transaction promises, also when the connection under it goes."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import asyncpg
import pytest

from db.database import CONNECTION_LOST, Database, NotCommitted, Transaction
from db.embedded import APP_ROLE
from tests.harness.cutting import Cutter, cutter
from tests.harness.people import Account
from tests.harness.postgres import Cluster


@pytest.fixture
async def cut(cluster: Cluster) -> AsyncIterator[Cutter]:
    async with cutter(cluster.server) as made:
        yield made


@pytest.fixture
async def single(dsn: str) -> AsyncIterator[Database]:
    """One connection only, so that the next transaction gets the one before's."""
    opened = Database(dsn, max_connections=1)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def cuttable(cut: Cutter, database_name: str) -> AsyncIterator[Database]:
    opened = Database(cut.dsn(database_name, APP_ROLE), max_connections=1)
    await opened.open()
    yield opened
    await opened.close(timeout=1)


async def rename(tx: Transaction, account: Account, name: str) -> None:
    renamed = await tx.execute(
        "UPDATE engineer SET name = $2 WHERE id = $1", account.tier1.id, name
    )
    assert renamed == "UPDATE 1"


async def name_of(database: Database, account: Account) -> str:
    async with database.transaction(account.id) as tx:
        found: str = await tx.fetchval("SELECT name FROM engineer WHERE id = $1", account.tier1.id)
    return found


async def kill_backend(database: Database, cluster: Cluster, tx: Transaction) -> None:
    backend = await tx.fetchval("SELECT pg_backend_pid()")
    await asyncio.to_thread(cluster.as_superuser, f"SELECT pg_terminate_backend({backend})")


# -- the end of a transaction


async def test_the_end_of_the_block_commits(single, account):
    async with single.transaction(account.id) as tx:
        assert tx.account_id == account.id
        await rename(tx, account, "Committed")
    assert await name_of(single, account) == "Committed"
    assert single.connections_in_use == 0


async def test_an_exception_rolls_back_and_is_what_the_caller_sees(single, account):
    class Refusal(Exception):
        pass

    with pytest.raises(Refusal):
        async with single.transaction(account.id) as tx:
            await rename(tx, account, "Rolled back")
            raise Refusal
    assert await name_of(single, account) == "Tier1"
    assert single.connections_in_use == 0


@pytest.mark.parametrize("at_work", ["in a statement", "between statements"])
async def test_a_cancelled_transaction_is_rolled_back_and_the_pool_stays_whole(
    single, account, at_work
):
    inside = asyncio.Event()

    async def work() -> None:
        async with single.transaction(account.id) as tx:
            await rename(tx, account, "Cancelled")
            inside.set()
            if at_work == "in a statement":
                await tx.execute("SELECT pg_sleep(30)")
            await asyncio.sleep(30)

    task = asyncio.create_task(work())
    await inside.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await asyncio.wait_for(name_of(single, account), 5) == "Tier1"
    assert single.connections_in_use == 0


async def test_cancelling_at_any_moment_leaves_all_or_nothing_and_a_whole_pool(single, account):
    """Every tenth of a millisecond is tried, until the work is done before it is cancelled."""
    outcomes = []
    for moment in range(500):
        mark = f"Cancelled at {moment}"

        async def work(mark: str = mark) -> None:
            async with single.transaction(account.id) as tx:
                await rename(tx, account, mark)
                await tx.execute(
                    "UPDATE engineer SET email = $1 WHERE id = $2", mark, account.tier1.id
                )

        task = asyncio.create_task(work())
        await asyncio.sleep(moment / 10_000)
        task.cancel()
        finished, *_ = await asyncio.gather(task, return_exceptions=True)
        assert single.connections_in_use == 0

        async with single.transaction(account.id) as tx:
            row = await tx.one("SELECT name, email FROM engineer WHERE id = $1", account.tier1.id)
        assert (row.name == mark) == (row.email == mark)
        outcomes.append(row.name == mark)
        if finished is None and sum(outcomes) > 3:
            break
    assert set(outcomes) == {True, False}


async def test_an_error_that_was_swallowed_inside_the_block_never_passes_as_a_commit(
    single, account
):
    """PostgreSQL answers the COMMIT of a failed transaction with a friendly ROLLBACK."""
    with pytest.raises(NotCommitted):
        async with single.transaction(account.id) as tx:
            await rename(tx, account, "Lost")
            with pytest.raises(asyncpg.DivisionByZeroError):
                await tx.execute("SELECT 1 / 0")
    assert await name_of(single, account) == "Tier1"


async def test_a_transaction_is_over_after_its_block(single, account):
    async with single.transaction(account.id) as tx:
        pass
    with pytest.raises(asyncpg.InterfaceError):
        await tx.fetchval("SELECT 1")


async def test_transactions_beyond_the_pool_wait_for_their_turn(dsn, account):
    opened = Database(dsn, max_connections=2)
    await opened.open()
    try:
        names = await asyncio.gather(*(name_of(opened, account) for _ in range(20)))
    finally:
        await opened.close()
    assert set(names) == {"Tier1"}


# -- the connection goes


async def test_a_connection_found_dead_at_the_start_is_replaced_unseen(cuttable, cut, account):
    cut.cut_at(b"BEGIN", times=1)
    assert await name_of(cuttable, account) == "Tier1"
    assert cut.cuts == 1


async def test_a_server_that_stays_away_is_told_after_one_retry_and_costs_no_connection(
    cuttable, cut, account
):
    for _ in range(3):
        cut.cut_at(b"BEGIN", times=2)
        with pytest.raises(CONNECTION_LOST):
            await asyncio.wait_for(name_of(cuttable, account), 5)
        assert cuttable.connections_in_use == 0
    assert cut.cuts == 6
    assert await asyncio.wait_for(name_of(cuttable, account), 5) == "Tier1"


async def test_an_idle_connection_whose_backend_was_killed_is_replaced_unseen(
    single, cluster, account
):
    async with single.system() as connection:
        backend = await connection.fetchval("SELECT pg_backend_pid()")
    with ThreadPoolExecutor() as threads:
        # result() holds our loop: the pool can't notice before it hands the connection out
        kill = f"SELECT pg_terminate_backend({backend}, 5000)"
        threads.submit(cluster.as_superuser, kill).result()
    assert await name_of(single, account) == "Tier1"


async def test_a_backend_killed_in_a_transaction_is_an_error_and_nothing_is_written(
    single, cluster, account
):
    with pytest.raises(CONNECTION_LOST):
        async with single.transaction(account.id) as tx:
            await rename(tx, account, "Lost")
            await kill_backend(single, cluster, tx)
            await tx.execute("SELECT 1")
    assert await name_of(single, account) == "Tier1"
    assert single.connections_in_use == 0


async def test_a_refusal_is_seen_even_when_the_connection_is_gone_by_then(single, cluster, account):
    with ThreadPoolExecutor() as threads, pytest.raises(LookupError, match="the refusal"):
        async with single.transaction(account.id) as tx:
            backend = await tx.fetchval("SELECT pg_backend_pid()")
            kill = f"SELECT pg_terminate_backend({backend}, 5000)"
            threads.submit(cluster.as_superuser, kill).result()
            raise LookupError("the refusal")
    assert await name_of(single, account) == "Tier1"
    assert single.connections_in_use == 0


async def test_an_answer_lost_after_commit_is_an_error_of_the_connection_not_of_the_work(
    cuttable, cut, account
):
    """The outcome is unknown to the caller, so it must be one of the errors known as such."""
    cut.cut_at(b"COMMIT", passing=True)
    with pytest.raises(CONNECTION_LOST):
        async with cuttable.transaction(account.id) as tx:
            await rename(tx, account, "Committed all the same")
    assert await name_of(cuttable, account) == "Committed all the same"
    assert cuttable.connections_in_use == 0


async def test_a_connection_cut_before_the_server_heard_commit_writes_nothing(
    cuttable, cut, account
):
    cut.cut_at(b"COMMIT")
    with pytest.raises(CONNECTION_LOST):
        async with cuttable.transaction(account.id) as tx:
            await rename(tx, account, "Never heard")
    assert await name_of(cuttable, account) == "Tier1"


# -- opening and closing


async def test_closing_waits_for_busy_transactions_but_not_for_ever(dsn, account):
    opened = Database(dsn, max_connections=2)
    await opened.open()

    async def work(seconds: float) -> None:
        async with opened.transaction(account.id) as tx:
            await tx.execute("SELECT pg_sleep($1)", seconds)

    short, long = asyncio.create_task(work(0.2)), asyncio.create_task(work(30))
    await asyncio.sleep(0.1)
    await asyncio.wait_for(opened.close(timeout=0.5), 2)

    assert await short is None
    with pytest.raises(CONNECTION_LOST):
        await asyncio.wait_for(long, 2)
    await opened.close()


async def test_a_closed_or_never_opened_database_says_so(dsn, account):
    never = Database(dsn)
    with pytest.raises(RuntimeError, match="open"):
        await name_of(never, account)
    await never.close()

    closed = Database(dsn)
    await closed.open()
    await closed.close()
    with pytest.raises(asyncpg.InterfaceError):
        await name_of(closed, account)


async def test_a_server_that_is_not_there_is_an_error_at_once(tmp_path):
    with pytest.raises(OSError):
        await Database(f"postgresql://nobody@/none?host={tmp_path}").open()


# -- what comes back


async def test_a_row_gives_its_columns_as_attributes_too(single, account):
    async with single.transaction(account.id) as tx:
        row = await tx.fetchrow("SELECT id, tier FROM engineer WHERE id = $1", account.tier2.id)
    assert (row.id, row.tier, row["tier"]) == (account.tier2.id, 2, 2)
    assert isinstance(row.id, UUID)
    with pytest.raises(AttributeError, match="nmae"):
        _ = row.nmae


async def test_json_goes_in_and_comes_out_as_it_was(single, account):
    document = {"steps": [{"title": 'Ümläut "quoted"', "n": 1.5, "none": None}], "when": "später"}
    async with single.transaction(account.id) as tx:
        for kind in ("json", "jsonb"):
            assert await tx.fetchval(f"SELECT $1::{kind}", document) == document


async def test_one_row_that_must_be_there_is_an_error_when_it_is_not(single, account):
    async with single.transaction(account.id) as tx:
        with pytest.raises(RuntimeError, match="no row from: SELECT 1 WHERE false"):
            await tx.one("SELECT 1   WHERE false")


async def test_times_are_utc_whatever_the_servers_zone(single, account):
    async with single.transaction(account.id) as tx:
        assert await tx.fetchval("SHOW timezone") == "UTC"
