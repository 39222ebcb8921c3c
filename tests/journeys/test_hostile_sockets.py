"""Clients that read nothing, flood, sleep or vanish: each is shown the door it was promised, what
it held is free again, and whoever is connected beside it notices nothing.
"""

import asyncio
import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from tests.harness.people import Account
from tests.harness.web import PATIENCE, Client, Web, running
from tests.harness.wire import Wire
from tests.journeys import documents as ask

SignIn = Callable[..., Client]

INTERVAL, TIMEOUT, CLOSE_WITHIN = 0.5, 1.0, 2.0  # seconds
SILENCE = INTERVAL + TIMEOUT
NOTICED = 3.0  # seconds that a machine with other things to do may take in addition

NOTES = " ".join(f"n{number}: notes" for number in range(15))
LARGE = f"subscription {{ handoffEvents {{ ... on HandoffEvent {{ handoff {{ {NOTES} }} }} }} }}"


@pytest.fixture(scope="module")
def web(settings: dict[str, str]) -> Iterator[Web]:
    quick = {"ping_interval": str(INTERVAL), "ping_timeout": str(TIMEOUT)}
    limits = {"socket_limit_per_engineer": "30", "socket_limit_per_account": "110"}
    with running(**quick, **limits, **settings) as process:
        yield process


class Socket:
    """One that is signed in. Whether it reads is up to who has it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def subscribe(self, id_: str, document: str) -> None:
        await self.send(type="subscribe", id=id_, payload={"query": document})

    async def receive(self) -> dict[str, Any]:
        """The next message that is not a ping; those are answered."""
        async with asyncio.timeout(PATIENCE):
            while True:
                received: dict[str, Any] = json.loads(await self.connection.recv())
                if received["type"] != "ping":
                    return received
                if self.connection.state is State.OPEN:
                    await self.send(type="pong")

    async def closed(self) -> int | None:
        """The code, None when the connection was reset."""
        try:
            while True:
                await self.receive()
        except ConnectionClosed as ending:
            return ending.rcvd.code if ending.rcvd else None


@asynccontextmanager
async def socket_of(client: Client, port: str | None = None) -> AsyncIterator[Socket]:
    port = port or client.web.url.rpartition(":")[2]
    connection = await connect(
        f"ws://127.0.0.1:{port}/graphql",
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
        ping_interval=None,
        max_queue=None,
        close_timeout=0.05,
    )
    try:
        socket = Socket(connection)
        await socket.send(type="connection_init", payload={"token": client.token})
        assert (await socket.receive())["type"] == "connection_ack"
        yield socket
    finally:
        if connection.state is not State.CLOSED:
            await connection.close()


class Neighbour:
    """Somebody who listens, answers pings, and looks how long the server takes to answer one."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.pong = asyncio.Event()
        self.handoffs: list[str] = []
        self.reading = asyncio.create_task(self.read())

    async def read(self) -> None:
        while True:
            message = json.loads(await self.socket.connection.recv())
            match message["type"]:
                case "ping":
                    await self.socket.send(type="pong")
                case "pong":
                    self.pong.set()
                case "next":
                    self.handoffs.append(
                        message["payload"]["data"]["handoffCreated"]["handoff"]["id"]
                    )

    async def round_trip(self) -> float:
        began = time.perf_counter()
        self.pong.clear()
        await self.socket.send(type="ping")
        await asyncio.wait_for(self.pong.wait(), PATIENCE)
        return time.perf_counter() - began

    async def round_trips(self, during: float = 0.5) -> list[float]:
        until = time.perf_counter() + during
        found = []
        while time.perf_counter() < until:
            found.append(await self.round_trip())
            await asyncio.sleep(0.025)  # a client may send fifty messages a second
        return found


@asynccontextmanager
async def neighbour(client: Client) -> AsyncIterator[Neighbour]:
    async with socket_of(client) as socket:
        await socket.subscribe("1", ask.CREATED)
        near = Neighbour(socket)
        try:
            yield near
        finally:
            near.reading.cancel()
            await asyncio.gather(near.reading, return_exceptions=True)


