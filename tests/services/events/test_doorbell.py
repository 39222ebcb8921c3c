"""The doorbell wakes other replicas, survives its backend, and is never what events depend on."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from broadcaster import Broadcast

from db.embedded import APP_ROLE
from services.events import Doorbell
from services.events.line import APPLICATION, CHANNEL, Line, LineBroken
from services.events.rings import MOST_PEOPLE, MOST_RINGS, decode, encode
from tests.harness.postgres import terminate
from tests.harness.wire import Wire
from tests.services.events.parts import eventually, nothing, numbers, take

SOCKET = ".s.PGSQL.5432"


async def connected(*hubs) -> None:
    await eventually(lambda: all(hub.doorbell.connected for hub in hubs))


async def ring_arrives(here, there, writer) -> None:
    """An event written and rung ``here`` reaches a follower ``there`` long before any poll."""
    async with await there.follow(writer.account.id, None) as follower:
        asked = time.monotonic()
        seq = await writer.write()
        here.ring(writer.account.id, seq)
        assert await numbers(follower, 1, within=5) == [seq]
        assert time.monotonic() - asked < 1


# -- ringing


@pytest.mark.parametrize("kind", ["memory", "postgres", "postgresql", "redis"])
async def test_a_ring_wakes_a_follower_on_another_hub(new_hub, writer, dsn, valkey, kind):
    shared = Doorbell("memory://")
    doorbell = {
        "memory": shared,
        "postgres": dsn.replace("postgresql://", "postgres://"),
        "postgresql": dsn,
        "redis": valkey.url,
    }[kind]
    here, there = [await new_hub(doorbell, poll=30) for _ in range(2)]
    await connected(here, there)
    await ring_arrives(here, there, writer)
    await ring_arrives(there, here, writer)


async def test_a_ring_wakes_followers_here_without_any_backend(new_hub, writer, valkey):
    await valkey.kill()
    hub = await new_hub(valkey.url, poll=30)
    await ring_arrives(hub, hub, writer)
    assert not hub.doorbell.connected


async def test_many_rings_travel_in_few_messages_that_the_backend_takes(dsn):
    bell = Doorbell(dsn)
    heard = {}
    bell.listen(heard.__setitem__, lambda: None)
    ear = Broadcast(dsn)
    await ear.connect()
    async with ear.subscribe(CHANNEL) as messages:
        await bell.start()
        await eventually(lambda: bell.connected)
        rung = {uuid4(): seq for seq in range(10**18, 10**18 + 950)}
        for account_id, seq in rung.items():
            for early in range(3):
                bell.ring(account_id, seq - 3 + early)
            bell.ring(account_id, seq)
            bell.ring(account_id, seq - 1)
        await eventually(lambda: heard == rung)
        sent = [(await messages.get()).message]
        while len(decode(sent[-1])[1]) in (0, MOST_RINGS):
            sent.append((await messages.get()).message)
    await bell.stop()
    await ear.disconnect()
    assert max(len(message.encode()) for message in sent) < 7000
    assert sum(1 for message in sent if decode(message)[1]) == 10


async def test_what_others_write_to_the_channel_is_survived(new_hub, writer, dsn):
    hub = await new_hub(dsn, poll=30)
    await connected(hub)
    loud = Broadcast(dsn)
    await loud.connect()
    for message in (
        "",
        "hello",
        "a b:c d:",
        f"x {uuid4().hex}:many",
        "🔔 " * 500,
        "x " + "9:9 " * 99,
    ):
        await loud.publish(CHANNEL, message)
    await loud.disconnect()
    await ring_arrives(hub, hub, writer)
    assert hub.doorbell.connected
    assert hub.doorbell.rebuilds == 0


async def test_a_ring_is_not_swallowed_by_an_earlier_one_under_way(dsn):
    bell = Doorbell(dsn)
    heard = {}
    bell.listen(heard.__setitem__, lambda: None)
    await bell.start()
    await eventually(lambda: bell.connected)
    account_id = uuid4()
    for step in range(60):
        # the first is sent 5 ms after it was rung: the second comes before, while, or after that
        bell.ring(account_id, 2 * step + 1)
        await asyncio.sleep(0.004 + step * 0.0001)
        bell.ring(account_id, 2 * step + 2)
        await eventually(lambda last=2 * step + 2: heard.get(account_id) == last, within=2)
    await bell.stop()


# -- ringing for people


async def heard_people(bell: Doorbell) -> list[UUID]:
    heard: list[UUID] = []
    bell.listen(lambda account_id, seq: None, lambda: None, heard.append)
    await bell.start()
    await eventually(lambda: bell.connected)
    return heard


async def test_rings_for_people_travel_beside_the_others_and_each_is_heard(dsn):
    bell, other = Doorbell(dsn), Doorbell(dsn)
    heard = await heard_people(other)
    await bell.start()
    await eventually(lambda: bell.connected)
    accounts = {uuid4() for _ in range(3 * MOST_PEOPLE)}
    for account_id in accounts:
        bell.ring(account_id, 2**62)
        bell.ring_people(account_id)
    await eventually(lambda: set(heard) == accounts, within=1.5)  # less than a beat
    await bell.stop()
    await other.stop()


async def test_a_ring_for_people_is_not_swallowed_by_one_under_way(dsn, monkeypatch):
    account_id = uuid4()
    said = []

    class Interrupted(Line):
        async def say(self, message: str) -> None:
            if decode(message).people:
                said.append(message)
                if len(said) == 1:  # the next change comes while the first is told of
                    bell.ring_people(account_id)
            await super().say(message)

    monkeypatch.setattr("services.events.doorbell.Line", Interrupted)
    bell = Doorbell(dsn)
    heard = await heard_people(bell)
    bell.ring_people(account_id)
    await eventually(lambda: heard == [account_id] * 2)
    await bell.stop()


async def test_a_ring_for_people_that_was_not_said_is_said_on_the_next_line(dsn, monkeypatch):
    said = []

    class Breaking(Line):
        async def say(self, message: str) -> None:
            if decode(message).people and not said:
                said.append(message)
                raise LineBroken("cut")
            await super().say(message)

    monkeypatch.setattr("services.events.doorbell.Line", Breaking)
    bell = Doorbell(dsn)
    heard = await heard_people(bell)
    account_id = uuid4()
    bell.ring_people(account_id)
    await eventually(lambda: heard == [account_id])
    assert said
    await bell.stop()


def test_rings_survive_the_way():
    rings = {uuid4(): 1, uuid4(): 2**63 - 1}
    people = {uuid4(), next(iter(rings))}
    assert decode(encode("me", rings, people)) == ("me", rings, people)
    assert decode(encode("me", rings)) == ("me", rings, set())
    assert decode(encode("me", {})) == ("me", {}, set())


def test_the_fullest_message_is_one_that_postgresql_takes():
    rings = {uuid4(): 2**63 - 1 for _ in range(MOST_RINGS)}
    people = {uuid4() for _ in range(MOST_PEOPLE)}
    assert len(encode(uuid4().hex, rings, people).encode()) < 8000


@pytest.mark.parametrize("url", ["kafka://x", "redis-stream://x", "x", "", "redis://:se/cret@h:1"])
def test_a_url_that_can_not_serve_is_refused_without_being_shown(url):
    with pytest.raises(ValueError, match="doorbell") as refusal:
        Doorbell(url)
    assert "se/cret" not in str(refusal.value)
    assert "'se'" not in str(refusal.value)


# -- a backend that goes


async def test_a_killed_connection_is_replaced_and_nothing_is_lost(
    new_hub, writer, dsn, cluster, database_name
):
    far = timedelta(seconds=30)  # so that no heartbeat helps to notice either
    here, there = [await new_hub(Doorbell(dsn, beat=far, patience=far), poll=30) for _ in range(2)]
    await connected(here, there)
    follower = await there.follow(writer.account.id, None)
    for round_ in range(1, 4):
        # two hubs, each with one connection to listen and one to publish
        assert await terminate(cluster, database_name, APPLICATION) == 4
        seq = await writer.write()
        here.ring(writer.account.id, seq)
        # the poll is far away: a new line is a reason to look
        assert await numbers(follower, 1, within=5) == [seq]
        await eventually(lambda n=round_: there.doorbell.rebuilds == here.doorbell.rebuilds == n)
        await connected(here, there)
    await ring_arrives(here, there, writer)
    await ring_arrives(there, here, writer)


async def test_a_killed_redis_delays_by_a_poll_and_is_found_again(new_hub, writer, valkey):
    here = await new_hub(valkey.url, poll=30)
    polling = await new_hub(valkey.url, poll=0.2)
    waiting = await new_hub(valkey.url, poll=30)
    await connected(here, polling, waiting)
    polled, waited = [await hub.follow(writer.account.id, None) for hub in (polling, waiting)]
    await valkey.kill()
    for _ in range(3):
        here.ring(writer.account.id, await writer.write())
        assert len(await take(polled, 1, within=0.2 + 0.5)) == 1
    await eventually(lambda: not (here.doorbell.connected or waiting.doorbell.connected))
    assert await nothing(waited, 0)

    await valkey.start()
    assert await numbers(waited, 3, within=15) == [1, 2, 3]
    await connected(here, waiting)
    assert here.doorbell.rebuilds >= 1
    await ring_arrives(here, waiting, writer)


@pytest.fixture(params=["postgres", "redis"])
async def wired(request, cluster, database_name, valkey) -> AsyncIterator[tuple[Wire, str, str]]:
    """A wire to a backend, the backend's URL through it, and the URL without it."""
    if request.param == "redis":
        async with Wire().leading_to(valkey.port) as wire:
            yield wire, f"redis://127.0.0.1:{wire.port}", valkey.url
    else:
        async with Wire().leading_to(cluster.server.socket_dir / SOCKET) as wire:
            url = f"postgresql://{APP_ROLE}@127.0.0.1:{wire.port}/{database_name}"
            yield wire, url, cluster.dsn(database_name)


