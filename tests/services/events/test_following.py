"""Every follower sees every event once and in order, from where it stands, at its own pace."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from db.database import Database
from services.events import CursorExpired, CursorUnknown, Event, HubStopped
from services.events.tail import KEPT, PAGE
from tests.harness.retention import age, prune_all
from tests.services.events.parts import (
    GivenUp,
    Writer,
    eventually,
    make_handoff,
    nothing,
    numbers,
    take,
)


@pytest.fixture
async def owner(owner_dsn: str) -> AsyncIterator[Database]:
    """Who may damage the log."""
    opened = Database(owner_dsn, max_connections=2)
    await opened.open()
    yield opened
    await opened.close()


async def let_go(writer: Writer, owner_dsn: str, up_to: int, *, rows: int) -> None:
    """Retention takes the events up to that number, and so many rows."""
    await age(owner_dsn, writer.account.id, up_to)
    assert sum(await prune_all(writer.database)) == rows


async def write_busily(writer: Writer, count: int, hubs) -> None:
    """Now and then something is rolled back, and each event is rung at one of the hubs."""
    chance = random.Random(count)
    for _ in range(count):
        if chance.random() < 0.2:
            with pytest.raises(GivenUp):
                await writer.write(give_up=True)
        seq = await writer.write()
        chance.choice(hubs).ring(writer.account.id, seq)
        await asyncio.sleep(chance.random() * 0.005)


# -- order


async def test_with_16_writers_at_once_every_follower_sees_1_to_n(new_hub, writer, dsn):
    hubs = [await new_hub(dsn), await new_hub(dsn)]
    followers = [await hub.follow(writer.account.id, 0) for hub in hubs for _ in range(2)]
    seen = [asyncio.create_task(numbers(follower, 400)) for follower in followers]

    await asyncio.gather(*(write_busily(writer, 25, hubs) for _ in range(16)))

    assert await asyncio.gather(*seen) == [list(range(1, 401))] * 4
    assert [await nothing(follower) for follower in followers] == [True] * 4
    assert [hub.tally.gaps for hub in hubs] == [0, 0]


async def test_replay_runs_into_live_without_a_seam(new_hub, writer):
    await writer.write_bulk(KEPT + 300)
    hubs = [await new_hub(), await new_hub()]
    last = KEPT + 300 + 8 * 30
    writing = asyncio.gather(*(write_busily(writer, 30, hubs) for _ in range(8)))
    seen = []
    for after in (0, KEPT + 100, KEPT + 300, 1, 300, KEPT + 299):
        for hub in hubs:
            follower = await hub.follow(writer.account.id, after)
            seen.append((after, asyncio.create_task(numbers(follower, last - after))))
        await asyncio.sleep(0.02)
    assert not writing.done(), "otherwise nothing here was live"
    await writing
    for after, task in seen:
        assert await task == list(range(after + 1, last + 1))


async def test_without_a_cursor_a_stream_starts_at_what_is_committed_now(new_hub, writer):
    hub = await new_hub(poll=30)
    await writer.write_many(3)
    early = await hub.follow(writer.account.id, None)
    assert early.position == 3
    # the hub has not been told of number 4: the database has
    await writer.write()
    late = await hub.follow(writer.account.id, None)
    assert late.position == 4
    hub.ring(writer.account.id, await writer.write())
    assert await numbers(early, 2) == [4, 5]
    assert await numbers(late, 1) == [5]
    assert early.position == late.position == 5


async def test_nothing_is_lost_when_a_waiting_consumer_is_interrupted(new_hub, writer):
    hub = await new_hub()
    follower = await hub.follow(writer.account.id, 0)
    writing = asyncio.create_task(write_busily(writer, 60, [hub]))
    seen = []
    while len(seen) < 60:
        try:
            async with asyncio.timeout(0.003):
                seen.append((await anext(follower)).seq)
        except TimeoutError:
            continue
    await writing
    assert seen == list(range(1, 61))


async def test_a_hole_is_waited_for_and_never_skipped(new_hub, writer, owner, database):
    await writer.write_bulk(5)
    async with owner.transaction(writer.account.id) as tx:
        await tx.execute("DELETE FROM event WHERE seq = 3")
    hub = await new_hub()
    follower = await hub.follow(writer.account.id, 0)
    assert await nothing(follower, 0.4)
    assert hub.tally.gaps > 0
    async with database.transaction(writer.account.id) as tx:
        await tx.execute(
            "INSERT INTO event (account_id, seq, type, handoff_id, actor_id) "
            "SELECT account_id, 3, type, handoff_id, actor_id FROM event WHERE seq = 1"
        )
    assert await numbers(follower, 5) == [1, 2, 3, 4, 5]


# -- cursors


async def test_a_cursor_that_the_log_has_not_reached_is_unknown(new_hub, writer):
    await writer.write_bulk(3)
    hub = await new_hub()
    for after in (4, -1):
        with pytest.raises(CursorUnknown) as refusal:
            await hub.follow(writer.account.id, after)
        assert refusal.value.after == after
    assert hub.accounts == 0


@pytest.mark.parametrize("over", [True, False])
async def test_a_cursor_older_than_what_is_kept_has_expired(new_hub, writer, owner_dsn, over):
    if over:
        await writer.write_bulk(3)
        await writer.turn_over()
        await writer.write_bulk(2)
    else:
        await writer.write_bulk(5)
    await let_go(writer, owner_dsn, 3, rows=3 if over else 0)
    hub = await new_hub()
    with pytest.raises(CursorExpired):
        await hub.follow(writer.account.id, 2)
    assert await numbers(await hub.follow(writer.account.id, 3), 2) == [4, 5]


async def test_a_consumer_overtaken_by_retention_is_told_so(new_hub, writer, owner_dsn):
    hub = await new_hub()
    behind = await hub.follow(writer.account.id, 0)
    ahead = await hub.follow(writer.account.id, 0)
    await writer.write_bulk(50)
    await writer.turn_over()
    await writer.write_bulk(KEPT + 50)
    await take(ahead, KEPT + 100)
    await let_go(writer, owner_dsn, 50, rows=50)
    with pytest.raises(CursorExpired):
        await take(behind, 1)
    with pytest.raises(StopAsyncIteration):
        await anext(behind)
    assert hub.followers == 1


async def test_a_consumer_overtaken_by_retention_of_everything_is_told_so(
    new_hub, writer, owner_dsn
):
    hub = await new_hub()
    behind = await hub.follow(writer.account.id, 0)
    ahead = await hub.follow(writer.account.id, 0)
    await writer.write_bulk(KEPT + 100)
    await writer.turn_over()
    await take(ahead, KEPT + 100)
    await let_go(writer, owner_dsn, KEPT + 100, rows=KEPT + 100)
    with pytest.raises(CursorExpired):
        await take(behind, 1)


async def test_a_consumer_overtaken_in_the_middle_reads_over_no_hole(new_hub, writer, owner_dsn):
    """What still waits keeps its rows: the numbers between them are gone, and must be missed."""
    hub = await new_hub()
    behind = await hub.follow(writer.account.id, 0)
    ahead = await hub.follow(writer.account.id, 0)
    kept = writer.handoff
    await writer.write_bulk(50)
    await writer.turn_over()
    await writer.write_bulk(50)
    writer.handoff, over = kept, writer.handoff
    await writer.write_bulk(KEPT)
    await writer.end(over)
    await take(ahead, KEPT + 100)
    await let_go(writer, owner_dsn, 100, rows=50)
    with pytest.raises(CursorExpired):
        await take(behind, 51)
    assert behind.position <= 50


async def test_a_log_that_retention_has_emptied_goes_on(new_hub, writer, owner_dsn):
    await writer.write_bulk(5)
    await writer.turn_over()
    await let_go(writer, owner_dsn, 5, rows=5)
    hub = await new_hub(poll=0.1)
    resumed, begun = [await hub.follow(writer.account.id, after) for after in (5, None)]
    await writer.write_many(2)
    for follower in (resumed, begun):
        assert await numbers(follower, 2) == [6, 7]


async def test_followers_of_a_log_that_went_back_are_told_so(new_hub, writer, owner):
    """A database restored from an older copy gives the same numbers to other events."""
    hub = await new_hub(poll=0.1)
    follower = await hub.follow(writer.account.id, 0)
    await writer.write_bulk(5)
    await take(follower, 5)
    async with owner.transaction(writer.account.id) as tx:
        await tx.execute("DELETE FROM event WHERE seq > 2")
        await tx.execute("UPDATE event_counter SET seq = 2")
    with pytest.raises(CursorUnknown):
        await take(follower, 1)


# -- what following costs


async def test_a_slow_consumer_reads_the_table_and_takes_no_memory(new_hub, writer):
    hub = await new_hub()
    slow = await hub.follow(writer.account.id, 0)
    quick = await hub.follow(writer.account.id, 0)
    count = 3 * KEPT
    await writer.write_bulk(count)
    assert (await numbers(quick, count))[-1] == count
    gc.collect()
    alive = sum(isinstance(thing, Event) for thing in gc.get_objects())
    assert alive <= KEPT + 2 * PAGE
    assert hub.tally.replays == 0

    assert await numbers(slow, count) == list(range(1, count + 1))
    assert 0 < hub.tally.replays <= count / PAGE + 1
    hub.ring(writer.account.id, await writer.write())
    assert await numbers(slow, 1) == [count + 1]


@pytest.mark.parametrize("followers", [1, 50])
async def test_followers_of_one_account_share_one_reader(new_hub, writer, followers):
    hub = await new_hub(poll=30)
    crowd = [await hub.follow(writer.account.id, None) for _ in range(followers)]
    assert (hub.accounts, hub.followers) == (1, followers)
    for _ in range(20):
        hub.ring(writer.account.id, await writer.write())
        await asyncio.gather(*(take(follower, 1) for follower in crowd))
    assert hub.tally.reads <= 2 * 20  # a ring that comes while it reads may be heard again after it
    assert hub.tally.replays == 0


async def test_coming_back_a_little_behind_does_not_read_the_table_again(new_hub, writer):
    hub = await new_hub(poll=30)
    await writer.write_bulk(100)
    await take(await hub.follow(writer.account.id, 40), 60)
    reads = hub.tally.reads
    returned = [await hub.follow(writer.account.id, after) for after in range(40, 101)]
    for after, follower in enumerate(returned[:-1], start=40):
        assert await numbers(follower, 100 - after) == list(range(after + 1, 101))
    assert (hub.tally.reads, hub.tally.replays) == (reads, 0)


async def test_100_followers_that_come_at_once_are_all_served_by_one_reader(new_hub, writer):
    hub = await new_hub(poll=30)
    crowd = await asyncio.gather(*(hub.follow(writer.account.id, None) for _ in range(100)))
    assert (hub.accounts, hub.followers) == (1, 100)
    hub.ring(writer.account.id, await writer.write())
    assert await asyncio.gather(*(numbers(follower, 1) for follower in crowd)) == [[1]] * 100


async def test_the_last_follower_to_leave_ends_the_reading(new_hub, writer):
    hub = await new_hub(poll=30)
    first, second = [await hub.follow(writer.account.id, None) for _ in range(2)]
    await first.aclose()
    await first.aclose()
    assert (hub.accounts, hub.followers) == (1, 1)
    waiting = asyncio.create_task(anext(second, None))
    await asyncio.sleep(0)
    await second.aclose()
    assert await asyncio.wait_for(waiting, 1) is None
    assert (hub.accounts, hub.followers) == (0, 0)
    await eventually(
        lambda: not any(task.get_name().startswith("tail ") for task in asyncio.all_tasks())
    )
    # and the account can be followed again
    again = await hub.follow(writer.account.id, None)
    hub.ring(writer.account.id, await writer.write())
    assert await numbers(again, 1) == [1]


async def test_lag_is_told_while_news_can_not_be_read(new_hub, writer, database):
    hub = await new_hub(poll=30)
    follower = await hub.follow(writer.account.id, None)
    seq = await writer.write()
    async with AsyncExitStack() as taken:
        for _ in range(24):  # every connection there is
            await taken.enter_async_context(database.system())
        hub.ring(writer.account.id, seq)
        await asyncio.sleep(0.1)
        assert hub.lag >= 0.1
    await take(follower, 1)
    await eventually(lambda: hub.lag == 0)


# -- whose events


async def test_accounts_are_kept_apart(new_hub, writer, database, other_account):
    other = Writer(database, other_account, await make_handoff(database, other_account))
    hub = await new_hub(poll=0.1)
    mine = await hub.follow(writer.account.id, None)
    theirs = await hub.follow(other_account.id, None)

    async def write(who: Writer, count: int) -> None:
        for _ in range(count):
            hub.ring(who.account.id, await who.write())

    await asyncio.gather(write(writer, 30), write(other, 20))
    events = {writer: await take(mine, 30), other: await take(theirs, 20)}
    for who, seen in events.items():
        assert {event.handoff_id for event in seen} == {who.handoff}
        assert all(second.seq == first.seq + 1 for first, second in pairwise(seen))
    assert await nothing(mine)
    assert await nothing(theirs)


async def test_a_ring_that_lies_does_no_harm(new_hub, writer):
    hub = await new_hub(poll=30)
    follower = await hub.follow(writer.account.id, None)
    hub.ring(writer.account.id, 10**18)
    hub.ring(writer.handoff, 5)
    assert await nothing(follower)
    hub.ring(writer.account.id, await writer.write())
    hub.ring(writer.account.id, 1)
    assert await numbers(follower, 1) == [1]
    assert await nothing(follower)
    assert hub.lag == 0


# -- the end


async def test_a_stopped_hub_ends_its_followers_where_they_stand(new_hub, writer):
    hub = await new_hub(poll=30)
    await writer.write_bulk(4)
    waiting, busy = [await hub.follow(writer.account.id, after) for after in (4, 0)]
    next_event = asyncio.create_task(anext(waiting))
    await take(busy, 2)
    await hub.stop()
    await hub.stop()
    with pytest.raises(HubStopped) as ended:
        await asyncio.wait_for(next_event, 1)
    assert ended.value.position == 4
    with pytest.raises(HubStopped) as ended:
        await anext(busy)
    assert ended.value.position == 2
    with pytest.raises(HubStopped):
        await hub.follow(writer.account.id, None)
    hub.ring(writer.account.id, 5)


async def test_whoever_comes_while_the_hub_stops_is_not_left_waiting(new_hub, writer):
    hub = await new_hub(poll=30)
    await writer.write_bulk(3)
    coming = [
        asyncio.create_task(hub.follow(writer.account.id, after)) for after in (None, 1, 3, None)
    ]
    await asyncio.sleep(0)
    await hub.stop()
    for task in coming:
        with pytest.raises(HubStopped):
            await asyncio.wait_for(anext(await task), 1)


async def test_a_failure_that_does_not_pass_is_told_to_followers(new_hub, writer, owner):
    hub = await new_hub(poll=30)
    follower = await hub.follow(writer.account.id, None)
    seq = await writer.write()
    async with owner.system() as connection:
        await connection.execute("ALTER TABLE event RENAME TO gone")
        hub.ring(writer.account.id, seq)
        with pytest.raises(HubStopped):
            await take(follower, 1, within=2)
        await connection.execute("ALTER TABLE gone RENAME TO event")
    assert await numbers(await hub.follow(writer.account.id, follower.position), 1) == [seq]


async def test_the_poll_outlives_a_failure_nobody_foresaw(new_hub, writer, owner):
    hub = await new_hub(poll=0.05)
    follower = await hub.follow(writer.account.id, None)
    async with owner.system() as connection:
        await connection.execute("ALTER FUNCTION event_heads RENAME TO gone")
        await writer.write()
        assert await nothing(follower)
        await connection.execute("ALTER FUNCTION gone RENAME TO event_heads")
    assert await numbers(follower, 1, within=2) == [1]


async def test_without_a_single_ring_the_poll_finds_everything(new_hub, writer):
    hub = await new_hub(poll=0.1)
    follower = await hub.follow(writer.account.id, None)
    await writer.write_many(3)
    assert await numbers(follower, 3, within=2) == [1, 2, 3]
