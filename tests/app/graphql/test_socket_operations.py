"""Queries, mutations and subscriptions on a socket: answers, errors, and what ends them."""

import logging
from datetime import timedelta

import pytest
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

from app.graphql.sockets import SocketOptions
from tests.app.graphql.served import Served, Socket, until


async def first_error(socket: Socket, id_: str = "1") -> dict[str, object]:
    message = await socket.receive()
    assert (message["type"], message["id"]) == ("error", id_), message
    error: dict[str, object] = message["payload"][0]
    return error


async def still_ticks(socket: Socket, id_: str) -> None:
    """What comes next is for ``id_``, and more than once."""
    for _ in range(3):
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("next", id_)


# ------------------------------------------------------------------------------------- answers


async def test_queries_and_mutations_are_answered(server: Served) -> None:
    async with server.socket() as socket:
        query = "query Q ($t: String!) { echo(text: $t) } query R { me }"
        answer = await socket.result(query, operationName="Q", variables={"t": "é"})
        assert answer == {"data": {"echo": "é"}}
        assert await socket.result("mutation { write(seconds: 0) }") == {
            "data": {"write": "written"}
        }
    assert server.observed.said[("finished", "websocket", "query", "Q", "OK")] == 1


async def test_a_subscription_delivers_in_order_and_completes(server: Served) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", "subscription T { ticks(count: 3, every: 0) }")
        messages = [await socket.receive() for _ in range(4)]
    assert [each.get("payload") for each in messages] == [
        {"data": {"ticks": "0"}},
        {"data": {"ticks": "1"}},
        {"data": {"ticks": "2"}},
        None,
    ]
    assert messages[3] == {"type": "complete", "id": "1"}
    assert server.observed.said[("started", "websocket", "T")] == 1
    assert server.observed.said[("ended", "websocket", "T", "OK")] == 1


async def test_frames_are_text(server: Served) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", "{ me }")
        assert isinstance(await socket.connection.recv(), str)


async def test_operations_run_side_by_side(server: Served) -> None:
    async with server.socket() as socket:
        await socket.subscribe("slow", "{ slow(seconds: 0.2) }")
        await socket.subscribe("fast", "{ me }")
        order = [(await socket.receive())["id"] for _ in range(4)]
    assert order == ["fast", "fast", "slow", "slow"]


async def test_each_operation_and_each_event_has_a_context_of_its_own(server: Served) -> None:
    async with server.socket() as socket:
        one = await socket.result("{ contextNumber }")
        two = await socket.result("{ contextNumber }")
        await socket.subscribe("1", "subscription { contexts { number } }")
        events = [(await socket.receive())["payload"]["data"]["contexts"] for _ in range(3)]
    seen = [one["data"]["contextNumber"], two["data"]["contextNumber"]]
    assert len({*seen, *(each["number"] for each in events)}) == 5


async def test_an_id_is_free_again_when_its_operation_ended(server: Served) -> None:
    async with server.socket() as socket:
        for _ in range(3):
            assert (await socket.result("{ me }"))["data"] == {"me": "Ada"}
        await socket.subscribe("1", "subscription { ticks }")
        await socket.receive()
        await socket.send(type="complete", id="1")
        await socket.subscribe("1", "{ me }")
        while (message := await socket.receive())["payload"] != {"data": {"me": "Ada"}}:
            assert message["id"] == "1"


async def test_python_gql_gets_what_it_asks_for(server: Served) -> None:
    transport = WebsocketsTransport(
        url=server.url.replace("http", "ws"),
        init_payload={"authorization": "Bearer good"},
        connect_args={"proxy": None},
    )
    async with Client(transport=transport) as session:
        assert await session.execute(gql("{ me }")) == {"me": "Ada"}
        assert await session.execute(gql("mutation { write(seconds: 0) }")) == {"write": "written"}
        events = session.subscribe(gql("subscription { ticks(count: 3, every: 0) }"))
        assert [each["ticks"] async for each in events] == ["0", "1", "2"]


