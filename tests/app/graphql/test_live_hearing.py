"""Who had a call for help on a live screen is written down, whatever the database does."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.graphql.live import Hearing, Live
from app.graphql.live.hearing import MOST_WAITING
from db.database import Database
from db.embedded import APP_ROLE
from db.ids import uuid7
from db.models.vocabulary import EventType
from services.events import Event, Hub
from services.handoffs.claiming import claim
from tests.app.graphql.ears import Ear, Identity, contexts, shared_live
from tests.app.worker.carrying import eventually
from tests.harness.cutting import cutter
from tests.harness.people import Account, make_engineer
from tests.harness.postgres import Cluster
from tests.harness.story import NOON, waiting
from tests.schema.asking import ENGINE, Client

SHARED = "subscription S($after: Cursor) { handoffCreated(after: $after) { cursor } }"
OWN = """subscription S($after: Cursor) { handoffCreated(after: $after) {
  cursor handoff { viewerCan } } }"""
BELL = "subscription S($after: Cursor) { notificationReceived(after: $after) { cursor } }"
EVENTS = "subscription { handoffEvents { __typename } }"


@pytest.fixture
async def hearing(database: Database) -> AsyncIterator[Hearing]:
    started = Hearing(database)
    yield started
    await started.stop()


@pytest.fixture
def live(database: Database, hub: Hub, hearing: Hearing) -> Live[Identity]:
    shared = shared_live(Client(database, hub))
    shared.heard = hearing.heard
    return shared


async def raise_one(database: Database, account: Account, hub: Hub) -> UUID:
    raised = await waiting(database, account.tier1)
    assert raised.seq is not None
    hub.ring(account.id, raised.seq)
    handoff_id: UUID = raised.handoff["id"]
    return handoff_id


async def heard(database: Database, account: Account, handoff_id: UUID) -> set[UUID]:
    async with database.transaction(account.id) as tx:
        rows = await tx.fetch(
            "SELECT engineer_id FROM handoff_heard WHERE handoff_id = $1", handoff_id
        )
    return {row["engineer_id"] for row in rows}


async def hears(
    database: Database, account: Account, handoff_id: UUID, expected: set[UUID]
) -> None:
    async def done() -> bool:
        return await heard(database, account, handoff_id) == expected

    await eventually(done)


@pytest.mark.parametrize("document", [SHARED, OWN, BELL, EVENTS])
async def test_those_who_are_asked_and_listen_have_heard_and_nobody_else(
    live: Live[Identity], database: Database, account: Account, hub: Hub, document: str
) -> None:
    colleague = await make_engineer(database, account.id, f"peer@{account.slug}.test", tier=1)
    for actor in (account.tier1, account.tier2, account.admin, colleague):
        await Ear().subscribe(live, actor, document)
    handoff_id = await raise_one(database, account, hub)
    await hears(database, account, handoff_id, {account.tier2.id, account.admin.id})


@pytest.mark.parametrize("document", [SHARED, OWN, BELL])
async def test_who_comes_back_and_catches_up_has_heard_as_well(
    live: Live[Identity], database: Database, account: Account, hub: Hub, document: str
) -> None:
    ear = await Ear().subscribe(live, account.tier2, document)
    await raise_one(database, account, hub)
    [first] = await ear.hears(1)
    ear.leave()
    missed = await raise_one(database, account, hub)
    # somebody else founds the group, so that this one catches up behind it
    await Ear().subscribe(live, account.tier3, document)
    again = await Ear().subscribe(live, account.tier2, document, after=first["cursor"])
    await again.hears(1)
    await hears(database, account, missed, {account.tier2.id})


async def test_who_has_no_room_for_it_has_not_heard_until_it_has(
    live: Live[Identity], database: Database, account: Account, hub: Hub
) -> None:
    deaf = await Ear(room=0).subscribe(live, account.tier2, SHARED)
    quick = await Ear().subscribe(live, account.tier3, SHARED)
    handoff_id = await raise_one(database, account, hub)
    await quick.hears(1)
    await hears(database, account, handoff_id, {account.tier3.id})
    deaf.read()
    await hears(database, account, handoff_id, {account.tier2.id, account.tier3.id})


async def test_news_of_a_handoff_that_waits_no_more_is_no_call(
    live: Live[Identity], database: Database, account: Account, hub: Hub
) -> None:
    handoff_id = await raise_one(database, account, hub)
    ear = await Ear().subscribe(live, account.tier1, EVENTS)
    async with database.transaction(account.id) as tx:
        taken = await claim(tx, account.tier2, handoff_id, now=NOON)
    assert taken.seq is not None
    hub.ring(account.id, taken.seq)
    await ear.hears(2)
    await asyncio.sleep(0.1)
    assert await heard(database, account, handoff_id) == set()


async def test_a_database_that_is_away_delays_what_is_written_and_no_stream(
    database: Database,
    database_name: str,
    cluster: Cluster,
    account: Account,
    hub: Hub,
) -> None:
    async with cutter(cluster.server) as way:
        away = Database(way.dsn(database_name, APP_ROLE))
        await away.open()
        hearing = Hearing(away)
        live = Live(ENGINE, contexts(Client(database, hub)), None, hearing.heard)
        ear = await Ear().subscribe(live, account.tier2, SHARED)
        way.cut_at(b"", times=10**9)
        handoff_id = await raise_one(database, account, hub)
        await ear.hears(1)
        await asyncio.sleep(0.3)
        assert await heard(database, account, handoff_id) == set()
        way.cut_at(b"", times=0)
        await hears(database, account, handoff_id, {account.tier2.id})
        await hearing.stop()
        await away.close()


async def test_what_waits_to_be_written_is_bounded(hearing: Hearing, account: Account) -> None:
    event = Event(1, EventType.HANDOFF_CREATED, uuid7(), None, NOON, (), (), {})
    for _ in range(3):
        hearing.heard(account.id, event, [uuid7() for _ in range(MOST_WAITING)])
    assert sum(map(len, hearing._waiting.values())) == MOST_WAITING
