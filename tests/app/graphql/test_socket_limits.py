"""What one client may have of a server: connections, operations, messages."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from app.graphql.seats import Seats
from app.graphql.sockets import SocketOptions
from tests.app.graphql.served import Served, Socket, until

TOO_MANY = "Too many connections, try again later"


async def refused(server: Served, token: str) -> tuple[int, str]:
    async with server.raw_socket() as socket:
        await socket.send(type="connection_init", payload={"token": token})
        return await socket.closed()


async def works(socket: Socket) -> bool:
    return "data" in await socket.result("{ me }")


# ------------------------------------------------------------------------------------- connections


async def test_an_engineer_has_so_many_connections_and_others_have_theirs() -> None:
    with Served(seats=Seats(per_engineer=2)) as server:
        async with server.socket("as-Ada"), server.socket("as-Ada") as second:
            assert await refused(server, "as-Ada") == (
                1013,
                "An engineer has at most 2 connections: close one",
            )
            async with server.socket("as-Grace") as other:
                assert await works(other)
            await second.connection.close()
            await until(lambda: len(server.sockets.connections) == 1)
            async with server.socket("as-Ada") as again:
                assert await works(again)
        assert server.observed.said[("refused", "websocket", "TOO_MANY_CONNECTIONS")] == 1
        await until(lambda: not server.seats.held)


async def test_an_account_has_so_many_connections_and_others_have_theirs() -> None:
    with Served(seats=Seats(per_account=2)) as server:
        async with server.socket("as-Ada-acme"), server.socket("as-Grace-acme"):
            assert await refused(server, "as-Joan-acme") == (
                1013,
                "An account has at most 2 connections: close one",
            )
            async with server.socket("as-Joan-globex") as other:
                assert await works(other)


async def test_strangers_leave_room_for_who_signs_in() -> None:
    with Served(seats=Seats(in_all=10, strangers=2)) as server:
        async with server.socket("as-Ada") as inside, AsyncExitStack() as stack:
            for _ in range(2):
                stranger = await stack.enter_async_context(server.raw_socket())
            async with server.raw_socket() as one_more:
                assert await one_more.closed() == (1013, TOO_MANY)
            assert await works(inside)
            await stranger.send(type="connection_init", payload={"token": "good"})
            await stranger.receive()  # a stranger no more
            async with server.socket("as-Grace") as another:
                assert await works(another)
            # and who is turned away makes room too
            assert (await refused(server, "forged"))[0] == 4403
            async with server.socket("as-Grace") as another:
                assert await works(another)


async def test_a_hundred_sockets_opening_at_once_are_all_heard_and_hear(server: Served) -> None:
    """By as many engineers; each must get what it asks for, and none be forgotten."""

    async def talk(number: int) -> str:
        async with server.socket(f"as-{number}") as socket:
            await socket.subscribe("1", "subscription { ticks(count: 1) }")
            assert (await socket.receive(10))["payload"] == {"data": {"ticks": "0"}}
            assert (await socket.receive(10))["type"] == "complete"
            answer = await socket.result("{ me }")
            return str(answer["data"]["me"])

    assert await asyncio.gather(*map(talk, range(100))) == [str(each) for each in range(100)]


# ------------------------------------------------------------------------------------- operations


async def test_a_flood_of_subscribes_gets_as_many_as_are_allowed_and_then_the_door() -> None:
    with Served(options=SocketOptions(max_operations=10)) as server:
        async with server.socket() as socket:
            for number in range(60):
                await socket.subscribe(str(number), "subscription { ticks(every: 30) }")
            answers = [await socket.receive() for _ in range(60)]
            assert [each["type"] for each in answers].count("next") == 10
            errors = [each["payload"][0] for each in answers if each["type"] == "error"]
            assert {each["extensions"]["code"] for each in errors} == {"TOO_MANY_OPERATIONS"}
            for number in range(60, 400):
                await socket.subscribe(str(number), "subscription { ticks(every: 30) }")
            assert await socket.closed() == (1013, "Too many messages")
        await until(lambda: server.log.count("ticks closed") == 10)


async def test_an_operation_that_was_completed_counts_until_it_has_ended() -> None:
    with Served(options=SocketOptions(max_operations=1)) as server:
        async with server.socket() as socket:
            await socket.subscribe("1", "mutation { write(seconds: 0.2) }")
            await socket.send(type="complete", id="1")
            await socket.subscribe("2", "subscription { ticks(every: 30) }")
            assert (await socket.receive())["type"] == "error"
            await until(lambda: "write ended" in server.log)
            await socket.subscribe("3", "subscription { ticks(every: 30) }")
            assert (await socket.receive())["type"] == "next"
            await socket.subscribe("4", "{ me }")
            assert (await socket.receive())["type"] == "error"


# ------------------------------------------------------------------------------------- messages


async def test_a_flood_of_messages_is_closed_with_1013() -> None:
    options = SocketOptions(messages_per_second=10, messages_at_once=20)
    with Served(options=options) as server:
        async with server.socket() as socket:
            for _ in range(15):
                await socket.send(type="ping")
                assert await socket.receive() == {"type": "pong"}
            for _ in range(15):
                await socket.send(type="ping")
            assert await socket.closed() == (1013, "Too many messages")
        await until(lambda: server.observed.said[("closed", 1013)] == 1)


ECHO = "query ($text: String!) { echo(text: $text) }"


async def test_who_asks_without_reading_is_not_answered_without_bound(server: Served) -> None:
    """Neither is it read any further, so that it can't even flood."""
    async with server.socket() as deaf, server.socket() as good:
        deaf.connection.transport.pause_reading()
        for number in range(40):
            await deaf.subscribe(str(number), ECHO, variables={"text": "x" * 100_000})
        await until(lambda: any(each.outbox.full for each in server.sockets.connections))
        await asyncio.sleep(0.1)
        assert max(each.outbox.size for each in server.sockets.connections) < 512 * 1024
        assert await works(good)
        deaf.connection.transport.resume_reading()
        answered = {(await deaf.receive())["id"] for _ in range(80)}
        assert answered == {str(each) for each in range(40)}


# ------------------------------------------------------------------------------------- the server


async def test_a_server_that_gives_no_wire_is_told_at_the_first_socket() -> None:
    async def unused(*_: object) -> Any:
        raise AssertionError

    scope = {"type": "websocket", "headers": [], "extensions": {"websocket.http.response": {}}}
    with pytest.raises(RuntimeError, match=r"ws=app\.wire\.WireProtocol"):
        await Served().sockets(scope, unused, unused)
