"""What a stream of events is made of, and how long it lives beside everything else."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.graphql.sse import StreamOptions
from tests.app.graphql.listening import Event, connection, listening
from tests.app.graphql.served import Served, until

HEAD = b"""HTTP/1.1 200 OK\r
content-type: text/event-stream; charset=utf-8\r
cache-control: no-store, no-transform\r
vary: accept\r
x-accel-buffering: no\r
x-request-id: mine\r
transfer-encoding: chunked\r
\r
"""
BEAT = timedelta(seconds=0.3)


@pytest.fixture(scope="module")
def quick() -> Iterator[Served]:
    """Heartbeats come soon, operations have little time."""
    with Served(
        stream_options=StreamOptions(heartbeat=BEAT), timeout=timedelta(seconds=0.3)
    ) as server:
        yield server


# -------------------------------------------------------------------------------------------- bytes


async def test_every_byte_of_a_stream_is_as_the_protocol_has_it(server: Served) -> None:
    body = b'{"query":"subscription { ticks(count: 2, every: 0.05) }"}'
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\nx-request-id: mine\r\n"
        b"accept: text/event-stream\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(body), body)
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"".join(line for line in head.splitlines(keepends=True) if line[:5] != b"date:") == HEAD

    async with asyncio.timeout(3):
        assert await reader.readuntil(b"0\r\n\r\n") == (
            b"3\r\n:\n\n\r\n"
            b'2a\r\nevent: next\ndata: {"data":{"ticks":"0"}}\n\n\r\n'
            b'2a\r\nevent: next\ndata: {"data":{"ticks":"1"}}\n\n\r\n'
            b"17\r\nevent: complete\ndata:\n\n\r\n"
            b"0\r\n\r\n"
        )
    writer.close()


async def test_a_line_is_a_line_whatever_the_text_has_in_it(server: Served) -> None:
    text = "a\\nb\\r\\n\\u2028: data"
    async with connection(server.port) as listener:
        await listener.ask(f'{{ echo(text: "{text}") }}')
        body = await listener.text()
    assert body.count(b"\n") == 6  # three for each event
    assert b"\r" not in body
    assert "\u2028".encode() in body


async def test_what_waits_is_written_at_once(server: Served) -> None:
    async with listening(server.port, "subscription { ticks(count: 100, every: 0) }") as listener:
        results = [await listener.result() for _ in range(100)]
        assert (await listener.event()).kind == "complete"
        assert await listener.ended() == "well"
    assert results == [{"data": {"ticks": str(number)}} for number in range(100)]


# ------------------------------------------------------------------------------------------ silence


async def test_silence_is_broken_by_comments_and_only_silence(quick: Served) -> None:
    loop = asyncio.get_running_loop()
    async with listening(quick.port, "subscription { ticks(count: 2, every: 1) }") as listener:
        assert await listener.chunk() == b":\n\n", "at once, so that proxies pass the head"
        assert b"next" in await listener.chunk()
        before = loop.time()
        for count in range(1, 4):
            assert await listener.chunk() == b":\n\n"
            assert count * 0.3 - 0.05 < loop.time() - before < count * 0.3 + 0.25
        assert b"next" in await listener.chunk()
    async with listening(quick.port, "subscription { ticks(count: 15, every: 0.05) }") as listener:
        for _ in range(15):
            await listener.result()
        assert listener.heartbeats == 1


# ------------------------------------------------------------------------------------ beside others


async def test_the_connection_is_good_for_more_when_a_stream_is_complete(server: Served) -> None:
    async with connection(server.port) as listener:
        for _ in range(2):
            await listener.ask("subscription { ticks(count: 1) }")
            assert await listener.event() == Event("next", None, {"data": {"ticks": "0"}})
            assert await listener.event() == Event("complete", None, None)
            assert await listener.ended() == "well"
            await listener.ask("{ me }", accept="application/json")
            assert await listener.answer() == {"data": {"me": "Ada"}}


async def test_the_time_that_operations_have_is_not_for_streams(quick: Served) -> None:
    async with listening(quick.port, "subscription { ticks(count: 8, every: 0.1) }") as listener:
        for _ in range(8):
            assert "data" in await listener.result()
        assert (await listener.event()).kind == "complete"


async def test_it_is_for_beginning_one(quick: Served) -> None:
    async with connection(quick.port) as listener:
        await listener.ask("subscription { late(seconds: 30) }")
        assert listener.status == 504
        assert (await listener.answer())["errors"][0]["extensions"]["code"] == "TIMEOUT"
        assert quick.log.count("late tried") == 1
        await until(lambda: not quick.seats.held)
        await listener.ask("subscription { late(seconds: 0.1) }")
        assert await listener.result() == {"data": {"late": 1}}


async def test_each_event_is_executed_with_a_context_of_its_own(server: Served) -> None:
    query = "subscription { contexts { number } }"
    async with listening(server.port, query) as listener:
        results = [await listener.result() for _ in range(3)]
    assert len({each["data"]["contexts"]["number"] for each in results}) == 3


async def test_a_stream_is_told_to_the_observer_once(server: Served) -> None:
    query = "subscription Mine { ticks(count: 1) }"
    async with listening(server.port, query, x_request_id="trace-1") as listener:
        assert listener.headers["x-request-id"] == "trace-1"
        await listener.ended()
    await until(lambda: server.observed.said[("ended", "sse", "Mine", "OK")])
    assert server.observed.said == {
        ("entered", "sse", "trace-1"): 1,
        ("signed in", "Ada"): 1,
        ("started", "sse", "Mine"): 1,
        ("ended", "sse", "Mine", "OK"): 1,
    }
