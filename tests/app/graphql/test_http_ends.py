"""How HTTP requests end when they take long: by time, by the client, by the server."""

import asyncio
from datetime import timedelta

import orjson
import pytest

from tests.app.graphql.served import Served, until
from tests.app.graphql.test_http_requests import ask, refused

QUICK = timedelta(seconds=0.2)


async def leave_after(server: Served, query: str, condition: str, *, tail: bytes = b"") -> None:
    """Ask, and hang up as soon as the server has noted ``condition``."""
    body = orjson.dumps({"query": query})
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % (len(body) + len(tail))
    )
    writer.write(body)
    await writer.drain()
    await until(lambda: condition in server.log or not condition)
    writer.close()
    await writer.wait_closed()
    del reader


async def test_a_query_that_takes_too_long_is_cancelled_and_answered() -> None:
    with Served(timeout=QUICK) as server:
        response = await ask(server, {"query": "query Long { slow(seconds: 30) }"})
        assert "0.2 s" in refused(response, 504, "TIMEOUT")
        assert server.log == ["slow started", "slow cancelled"]
        assert server.observed.said[("finished", "http", "query", "Long", "TIMEOUT")] == 1
        # and the connection, the server and the next request are none the worse
        assert (await ask(server, {"query": "{ me }"})).status_code == 200


async def test_a_mutation_that_takes_long_is_waited_for() -> None:
    with Served(timeout=QUICK) as server:
        response = await ask(server, {"query": "mutation { write(seconds: 0.5) }"})
    assert response.json() == {"data": {"write": "written"}}


async def test_a_query_is_cancelled_when_its_client_leaves(server: Served) -> None:
    await leave_after(server, "query Left { slow(seconds: 30) }", "slow started")
    await until(lambda: "slow cancelled" in server.log)
    await until(lambda: server.observed.said[("finished", "http", "query", "Left", "CANCELLED")])


async def test_a_mutation_runs_to_its_end_when_its_client_leaves(server: Served) -> None:
    await leave_after(server, "mutation Left { write(seconds: 0.3) }", "write started")
    await until(lambda: "write ended" in server.log)
    assert "write cancelled" not in server.log


async def test_a_mutation_runs_to_its_end_when_the_server_cancels_its_requests() -> None:
    with Served() as server:
        asking = asyncio.create_task(ask(server, {"query": "mutation { write(seconds: 0.3) }"}))
        await until(lambda: "write started" in server.log)

        async def cancel_all_and_wait() -> None:
            for task in list(server.server.server_state.tasks):
                task.cancel()
            await server.http.finish(timedelta(seconds=2))

        await server.inside(cancel_all_and_wait)
        assert server.log == ["write started", "write ended"]
        await asyncio.gather(asking, return_exceptions=True)


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_fault(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    await leave_after(server, "{ me }", "", tail=b"never sent")
    await until(lambda: server.observed.said[("refused", "http", "CANCELLED")])
    assert caplog.records == []


async def test_a_body_that_does_not_arrive_gets_408() -> None:
    with Served(timeout=QUICK) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\n"
            b"content-type: application/json\r\ncontent-length: 100\r\n\r\n{"
        )
        assert b" 408 " in await asyncio.wait_for(reader.readline(), 3)
        writer.close()


async def test_a_sign_in_that_does_not_answer_is_given_up() -> None:
    with Served(timeout=QUICK) as server:
        response = await ask(server, {"query": "{ me }"}, token="slow-30")
    refused(response, 503, "UNAVAILABLE")
    assert response.headers["retry-after"] == "1"


async def test_requests_that_share_a_connection_do_not_share_their_end() -> None:
    with Served(timeout=QUICK) as server:
        async with server.client() as client:
            for _ in range(3):
                response = await client.post("", json={"query": "{ slow(seconds: 30) me }"})
                refused(response, 504, "TIMEOUT")
                response = await client.post("", json={"query": "{ slow(seconds: 0.1) me }"})
                assert response.json() == {"data": {"slow": 1, "me": "Ada"}}
