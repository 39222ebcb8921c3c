"""Opening a socket: who may, what is said first, and how it ends where it is not right."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from app.graphql.seats import Seats
from app.graphql.sockets import SocketOptions
from tests.app.graphql.served import Served, Socket, until

MALFORMED = 4400


async def ack(socket: Socket, payload: Any) -> dict[str, Any]:
    await socket.send(type="connection_init", payload=payload)
    return await socket.receive()


# ------------------------------------------------------------------------------------- opening


async def test_the_subprotocol_is_agreed_on(server: Served) -> None:
    offered = ("graphql-ws", "graphql-transport-ws")
    async with server.raw_socket(subprotocols=offered) as socket:
        assert socket.connection.subprotocol == "graphql-transport-ws"
        assert await ack(socket, {"token": "good"}) == {"type": "connection_ack"}


@pytest.mark.parametrize("offered", [("graphql-ws",), ()])
async def test_another_subprotocol_is_closed_with_4406(
    server: Served, offered: tuple[str, ...]
) -> None:
    async with server.raw_socket(subprotocols=offered) as socket:
        assert await socket.closed() == (4406, "Subprotocol not acceptable")


@pytest.mark.parametrize("origin", ["http://127.0.0.1:{port}", "https://127.0.0.1:{port}", None])
async def test_pages_of_our_own_and_programs_may_connect(
    server: Served, origin: str | None
) -> None:
    given = origin and origin.format(port=server.port)
    async with server.raw_socket(origin=given) as socket:
        assert await ack(socket, {"token": "good"}) == {"type": "connection_ack"}


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://127.0.0.1", "http://127.0.0.1.evil.example:{port}", "null"],
)
async def test_pages_of_others_get_403(server: Served, origin: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with server.raw_socket(origin=origin.format(port=server.port)):
            pass
    assert caught.value.response.status_code == 403


async def test_pages_of_others_may_connect_where_it_is_allowed() -> None:
    with Served(allowed_origins=("https://desk.example",)) as server:
        async with server.raw_socket(origin="https://desk.example") as socket:
            assert await ack(socket, {"token": "good"}) == {"type": "connection_ack"}
        with pytest.raises(InvalidStatus):
            async with server.raw_socket(origin="https://evil.example"):
                pass


async def test_a_request_id_is_taken_and_given_back(server: Served) -> None:
    async with server.raw_socket(headers={"x-request-id": "trace-1"}) as socket:
        response = socket.connection.response
        assert response is not None
        assert response.headers["x-request-id"] == "trace-1"
        await ack(socket, {"token": "good"})
        first = await socket.result("{ requestId }")
        second = await socket.result("{ requestId }")
    assert first["data"] == {"requestId": "trace-1.1"}
    assert second["data"] == {"requestId": "trace-1.2"}


async def test_one_connection_more_than_allowed_is_told_to_try_again() -> None:
    with Served(seats=Seats(in_all=2)) as server:
        async with server.socket(), server.socket(), server.raw_socket() as third:
            assert await third.closed() == (1013, "Too many connections, try again later")
        await until(lambda: not server.sockets.connections)
        async with server.socket() as again:
            assert (await again.result("{ me }"))["data"] == {"me": "Ada"}


# ------------------------------------------------------------------------------------- signing in


@pytest.mark.parametrize(
    "payload",
    [{"authorization": "Bearer good"}, {"Authorization": "Bearer good"}, {"token": "good"}],
)
async def test_a_token_is_taken_in_the_forms_clients_use(
    server: Served, payload: dict[str, str]
) -> None:
    async with server.raw_socket() as socket:
        assert await ack(socket, payload) == {"type": "connection_ack"}
        assert (await socket.result("{ me }"))["data"] == {"me": "Ada"}


@pytest.mark.parametrize(
    "payload", [None, {}, {"token": "forged"}, {"token": 5}, {"authorization": "good"}]
)
async def test_a_token_that_is_not_accepted_is_closed_with_4403(
    server: Served, payload: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.raw_socket() as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.closed() == (4403, "Forbidden")
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
    await until(lambda: server.observed.said[("closed", 4403)])


async def test_no_init_in_time_is_closed_with_4408() -> None:
    with Served(options=SocketOptions(init_timeout=timedelta(seconds=0.3))) as server:
        async with server.raw_socket() as socket:
            code, _ = await socket.closed()
            assert code == 4408
        async with server.socket() as socket:
            await asyncio.sleep(0.4)  # and who came in time stays
            assert (await socket.result("{ me }"))["data"] == {"me": "Ada"}


async def test_pings_do_not_stand_for_an_init() -> None:
    with Served(options=SocketOptions(init_timeout=timedelta(seconds=0.4))) as server:
        async with server.raw_socket() as socket:
            for _ in range(3):
                await socket.send(type="ping")
                assert await socket.receive() == {"type": "pong"}
            code, _ = await socket.closed()
            assert code == 4408


async def test_a_second_init_is_closed_with_4429(server: Served) -> None:
    async with server.socket() as socket:
        await socket.send(type="connection_init", payload={"token": "good"})
        assert (await socket.closed())[0] == 4429
    async with server.raw_socket() as socket:
        for _ in range(2):  # and while the first is still looked at
            await socket.send(type="connection_init", payload={"token": "slow-2"})
        assert (await socket.closed())[0] == 4429


@pytest.mark.parametrize("init", [False, True])
async def test_subscribing_before_the_ack_is_closed_with_4401(server: Served, init: bool) -> None:
    async with server.raw_socket() as socket:
        if init:
            await socket.send(type="connection_init", payload={"token": "slow-2"})
        await socket.subscribe("1", "{ me }")
        assert await socket.closed() == (4401, "Unauthorized")


async def test_pings_are_answered_while_sign_in_takes_its_time(server: Served) -> None:
    async with server.raw_socket() as socket:
        await socket.send(type="connection_init", payload={"token": "slow-0.3"})
        await socket.send(type="ping", payload={"n": 1})
        assert await socket.receive() == {"type": "pong", "payload": {"n": 1}}
        assert await socket.receive() == {"type": "connection_ack"}


async def test_a_sign_in_that_hangs_is_closed_with_4504() -> None:
    with Served(options=SocketOptions(sign_in_timeout=timedelta(seconds=0.1))) as server:
        async with server.raw_socket() as socket:
            await socket.send(type="connection_init", payload={"token": "slow-30"})
            assert (await socket.closed())[0] == 4504


@pytest.mark.parametrize(("token", "logged"), [("away", 1), ("faulty", 1), ("keyless", 0)])
async def test_a_sign_in_that_fails_on_our_side_is_to_be_tried_again(
    server: Served, token: str, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.raw_socket() as socket:
        await socket.send(type="connection_init", payload={"token": token})
        assert await socket.closed() == (1013, "Try again later")
    assert len(caplog.records) == logged


# ------------------------------------------------------------------------------------- bad messages

BAD = {
    "not JSON": "{",
    "an array": "[]",
    "a string": '"connection_init"',
    "null": "null",
    "deep": "[" * 5000,
    "binary": b'{"type":"ping"}',
    "no type": "{}",
    "another type": '{"type":"start"}',
    "a message of servers": '{"type":"connection_ack"}',
    "no id": '{"type":"subscribe","payload":{"query":"{ me }"}}',
    "an empty id": '{"type":"subscribe","id":"","payload":{"query":"{ me }"}}',
    "a number as id": '{"type":"subscribe","id":1,"payload":{"query":"{ me }"}}',
    "an object as id": '{"type":"complete","id":{}}',
    "no payload": '{"type":"subscribe","id":"1"}',
    "a payload of another type": '{"type":"ping","payload":"x"}',
    "a query of another type": '{"type":"subscribe","id":"1","payload":{"query":1}}',
    "variables of another type":
        '{"type":"subscribe","id":"1","payload":{"query":"{ me }","variables":[]}}',
    "an init payload of another type": '{"type":"connection_init","payload":[]}',
}  # fmt: skip


@pytest.mark.parametrize("acknowledged", [False, True])
@pytest.mark.parametrize("message", BAD.values(), ids=BAD.keys())
async def test_a_malformed_message_is_closed_with_4400_and_a_reason(
    server: Served, message: str | bytes, acknowledged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    opening = server.socket() if acknowledged else server.raw_socket()
    async with opening as socket:
        await socket.send_raw(message)
        code, why = await socket.closed()
    assert code == MALFORMED
    assert why
    assert caplog.records == []


async def test_a_message_that_is_too_large_is_closed_with_1009(server: Served) -> None:
    for message in ("x" * 300_000, "é" * 140_000):
        async with server.socket() as socket:
            await socket.send_raw(message)
            assert (await socket.closed())[0] == 1009
    async with server.socket() as socket:
        assert (await socket.result("{ me }", variables={"x": " " * 200_000}))["data"] == {
            "me": "Ada"
        }


async def test_a_duplicate_id_is_closed_with_4409(server: Served) -> None:
    async with server.socket() as socket:
        await socket.subscribe("a" * 200, "subscription { ticks }")
        await socket.receive()
        await socket.subscribe("a" * 200, "{ me }")
        code, why = await socket.closed()
    assert code == 4409
    assert why.startswith("Subscriber for aaa")
    await until(lambda: "ticks closed" in server.log)
