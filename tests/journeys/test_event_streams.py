"""The account's events over HTTP, for networks that break sockets: the same, from where one was.

How such a stream is written and ends is told in tests/app/graphql/test_sse_*.py.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from db.database import Database
from db.embedded import APP_ROLE
from resolvers import cursors
from tests.app.graphql.listening import EVENTS, Event, Listener, connection, listening
from tests.harness.people import Account
from tests.harness.story import claimed, waiting
from tests.harness.web import PATIENCE, Client, Web, running
from tests.journeys import documents as ask

SignIn = Callable[..., Client]

SOON = 2.0  # seconds: one, and as much again for a machine that is busy


def port(client: Client) -> int:
    found = urlsplit(client.web.url).port
    assert found
    return found


@asynccontextmanager
async def opened(client: Client, document: str, **how: Any) -> AsyncIterator[Listener]:
    assert client.token
    async with listening(port(client), document, token=client.token, **how) as listener:
        yield listener


async def error_of(listener: Listener) -> str:
    """The code of the one error, after which the stream is complete."""
    [error] = (await listener.result())["errors"]
    assert await listener.event() == Event("complete", None, None)
    code: str = error["extensions"]["code"]
    return code


async def told(client: Client, sample: str) -> float:
    """What /metrics has of it."""
    text = (await client.http.get("/metrics")).text
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


# ------------------------------------------------------------------ the same


async def test_it_is_what_a_socket_gets_with_the_cursor_as_its_id(
    web: Web, account: Account, database: Database, sign_in: SignIn
) -> None:
    client = sign_in(web, account.tier2)
    async with client.stream(ask.EVENTS) as on_socket, opened(client, ask.EVENTS) as listener:
        ready = await on_socket.message()
        heard = [await listener.event()]
        raised = await waiting(database, account.tier1)
        await claimed(database, account.tier3, raised)
        messages = [ready, await on_socket.message(), await on_socket.message()]
        heard += [await listener.event() for _ in range(2)]
    assert [each.data for each in heard] == [each["payload"] for each in messages]
    assert [each.id for each in heard] == [
        each.data["data"]["handoffEvents"]["cursor"] for each in heard
    ]
    assert [each.data["data"]["handoffEvents"]["__typename"] for each in heard] == [
        "StreamReady", "HandoffCreated", "HandoffClaimed",
    ]  # fmt: skip


async def test_who_leaves_is_not_followed_any_more(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    client = sign_in(web, account.tier2)
    live = 'baton_subscriptions_live{transport="sse"}'
    async with opened(client, ask.EVENTS) as listener:
        await listener.result()
        assert (await told(client, live), await told(client, "baton_event_followers")) == (1, 1)
    before = time.monotonic()
    while await told(client, live) or await told(client, "baton_event_followers"):
        assert time.monotonic() - before < SOON


# ------------------------------------------------------------------ resuming


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_client_that_comes_back_misses_nothing_and_hears_nothing_twice(
    web: Web, account: Account, database: Database, sign_in: SignIn, method: str
) -> None:
    client = sign_in(web, account.tier2)
    beginning = (await client.ask(ask.QUEUE))["cursor"]
    raised = 0

    async def keep_raising() -> None:
        nonlocal raised
        while raised < 40:
            await waiting(database, account.tier1)
            raised += 1

    raising = asyncio.create_task(keep_raising())
    places: list[int] = []
    last: str | None = None
    after = {"after": beginning}
    while len(places) < 40:
        # the variables stay as they were, as an event source leaves them
        resume = {} if last is None else {"last_event_id": last}
        async with opened(
            client, ask.CREATED, method=method, variables=after, **resume
        ) as listener:
            for _ in range(min(7, 40 - len(places))):
                _, last, data = await listener.event(PATIENCE)
                assert last is not None
                assert data["data"]["handoffCreated"]["cursor"] == last
                places.append(cursors.read(account.id, last))
    await raising
    assert places == list(range(places[0], places[0] + 40))


async def test_where_an_event_source_was_counts_more_than_what_it_once_asked_for(
    web: Web, account: Account, database: Database, sign_in: SignIn
) -> None:
    client = sign_in(web, account.tier2)
    beginning = (await client.ask(ask.QUEUE))["cursor"]
    for _ in range(3):
        await waiting(database, account.tier1)
    first = cursors.write(account.id, cursors.read(account.id, beginning) + 1)

    async def begins_at(**how: Any) -> int:
        async with opened(client, ask.CREATED, **how) as listener:
            _, id_, _ = await listener.event()
            assert id_ is not None
            return cursors.read(account.id, id_) - cursors.read(account.id, beginning)

    assert await begins_at(variables={"after": beginning}) == 1
    assert await begins_at(variables={"after": beginning}, last_event_id=first) == 2
    assert await begins_at(variables={"after": "nonsense"}, last_event_id=first) == 2
    assert await begins_at(last_event_id=first) == 2
    # who has had no event has none to go on from
    assert await begins_at(variables={"after": beginning}, last_event_id="") == 1


async def test_a_place_that_is_none_is_refused_before_anything_is_told(
    web: Web, account: Account, other_account: Account, database: Database, sign_in: SignIn
) -> None:
    client = sign_in(web, account.tier2)
    await waiting(database, account.tier1)
    await waiting(database, other_account.tier1)
    foreign = cursors.write(other_account.id, 1)
    beyond = cursors.write(account.id, 1000)
    for place in ("nonsense", "1", "\u00e9", "x" * 500, foreign, beyond):
        for document in (ask.CREATED, ask.EVENTS):
            async with opened(client, document, last_event_id=place) as listener:
                assert await error_of(listener) == "CURSOR_INVALID", place


async def test_a_query_has_no_place_to_go_on_from(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    client = sign_in(web, account.tier2)
    async with opened(client, ask.QUEUE, last_event_id="nonsense") as listener:
        assert b'"handoffQueue"' in await listener.text()


# ------------------------------------------------------------------ ends


async def test_a_failed_stream_looks_like_a_lost_connection(
    web: Web, account: Account, database: Database, owner_dsn: str, sign_in: SignIn
) -> None:
    async with opened(sign_in(web, account.tier2), ask.EVENTS) as listener:
        await listener.result()
        await waiting(database, account.tier1)
        await listener.result()
        owner = await asyncpg.connect(owner_dsn)
        try:
            await owner.execute(f"REVOKE SELECT ON event FROM {APP_ROLE}")
            async with database.transaction(account.id) as tx:  # so that it is looked for
                await tx.execute("UPDATE event_counter SET seq = seq + 1")
            async with asyncio.timeout(PATIENCE):
                assert await listener.ended() == "broken off"
        finally:
            await owner.execute(f"GRANT SELECT ON event TO {APP_ROLE}")
            await owner.close()
        assert b"complete" not in listener.body
        assert b"errors" not in listener.body


async def test_who_is_removed_is_put_out_and_not_let_in_again(
    web: Web, account: Account, database: Database, sign_in: SignIn
) -> None:
    removed, other = sign_in(web, account.tier2), sign_in(web, account.tier3)
    async with opened(removed, ask.EVENTS) as listener, opened(other, ask.EVENTS) as others:
        await listener.result()
        await others.result()
        async with database.transaction(account.id) as tx:
            await tx.execute("UPDATE engineer SET active = false WHERE id = $1", account.tier2.id)
        before = time.monotonic()
        assert await listener.ended() == "broken off"
        assert time.monotonic() - before < SOON
        await waiting(database, account.tier1)
        assert "data" in await others.result()
    async with connection(port(removed)) as again:
        assert removed.token
        await again.ask(ask.EVENTS, token=removed.token)
        assert again.status == 401


async def test_a_process_that_stops_sends_its_listeners_elsewhere_and_does_not_wait_for_them(
    settings: dict[str, str], account: Account, sign_in: SignIn
) -> None:
    with running(**settings, ping_interval="0.2") as web:
        client = sign_in(web, account.tier2)
        async with opened(client, ask.EVENTS) as first, opened(client, ask.CREATED) as second:
            await first.result()
            for _ in range(3):
                assert await second.chunk(SOON) == b":\n\n", "it is there, though nothing happens"
            before = time.monotonic()
            assert await asyncio.to_thread(web.stop) == 0
            assert time.monotonic() - before < 3
            assert [await first.ended(), await second.ended()] == ["broken off", "broken off"]
            assert b"complete" not in first.body + second.body
    assert not [each for each in web.said if each.get("level") in ("error", "warning")]


async def test_the_front_page_names_it(web: Web, account: Account, sign_in: SignIn) -> None:
    assert EVENTS in (await sign_in(web, account.tier2).http.get("/")).text
