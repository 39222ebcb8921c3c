"""The page's followers miss nothing and repeat nothing, whatever happens to their connections."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from db.database import Database
from db.embedded import APP_ROLE
from resolvers import cursors
from tests.clients.consumer import FOLLOWERS, Begin, Consumer
from tests.clients.desk import Desk, desk
from tests.clients.line import Line, line
from tests.clients.raiser import Raiser
from tests.harness.cutting import Cutter, cutter
from tests.harness.people import Account
from tests.harness.postgres import Cluster
from tests.harness.web import Client, Web, running, token_of

FOR_EVER = 1_000_000
SIGNED_IN_FOR = 3  # seconds


@dataclass
class Listener:
    """A follower that listens to all that happens, and what it depends on."""

    name: str
    line: Line
    desk: Desk
    follower: Consumer


@pytest.fixture
async def way_to_database(cluster: Cluster) -> AsyncIterator[Cutter]:
    async with cutter(cluster.server) as made:
        yield made


@pytest.fixture
async def stack() -> AsyncIterator[ExitStack]:
    made = ExitStack()
    yield made
    await asyncio.to_thread(made.close)  # what is closed needs the way to its database meanwhile


@pytest.fixture
async def listeners(account: Account, begin: Begin) -> AsyncIterator[list[Listener]]:
    async with AsyncExitStack() as stack:
        made = []
        for name in FOLLOWERS:
            way = await stack.enter_async_context(line())
            tokens = await stack.enter_async_context(
                desk(account.tier2, account, seconds=SIGNED_IN_FOR)
            )
            follower = await stack.enter_async_context(begin(name, way.url, tokens.url))
            made.append(Listener(name, way, tokens, follower))
        yield made


@asynccontextmanager
async def raising(web: Web, account: Account) -> AsyncIterator[Raiser]:
    """Once before, and then again and again until it is enough."""
    async with Client(web, token_of(account.tier1, account)) as client:
        raiser = Raiser(client)
        await raiser.raise_one()
        task = asyncio.create_task(raiser.go_on())
        try:
            yield raiser
        finally:
            raiser.enough = True
            await task


async def log_behind(database: Database, account: Account, cursor: str) -> list[str]:
    """The cursors of what followed, as the database has it."""
    async with database.transaction(account.id) as tx:
        rows = await tx.fetch(
            "SELECT seq FROM event WHERE seq > $1 ORDER BY seq", cursors.read(account.id, cursor)
        )
    return [cursors.write(account.id, row["seq"]) for row in rows]


async def test_nothing_is_missed_and_nothing_comes_twice(
    settings: dict[str, str],
    database_name: str,
    database: Database,
    account: Account,
    *,
    way_to_database: Cutter,
    stack: ExitStack,
    listeners: list[Listener],
) -> None:
    """The server is restarted and loses its database, connections are cut or die without a word,
    tokens expire, and for a time no new ones are to be had."""
    fragile = settings | {"database_url": way_to_database.dsn(database_name, APP_ROLE)}

    async def start(by: dict[str, str]) -> Web:
        return await asyncio.to_thread(stack.enter_context, running(**by))

    async def news() -> None:
        await asyncio.gather(*(each.follower.news() for each in listeners))

    steady, web = await asyncio.gather(start(settings), start(fragile))
    async with raising(steady, account) as raiser:
        for each in listeners:
            each.line.lead(web)
        await news()

        for each in listeners:
            each.line.cut()
        await news()

        way_to_database.cut_at(b"", times=FOR_EVER)
        for each in listeners:
            each.line.cut()
        await asyncio.sleep(0.5)
        way_to_database.cut_at(b"", times=0)
        await news()

        called = [len(each.line.came) for each in listeners]
        for each in listeners:
            each.line.freeze()
        # what was on its way before is news as well
        await asyncio.gather(
            *(
                each.line.until_called(times + 1)
                for each, times in zip(listeners, called, strict=True)
            )
        )
        await news()

        for each in listeners:
            each.line.lead(None)
        await asyncio.to_thread(web.stop, signal.SIGTERM)
        for each in listeners:
            each.desk.open = False
        web = await start(fragile)
        for each in listeners:
            each.line.lead(web)
        await asyncio.sleep(0.3)
        for each in listeners:
            each.desk.open = True
        await news()

        await asyncio.gather(*(each.desk.one_more() for each in listeners))
        await news()

    for each in listeners:
        follower = each.follower
        [queue] = follower.queues
        expected = await log_behind(database, account, queue["cursor"])
        await follower.until(lambda it, last=expected[-1]: last in it.cursors)
        assert follower.cursors == expected, each.name
        listed = [handoff["id"] for handoff in queue["handoffs"]]
        created = [event["handoff"]["id"] for event in follower.events]
        assert sorted(listed + created) == sorted(raiser.raised), f"{each.name}: there is a seam"
        assert follower.of("failed") == []
        if each.name != "sse":  # whose connections only ever break
            assert {1012, 4403} <= set(follower.troubles), each.name
