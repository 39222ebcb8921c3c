"""Replicas share nothing but the database: their doorbell may die at any moment, and nobody misses
anything, waits for longer than a poll, or has to repair it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from db.embedded import APP_ROLE
from services.events.line import APPLICATION
from tests.harness.people import Account
from tests.harness.postgres import Cluster, terminate
from tests.harness.valkey import Valkey
from tests.harness.web import PATIENCE, Client, Stream, Web, running
from tests.harness.wire import Wire
from tests.journeys import documents as ask

SignIn = Callable[..., Client]

POLL = 1.0  # seconds within which a process looks for itself
BUSY = 2.5  # seconds that a machine with other things to do may take in addition
SOCKET = ".s.PGSQL.5432"


class Desk:
    """Somebody escalates at one replica, somebody else listens at another."""

    def __init__(self, raiser: Client, reader: Client, stream: Stream) -> None:
        self.raiser, self.reader = raiser, reader
        self._stream = stream

    async def hand_over(self) -> None:
        """It arrives within the poll, and is the next thing that does: no gap, no repeat."""
        raised = await escalated(self.raiser)
        arrived = await self._stream.next(POLL + BUSY)
        assert arrived["handoff"]["id"] == raised

    async def hand_over_by_ring(self) -> None:
        """Until it was the doorbell, and not the poll, that told of it."""
        before = await metric(self.reader, "baton_event_wakes_total doorbell")
        for _ in range(10):
            await self.hand_over()
            if await metric(self.reader, "baton_event_wakes_total doorbell") > before:
                return
        raise AssertionError("ten handoffs arrived, and each was found by the poll")

    async def ends(self) -> None:
        assert await self._stream.is_silent(), "everything arrived once"


async def test_requests_of_different_replicas_have_different_ids(
    two_webs: tuple[Web, Web], account: Account, sign_in: SignIn
) -> None:
    ids = [
        (await sign_in(web, account.tier1).http.get("/graphql")).headers["x-request-id"]
        for web in two_webs
    ]
    first, second = (id_[:10] for id_ in ids)  # the rest is counted
    assert first != second


@asynccontextmanager
async def desk(raiser: Client, reader: Client) -> AsyncIterator[Desk]:
    cursor = (await reader.ask(ask.QUEUE))["cursor"]
    for client in (raiser, reader):
        await until_doorbell_is(client, "connected")
    async with reader.stream(ask.CREATED, after=cursor) as stream:
        made = Desk(raiser, reader, stream)
        await made.hand_over_by_ring()
        yield made


async def escalated(raiser: Client) -> str:
    started = await raiser.ask(ask.START, input={"problemSummary": "Outlook"})
    raised = await raiser.ask(
        ask.ESCALATE, input={"sessionId": started["session"]["id"], "reason": "Stuck"}
    )
    handoff_id: str = raised["handoff"]["id"]
    return handoff_id


async def doorbell(client: Client) -> dict[str, Any]:
    """What a probe is told of it. The process is ready whatever that is."""
    answer = await client.http.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    told: dict[str, Any] = answer.json()["doorbell"]
    return told


async def metric(client: Client, name: str) -> float:
    """By its name, with the labels' values behind it."""
    text = (await client.http.get("/metrics")).text
    return next(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if " ".join((sample.name, *sample.labels.values())) == name
    )


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await true():  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)


async def until_doorbell_is(client: Client, state: str) -> None:
    """By what probes and scrapes are told."""

    async def told() -> bool:
        return (await doorbell(client))["state"] == state

    async def shown() -> bool:
        return await metric(client, "baton_doorbell_connected") == (state == "connected")

    await until(told)
    await until(shown)


# ------------------------------------------------------------------ killed


async def test_listeners_killed_again_and_again_delay_nothing_and_are_replaced(
    two_webs: tuple[Web, Web],
    account: Account,
    sign_in: SignIn,
    cluster: Cluster,
    database_name: str,
) -> None:
    here, there = two_webs

    async def kill() -> None:
        while True:
            await terminate(cluster, database_name, APPLICATION)
            await asyncio.sleep(0.05)

    async with desk(sign_in(here, account.tier1), sign_in(there, account.tier2)) as story:
        assert (await doorbell(story.reader))["backend"] == "PostgreSQL"
        killing = asyncio.create_task(kill())
        await until_doorbell_is(story.reader, "down")
        while (await doorbell(story.reader))["rebuilds"] < 5:
            await story.hand_over()
        killing.cancel()
        await asyncio.wait({killing})
        assert killing.cancelled(), "it went on to the end"
        for client in (story.raiser, story.reader):
            await until_doorbell_is(client, "connected")
            assert (await doorbell(client))["rebuilds"] >= 1
            assert await metric(client, "baton_doorbell_rebuilds_total") >= 1
        await story.hand_over_by_ring()
        await story.ends()


