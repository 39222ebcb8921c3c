"""How streams of events end: for good, so that the client comes back, or because it has left."""

import asyncio
import socket
import time
from typing import Any

import pytest

from app.graphql.seats import Seats
from app.graphql.sse import hanging_up, outbox, response
from tests.app.graphql.listening import Listener, connection, listening
from tests.app.graphql.served import Served, until
from tests.app.graphql.test_socket_ends import Keeping

FOR_EVER = "subscription Ticks { ticks(every: 0.02) }"
QUIET = "subscription Quiet { ticks(every: 30) }"
FLOOD = "subscription Flood { ticks(every: 0, size: 20000) }"


async def nobody_is_left(server: Served) -> None:
    """No stream, no seat, nothing that feeds it, and no connection."""
    await until(lambda: not server.streams.running)
    assert not server.seats.held
    await until(lambda: "ticks closed" in server.log)
    await until(lambda: not server.server.server_state.connections)


# ---------------------------------------------------------------------------------- by what happens


async def test_an_error_the_client_can_act_on_is_told_before_the_end(server: Served) -> None:
    async with listening(server.port, "subscription { expired }") as listener:
        assert await listener.result() == {"data": {"expired": 1}}
        [error] = (await listener.result())["errors"]
        assert error["extensions"]["code"] == "CURSOR_EXPIRED"
        assert await listener.event() == ("complete", None, None)
        assert await listener.ended() == "well"
    await until(lambda: server.observed.said[("ended", "sse", None, "CURSOR_EXPIRED")])