async def test_a_connection_that_goes_dead_without_a_word_is_noticed(
    new_hub, quick_bell, writer, wired
):
    wire, url, direct_url = wired
    hub = await new_hub(quick_bell(url), poll=30)
    direct = await new_hub(direct_url, poll=30)
    await connected(hub, direct)
    assert hub.doorbell.rebuilds == 0
    follower = await hub.follow(writer.account.id, None)
    wire.go_dead()
    seq = await writer.write()
    direct.ring(writer.account.id, seq)
    assert await numbers(follower, 1, within=5) == [seq]
    assert hub.doorbell.rebuilds == 1
    await connected(hub)
    await ring_arrives(hub, hub, writer)
    await ring_arrives(direct, hub, writer)


async def test_messages_that_end_elsewhere_are_noticed_although_others_are_heard(
    quick_bell, valkey
):
    chatty = quick_bell(valkey.url)
    await chatty.start()
    async with Wire().leading_to(valkey.port) as wire:
        elsewhere = CHANNEL[:-1] + "?"
        sent = b"PUBLISH\r\n$%d\r\n" % len(CHANNEL)
        wire.alter = lambda data: data.replace(sent + CHANNEL.encode(), sent + elsewhere.encode())
        bell = quick_bell(f"redis://127.0.0.1:{wire.port}")
        await bell.start()
        await eventually(lambda: bell.rebuilds >= 1, within=5)
        assert bell.last_heard_at is not None
        assert not bell.connected
        wire.alter = bytes
        await eventually(lambda: bell.connected, within=5)
        await bell.stop()
    await chatty.stop()


