"""The way out of a WebSocket, on the server that we run: frames, flow, floods, and hanging up."""

import asyncio
import logging
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from app.server import configured
from app.tcp import UNSENT
from app.wire import EXTENSION, HIGH_WATER, MAX_MESSAGE, TOO_MANY, Wire, frame

T = TypeVar("T")

MASKED_EMPTY = b"\x81\x80\0\0\0\0"  # the smallest message there is
PATIENCE = 5


@dataclass
class Socket:
    """One that is open, seen from the application."""

    wire: Wire
    scope: Scope
    send: Send
    events: list[Any] = field(default_factory=list)


class Running:
    """As it is run in production, in a thread of its own. The application accepts whoever comes,
    notes what they say, and leaves when they do."""

    def __init__(self) -> None:
        self.sockets: list[Socket] = []
        self.accepting = self.leaving = True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.server = uvicorn.Server(configured(self.app, timedelta(seconds=1)))
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self.server.serve([self.listener]))

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        while not self.accepting:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        opened = Socket(scope["extensions"][EXTENSION], scope, send)
        await send({"type": "websocket.accept"})
        self.sockets.append(opened)
        while not opened.events or opened.events[-1]["type"] != "websocket.disconnect":
            opened.events.append(await receive())
        while not self.leaving:  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    @contextmanager
    def staying(self) -> Iterator[None]:
        """The application does not leave: whoever is still sending then is reset, and that
        overtakes what they are told."""
        self.leaving = False
        try:
            yield
        finally:
            self.leaving = True

    async def do(self, work: Callable[[], T]) -> T:
        """On the server's own loop."""

        async def done() -> T:
            return work()

        return await self.wait(done())

    async def wait(self, work: Coroutine[Any, Any, T]) -> T:
        loop = self.server.servers[0].get_loop()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))

    async def fill(self, wire: Wire, frames: int = 2000) -> int:
        """Write until it is held back, ``frames`` at most. Returns how many were written."""

        def write() -> int:
            for count in range(frames):
                if not wire.writable:
                    return count
                wire.write(frame(b"x" * 4000))
            return frames

        return await self.do(write)

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[tuple[ClientConnection, Socket]]:
        known = len(self.sockets)
        async with connect(
            f"ws://127.0.0.1:{self.port}/",
            ping_interval=None,
            close_timeout=1,
            proxy=None,
            **options,
        ) as client:
            await until(lambda: len(self.sockets) > known)
            yield client, self.sockets[-1]

    @asynccontextmanager
    async def raw(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A client that says what it wants, once the handshake is done."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(
            b"GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        if self.accepting:
            await reader.readuntil(b"\r\n\r\n")
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    started = Running()
    started.thread.start()
    while not started.server.started:
        time.sleep(0.005)
    yield started
    started.server.should_exit = True
    started.thread.join()


@pytest.fixture
async def server(running: Running) -> Running:
    """With nobody there, and the application done with whoever was."""
    state = running.server.server_state
    await until(lambda: not state.connections and not state.tasks)
    running.sockets.clear()
    return running


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Until the other side hangs up."""
    async with asyncio.timeout(PATIENCE):
        return await reader.read()


def faults(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [each for each in caplog.records if each.levelno > logging.INFO]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Noted:
    """A listener that counts."""

    def __init__(self) -> None:
        self.times: list[str] = []

    def held(self) -> None:
        self.times.append("held")

    def drained(self) -> None:
        self.times.append("drained")

    def ended(self) -> None:
        self.times.append("ended")


def close_code(data: bytes) -> int:
    """Of the close frame that ``data`` begins with."""
    assert data[0] == 0x88, data[:20]
    return int(struct.unpack(">H", data[2:4])[0])


# ------------------------------------------------------------------------------------- frames


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 300_000])
async def test_a_frame_of_any_size_is_read_as_the_text_it_was(server: Running, size: int) -> None:
    async with server.client() as (client, opened):
        await server.do(lambda: opened.wire.write(frame(b"x" * size)))
        await server.do(lambda: opened.wire.write(frame(b"a", b"\xc3", b"\xa9")))
        assert await client.recv() == "x" * size
        assert await client.recv() == "aé"


async def test_frames_arrive_in_the_order_of_writing(server: Running) -> None:
    async with server.client() as (client, opened):

        def write() -> None:
            for number in range(500):
                opened.wire.write(frame(b"%d" % number))

        await server.do(write)
        assert [await client.recv() for _ in range(500)] == [str(each) for each in range(500)]


@pytest.mark.parametrize("ours", [True, False])
async def test_nothing_follows_the_close_frame_whoever_sends_it(
    server: Running, ours: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.client() as (client, opened):
        assert opened.wire.open

        async def close_and_write() -> None:
            if ours:
                await opened.send({"type": "websocket.close", "code": 4000})  # type: ignore[misc]
            assert not opened.wire.open
            opened.wire.write(frame(b"too late"))

        if not ours:
            await client.close(4000)
            await until(lambda: not opened.wire.open)
        await server.wait(close_and_write())
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4000
        await server.wait(opened.wire.gone())
        await server.do(lambda: opened.wire.write(frame(b"much too late")))
        await server.do(opened.wire.abort)
    assert faults(caplog) == []


async def test_headers_are_not_kept_for_as_long_as_a_socket_is_open(server: Running) -> None:
    async with server.client(additional_headers={"x-much": "x" * 1000}) as (client, opened):
        assert opened.scope["headers"] == []
        await server.do(lambda: opened.wire.write(frame(b"and it works")))
        assert await client.recv() == "and it works"


# ------------------------------------------------------------------------------------- flow


async def test_a_client_who_does_not_read_holds_the_writer_back_and_later_lets_it_go(
    server: Running,
) -> None:
    async with server.client(max_queue=1) as (client, opened):
        wire = opened.wire
        wire.listener = noted = Noted()
        client.transport.pause_reading()
        count = await server.fill(wire)
        assert noted.times == ["held"]
        assert HIGH_WATER < wire.unsent < HIGH_WATER + 4100
        client.transport.resume_reading()
        for _ in range(count):
            await client.recv()
        await until(lambda: noted.times == ["held", "drained"])
        assert wire.writable
        assert wire.unsent == 0


async def test_the_kernel_holds_little_of_what_a_client_does_not_read(server: Running) -> None:
    """Megabytes, if it is left alone. What the client's own kernel holds is in it too."""
    async with server.client(max_queue=1) as (client, opened):
        client.transport.pause_reading()
        written = await server.fill(opened.wire)
        await asyncio.sleep(0.1)
        written += await server.fill(opened.wire)
        assert written * 4000 < HIGH_WATER + 8 * UNSENT
        client.transport.abort()


async def test_pings_of_a_client_are_answered_but_do_not_pile_up(server: Running) -> None:
    async with server.raw() as (reader, writer):
        ping = b"\x89\xfd\0\0\0\0" + b"p" * 125
        writer.write(ping)
        assert await reader.readexactly(127) == b"\x8a\x7d" + b"p" * 125
        await until(lambda: server.sockets)
        [opened] = server.sockets
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await server.fill(opened.wire)
        unsent = opened.wire.unsent
        writer.write(ping * 150 + MASKED_EMPTY)
        await until(lambda: opened.events)
        assert opened.wire.unsent == unsent


# ------------------------------------------------------------------------------------- floods


@pytest.mark.parametrize("opcode", [0x81, 0x82, 0x89, 0x8A], ids=["text", "bytes", "ping", "pong"])
async def test_a_flood_is_closed_with_1013_before_it_is_looked_at(
    server: Running, opcode: int
) -> None:
    async with server.raw() as (reader, writer):
        with server.staying():
            await until(lambda: server.sockets)
            [opened] = server.sockets
            before = await server.do(time.thread_time)
            writer.write(bytes((opcode, 0x80, 0, 0, 0, 0)) * 100_000)
            await until(lambda: opened.events and "code" in opened.events[-1])
            assert await server.do(time.thread_time) - before < 0.5, (
                "seconds that others had to wait"
            )
            assert (opened.events[-1]["code"], opened.events[-1]["reason"]) == TOO_MANY
            assert len(opened.events) <= 201
            data = await rest(reader)
            assert close_code(data[data.rindex(b"\x88") :]) == 1013


async def test_the_flood_of_a_fragmented_message_is_one_too(server: Running) -> None:
    async with server.raw() as (reader, writer):
        with server.staying():
            writer.write(b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 10_000)
            assert close_code(await rest(reader)) == 1013


async def test_as_many_at_once_and_as_many_a_second_as_are_allowed_are_fine(
    server: Running,
) -> None:
    async with server.client() as (client, opened):
        await server.do(lambda: opened.wire.limit(per_second=100, at_once=20))
        for _ in range(10):
            await client.send("x")
        for _ in range(30):
            await asyncio.sleep(0.02)
            await client.send("x")
        await until(lambda: len(opened.events) == 40)
        with server.staying(), pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await client.send("x")
                    await asyncio.sleep(0)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013


async def test_a_flood_before_the_socket_is_accepted_is_cut_off(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    server.accepting = False
    try:
        async with server.raw() as (reader, writer):
            await until(lambda: server.server.server_state.tasks)
            writer.write(MASKED_EMPTY * 1000)
            with pytest.raises(ConnectionError):
                await rest(reader)
    finally:
        server.accepting = True
    await until(lambda: not server.server.server_state.tasks)
    assert faults(caplog) == []


# ------------------------------------------------------------------------------------- bad frames


@pytest.mark.parametrize("size", [MAX_MESSAGE + 1, 20_000_000])
async def test_a_client_still_sending_what_is_too_large_sees_1009(
    server: Running, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Closed at once, the connection would be reset, and the code be lost."""
    for _ in range(5):
        async with server.client() as (client, _opened):
            with suppress(ConnectionClosed):
                await client.send("x" * size)
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None, "1006: the close frame was lost"
            assert closed.value.rcvd.code == 1009
    assert faults(caplog) == []


async def test_text_that_is_no_utf_8_is_closed_with_1007_and_nothing_is_logged(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.raw() as (reader, writer):
        writer.write(b"\x81\x82\0\0\0\0\xff\xfe" + MASKED_EMPTY)
        assert close_code(await rest(reader)) == 1007
    [opened] = server.sockets
    await until(lambda: [each.get("code") for each in opened.events] == [1007])
    assert faults(caplog) == []


@pytest.mark.parametrize(
    "bad",
    [
        b"\x81\x01x",  # not masked
        b"\xc1\x80\0\0\0\0",  # compressed, as nobody agreed to
        b"\x83\x80\0\0\0\0",  # an opcode that is none
        b"\x80\x80\0\0\0\0",  # the end of nothing
        b"\x01\x80\0\0\0\0" * 2,  # a message in a message
        b"\x88\x81\0\0\0\0x",  # half a code
    ],
)
async def test_what_is_no_websocket_is_closed_with_1002(
    server: Running, bad: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.raw() as (reader, writer):
        writer.write(bad)
        assert close_code(await rest(reader)) == 1002
    assert faults(caplog) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [(b"\x89\x80\0\0\0\0" + MASKED_EMPTY, 1007), (b"\x88\x82\0\0\0\0\x03\xe8", 1000)],
    ids=["a ping and a message", "a close"],
)
async def test_what_comes_right_after_bad_text_does_no_harm(
    server: Running, more: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.raw() as (reader, writer):
        writer.write(b"\x81\x81\0\0\0\0\xff" + more)
        data = await rest(reader)
        assert close_code(data[data.rindex(b"\x88") :]) == code
    await until(lambda: not server.server.server_state.connections)
    assert faults(caplog) == []


async def test_fragments_are_put_together(server: Running) -> None:
    async with server.client() as (client, opened):
        await client.send(["a", "é"])
        await client.send([b"\0", b"\xff"])
        await until(lambda: len(opened.events) == 2)
        assert opened.events[0]["text"] == "aé"
        assert opened.events[1]["bytes"] == b"\0\xff"


# ------------------------------------------------------------------------------------- the end


@pytest.mark.parametrize("politely", [True, False])
async def test_a_writer_hears_of_the_end_also_while_nobody_receives(
    server: Running, politely: bool
) -> None:
    with server.staying():
        async with server.client() as (client, opened):
            opened.wire.listener = noted = Noted()
            if politely:
                await client.close()
            else:
                client.transport.abort()
            await server.wait(opened.wire.gone())
            assert "ended" in noted.times


async def test_aborting_resets_the_connection_of_who_does_not_read_and_frees_it(
    server: Running,
) -> None:
    before = open_files()
    async with server.raw() as (reader, writer):
        await until(lambda: server.sockets)
        [opened] = server.sockets
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await server.fill(opened.wire)
        assert open_files() == before + 2  # both ends are ours
        await server.do(opened.wire.abort)
        await server.wait(opened.wire.gone())
        await until(lambda: open_files() == before + 1)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        with pytest.raises(ConnectionResetError):
            while await reader.read(65536):
                pass
