"""Followers outlast the database: they wait, and go on where they stood."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

import pytest

from db.database import Database
from db.embedded import APP_ROLE, DATABASE, EmbeddedServer
from services.events import Doorbell, Hub, head
from services.events.pages import TRANSIENT
from tests.harness.people import make_account
from tests.harness.postgres import mortal_server, terminate
from tests.services.events.parts import Writer, eventually, make_handoff, numbers


async def last_number(database: Database, writer: Writer) -> int:
    while True:
        with contextlib.suppress(*TRANSIENT):  # of connections killed a moment ago
            async with database.transaction(writer.account.id) as tx:
                return await head(tx)


async def test_followers_outlast_their_connections(new_hub, writer, cluster, database_name, dsn):
    hub = await new_hub(dsn, poll=0.2)
    followers = [await hub.follow(writer.account.id, 0) for _ in range(2)]
    ringing = Writer(writer.database, writer.account, writer.handoff, hub.ring)
    writing = [asyncio.create_task(ringing.write_through(100)) for _ in range(4)]
    kills = 0
    while not all(task.done() for task in writing):
        await asyncio.sleep(0.05)
        kills += await terminate(cluster, database_name, "baton")
    await asyncio.gather(*writing)
    assert kills > 10
    last = await last_number(writer.database, writer)
    assert last >= 400
    for follower in followers:
        assert await numbers(follower, last) == list(range(1, last + 1))


@pytest.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    async with mortal_server() as running:
        yield running


async def test_followers_outlast_a_killed_server(server):
    dsn = server.dsn(APP_ROLE, DATABASE)
    database = Database(dsn)
    await database.open()
    account = await make_account(database)
    writer = Writer(database, account, await make_handoff(database, account))
    hub = Hub(database, Doorbell(dsn))
    await hub.start()
    writer.ring = hub.ring
    async with contextlib.AsyncExitStack() as end:
        end.push_async_callback(database.close)
        end.push_async_callback(hub.stop)
        await eventually(lambda: hub.doorbell.connected)
        follower = await hub.follow(account.id, 0)
        writing = [asyncio.create_task(writer.write_through(50)) for _ in range(4)]
        await numbers(await hub.follow(account.id, 0), 50)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        await asyncio.gather(*writing)
        assert server.restarts == 1
        last = await last_number(database, writer)
        assert last >= 200
        assert await numbers(follower, last) == list(range(1, last + 1))
        await eventually(lambda: hub.doorbell.connected)
        assert hub.doorbell.rebuilds >= 1
