"""The numbers of an account's log: in commit order, without holes, whoever writes at once."""

import asyncio

import asyncpg
import pytest

from db.ids import uuid7
from db.models.vocabulary import EventType
from services.events import head, read, record
from tests.services.events.parts import NOON, GivenUp, Writer, make_handoff


async def test_an_event_is_read_as_it_was_written(database, account, handoff):
    told = (account.tier2.id, account.tier3.id)
    bells = (uuid7(), uuid7())
    async with database.transaction(account.id) as tx:
        seq = await record(
            tx,
            EventType.HANDOFF_CLAIMED,
            handoff,
            account.tier2,
            now=NOON,
            notified=told,
            notifications=bells,
            data={"reason": "näher dran", "rank": 3},
        )
    async with database.transaction(account.id) as tx:
        (event,) = await read(tx, 0)
    assert event.seq == seq == 1
    assert event.type is EventType.HANDOFF_CLAIMED
    assert event.handoff_id == handoff
    assert event.actor_id == account.tier2.id
    assert event.occurred_at == NOON
    assert event.notified == told
    assert event.notifications == bells
    assert event.data == {"reason": "näher dran", "rank": 3}


async def test_a_later_number_can_not_be_committed_before_an_earlier_one(database, writer):
    async with database.transaction(writer.account.id) as tx:
        first = await record(
            tx, EventType.HANDOFF_CREATED, writer.handoff, writer.account.tier1, now=NOON
        )
        other = asyncio.create_task(writer.write())
        done, _ = await asyncio.wait({other}, timeout=0.2)
        assert not done
    assert await asyncio.wait_for(other, 5) == first + 1


async def test_the_very_first_events_of_an_account_are_numbered_one_after_the_other(writer):
    seqs = await asyncio.gather(*(writer.write() for _ in range(8)))
    assert sorted(seqs) == list(range(1, 9))


async def test_a_rolled_back_event_leaves_no_hole(writer, database):
    await writer.write()
    for _ in range(3):
        with pytest.raises(GivenUp):
            await writer.write(give_up=True)
    assert await writer.write() == 2
    async with database.transaction(writer.account.id) as tx:
        assert [event.seq for event in await read(tx, 0)] == [1, 2]
        assert await head(tx) == 2


async def test_every_account_has_numbers_of_its_own(writer, database, other_account):
    other = Writer(database, other_account, await make_handoff(database, other_account))
    assert await writer.write_many(3) == 3
    assert await other.write() == 1


async def test_whoever_is_told_has_a_notification(database, account, handoff):
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction(account.id) as tx:
            await record(
                tx,
                EventType.HANDOFF_CREATED,
                handoff,
                account.tier1,
                now=NOON,
                notified=[account.tier2.id],
            )


async def test_why_the_number_is_no_sequence_a_reader_of_one_loses_events(owner_dsn):
    """The order of events that the counter rules out, told with a plain identity column."""
    early, late, reader = [await asyncpg.connect(owner_dsn) for _ in range(3)]
    insert = "INSERT INTO naive DEFAULT VALUES RETURNING seq"
    seen: list[int] = []

    async def read_on() -> None:
        after = seen[-1] if seen else 0
        rows = await reader.fetch("SELECT seq FROM naive WHERE seq > $1 ORDER BY seq", after)
        seen.extend(row["seq"] for row in rows)

    try:
        await reader.execute("CREATE TABLE naive (seq bigint GENERATED ALWAYS AS IDENTITY)")
        transaction = early.transaction()
        await transaction.start()
        assert await early.fetchval(insert) == 1
        assert await late.fetchval(insert) == 2
        await read_on()
        await transaction.commit()
        await read_on()
        assert seen == [2], "event 1 was committed and never read"
    finally:
        await reader.execute("DROP TABLE IF EXISTS naive")
        for connection in (early, late, reader):
            await connection.close()
