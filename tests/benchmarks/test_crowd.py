"""A subscriber who is told something else than happened makes a measurement void."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from benchmarks.contestants.roster import Opening
from benchmarks.contestants.starting import Server
from benchmarks.live import crowd as crowds
from benchmarks.live import telling
from benchmarks.live.crowd import Crowd
from benchmarks.live.telling import RAISED, Written, subscribe
from benchmarks.paths import WrongAnswer
from benchmarks.world import Desk
from db.ids import uuid7
from db.models.vocabulary import Role
from services.actor import Actor

ACCOUNT = uuid7()
RAISER, LISTENER = (
    Actor(ACCOUNT, uuid7(), Role.ENGINEER, 1, name, f"{name}@desk.test") for name in ("Ann", "Bob")
)
EVENTS = [Written(seq, uuid7(), datetime(2026, 11, 24, 10, tzinfo=UTC), 0.0) for seq in (7, 8, 9)]
SUBSCRIBERS = 3
LAST = SUBSCRIBERS - 1
LATER = b"a little later"

Script = Callable[[int], Sequence[bytes]]
"""What the server says to its first subscriber, its second, and so on."""


def told(event: Written, **changed: object) -> bytes:
    data = telling.event(ACCOUNT, event.seq, event.handoff_id, event.occurred_at, RAISER) | changed
    payload = {"data": {"handoffCreated": data}}
    return orjson.dumps({"id": "1", "type": "next", "payload": payload})


ALL = [told(event) for event in EVENTS]


def framed(text: bytes) -> bytes:
    size = len(text)
    head = bytes((size,)) if size < 126 else bytes((126,)) + size.to_bytes(2)
    return b"\x81" + head + text


@asynccontextmanager
async def serving(script: Script, *, chunk: int = 100_000) -> AsyncIterator[Server]:
    """A server that says what it is told to say, in pieces of ``chunk`` bytes."""
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        number, served = served, served + 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        await reader.read(10_000)  # connection_init
        writer.write(framed(b'{"type":"connection_ack"}'))
        await reader.read(10_000)  # subscribe, and a ping
        writer.write(framed(b'{"type":"pong"}'))
        for text in script(number):
            await asyncio.sleep(0.02 if text == LATER else 0)
            said = b"" if text == LATER else framed(text)
            for start in range(0, len(said), chunk):
                writer.write(said[start : start + chunk])
                await asyncio.sleep(0)
        await reader.read(10_000)  # close
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    desk = Desk("desk", (RAISER,), (LISTENER,))

    def opening(_: Actor) -> Opening:
        return Opening("/graphql", {}, {"type": "connection_init"})

    async with server:
        yield Server(
            "scripted", 0, port, Path(), lambda path, actor, body: body, opening, "none", desk
        )


async def listen(server: Server) -> Crowd:
    crowd = Crowd(server, subscribe(RAISED))
    crowd.expect(len(EVENTS), SUBSCRIBERS)
    try:
        await crowd.open(SUBSCRIBERS)
        await crowd.all_told()
        await crowd.verify(EVENTS)
    finally:
        await crowd.close()
    return crowd


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
async def test_what_happened_is_counted_however_the_bytes_are_cut(chunk: int) -> None:
    async with serving(lambda _: ALL, chunk=chunk) as server:
        crowd = await listen(server)

    assert crowd.ledger.count == SUBSCRIBERS * len(EVENTS)
    assert len(crowd.ledger.latencies(EVENTS)) == crowd.ledger.count


ELSE = Written(8, UUID(int=1), EVENTS[1].occurred_at, 0.0)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda n: ALL if n < LAST else [ALL[0], ALL[0], ALL[1]], id="doubled for one"),
        pytest.param(lambda n: ALL if n < LAST else [*ALL, LATER, ALL[2]], id="doubled at the end"),
        pytest.param(lambda n: ALL if n < LAST else [ALL[1], ALL[0], ALL[2]], id="swapped for one"),
        pytest.param(lambda n: [ALL[1], ALL[0], ALL[2]], id="swapped for all"),
        pytest.param(lambda n: [ALL[0], told(ELSE), ALL[2]], id="another event"),
        pytest.param(lambda n: [told(EVENTS[0], actor=None), *ALL[1:]], id="not whole"),
        pytest.param(lambda n: ALL[:2], id="one missing for all"),
        pytest.param(lambda n: ALL if n < LAST else ALL[:2], id="one missing for one"),
        pytest.param(lambda n: [*ALL[:2], b'{"id":"1","type":"complete"}'], id="ended"),
    ],
)
async def test_anything_else_is_no_measurement(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "PATIENCE", 0.3)
    async with serving(script) as server:
        with pytest.raises(WrongAnswer):
            await listen(server)


async def test_who_did_not_hear_of_a_probe_is_deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "QUIET", 0.2)
    async with serving(lambda n: ALL[:2] if n else ALL[:1]) as server:
        crowd = Crowd(server, subscribe(RAISED))
        probing = crowd.probe()
        await crowd.open(SUBSCRIBERS)

        assert await crowd.deaf(probing, EVENTS[0]) == 0
        assert await crowd.deaf(probing, EVENTS[1]) == 1
        await crowd.close()
