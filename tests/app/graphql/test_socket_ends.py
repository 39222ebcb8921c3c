"""How sockets end: silence, expiry, a restart; and what keeps them alive."""

import asyncio
import gc
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.graphql.live import LiveSubscription
from app.graphql.sockets import SocketOptions
from app.graphql.sockets.connection import Connection
from app.graphql.sockets.subscriptions import SocketSubscription
from app.graphql.sse.hanging_up import HttpProtocol
from app.wire import Wire, WireProtocol
from tests.app.graphql.served import Caller, Served, until
from tests.harness.garbage import collect_quietly

LIVELY = SocketOptions(
    ping_interval=timedelta(seconds=0.15),
    ping_timeout=timedelta(seconds=0.4),
)


async def test_the_server_pings_and_a_client_that_answers_stays() -> None:
    with Served(options=LIVELY) as server:
        async with server.socket() as socket:
            socket.answers_pings = False
            for _ in range(6):
                assert await socket.receive() == {"type": "ping"}
                await socket.send(type="pong")
            assert len(server.sockets.connections) == 1


async def test_whatever_is_heard_counts_as_alive() -> None:
    with Served(options=LIVELY) as server:
        async with server.socket() as socket:
            socket.answers_pings = False
            for _ in range(6):
                assert (await socket.receive())["type"] == "ping"
                await socket.send(type="complete", id="nobody")
            assert len(server.sockets.connections) == 1


async def test_a_client_that_says_nothing_is_closed_with_4499() -> None:
    with Served(options=LIVELY) as server:
        async with server.socket() as socket:
            await socket.subscribe("1", "subscription { ticks(every: 30) }")
            loop = asyncio.get_running_loop()
            before = loop.time()
            code, _ = await socket.closed()
            assert code == 4499
            assert 0.5 < loop.time() - before < 2
        await until(lambda: "ticks closed" in server.log)
        await until(lambda: server.observed.said[("closed", 4499)] == 1)


async def test_a_client_that_neither_reads_nor_speaks_is_left() -> None:
    with Served(options=LIVELY) as server:
        async with server.socket() as socket:
            await socket.subscribe("1", "subscription { ticks(every: 0, size: 50000) }")
            await until(lambda: server.observed.said[("closed", 4499)], 8)
            await until(lambda: "ticks closed" in server.log)
            assert not server.sockets.connections
            await until(lambda: not server.server.server_state.connections)
            socket.connection.transport.abort()


async def test_a_server_that_stood_still_does_not_take_that_for_silence() -> None:
    """As a machine that was suspended: the answers to its pings wait in its kernel."""

    async def stand_still() -> None:
        time.sleep(1)  # noqa: ASYNC251  # longer than a client has for its answer

    with Served(options=LIVELY) as server:
        async with server.socket() as socket:
            socket.answers_pings = False
            assert await socket.receive() == {"type": "ping"}
            standing = asyncio.create_task(server.inside(stand_still))
            await asyncio.sleep(0.1)
            await socket.send(type="pong")
            await standing
            for _ in range(5):
                assert await socket.receive() == {"type": "ping"}
                await socket.send(type="pong")


async def test_nothing_ticks_while_nobody_is_there() -> None:
    with Served(options=LIVELY) as server:
        liveness = server.sockets.liveness
        async with server.socket() as socket:
            assert (await socket.result("{ me }"))["data"] == {"me": "Ada"}
            assert liveness.timer is not None
        await until(lambda: liveness.timer is None)
        async with server.socket() as socket:  # and it begins again
            socket.answers_pings = False
            assert await socket.receive() == {"type": "ping"}


async def test_sockets_that_came_at_different_times_are_not_pinged_at_once() -> None:
    with Served(options=LIVELY) as server:
        async with server.socket():
            await asyncio.sleep(0.02)
            async with server.socket():
                assert len({each.place for each in server.sockets.connections}) == 2


async def test_a_token_that_expires_closes_with_4403(server: Served) -> None:
    async with server.socket("short-0.3") as socket:
        await socket.subscribe("1", "subscription { ticks(every: 30) }")
        await socket.subscribe("2", "mutation { write(seconds: 0.5) }")
        assert await socket.closed() == (4403, "The token expired")
    await until(lambda: "ticks closed" in server.log)
    await until(lambda: "write ended" in server.log)  # what was begun in time is finished


async def test_a_token_that_has_expired_already_is_not_served_for_long(server: Served) -> None:
    async with server.raw_socket() as socket:
        await socket.send(type="connection_init", payload={"token": "short--5"})
        assert (await socket.closed())[0] == 4403


class Keeping:
    """Who is in, and how to show them the door."""

    def __init__(self) -> None:
        self.inside: dict[Callable[[str], None], Caller] = {}

    def __call__(self, caller: Caller, out: Callable[[str], None]) -> Callable[[], None]:
        self.inside[out] = caller
        return lambda: self.inside.pop(out) and None


