"""What waits for a client who does not read: in order, bounded, and told to whoever was refused."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from websockets.exceptions import ConnectionClosed

from app.graphql.live import subscriber
from app.graphql.sockets.connection import Connection
from app.graphql.sockets.outbox import MAX_BYTES, MAX_FRAMES, Outbox
from app.graphql.sockets.protocol import CloseCode, Frames
from app.wire import HIGH_WATER
from tests.app.graphql.served import Caller, Served, Socket, until

T = TypeVar("T")

FRAMES = Frames("1")


def result(number: int, size: int = 0) -> bytes:
    return FRAMES.next(b'{"data":{"number":%d,"text":"%b"}}' % (number, b"x" * size))


@dataclass
class Deaf:
    """A socket whose client does not read, and its outbox."""

    server: Served
    socket: Socket
    outbox: Outbox
    connection: Connection[Caller]
    offered: int = 0
    told: list[str] = field(default_factory=list)

    async def do(self, work: Callable[[], T]) -> T:
        async def done() -> T:
            return work()

        return await self.server.inside(done)

    def offer(self, size: int = 3000) -> bool:
        taken = self.outbox.offer(result(self.offered, size))
        self.offered += taken
        return taken

    def fill(self, size: int = 3000) -> tuple[int, int]:
        """Until it refuses. On the server's loop. Returns how many wait, and how many bytes."""
        while self.offer(size):
            assert self.offered < 10_000
        return len(self.outbox.frames or ()), self.outbox.size

    def read(self) -> None:
        self.socket.connection.transport.resume_reading()

    async def reads(self, count: int) -> list[int]:
        """The numbers of the next ``count`` results."""
        self.read()
        return [(await self.socket.receive())["payload"]["data"]["number"] for _ in range(count)]


@asynccontextmanager
async def deaf_at(server: Served) -> AsyncIterator[Deaf]:
    await until(lambda: not server.sockets.connections)
    server.observed.said.clear()
    async with server.socket() as socket:
        [connection] = server.sockets.connections
        socket.connection.transport.pause_reading()
        yield Deaf(server, socket, connection.outbox, connection)
        socket.connection.transport.abort()


@pytest.fixture
async def deaf(server: Served) -> AsyncIterator[Deaf]:
    async with deaf_at(server) as made:
        yield made


# ------------------------------------------------------------------------------------- flowing


async def test_who_reads_is_written_to_at_once_and_nothing_waits(server: Served) -> None:
    async with deaf_at(server) as ears:
        ears.read()
        assert await ears.do(lambda: [ears.offer(100), ears.outbox.frames]) == [True, None]
        assert await ears.reads(1) == [0]


async def test_what_waited_arrives_in_order_and_once(deaf: Deaf) -> None:
    await deaf.do(deaf.fill)
    assert await deaf.reads(deaf.offered) == list(range(deaf.offered))
    await until(lambda: deaf.outbox.frames is None)
    assert deaf.outbox.size == 0
    assert await deaf.do(deaf.offer)
    assert await deaf.reads(1) == [deaf.offered - 1]


async def test_order_is_kept_while_it_drains(deaf: Deaf) -> None:
    """What is offered meanwhile does not overtake what waits."""
    await deaf.do(deaf.fill)
    deaf.outbox.on_room(lambda: [deaf.offer() for _ in range(20)] and None)
    await deaf.reads(0)
    await until(lambda: deaf.outbox.refused is not None and not deaf.outbox.refused)
    assert await deaf.reads(deaf.offered) == list(range(deaf.offered))


# ------------------------------------------------------------------------------------- bounds


async def test_many_small_frames_are_bounded_by_their_number(deaf: Deaf) -> None:
    assert (await deaf.do(lambda: deaf.fill(20)))[0] == MAX_FRAMES


async def test_large_frames_are_bounded_by_their_bytes(deaf: Deaf) -> None:
    _, size = await deaf.do(lambda: deaf.fill(20_000))
    assert MAX_BYTES <= size < MAX_BYTES + 20_100
    assert deaf.outbox.wire.unsent < HIGH_WATER + 20_100


async def test_a_frame_of_any_size_is_taken_when_nothing_waits(deaf: Deaf) -> None:
    await deaf.do(deaf.fill)
    await deaf.reads(deaf.offered)
    await until(lambda: deaf.outbox.flowing)
    assert await deaf.do(lambda: deaf.offer(2 * MAX_BYTES))


async def test_a_refused_frame_is_not_taken(deaf: Deaf) -> None:
    def refused() -> int:
        deaf.fill()
        return sum(deaf.outbox.offer(b"never seen") for _ in range(5))

    assert await deaf.do(refused) == 0
    assert await deaf.reads(deaf.offered) == list(range(deaf.offered))


async def test_our_own_frames_go_in_however_full_it_is(deaf: Deaf) -> None:
    await deaf.do(deaf.fill)
    await deaf.do(lambda: deaf.outbox.put_now(result(deaf.offered)))
    assert await deaf.reads(deaf.offered + 1) == list(range(deaf.offered + 1))


# ------------------------------------------------------------------------------------- room


async def test_whoever_was_refused_is_told_once_when_half_of_it_is_free(deaf: Deaf) -> None:
    def refused() -> None:
        deaf.fill()
        deaf.outbox.on_room(lambda: deaf.told.append(f"{deaf.outbox.size <= MAX_BYTES // 2}"))

    await deaf.do(refused)
    assert deaf.told == []
    await deaf.reads(deaf.offered)
    await until(lambda: deaf.told)
    await until(lambda: deaf.outbox.flowing)
    assert deaf.told == ["True"]


