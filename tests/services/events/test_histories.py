"""The events of handoffs, picked out of the log."""

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from db.database import Database
from db.embedded.cluster import SUPERUSER
from db.models.vocabulary import EventType, Role
from services.events import Event, of_handoffs, read, record
from tests.harness.people import Account
from tests.harness.postgres import Cluster
from tests.services.events.parts import NOON, Writer, make_handoff


@pytest.fixture
async def superuser(cluster: Cluster, database_name: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(cluster.dsn(database_name, SUPERUSER))
    yield connection
    await connection.close()


async def numbers(database, actor, handoffs, **page):
    async with database.transaction(actor.account_id) as tx:
        rows = await of_handoffs(tx, actor, handoffs, **page)
    return {
        handoff: [row["seq"] for row in rows if row["handoff_id"] == handoff]
        for handoff in handoffs
    }


async def test_each_handoff_has_its_own_events_in_order(
    database: Database, account: Account, writer: Writer
) -> None:
    other = Writer(database, account, await make_handoff(database, account))
    for each in (writer, other, other, writer, writer):
        await each.write()
    whole = {writer.handoff: [1, 4, 5], other.handoff: [2, 3]}
    assert await numbers(database, account.tier2, list(whole), first=10) == whole
    part = {writer.handoff: [4], other.handoff: [2]}
    assert await numbers(database, account.tier2, list(part), first=1, after=1) == part


async def test_another_accounts_events_are_not_there(
    database: Database, writer: Writer, other_account: Account
) -> None:
    await writer.write()
    found = await numbers(database, other_account.admin, [writer.handoff], first=10)
    assert found == {writer.handoff: []}


async def test_each_row_says_whether_its_texts_may_be_seen(
    database: Database, account: Account, writer: Writer
) -> None:
    await writer.write()

    async def door(actor):
        async with database.transaction(account.id) as tx:
            [row] = await of_handoffs(tx, actor, [writer.handoff], first=1)
        return row["door"]

    assert [await door(actor) for actor in account.everybody] == [True, True, True, True, False]
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE session SET status = 'ACTIVE'")
    assert [await door(actor) for actor in account.everybody] == [True, False, False, True, False]
    assert await door(replace(account.tier1, role=Role.VIEWER)) is False


async def test_a_word_of_a_newer_release_is_kept_as_it_is_and_left_out_of_histories(
    database: Database, account: Account, writer: Writer, superuser: asyncpg.Connection
) -> None:
    await writer.write_many(2)
    await superuser.execute("ALTER TABLE event DROP CONSTRAINT event_type_known")
    await superuser.execute(
        "UPDATE event SET type = 'handoff.applauded' WHERE account_id = $1 AND seq = 1",
        account.id,
    )
    async with database.transaction(account.id) as tx:
        events = await read(tx, 0)
    assert [event.type for event in events] == ["handoff.applauded", EventType.HANDOFF_CREATED]
    assert await numbers(database, account.tier2, [writer.handoff], first=1) == {
        writer.handoff: [2]
    }


async def test_a_row_of_a_history_is_an_event(
    database: Database, account: Account, writer: Writer
) -> None:
    async with database.transaction(account.id) as tx:
        await record(
            tx,
            EventType.HANDOFF_DECLINED,
            writer.handoff,
            account.tier2,
            now=NOON,
            data={"reason": "On leave"},
        )
    async with database.transaction(account.id) as tx:
        [row] = await of_handoffs(tx, account.tier2, [writer.handoff], first=1)
        [event] = await read(tx, 0)
    assert Event.of(row) == event
    assert event.data == {"reason": "On leave"}
