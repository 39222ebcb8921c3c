"""Followers outlast the database: they wait, and go on where they stood."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from db.database import Database
from db.embedded import APP_ROLE, DATABASE, OWNER_ROLE, EmbeddedServer, bootstrap
from db.migrate import migrate
from services.events import Doorbell, Hub, head
from services.events.pages import TRANSIENT
from tests.harness.people import make_account
from tests.harness.postgres import terminate
from tests.services.events.parts import Writer, eventually, make_handoff, numbers

# What is committed is in the operating system's hands: enough for a killed process.
SETTINGS = {"fsync": "off", "shared_buffers": "16MB", "max_connections": "60"}


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
def place() -> Iterator[Path]:
    memory = Path("/dev/shm")  # noqa: S108 - a directory of our own is made inside
    made = Path(tempfile.mkdtemp(prefix="bt-", dir=memory if memory.is_dir() else None)).resolve()
    made.chmod(0o755)  # PostgreSQL may run as another account
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
async def mortal_server(place: Path) -> AsyncIterator[EmbeddedServer]:
    """A server that a test may kill."""
    server = EmbeddedServer(place / "data", SETTINGS)
    await server.start()
    try:
        await bootstrap(server)
        await migrate(server.dsn(OWNER_ROLE, DATABASE), app_role=APP_ROLE)
        yield server
    finally:
        await server.stop()


async def test_followers_outlast_a_killed_server(mortal_server):
    dsn = mortal_server.dsn(APP_ROLE, DATABASE)
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
        assert mortal_server.pid is not None
        os.kill(mortal_server.pid, signal.SIGKILL)
        await asyncio.gather(*writing)
        assert mortal_server.restarts == 1
        last = await last_number(database, writer)
        assert last >= 200
        assert await numbers(follower, last) == list(range(1, last + 1))
        await eventually(lambda: hub.doorbell.connected)
        assert hub.doorbell.rebuilds >= 1