async def test_a_healthy_line_is_kept(quick_bell, dsn):
    bell = quick_bell(dsn)
    await bell.start()
    await eventually(lambda: bell.connected)
    began = time.monotonic()
    await asyncio.sleep(1.5)
    assert bell.connected
    assert bell.rebuilds == 0
    assert bell.last_heard_at is not None
    assert bell.last_heard_at > began + 1
    await bell.stop()
    assert not bell.connected


async def test_a_backend_that_answers_nobody_is_tried_until_it_does(
    new_hub, quick_bell, writer, wired, monkeypatch
):
    monkeypatch.setattr("services.events.line.OPENING", 0.3)
    wire, url, _ = wired
    hub = await new_hub(quick_bell(url), poll=30)
    await connected(hub)
    wire.swallowing = True
    wire.go_dead()
    await eventually(lambda: hub.doorbell.rebuilds >= 2)
    assert not hub.doorbell.connected
    assert hub.doorbell.trouble == "no answer within 0.3 s"
    wire.swallowing = False
    await connected(hub)
    await ring_arrives(hub, hub, writer)


async def test_a_failure_that_nobody_foresaw_ends_a_line_and_not_the_doorbell(dsn, monkeypatch):
    failures = [RuntimeError("of the library"), TypeError("of ours")]

    class Surprising(Line):
        async def hear(self) -> str:
            if failures:
                raise failures.pop()
            return await super().hear()

    monkeypatch.setattr("services.events.doorbell.Line", Surprising)
    bell = Doorbell(dsn)
    await bell.start()
    await eventually(lambda: bell.connected)
    assert bell.rebuilds == 2
    await bell.stop()