@asynccontextmanager
async def unhurt(near: Neighbour) -> AsyncIterator[None]:
    """While the block runs the neighbour is answered about as fast as before."""
    before = statistics.median(await near.round_trips())
    measuring = asyncio.create_task(near.round_trips(1.0))
    await asyncio.sleep(0.1)
    yield
    during = await measuring
    assert statistics.median(during) < max(0.05, 10 * before)
    assert max(during) < 0.75


async def free_again(web: Web, files: int) -> None:
    """What the process has open is no more than ``files``, soon."""
    process = psutil.Process(web.process.pid)
    async with asyncio.timeout(SILENCE + CLOSE_WITHIN + NOTICED):
        while process.num_fds() > files:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def handed_over(client: Client, notes: str = "Please call.") -> str:
    started = await client.ask(ask.START, input={"problemSummary": "Outlook"})
    raised = await client.ask(
        ask.ESCALATE,
        input={"sessionId": started["session"]["id"], "reason": "Stuck", "notes": notes},
    )
    handoff_id: str = raised["handoff"]["id"]
    return handoff_id


# ------------------------------------------------------------------ floods


async def test_a_flood_of_messages_is_closed_with_1013(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    async with (
        neighbour(sign_in(web, account.tier2)) as near,
        socket_of(sign_in(web, account.tier3)) as hostile,
        unhurt(near),
    ):
        ping = b"\x81\x8f\0\0\0\0" + b'{"type":"ping"}'
        hostile.connection.transport.write(ping * 50_000)
        assert await hostile.closed() == 1013


async def test_a_flood_of_subscribes_is_served_to_its_limit_and_then_closed_with_1013(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    raiser = sign_in(web, account.tier1)
    async with (
        neighbour(sign_in(web, account.tier2)) as near,
        socket_of(sign_in(web, account.tier3)) as hostile,
    ):
        async with unhurt(near):
            for number in range(70):
                await hostile.subscribe(str(number), ask.EVENTS)
            kinds = [(await hostile.receive())["type"] for _ in range(70)]
        assert (kinds.count("next"), kinds.count("error")) == (50, 20)
        raised = await handed_over(raiser)
        heard = [await hostile.receive() for _ in range(50)]
        assert {each["type"] for each in heard} == {"next"}
        async with unhurt(near):
            with suppress(ConnectionClosed):
                for number in range(70, 400):
                    await hostile.subscribe(str(number), ask.EVENTS)
            assert await hostile.closed() == 1013
        assert near.handoffs == [raised]


async def test_a_message_that_is_too_large_is_closed_with_1009_while_it_is_sent(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    async with (
        neighbour(sign_in(web, account.tier2)) as near,
        socket_of(sign_in(web, account.tier3)) as hostile,
        unhurt(near),
    ):
        with suppress(ConnectionClosed):
            await hostile.connection.send("x" * 30_000_000)
        assert await hostile.closed() == 1009


# ------------------------------------------------------------------ who does not read


async def test_who_stops_reading_is_ended_and_costs_little_and_nobody_else(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    raiser = sign_in(web, account.tier1)
    process = psutil.Process(web.process.pid)
    async with neighbour(sign_in(web, account.tier2)) as near:
        files, memory = process.num_fds(), process.memory_info().rss
        async with AsyncExitStack() as stack:
            sleepers = [
                await stack.enter_async_context(socket_of(sign_in(web, account.tier3)))
                for _ in range(20)
            ]
            for sleeper in sleepers:
                await sleeper.subscribe("1", LARGE)
                assert (await sleeper.receive())["type"] == "next"
                sleeper.connection.transport.pause_reading()
            async with unhurt(near):
                raised = [await handed_over(raiser, "x" * 9900) for _ in range(20)]
            # 59 MB were said to them, which is not the same as kept for them
            assert process.memory_info().rss - memory < 40_000_000
            await free_again(web, files)
            assert near.handoffs == raised, "the others have all of it, in order"
            for sleeper in sleepers:
                sleeper.connection.transport.resume_reading()
                assert await sleeper.closed() in (4499, None)  # None: it was reset


async def test_who_vanishes_without_a_word_is_forgotten(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    files = psutil.Process(web.process.pid).num_fds()
    way = Wire()
    async with (
        way.leading_to(int(web.url.rpartition(":")[2])),
        socket_of(sign_in(web, account.tier3), str(way.port)) as vanished,
    ):
        await vanished.subscribe("1", ask.EVENTS)
        assert (await vanished.receive())["type"] == "next"
        way.go_dead()  # our end is open, and theirs; nothing passes
        await free_again(web, files)


@contextmanager
def laptop(client: Client, cursor: str) -> Iterator["subprocess.Popen[str]"]:
    assert client.token is not None
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.harness.laptop",
            f"{client.web.sockets_url}/graphql",
            client.token,
            cursor,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def said(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), PATIENCE)
    told: dict[str, Any] = json.loads(line)
    return told


async def test_a_laptop_that_slept_comes_back_and_has_missed_nothing(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    raiser, reader = sign_in(web, account.tier1), sign_in(web, account.tier2)
    cursor = (await reader.ask(ask.QUEUE))["cursor"]
    files = psutil.Process(web.process.pid).num_fds()
    with laptop(reader, cursor) as asleep:
        assert await said(asleep) == {"connected": True}
        raised = [await handed_over(raiser)]
        assert await said(asleep) == {"handoff": raised[0]}

        asleep.send_signal(signal.SIGSTOP)
        raised += [await handed_over(raiser) for _ in range(3)]
        await free_again(web, files)
        raised += [await handed_over(raiser) for _ in range(3)]
        asleep.send_signal(signal.SIGCONT)

        heard, codes = raised[:1], []
        while len(heard) < len(raised):
            told = await said(asleep)
            if "handoff" in told:
                heard.append(told["handoff"])
            elif "closed" in told:
                codes.append(told["closed"])
        assert heard == raised
        assert codes in ([4499], [None])  # None: it was reset


# ------------------------------------------------------------------ many


async def test_a_hundred_sockets_that_open_at_once_all_hear_what_happens(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    raiser = sign_in(web, account.tier1)
    clients = [sign_in(web, actor) for actor in account.everybody[1:]]

    async with AsyncExitStack() as stack:

        async def opened(number: int) -> Socket:
            socket = await stack.enter_async_context(socket_of(clients[number % len(clients)]))
            await socket.subscribe("1", ask.EVENTS)
            assert (await socket.receive())["type"] == "next"  # it stands
            return socket

        async def hears(socket: Socket) -> str:
            message = await socket.receive()
            handoff_id: str = message["payload"]["data"]["handoffEvents"]["handoff"]["id"]
            return handoff_id

        sockets = await asyncio.gather(*map(opened, range(100)))
        raised = await handed_over(raiser)
        assert set(await asyncio.gather(*map(hears, sockets))) == {raised}


async def test_one_socket_more_than_an_operator_allows_is_told_which_limit_it_is(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    people = [sign_in(web, actor) for actor in account.everybody[:4]]

    async with AsyncExitStack() as stack:

        async def opened(client: Client, count: int) -> None:
            opening = [stack.enter_async_context(socket_of(client)) for _ in range(count)]
            await asyncio.gather(*opening)

        async def refused(client: Client) -> str:
            with pytest.raises(ConnectionClosed) as closed:
                await opened(client, 1)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013
            return closed.value.rcvd.reason

        await opened(people[0], 30)
        assert "engineer has at most 30" in await refused(people[0])
        for client, count in zip(people[1:], (30, 30, 20), strict=True):
            await opened(client, count)
        assert "account has at most 110" in await refused(people[3])
