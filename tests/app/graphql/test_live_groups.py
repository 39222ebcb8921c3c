"""Feeding those who share: everybody gets every event, once, in order, however slow the others."""

import asyncio
import random

import pytest

from app.graphql.live import Close, Live, group, subscriber
from db.database import Database
from db.embedded import APP_ROLE
from services.events import Hub
from tests.app.graphql.ears import Ear, Identity, shared_live
from tests.harness.cutting import cutter
from tests.harness.people import Account
from tests.harness.postgres import Cluster
from tests.schema.asking import Client
from tests.services.events.parts import Writer, make_handoff

EVENTS = """subscription S($after: Cursor) { handoffEvents(after: $after) {
  ... on StreamReady { cursor } ... on HandoffEvent { cursor handoff { status } } } }"""
CREATED = "subscription S($after: Cursor) { handoffCreated(after: $after) { cursor } }"


@pytest.fixture
def live(database: Database, hub: Hub) -> Live[Identity]:
    return shared_live(Client(database, hub))


@pytest.fixture
async def writer(database: Database, account: Account, hub: Hub) -> Writer:
    return Writer(database, account, await make_handoff(database, account), hub.ring)


def cursors(ear: Ear) -> list[str]:
    return [root["cursor"] for root in ear.roots]


async def test_one_without_room_holds_nobody_up_and_misses_nothing(
    live: Live[Identity], account: Account, writer: Writer
) -> None:
    quick = await Ear().subscribe(live, account.tier2, EVENTS)
    slow = await Ear(room=1).subscribe(live, account.tier2, EVENTS)  # for StreamReady

    for _ in range(10):
        await writer.write()
    await quick.hears(11)
    assert len(slow.results) == 1
    [shared] = live.groups.values()
    assert len(shared.members) == 1

    slow.read()
    await slow.hears(11)
    await writer.write()
    await slow.hears(12)
    await quick.hears(12)

    assert cursors(slow) == cursors(quick)
    assert len(shared.members) == 2
    assert live.tally.fell_behind == 1


async def test_one_who_is_read_now_and_then_gets_all_of_it(
    live: Live[Identity], account: Account, writer: Writer
) -> None:
    quick = await Ear().subscribe(live, account.tier2, EVENTS)
    slow = await Ear(room=1).subscribe(live, account.tier2, EVENTS)

    for number in range(30):
        await writer.write()
        if number % 3 == 0:
            slow.read(2)
    await quick.hears(31)
    slow.read()
    await slow.hears(31)

    assert cursors(slow) == cursors(quick)


async def test_who_does_not_read_at_all_is_ended_with_the_cursor_to_go_on_from(
    live: Live[Identity], account: Account, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "PATIENCE", 0.2)
    quick = await Ear().subscribe(live, account.tier2, EVENTS)
    dead = await Ear(room=2).subscribe(live, account.tier2, EVENTS)

    for _ in range(5):
        await writer.write()
    await dead.until(lambda ear: ear.ending)
    await quick.hears(6)

    assert dead.ending is not None
    assert dead.ending.close is Close.TOO_SLOW
    [error] = dead.ending.errors
    assert error["extensions"] == {"code": "RESYNC_REQUIRED", "cursor": cursors(quick)[1]}
    assert quick.ending is None
    again = await Ear().subscribe(live, account.tier2, EVENTS, after=cursors(quick)[1])
    await again.hears(5)
    assert cursors(again) == cursors(quick)[1:]


async def test_who_falls_too_far_behind_is_ended_although_they_read(
    live: Live[Identity], account: Account, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "MOST_BEHIND", 20)
    quick = await Ear().subscribe(live, account.tier2, EVENTS)
    slow = await Ear(room=1).subscribe(live, account.tier2, EVENTS)

    await writer.write()
    await quick.hears(2)
    for _ in range(30):
        await writer.write()
    await quick.hears(32)
    slow.read(1)
    await slow.until(lambda ear: ear.ending)

    assert slow.ending is not None
    assert slow.ending.code == "RESYNC_REQUIRED"
    assert slow.ending.errors[0]["extensions"]["cursor"] == cursors(slow)[1] == cursors(quick)[1]


