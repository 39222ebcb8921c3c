"""What is older than events are kept is gone, and a client that stands there is told what to do."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2

from db.database import Database
from resolvers import cursors
from services.handoffs.cancelling import cancel
from services.ids import Kind, public
from tests.harness.people import Account
from tests.harness.retention import age
from tests.harness.story import NOON, claimed, waiting
from tests.harness.web import Client, Web, running
from tests.journeys import documents as ask

SignIn = Callable[..., Client]
STREAMS = (ask.CREATED, ask.EVENTS, ask.RUNG)
HISTORY = "query ($id: ID!) { handoff(id: $id) { history { nodes { __typename } } } }"


async def refusal(client: Client, document: str, after: str) -> dict[str, Any]:
    async with client.stream(document, after=after) as stream:
        message = await stream.message()
    assert message["type"] == "error", message
    [error] = message["payload"]
    return error


async def heard(
    client: Client, account: Account, document: str, *, after: int, count: int
) -> list[int]:
    """The numbers of the next so many events."""
    async with client.stream(document, after=cursors.write(account.id, after)) as stream:
        if document == ask.EVENTS:
            await stream.next()  # StreamReady
        told = [await stream.next() for _ in range(count)]
    return [cursors.read(account.id, each["cursor"]) for each in told]


async def history(client: Client, handoff_id: str) -> list[str]:
    handoff = await client.ask(HISTORY, id=handoff_id)
    return [node["__typename"] for node in handoff["history"]["nodes"]]


async def until_horizon(database: Database, account: Account, seq: int) -> None:
    found = 0
    async with asyncio.timeout(20):
        while found < seq:
            await asyncio.sleep(0.05)
            async with database.transaction(account.id) as tx:
                found = await tx.fetchval("SELECT horizon FROM event_counter")


async def test_a_cursor_older_than_what_is_kept_is_told_so_and_what_to_do(
    *,
    database: Database,
    owner_dsn: str,
    settings: dict[str, str],
    account: Account,
    sign_in: SignIn,
) -> None:
    """Nobody prunes here but the process itself, told to keep events for a day."""
    done = await waiting(database, account.tier1)
    async with database.transaction(account.id) as tx:
        await cancel(tx, account.tier1, done.handoff["id"], now=NOON)
    live = await waiting(database, account.tier1)
    await claimed(database, account.tier2, live)
    for _ in range(2):
        await waiting(database, account.tier1)
    await age(owner_dsn, account.id, up_to=4)

    with running(**settings, event_retention="86400") as web:
        await until_horizon(database, account, 4)
        client = sign_in(web, account.tier2)
        for document in STREAMS:
            for gone in (0, 1, 3):
                error = await refusal(client, document, cursors.write(account.id, gone))
                assert error["extensions"]["code"] == "CURSOR_EXPIRED"
                assert "Read the current state again" in error["message"]
                assert "continue from the cursor that comes with it" in error["message"]
            # at the horizon itself nothing is missing
            assert await heard(client, account, document, after=4, count=2) == [5, 6]

        # and what the refusal says is what helps
        resumed = cursors.read(account.id, (await client.ask(ask.QUEUE))["cursor"])
        await waiting(database, account.tier1)
        for document in STREAMS:
            assert await heard(client, account, document, after=resumed, count=1) == [7]

        assert await history(client, public(Kind.HANDOFF, done.handoff["id"])) == []
        whole = ["HandoffCreated", "HandoffClaimed"]
        assert await history(client, public(Kind.HANDOFF, live.handoff["id"])) == whole

        shown = httpx2.get(f"{web.url}/metrics").text
        assert "\nbaton_events_pruned_total 2.0\n" in shown
        assert "\nbaton_event_pruning_age_seconds " in shown


async def test_a_cursor_that_is_none_of_this_log_is_refused(
    *, web: Web, database: Database, account: Account, other_account: Account, sign_in: SignIn
) -> None:
    for one in (account, other_account):
        await waiting(database, one.tier1)
    own = cursors.write(account.id, 1)
    client = sign_in(web, account.tier2)
    malformed = ("", "1", "nonsense", "é" * 9, "x" * 10_000, own[:-1], f"{own} ", own.swapcase())
    ahead, foreign = cursors.write(account.id, 2), cursors.write(other_account.id, 1)
    for document in STREAMS:
        for cursor in (*malformed, ahead, foreign):
            error = await refusal(client, document, cursor)
            assert error["extensions"]["code"] == "CURSOR_INVALID", cursor
            assert "leave `after` out to start with what happens from now on" in error["message"]