async def test_room_is_shared_out_in_turn(deaf: Deaf) -> None:
    """One who takes all there is comes last the next time."""

    def greedy(name: str) -> None:
        before = deaf.offered
        deaf.fill()
        if deaf.offered > before:
            deaf.told.append(name)
        deaf.outbox.on_room(lambda: greedy(name))

    await deaf.do(lambda: [greedy("a"), greedy("b"), greedy("c")])
    deaf.told.clear()
    deaf.read()

    async def drink() -> None:
        while len(deaf.told) < 6:
            await deaf.socket.receive()

    await asyncio.wait_for(drink(), 5)
    assert deaf.told[:6] == ["a", "b", "c"] * 2


async def test_an_answer_waits_for_room_and_then_arrives(deaf: Deaf) -> None:
    await deaf.do(deaf.fill)
    answering = asyncio.create_task(
        deaf.server.inside(lambda: deaf.outbox.put(result(deaf.offered)))
    )
    await asyncio.sleep(0.05)
    assert not answering.done()
    assert await deaf.reads(deaf.offered + 1) == list(range(deaf.offered + 1))
    await answering


async def test_who_stops_waiting_takes_nobody_elses_turn(deaf: Deaf) -> None:
    async def given_up() -> None:
        deaf.fill()
        waiting = asyncio.create_task(deaf.outbox.put(result(99)))
        await asyncio.sleep(0)
        waiting.cancel()
        deaf.outbox.on_room(lambda: deaf.told.append("room"))

    await deaf.server.inside(given_up)
    assert await deaf.reads(deaf.offered) == list(range(deaf.offered))
    await until(lambda: deaf.told == ["room"])


# ------------------------------------------------------------------------------------- the end


@pytest.mark.parametrize("whose", ["ours", "the client's", "nobody's"])
async def test_the_end_releases_whoever_waits_and_calls_nobody(deaf: Deaf, whose: str) -> None:
    await deaf.do(deaf.fill)
    answering = asyncio.create_task(deaf.server.inside(lambda: deaf.outbox.put(result(0))))
    await deaf.do(lambda: deaf.outbox.on_room(lambda: deaf.told.append("room")))
    await asyncio.sleep(0.02)
    match whose:
        case "ours":
            await deaf.do(lambda: deaf.connection.close(CloseCode.TOO_SLOW, "RESYNC_REQUIRED"))
        case "the client's":
            await deaf.socket.send_raw(b"binary is malformed")
        case "nobody's":
            deaf.socket.connection.transport.abort()
    await asyncio.wait_for(answering, 3)
    assert await deaf.do(lambda: deaf.outbox.offer(b"taken, and dropped"))
    assert deaf.told == []


async def test_a_close_comes_after_everything_that_waited(deaf: Deaf) -> None:
    def fall_behind() -> None:
        deaf.fill()
        deaf.outbox.put_now(FRAMES.error([{"message": "RESYNC_REQUIRED"}]))
        deaf.connection.close(CloseCode.TOO_SLOW, "RESYNC_REQUIRED")

    await deaf.do(fall_behind)
    assert await deaf.reads(deaf.offered) == list(range(deaf.offered))
    assert (await deaf.socket.receive())["type"] == "error"
    assert await deaf.socket.closed() == (4499, "RESYNC_REQUIRED")


async def test_who_does_not_take_the_close_is_cut_off_in_time(deaf: Deaf) -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    await deaf.do(deaf.fill)
    await deaf.do(lambda: deaf.connection.close(CloseCode.TOO_SLOW, "RESYNC_REQUIRED"))
    await until(lambda: deaf.server.observed.said[("closed", 4499)], 6)
    assert 1.5 < loop.time() - before < 4
    await until(lambda: not deaf.server.server.server_state.connections)
    deaf.read()
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await deaf.socket.connection.recv()
    assert isinstance(closed.value.__cause__, ConnectionResetError)


async def test_who_says_goodbye_and_does_not_read_is_cut_off_in_time(deaf: Deaf) -> None:
    """The server's own closing would wait for its buffer to be read, for ever."""
    await deaf.do(deaf.fill)
    goodbye = b"\x88\x82\0\0\0\0\x03\xe8"
    deaf.socket.connection.transport.write(goodbye)
    await until(lambda: deaf.server.observed.said[("closed", 1000)], 6)
    await until(lambda: not deaf.server.server.server_state.connections)


async def test_who_does_not_keep_up_with_a_stream_is_told_so_and_closed_with_4499(
    deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "PATIENCE", 0.3)
    await deaf.socket.subscribe("1", "subscription T { ticks(every: 0, size: 20000) }")
    await until(lambda: deaf.server.observed.said[("ended", "websocket", "T", "RESYNC_REQUIRED")])

    deaf.read()
    messages = [await deaf.socket.receive()]
    while messages[-1]["type"] == "next":
        messages.append(await deaf.socket.receive())

    assert messages[-1]["type"] == "error"
    assert messages[-1]["payload"][0]["extensions"]["code"] == "RESYNC_REQUIRED"
    assert await deaf.socket.closed() == (4499, "RESYNC_REQUIRED")