async def test_who_begins_far_back_is_not_too_slow_for_that(
    live: Live[Identity], account: Account, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "MOST_BEHIND", 20)
    first = await Ear().subscribe(live, account.tier2, CREATED)
    await writer.write()
    await first.hears(1)
    await writer.write_bulk(300)
    await writer.write()
    await first.hears(302)

    late = await Ear().subscribe(live, account.tier2, CREATED, after=cursors(first)[0])
    await late.hears(301)

    assert cursors(late) == cursors(first)[1:]
    assert late.ending is None


async def test_a_crowd_that_comes_goes_and_stalls_at_random_has_whole_sequences(
    live: Live[Identity], account: Account, writer: Writer
) -> None:
    seed = random.randrange(10**9)
    chances = random.Random(seed)
    total = 200

    async def pour() -> None:
        for _ in range(total // 4):
            await asyncio.gather(*(writer.write() for _ in range(4)))
            await asyncio.sleep(chances.random() * 0.01)

    async def one(number: int) -> list[str]:
        """Comes back behind its last cursor whenever it left, and stalls in between."""
        actor = account.everybody[number % 4]
        have: list[str] = []
        while len(have) <= total:
            ear = Ear(room=chances.choice([None, 1, 5]))
            after = {"after": have[-1]} if have else {}
            await ear.subscribe(live, actor, EVENTS, **after)
            for _ in range(chances.randint(1, 20)):
                await asyncio.sleep(chances.random() * 0.02)
                ear.read(chances.choice([None, 0, 1, 7, 30]))
            ear.leave()
            heard = cursors(ear)
            have += heard[1:] if have else heard  # StreamReady repeats where it begins
        return have

    async with asyncio.timeout(60):
        comers = [asyncio.create_task(one(number)) for number in range(24)]
        await asyncio.sleep(0.05)
        _, *sequences = await asyncio.gather(pour(), *comers)
    everything = await Ear().subscribe(live, account.tier2, EVENTS, after=sequences[0][0])
    await everything.hears(total + 1)

    assert all(sequence == cursors(everything) for sequence in sequences), seed
    assert live.tally.fell_behind > 0


async def test_an_event_that_meets_an_absent_database_is_late_and_not_lost(
    cluster: Cluster, database_name: str, hub: Hub, account: Account, writer: Writer
) -> None:
    """The log can be read all the time; what the events are about can't."""
    about_viewer = EVENTS.replace("status", "status viewerCan")
    async with cutter(cluster.server) as cut:
        reader = Database(cut.dsn(database_name, APP_ROLE), max_connections=4)
        await reader.open()
        live = shared_live(Client(reader, hub))
        shared = [await Ear().subscribe(live, account.tier2, EVENTS) for _ in range(3)]
        plain = await Ear().subscribe(live, account.admin, EVENTS)
        alone = await Ear().subscribe(live, account.tier2, about_viewer)
        everybody = (*shared, plain, alone)

        for number in (1, 2):
            cut.cut_at(b"BEGIN", times=12)
            await writer.write()
            for ear in everybody:
                await ear.hears(1 + number)

        assert cut.cuts == 24
        assert all(cursors(ear) == cursors(alone) for ear in everybody)
        await reader.close()


async def test_a_group_that_fails_ends_its_members_so_that_they_come_back(
    live: Live[Identity], account: Account, hub: Hub, writer: Writer
) -> None:
    ears = [await Ear().subscribe(live, account.tier2, EVENTS) for _ in range(3)]

    await hub.stop()
    for ear in ears:
        await ear.until(lambda ear: ear.ending)

    assert {(ear.ending.code, ear.ending.close) for ear in ears if ear.ending} == {
        ("UNAVAILABLE", Close.BROKEN)
    }
    assert not live.groups


async def test_a_cursor_that_can_not_be_gone_on_from_ends_only_who_brought_it(
    live: Live[Identity], account: Account, other_account: Account, writer: Writer
) -> None:
    ear = await Ear().subscribe(live, account.tier2, EVENTS)
    await writer.write()
    await ear.hears(2)

    with pytest.raises(Exception, match="not given out for your account"):
        await Ear().subscribe(live, other_account.tier2, EVENTS, after=cursors(ear)[0])
    await writer.write()

    await ear.hears(3)