async def test_whoever_watches_is_told_since_when_it_is_so(valkey):
    began = time.monotonic()
    bell = Doorbell(valkey.url)
    assert not bell.connected
    assert began <= bell.since <= time.monotonic()
    await bell.start()
    await eventually(lambda: bell.connected)
    assert bell.trouble is None
    up = bell.since
    assert began < up <= time.monotonic()
    await valkey.kill()
    await eventually(lambda: bell.rebuilds >= 2)
    down = bell.since
    assert up < down, "attempts in vain don't begin it anew"
    assert bell.trouble is not None
    await eventually(lambda: bell.rebuilds >= 4)
    assert bell.since == down
    await valkey.start()
    await eventually(lambda: bell.connected)
    assert bell.since > down
    await bell.stop()


# -- starting and stopping


async def test_starting_does_not_need_the_backend(new_hub, writer, valkey):
    await valkey.kill()
    here, there = [await new_hub(valkey.url, poll=30) for _ in range(2)]
    assert not here.doorbell.connected
    assert here.doorbell.last_heard_at is None
    here.ring(writer.account.id, await writer.write())
    await valkey.start()
    await eventually(lambda: here.doorbell.connected and there.doorbell.connected, within=15)
    await ring_arrives(here, there, writer)


@pytest.mark.parametrize("scheme", ["postgres", "redis"])
async def test_stopping_does_not_wait_for_a_backend_that_never_answers(scheme):
    async def say_nothing(_reader, _writer) -> None:
        await asyncio.sleep(60)

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    bell = Doorbell(f"{scheme}://nobody@127.0.0.1:{port}/0")
    began = time.monotonic()
    await bell.start()
    await asyncio.sleep(0.2)
    bell.ring(uuid4(), 1)
    await bell.stop()
    silent.close()
    assert time.monotonic() - began < 3


async def test_stopping_does_not_wait_for_a_connection_gone_dead(wired):
    wire, url, _ = wired
    bell = Doorbell(url)
    await bell.start()
    await eventually(lambda: bell.connected)
    wire.go_dead()
    bell.ring(uuid4(), 1)
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await bell.stop()
    assert time.monotonic() - began < 4


async def test_a_stopped_doorbell_leaves_no_connection_behind(dsn, cluster, database_name):
    bell = Doorbell(dsn)
    await bell.start()
    await eventually(lambda: bell.connected)
    await bell.stop()
    bell.ring(uuid4(), 1)
    await asyncio.sleep(0.05)
    assert await terminate(cluster, database_name, APPLICATION) == 0
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert tasks == []