async def test_a_fault_of_ours_is_not_told_in_detail(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(server.port, "subscription { faulty }") as listener:
        assert await listener.result() == {"data": {"faulty": 1}}
        [error] = (await listener.result())["errors"]
        assert error["extensions"]["errorId"] in caplog.text
        await listener.ended()
        assert b"secret" not in listener.body
    await until(lambda: server.observed.said[("ended", "sse", None, "INTERNAL")])


async def test_a_client_that_leaves_is_left_at_once(server: Served) -> None:
    for query in (FOR_EVER, QUIET):
        async with listening(server.port, query) as listener:
            await listener.result()
            assert len(server.streams.running) == 1
        before = time.monotonic()
        await nobody_is_left(server)
        assert time.monotonic() - before < 0.5
        server.log.clear()
    assert server.observed.said[("ended", "sse", "Quiet", "CANCELLED")] == 1


async def test_a_client_that_leaves_before_it_is_answered_holds_nothing(server: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    asking = asyncio.create_task(Listener(reader, writer).ask("subscription { late(seconds: 30) }"))
    await until(lambda: server.seats.held)
    await asyncio.sleep(0.1)
    writer.close()
    await until(lambda: not server.seats.held)
    assert server.log == ["late tried"]
    assert not server.streams.running
    await asyncio.gather(asking, return_exceptions=True)


# ------------------------------------------------------------------------------------- by who it is


async def test_when_the_token_expires_the_client_is_to_come_back(server: Served) -> None:
    before = time.monotonic()
    async with listening(server.port, QUIET, token="short-0.4") as listener:
        await listener.result()
        assert await listener.ended() == "broken off"
        assert 0.3 < time.monotonic() - before < 1.5
        assert b"complete" not in listener.body
    await nobody_is_left(server)


async def test_when_rights_change_the_client_is_to_come_back() -> None:
    keeping = Keeping()
    with Served(keep=keeping) as server:
        async with (
            listening(server.port, QUIET) as first,
            listening(server.port, FOR_EVER) as other,
        ):
            await first.result()
            out, stays = keeping.inside

            async def show_the_door() -> None:
                out("Not any more")

            await server.inside(show_the_door)
            assert await first.ended() == "broken off"
            assert b"complete" not in first.body
            assert list(keeping.inside) == [stays]
            for _ in range(3):
                await other.result()
        await until(lambda: not keeping.inside)


async def test_who_is_refused_is_not_kept() -> None:
    keeping = Keeping()
    with Served(keep=keeping) as server:
        for query in (
            "subscription { missing }",
            "subscription ($s: Float!) { late(seconds: $s) }",
        ):
            async with listening(server.port, query) as listener:
                assert b"errors" in await listener.text()
        assert not keeping.inside
        assert not server.seats.held


# ----------------------------------------------------------------------------------------- how many


def refused(listener: Listener, answer: dict[str, Any]) -> tuple[int, str]:
    assert listener.headers["content-type"].startswith("application/json")
    assert int(listener.headers["retry-after"]) >= 1
    return listener.status, answer["errors"][0]["extensions"]["code"]


async def test_there_are_as_many_seats_as_for_sockets_and_they_are_the_same() -> None:
    with Served(seats=Seats(in_all=4, per_account=3, per_engineer=2)) as server:
        async with connection(server.port) as late:

            async def turned_away(token: str) -> bool:
                await late.ask(QUIET, token=token)
                if late.status == 200:
                    return False
                assert refused(late, await late.answer()) == (429, "TOO_MANY_CONNECTIONS")
                return True

            async with server.socket("as-Ada"), listening(server.port, QUIET, token="as-Ada"):
                assert await turned_away("as-Ada"), "of the engineer"
                async with listening(server.port, QUIET, token="as-Bob"):
                    assert await turned_away("as-Cid"), "of the account"
                    async with listening(server.port, QUIET, token="as-Cid-globex"):
                        assert await turned_away("as-Dan-initech"), "in all"
            await until(lambda: not server.seats.held)
            assert server.observed.said[("refused", "sse", "TOO_MANY_CONNECTIONS")] == 3
            assert not await turned_away("as-Ada"), "what was given back can be taken"


# ----------------------------------------------------------------------------------------- stopping


async def test_a_server_that_stops_ends_its_streams_and_takes_no_more() -> None:
    with Served() as server:
        async with (
            listening(server.port, QUIET) as quiet,
            listening(server.port, FOR_EVER) as busy,
            connection(server.port) as late,
        ):
            await quiet.result()
            before = time.monotonic()
            await server.inside(server.streams.close_all)
            assert time.monotonic() - before < 0.5
            assert [await quiet.ended(), await busy.ended()] == ["broken off", "broken off"]
            assert b"complete" not in quiet.body + busy.body

            await late.ask(QUIET)
            assert refused(late, await late.answer()) == (503, "UNAVAILABLE")
            await late.ask("{ me }")
            assert b'"Ada"' in await late.text(), "what has an end is still answered"
        await nobody_is_left(server)


async def test_a_client_that_does_not_read_holds_no_stop_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Served() as server:
        async with listening(server.port, FLOOD, buffer=4096) as listener:
            await until(lambda: any(each.outbox.full for each in server.streams.running))
            before = time.monotonic()
            await server.inside(server.streams.close_all)
            assert 0.9 < time.monotonic() - before < 2
            assert await listener.ended() == "broken off"
            await nobody_is_left(server)
    assert caplog.records == []


# ----------------------------------------------------------------------------------------- too slow


async def flooded(server: Served) -> int:
    """The most bytes that waited for one client in half a second of flood."""
    most = 0
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        for each in server.streams.running:
            most = max(most, each.outbox.size)
        await asyncio.sleep(0.005)
    return most


async def test_a_client_that_is_too_slow_is_told_so_and_the_others_do_not_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.graphql.live.subscriber.PATIENCE", 0.8)
    with Served() as server:
        async with (
            listening(server.port, FLOOD, buffer=4096) as slow,
            listening(server.port, "subscription { ticks(every: 0.02) }") as other,
        ):
            watching = asyncio.create_task(flooded(server))
            gaps = []
            while not server.observed.said[("ended", "sse", "Flood", "RESYNC_REQUIRED")]:
                before = time.monotonic()
                await other.result()
                gaps.append(time.monotonic() - before)
                if any(each.ended for each in server.streams.running):
                    break
            assert len(gaps) > 15
            assert max(gaps) < 0.3, "the others notice nothing"
            assert outbox.MAX_BYTES <= await watching <= outbox.MAX_BYTES + 20_100

            number = 0
            while "data" in (result := await slow.result()):
                assert result["data"]["ticks"].rstrip("x") == str(number), "without a gap so far"
                number += 1
            assert result["errors"][0]["extensions"]["code"] == "RESYNC_REQUIRED"
            assert await slow.event() == ("complete", None, None)
            assert await slow.ended() == "well"
            assert number * 20_000 < 8 * outbox.MAX_BYTES, "the rest had piled up somewhere"
        await nobody_is_left(server)


async def test_a_client_that_does_not_even_read_that_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.graphql.live.subscriber.PATIENCE", 0.3)
    monkeypatch.setattr(response, "TOLD_WITHIN", 0.4)
    with Served() as server:
        async with listening(server.port, FLOOD, buffer=4096) as slow:
            before = time.monotonic()
            await nobody_is_left(server)
            assert time.monotonic() - before < 2
            assert await slow.ended() == "broken off"
            assert b"complete" not in slow.body
        assert server.observed.said[("ended", "sse", "Flood", "RESYNC_REQUIRED")] == 1
    assert caplog.records == []


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux has it")
async def test_a_client_that_is_gone_without_a_word_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hanging_up, "UNHEARD", 500)
    with Served() as server:
        # its window stays shut, which the kernel asks about in vain, as it would a dead one
        async with listening(server.port, FLOOD, buffer=4096):
            await until(lambda: not server.streams.running, timeout=8)
            assert server.observed.said[("ended", "sse", "Flood", "CANCELLED")] == 1
            await nobody_is_left(server)


async def test_a_slow_client_that_catches_up_misses_nothing(server: Served) -> None:
    query = "subscription { ticks(count: 200, every: 0, size: 5000) }"
    async with listening(server.port, query, buffer=4096) as listener:
        await until(lambda: any(each.outbox.full for each in server.streams.running))
        results = [await listener.result() for _ in range(200)]
        assert (await listener.event()).kind == "complete"
    assert [each["data"]["ticks"].rstrip("x") for each in results] == [str(n) for n in range(200)]