async def test_a_redis_that_dies_delays_by_a_poll_and_is_found_again(
    settings: dict[str, str], account: Account, sign_in: SignIn
) -> None:
    async with AsyncExitStack() as stack:
        valkey = Valkey()
        await valkey.start()
        stack.push_async_callback(valkey.kill)
        here, there = [
            stack.enter_context(running(**settings, broadcast_url=valkey.url)) for _ in range(2)
        ]
        story = await stack.enter_async_context(
            desk(sign_in(here, account.tier1), sign_in(there, account.tier2))
        )
        await valkey.kill()
        await until_doorbell_is(story.reader, "down")
        rung = await metric(story.reader, "baton_event_wakes_total doorbell")
        polled = await metric(story.reader, "baton_event_wakes_total poll")
        for _ in range(2):
            await story.hand_over()
        assert await metric(story.reader, "baton_event_wakes_total doorbell") == rung
        assert await metric(story.reader, "baton_event_wakes_total poll") == polled + 2
        down = await doorbell(story.reader)
        assert (down["state"], down["backend"]) == ("down", "Redis")
        assert str(valkey.port) not in str(down)

        await valkey.start()
        for client in (story.raiser, story.reader):
            await until_doorbell_is(client, "connected")
        await story.hand_over_by_ring()
        await story.ends()


# ------------------------------------------------------------------ gone dead


@pytest.fixture
async def wired(
    two_webs: tuple[Web, Web], settings: dict[str, str], cluster: Cluster, database_name: str
) -> AsyncIterator[list[tuple[Wire, Web, Web]]]:
    """By PostgreSQL and by Redis: two processes, the second of which hears by a wire."""
    async with AsyncExitStack() as stack:
        valkey = Valkey()
        await valkey.start()
        stack.push_async_callback(valkey.kill)
        by_redis = await stack.enter_async_context(Wire().leading_to(valkey.port))
        place = cluster.server.socket_dir / SOCKET
        by_postgres = await stack.enter_async_context(Wire().leading_to(place))

        def web(broadcast_url: str) -> Web:
            return stack.enter_context(running(**settings, broadcast_url=broadcast_url))

        url = f"postgresql://{APP_ROLE}@127.0.0.1:{by_postgres.port}/{database_name}"
        yield [
            (by_postgres, two_webs[0], web(url)),
            (by_redis, web(valkey.url), web(f"redis://127.0.0.1:{by_redis.port}")),
        ]


async def test_a_line_that_goes_dead_without_a_word_delays_by_a_poll_and_is_replaced(
    wired: list[tuple[Wire, Web, Web]], account: Account, other_account: Account, sign_in: SignIn
) -> None:
    by_postgres, by_redis = wired

    async def tell(wire: Wire, here: Web, there: Web, people: Account, ear: bytes) -> None:
        raiser, reader = sign_in(here, people.tier1, people), sign_in(there, people.tier2, people)
        async with desk(raiser, reader) as story:
            await goes_dead_and_is_replaced(wire, ear, story)

    # at the same time, since most of it is waiting
    await asyncio.gather(
        tell(*by_postgres, account, b"LISTEN"), tell(*by_redis, other_account, b"SUBSCRIBE")
    )


async def goes_dead_and_is_replaced(wire: Wire, ear: bytes, story: Desk) -> None:
    """Only what listens goes dead: it can still speak, so nothing it does fails."""
    wire.refusing = True
    wire.go_dead(ear)
    # it looks healthy for some seconds more, and each of them counts
    for _ in range(2):
        await story.hand_over()
    await until_doorbell_is(story.reader, "down")
    await story.hand_over()
    assert await metric(story.reader, "baton_doorbell_silence_seconds") > 3

    wire.refusing = False
    await until_doorbell_is(story.reader, "connected")
    await story.hand_over_by_ring()
    await story.ends()


# ------------------------------------------------------------------ more than two


async def test_three_replicas_hear_one_another_and_nobody_hears_anything_twice(
    two_webs: tuple[Web, Web], settings: dict[str, str], account: Account, sign_in: SignIn
) -> None:
    with running(**settings) as third:
        webs = (*two_webs, third)
        raisers = [sign_in(web, account.tier1) for web in webs]
        readers = [sign_in(web, account.tier2) for web in webs for _ in range(2)]
        for client in raisers:
            await until_doorbell_is(client, "connected")
        cursor = (await readers[0].ask(ask.QUEUE))["cursor"]
        async with AsyncExitStack() as stack:
            streams = [
                await stack.enter_async_context(reader.stream(ask.CREATED, after=cursor))
                for reader in readers
            ]
            raised: list[str] = []
            for _ in range(4):
                raised += await asyncio.gather(*(escalated(raiser) for raiser in raisers))
            heard = [[(await stream.next())["handoff"]["id"] for _ in raised] for stream in streams]
            assert sorted(heard[0]) == sorted(raised)
            assert all(one == heard[0] for one in heard)
            assert all(await asyncio.gather(*(stream.is_silent() for stream in streams)))
            for here in raisers:
                await told_by_ring(here, [there for there in raisers if there is not here])


async def told_by_ring(here: Client, elsewhere: list[Client]) -> None:
    """What is escalated here makes each other process look before its poll would."""
    name = "baton_event_wakes_total doorbell"
    before = [await metric(there, name) for there in elsewhere]

    async def told() -> bool:
        await escalated(here)
        now = [await metric(there, name) for there in elsewhere]
        return all(one > other for one, other in zip(now, before, strict=True))

    await until(told)