# ------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{ me"}, "SYNTAX_ERROR"),
        ({"query": "{ missing }"}, "VALIDATION_FAILED"),
        ({"query": "query A { me } query B { me }"}, "BAD_REQUEST"),
        ({"query": "query A { me }", "operationName": "B"}, "BAD_REQUEST"),
        ({"query": "query ($t: String!) { echo(text: $t) }"}, "BAD_REQUEST"),
        ({"query": "subscription ($n: Int!) { ticks(count: $n) }"}, "BAD_REQUEST"),
        ({"query": "{ __schema { types { name } } }"}, "FORBIDDEN"),
    ],
)
async def test_a_request_error_ends_its_operation_and_no_other(
    server: Served, payload: dict[str, str], code: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.socket() as socket:
        await socket.subscribe("lives", "subscription { ticks }")
        await socket.receive()
        await socket.send(type="subscribe", id="1", payload=payload)
        while (message := await socket.receive())["id"] == "lives":
            pass
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == code
        await still_ticks(socket, "lives")
        await socket.send(type="complete", id="lives")
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_a_field_that_fails_is_part_of_the_answer(server: Served) -> None:
    async with server.socket() as socket:
        answer = await socket.result("{ me cursor }")
    assert answer["data"] == {"me": "Ada", "cursor": None}
    assert answer["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


async def test_an_event_that_fails_does_not_end_its_stream(server: Served) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", "subscription { rows { number double } }")
        for number in (1, 2):
            payload = (await socket.receive())["payload"]
            assert payload["data"] == {"rows": {"number": number, "double": None}}
            assert payload["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert await socket.receive() == {"type": "complete", "id": "1"}


async def test_a_source_that_refuses_to_go_on_ends_with_its_code(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", "subscription E { expired }")
        assert (await socket.receive())["payload"] == {"data": {"expired": 1}}
        error = await first_error(socket)
    assert error["message"] == "Events after this cursor are gone."
    assert error["extensions"] == {"code": "CURSOR_EXPIRED"}
    assert server.observed.said[("ended", "websocket", "E", "CURSOR_EXPIRED")] == 1
    assert caplog.records == []


@pytest.mark.parametrize("field", ["faulty", "cancelled"])
async def test_a_source_that_breaks_ends_with_an_error_and_never_with_complete(
    server: Served, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", f"subscription {{ {field} }}")
        assert (await socket.receive())["type"] == "next"
        error = await first_error(socket)
        assert error["extensions"]["code"] == "INTERNAL"  # type: ignore[index]
        assert "secret" not in str(error)
        assert (await socket.result("{ me }"))["data"] == {"me": "Ada"}
    assert len(caplog.records) == 1


async def test_a_query_that_breaks_outside_its_fields_ends_with_an_error(server: Served) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", "{ cancelled }")
        error = await first_error(socket)
    assert error["extensions"]["code"] == "INTERNAL"  # type: ignore[index]


async def test_a_query_that_takes_too_long_is_cancelled() -> None:
    with Served(options=SocketOptions(timeout=timedelta(seconds=0.1))) as server:
        async with server.socket() as socket:
            await socket.subscribe("1", "{ slow(seconds: 30) }")
            error = await first_error(socket)
            assert error["extensions"] == {"code": "TIMEOUT"}
            assert server.log == ["slow started", "slow cancelled"]
            await socket.subscribe("2", "mutation { write(seconds: 0.2) }")
            assert (await socket.receive())["payload"] == {"data": {"write": "written"}}


async def test_one_operation_more_than_allowed_is_refused_and_the_rest_goes_on() -> None:
    with Served(options=SocketOptions(max_operations=2)) as server:
        async with server.socket() as socket:
            await socket.subscribe("a", "subscription { ticks(every: 30) }")
            await socket.subscribe("b", "mutation { write(seconds: 30) }")
            assert (await socket.receive())["id"] == "a"
            await socket.subscribe("1", "{ me }")
            assert (await first_error(socket))["extensions"] == {"code": "TOO_MANY_OPERATIONS"}
            await socket.send(type="complete", id="b")  # a mutation runs on, and still counts
            await socket.subscribe("1", "{ me }")
            assert (await first_error(socket))["extensions"] == {"code": "TOO_MANY_OPERATIONS"}
            await socket.send(type="complete", id="a")
            await until(lambda: "ticks closed" in server.log)
            assert (await socket.result("{ me }"))["data"] == {"me": "Ada"}


# ------------------------------------------------------------------------------------- endings


async def test_completing_a_subscription_closes_its_source_and_silences_it(server: Served) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", "subscription T { ticks }")
        await socket.receive()
        await socket.send(type="complete", id="1")
        await until(lambda: "ticks closed" in server.log)
        await socket.send(type="ping")
        while (message := await socket.receive())["type"] == "next":
            pass
        assert message == {"type": "pong"}
    await until(lambda: server.observed.said[("ended", "websocket", "T", "CANCELLED")] == 1)


async def test_completing_a_query_cancels_it(server: Served) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", "{ slow(seconds: 30) }")
        await until(lambda: "slow started" in server.log)
        await socket.send(type="complete", id="1")
        await until(lambda: "slow cancelled" in server.log)


async def test_completing_what_is_not_there_does_nothing(server: Served) -> None:
    async with server.socket() as socket:
        await socket.send(type="complete", id="unknown")
        assert (await socket.result("{ me }"))["data"] == {"me": "Ada"}


async def test_a_mutation_that_is_completed_runs_to_its_end_in_silence(server: Served) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", "mutation M { write(seconds: 0.2) }")
        await until(lambda: "write started" in server.log)
        await socket.send(type="complete", id="1")
        await until(lambda: "write ended" in server.log)
        assert (await socket.result("{ me }"))["data"] == {"me": "Ada"}
    await until(lambda: server.observed.said[("finished", "websocket", "mutation", "M", "OK")] == 1)


@pytest.mark.parametrize("politely", [True, False])
async def test_a_socket_that_drops_ends_queries_and_streams_but_no_mutation(
    server: Served, politely: bool
) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", "mutation { write(seconds: 0.3) }")
        await socket.subscribe("2", "subscription { ticks }")
        await socket.subscribe("3", "{ slow(seconds: 30) }")
        await until(lambda: {"write started", "slow started"} <= set(server.log))
        if politely:
            await socket.connection.close()
        else:
            socket.connection.transport.abort()
    await until(lambda: {"ticks closed", "slow cancelled"} <= set(server.log))
    assert "write ended" not in server.log
    await until(lambda: "write ended" in server.log)
    assert "write cancelled" not in server.log


async def test_a_mutation_sent_in_the_moment_of_leaving_is_run(server: Served) -> None:
    async with server.socket() as socket:
        await socket.subscribe("1", "mutation { write(seconds: 0) }")
        await socket.connection.close()
    await until(lambda: "write ended" in server.log)


async def test_a_socket_that_is_not_read_stops_its_streams_and_no_others(server: Served) -> None:
    async with server.socket() as deaf, server.socket() as good:
        await deaf.subscribe("1", "subscription { ticks(every: 0, size: 20000, count: 100000) }")
        await good.subscribe("1", "subscription { ticks }")
        await until(lambda: any(each.outbox.full for each in server.sockets.connections))
        await still_ticks(good, "1")
        assert all(each.outbox.size < 512 * 1024 for each in server.sockets.connections)
        deaf.connection.transport.abort()