async def test_whoever_is_no_longer_who_they_were_is_closed_with_4403() -> None:
    keeping = Keeping()
    with Served(keep=keeping) as server:
        async with server.socket() as socket, server.socket() as idle, server.socket() as other:
            await socket.subscribe("1", "subscription { ticks(every: 30) }")
            await socket.subscribe("2", "mutation { write(seconds: 0.3) }")
            await other.subscribe("1", "subscription { ticks(every: 0.05) }")
            await until(lambda: "write started" in server.log)
            first, second, third = keeping.inside

            async def show_the_door() -> None:
                first("Not any more")
                second("Nor you")

            await server.inside(show_the_door)

            assert await socket.closed() == (4403, "Not any more")
            assert await idle.closed() == (4403, "Nor you")
            for _ in range(3):
                assert (await other.receive())["type"] == "next"
            await until(lambda: list(keeping.inside) == [third])
        await until(lambda: "ticks closed" in server.log)
        await until(
            lambda: "write ended" in server.log
        )  # what was begun with the right is finished
        await until(lambda: not keeping.inside)


async def test_who_is_refused_or_never_signs_in_is_not_kept() -> None:
    keeping = Keeping()
    with Served(keep=keeping) as server:
        async with server.raw_socket() as socket:
            await socket.send(type="connection_init", payload={"token": "bad"})
            await socket.closed()
        async with server.raw_socket():
            assert not keeping.inside


async def test_closing_all_says_1012_and_finishes_mutations() -> None:
    with Served() as server:
        async with server.socket() as one, server.socket() as two, server.raw_socket() as three:
            await one.subscribe("1", "subscription { ticks }")
            await two.subscribe("1", "mutation { write(seconds: 0.3) }")
            await until(lambda: "write started" in server.log)
            await server.inside(lambda: server.sockets.close_all(timedelta(seconds=3)))
            assert server.log[-1] == "write ended"
            assert "ticks closed" in server.log
            for socket in (one, two, three):
                assert await socket.closed() == (1012, "Service restart")
        async with server.raw_socket() as late:
            assert await late.closed() == (1012, "Service restart")


async def test_closing_all_is_over_in_time_whoever_does_not_read() -> None:
    with Served() as server:
        async with server.socket() as deaf, server.socket() as busy:
            await deaf.subscribe("1", "subscription { ticks(every: 0, size: 50000) }")
            await busy.subscribe("1", "mutation { write(seconds: 2) }")
            await until(lambda: any(each.outbox.full for each in server.sockets.connections))
            loop = asyncio.get_running_loop()
            before = loop.time()
            await server.inside(lambda: server.sockets.close_all(timedelta(seconds=0.5)))
            assert loop.time() - before < 1
            deaf.connection.transport.abort()


@pytest.mark.parametrize("size", [0, 50000])
async def test_closing_all_waits_for_sources_to_be_closed_also_of_who_does_not_read(
    size: int,
) -> None:
    text = f"subscription {{ ticks(every: 0.001, size: {size}, linger: 0.3) }}"
    with Served() as server:
        async with server.socket() as socket:
            await socket.subscribe("1", text)
            if size:
                await until(lambda: any(each.outbox.full for each in server.sockets.connections))
            else:
                await socket.receive()
            await server.inside(lambda: server.sockets.close_all(timedelta(seconds=4)))
            assert server.log == ["ticks closed"]
            socket.connection.transport.abort()


async def test_a_server_that_stops_leaves_nothing_running(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Served() as server:
        async with server.socket() as socket:
            await socket.subscribe("1", "subscription { ticks }")
            await socket.receive()
            server.server.should_exit = True
            assert (await socket.closed())[0] == 1012
            await until(lambda: "ticks closed" in server.log)
    assert caplog.records == []


async def test_a_fault_of_ours_in_a_socket_is_logged_and_closed_retryably(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with server.socket() as socket:
        [connection] = server.sockets.connections
        connection.count = None  # type: ignore[assignment]
        await socket.subscribe("1", "{ me }")
        assert await socket.closed() == (1013, "Try again later")
    assert "a socket" in caplog.text


async def test_opening_and_closing_is_told_to_the_observer(server: Served) -> None:
    async with server.socket() as socket:
        assert server.observed.said[("opened",)] == 1
        await socket.connection.close(4999)
    await until(lambda: server.observed.said[("closed", 4999)])
    async with server.socket() as socket:
        socket.connection.transport.abort()
    await until(
        lambda: server.observed.said[("closed", 1005)] or server.observed.said[("closed", 1006)]
    )


async def test_what_is_over_does_not_wait_for_the_garbage_collector(server: Served) -> None:
    """A thousand who leave at once would keep it busy, and everybody waiting."""
    kinds = (Connection, SocketSubscription, LiveSubscription, WireProtocol, Wire, HttpProtocol)

    def left() -> list[object]:
        return [each for each in gc.get_objects() if type(each) in kinds]

    collect_quietly()
    before = len(left())
    gc.disable()
    try:
        for _ in range(3):
            async with server.socket() as socket:
                assert (await socket.result("{ me }"))["data"] == {"me": "Ada"}
                await socket.subscribe("1", "subscription { rows { number } }")
                while (await socket.receive())["type"] == "next":
                    pass
        await until(lambda: len(left()) <= before)
    finally:
        gc.enable()
